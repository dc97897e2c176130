"""What `/ready` asks the database: whether it can be written to, and whether its schema is the code's."""

import re
from pathlib import Path

import asyncpg

from infohus.errors import PartNotReady

_STATE = """
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only,
       current_setting('synchronous_commit') = 'off' AS not_durable
"""
_WRITE = "SELECT pg_logical_emit_message(true, 'infohus', '')"
"""A transaction that writes a message into the write-ahead log and nothing else; its COMMIT waits for the disk."""
_VERSION = "SELECT version_num FROM infohus.alembic_version"
_CARRIERS = "SELECT municipality_id, police_id FROM infohus.infohus"
_VERSIONS = Path(__file__).resolve().parents[4] / "migrations" / "versions"


async def require_writable(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """Write to the database, and wait until it is on the disk.

    Raises:
        PartNotReady: it is read-only, not durable, or not there.
    """
    try:
        async with pool.acquire() as connection:
            state = await connection.fetchrow(_STATE)
            if state is None or state["read_only"]:
                raise PartNotReady(why="read-only")
            if state["not_durable"]:
                raise PartNotReady(why="not-durable")
            await connection.execute(_WRITE)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        raise PartNotReady(why=type(failure).__name__) from failure


async def require_schema(pool: "asyncpg.Pool[asyncpg.Record]", newest: str) -> None:
    """Compare the schema's version with the newest that the code knows.

    Raises:
        PartNotReady: it is another one, or cannot be read.
    """
    try:
        found = await pool.fetchval(_VERSION)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        raise PartNotReady(why=type(failure).__name__) from failure
    if found != newest:
        raise PartNotReady(why=f"{found}-instead-of-{newest}")


async def carriers(pool: "asyncpg.Pool[asyncpg.Record]") -> set[str]:
    """Name the authorities that carry an infohus."""
    return {authority for row in await pool.fetch(_CARRIERS) for authority in row}


def newest_version(folder: Path = _VERSIONS) -> str:
    """Give the version of the schema that the shipped migrations lead to, read from their files."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py"))]
    versions: set[str] = {one for text in texts for one in re.findall(r'^revision = "([^"]+)"', text, re.MULTILINE)}
    earlier = {one for text in texts for one in re.findall(r'^down_revision = "([^"]+)"', text, re.MULTILINE)}
    (newest,) = versions - earlier
    return newest
