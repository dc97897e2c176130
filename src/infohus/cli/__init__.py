"""The command line: one file per group of commands. A command reads its options and calls what does the work."""
