"""Where a log is kept: in the database, in an exported folder, and in a checkpoint store. Verifies nothing."""
