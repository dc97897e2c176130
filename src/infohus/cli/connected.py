"""A command's own connection to the database; what can go wrong with it is said in one sentence, without the address.

For commands that act. Those that verify a log have exit codes of their own for what could not be checked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
import rich_click as click

OwnConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
NOT_REACHED = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)
_LOST = (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InterfaceError)
_NOT_MIGRATED = (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError, asyncpg.InvalidSchemaNameError)


class DatabaseNotReached(click.ClickException):
    """No connection came about, so nothing was changed. Of the driver's fault only its class is said."""

    def __init__(self, failure: BaseException) -> None:
        super().__init__(
            f"Databasen kan ikke nås ({type(failure).__name__}), og intet er ændret: se efter, om den kører, og om"
            " adressen og adgangskoden er de rigtige, og kør så kommandoen igen."
        )


class ConnectionLost(click.ClickException):
    """The connection broke while the command was at work."""

    def __init__(self, failure: BaseException) -> None:
        super().__init__(
            f"Forbindelsen til databasen blev afbrudt ({type(failure).__name__}), så det vides ikke, om noget er"
            " ændret: kør kommandoen igen; det, der er gjort, gøres ikke to gange."
        )


class SchemaNotThere(click.ClickException):
    """The database was not migrated."""

    def __init__(self) -> None:
        super().__init__("Databasen har ikke det skema, der skal til, og intet er ændret: kør først infohus migrate.")


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[OwnConnection]:
    """Connect, and close the connection at the end.

    Raises:
        DatabaseNotReached, ConnectionLost, SchemaNotThere: the command ends with one sentence.
    """
    try:
        connection = await asyncpg.connect(address)
    except NOT_REACHED as failure:
        raise DatabaseNotReached(failure) from None
    try:
        yield connection
    except _NOT_MIGRATED:
        raise SchemaNotThere from None
    except _LOST as failure:
        raise ConnectionLost(failure) from None
    finally:
        await connection.close()


async def require_reachable(address: str) -> None:
    """Connect and leave again, for a command whose own connection is made by another library.

    Raises:
        DatabaseNotReached
    """
    async with connected(address):
        pass
