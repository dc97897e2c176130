"""Runs the command line for `python -m infohus`; the commands are in `cli/`."""

from infohus.cli.commands import main

if __name__ == "__main__":
    main()
