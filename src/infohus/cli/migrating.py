"""`infohus migrate`: bring the database's schema up to date, as the role that owns it."""

import rich_click as click

from infohus.cli.options import owner_address
from infohus.kernel.database.schema import migrate as migrate_database


@click.command()
@owner_address
def migrate(owner_database: str) -> None:
    """Bring the database's schema to the newest version; a second run changes nothing."""
    migrate_database(owner_database)
    click.echo("The schema is the newest.")
