"""Options that several groups of commands take."""

from pathlib import Path

import rich_click as click

PATH = click.Path(path_type=Path)
OWNER_ADDRESS = "INFOHUS_OWNER_DATABASE_URL"

owner_address = click.option(
    "--owner-database", envvar=OWNER_ADDRESS, required=True, help="PostgreSQL address of the role infohus_owner."
)
