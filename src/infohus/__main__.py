"""`infohus` on the command line; the commands stand in `cli/`."""

from infohus.cli.commands import main

if __name__ == "__main__":
    main()
