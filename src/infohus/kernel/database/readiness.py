"""What `/ready` asks the database: whether it can be written to, and whether schema and clock are the code's."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import sqlalchemy as sa

from infohus.kernel.database.pool import Connection
from infohus.kernel.database.statements import Compiled
from infohus.kernel.database.tables import SCHEMA

_STATE = """
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only,
       current_setting('synchronous_commit') = 'off' AS not_durable
"""
_WRITE = "SELECT pg_logical_emit_message(true, 'infohus', '')"
"""A transaction that writes a message into the write-ahead log and nothing else; its COMMIT waits for the disk."""
_VERSION = Compiled(sa.select(sa.column("version_num")).select_from(sa.table("alembic_version", schema=SCHEMA)))
_VERSIONS = Path(__file__).resolve().parents[4] / "migrations" / "versions"


_CLOCK = "SELECT clock_timestamp()"
CLOCKS_DIFFER_BY = timedelta(minutes=1)
"""Before two minutes, from where on the log takes no entry of a service whose clock is ahead or behind."""


class PartNotReady(Exception):  # noqa: N818 - names the situation
    """A part of the service is not as it must be; `why` is a word or two for the operator, never a secret."""

    def __init__(self, *, why: str) -> None:
        """Take why."""
        super().__init__(why)
        self.why = why


async def require_writable(connection: Connection) -> None:
    """Write to the database, and wait until it is on the disk.

    Raises:
        PartNotReady: it is read-only, not durable, or not there.
    """
    try:
        state = await connection.fetchrow(_STATE)
        if state is None or state["read_only"]:
            raise PartNotReady(why="read-only")
        if state["not_durable"]:
            raise PartNotReady(why="not-durable")
        await connection.execute(_WRITE)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        raise PartNotReady(why=type(failure).__name__) from failure


async def require_schema(newest: str, connection: Connection) -> None:
    """Compare the schema's version with the newest that the code knows.

    Raises:
        PartNotReady: it is another one, or cannot be read.
    """
    try:
        found = await connection.fetchval(_VERSION.sql)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        raise PartNotReady(why=type(failure).__name__) from failure
    if found != newest:
        raise PartNotReady(why=f"{found}-instead-of-{newest}")


async def require_same_time(clock: Callable[[], datetime], connection: Connection) -> None:
    """Compare the service's clock with the database's.

    Raises:
        PartNotReady: they differ by a minute or more, or the database cannot be asked.
    """
    try:
        apart = clock() - await connection.fetchval(_CLOCK)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        raise PartNotReady(why=type(failure).__name__) from failure
    if abs(apart) >= CLOCKS_DIFFER_BY:
        side = "ahead" if apart > timedelta(0) else "behind"
        raise PartNotReady(why=f"{abs(apart).total_seconds():.0f}-seconds-{side}")


def newest_version(folder: Path = _VERSIONS) -> str:
    """Give the version of the schema that the shipped migrations lead to, read from their files."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py"))]
    versions: set[str] = {one for text in texts for one in re.findall(r'^revision = "([^"]+)"', text, re.MULTILINE)}
    earlier = {one for text in texts for one in re.findall(r'^down_revision = "([^"]+)"', text, re.MULTILINE)}
    (newest,) = versions - earlier
    return newest
