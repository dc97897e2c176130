"""`infohus migrate`: bring the database's schema up to date, as the role that owns it."""

import asyncio

import rich_click as click

from infohus.cli.connected import require_reachable
from infohus.cli.options import owner_address
from infohus.kernel.database.schema import MigrationRefused, SchemaNotKnown
from infohus.kernel.database.schema import migrate as migrate_database


@click.command()
@owner_address
def migrate(owner_database: str) -> None:
    """Bring the database's schema to the newest version; a second run changes nothing."""
    asyncio.run(require_reachable(owner_database))
    try:
        migrate_database(owner_database)
    except SchemaNotKnown as refused:
        message = (
            f"{refused}. The database was made before the schema that 0.1.0 begins with, or by a newer release;"
            " there is no way over: make a new database (CHANGELOG.md)."
        )
        raise click.ClickException(message) from None
    except MigrationRefused as refused:
        message = f"{refused}. Nothing was changed; the folder migrations/ is not as it was released."
        raise click.ClickException(message) from None
    click.echo("The schema is the newest.")
