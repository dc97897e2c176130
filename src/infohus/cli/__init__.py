"""The command line: one file a group of commands. Each command reads its settings and does one thing."""
