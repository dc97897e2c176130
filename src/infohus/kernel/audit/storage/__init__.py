"""Where a log is kept: in the database, in an exported folder, and its checkpoints in a checkpoint store."""
