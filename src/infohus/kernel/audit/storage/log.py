"""The log in the database: one function appends, plain queries read. Verifies nothing."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias
from uuid import UUID, uuid5

import asyncpg

from infohus.kernel.audit.formats.entry import Entry, decode
from infohus.kernel.audit.formats.merkle import HASH_BYTES, Frontier, Node, place_of
from infohus.kernel.database.pool import Connection

AnyConnection: TypeAlias = "Connection | asyncpg.Connection[asyncpg.Record]"
ROWS_AT_ONCE = 4096

INSTALLATION_LOG = UUID(int=0)
"""The log of the installation itself: what its operator does, and the counts of refusals that belong to no authority.

It names no case and no person of one.
"""
_LOGS_OF_AUTHORITIES = UUID("6d0f3b1c-5a0e-4f0c-9a52-3c1f4f6f2b7e")

APPEND = "SELECT audit.append($1, $2)"
"""Append an entry ($2) to a log ($1), in the caller's transaction where it is in one; gives the entry's index."""

OPEN_UNLESS_OPEN = "SELECT audit.open_log($1, $2, $3) WHERE NOT EXISTS (SELECT FROM audit.log WHERE id = $1)"
"""Make a log ($1) with its origin ($2) for an authority ($3), as the owner, unless it exists."""
_FLUSH = "SELECT pg_logical_emit_message(true, 'infohus', '')"
"""A transaction of its own that only writes a message into the write-ahead log (WAL).

Its COMMIT waits until the WAL is on the disk up to the message, and on the synchronous standby where there is one, as
the session's `synchronous_commit` says. The WAL is one sequence, so all that stands before the message is there too.
Source: PostgreSQL, "System Administration Functions", "Replication Management Functions": the message "is written to
WAL" as part of the current transaction; it needs no logical decoding and no right that a role that only reads lacks.
"""

_COMMITTED = "infohus.committed"
"""The session's setting that names the entry committed last."""

_HEAD = """
SELECT l.origin, f.size, f.hashes FROM audit.log l JOIN audit.frontier f ON f.log_id = l.id WHERE l.id = $1
"""
ROWS = """
SELECT index, entry, hashes FROM audit.leaf WHERE log_id = $1 AND index >= $2 AND index < $3 ORDER BY index
"""
_HOLDING = """
SELECT index, entry FROM audit.leaf
WHERE log_id = $1 AND entry IS NOT NULL
  AND EXISTS (SELECT FROM unnest($2::text[]) one WHERE position(convert_to(one, 'UTF8') IN entry) > 0)
ORDER BY index
"""
_SOME_ROWS = "SELECT index, hashes FROM audit.leaf WHERE log_id = $1 AND index = ANY ($2::bigint[])"


def log_of(authority_id: str) -> UUID:
    """Give the id of an authority's log. It is computed, so that an act needs no look-up to know where it stands."""
    return uuid5(_LOGS_OF_AUTHORITIES, authority_id)


class NoSuchLog(Exception):  # noqa: N818 - names the situation
    """The database holds no log with this id."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the database says of a log, not verified; `frontier` holds the roots of its perfect subtrees, joined."""

    log_id: UUID
    origin: str
    size: int
    frontier: bytes

    def root(self) -> bytes:
        """Compute the root from the stored frontier, 32 bytes."""
        roots = [self.frontier[at : at + HASH_BYTES] for at in range(0, len(self.frontier), HASH_BYTES)]
        return Frontier(self.size, roots).root()


def append_and_commit(log_id: UUID, entry: bytes) -> str:
    """Write the one message that appends an entry, commits the open transaction, and waits until it is on the disk.

    The log is locked until COMMIT, which does not wait for the disk. The flush after it does, when the lock is already
    free. Another transaction that sees the entry earlier stands behind it in the WAL, so its flush covers the entry.
    A setting of the session says afterwards which entry was committed last (`was_committed`). The simple query protocol
    has no parameters; a UUID and hexadecimal digits cannot contain a quote.
    """
    return (
        "SET LOCAL synchronous_commit TO off; "
        f"SELECT audit.append('{UUID(int=log_id.int)}'::uuid, '\\x{entry.hex()}'::bytea), "
        f"set_config('{_COMMITTED}', '{_mark_of(entry)}', false); COMMIT; {_FLUSH}"
    )


def append_alone(log_id: UUID, entry: bytes, *, authority_id: str | None = None) -> str:
    """Write the one message that does the same in a new transaction: it appends the entry and nothing else.

    `authority_id` is for whom the application acts, whose log it is; `None` for the installation's.

    Raises:
        ValueError: that is no authority's id.
    """
    if authority_id is None:
        return f"BEGIN; {append_and_commit(log_id, entry)}"
    return f"BEGIN; SET LOCAL infohus.authority TO '{plain_id(authority_id)}'; {append_and_commit(log_id, entry)}"


def plain_id(authority_id: str) -> str:
    """Give an authority's id as it can stand in SQL between quotes.

    Raises:
        ValueError: it holds anything but letters, digits and hyphens.
    """
    if not authority_id.isascii() or not authority_id.replace("-", "").isalnum():
        raise ValueError(authority_id)
    return authority_id


async def was_committed(connection: AnyConnection, entry: bytes) -> bool:
    """Say whether the message with this entry got as far as COMMIT, when something in it failed.

    A setting that a transaction makes for its session stays only if the transaction is committed.
    """
    try:
        committed: str | None = await connection.fetchval("SELECT current_setting($1, true)", _COMMITTED)
    except asyncpg.InFailedSQLTransactionError:
        return False
    return committed == _mark_of(entry)


def _mark_of(entry: bytes) -> str:
    return sha256(entry).hexdigest()


async def flush(connection: AnyConnection) -> None:
    """Wait until all that this connection has read is on the disk; a commit can be visible before it is.

    For callers that sign or give out what they read and append no entry (appending flushes too). Not for use in a
    transaction, whose COMMIT flushes. Does nothing on a standby, which shows only what the primary had on its disk.
    """
    assert not connection.is_in_transaction()  # noqa: S101 - the message would wait for that COMMIT
    if not await connection.fetchval("SELECT pg_is_in_recovery()"):
        await connection.execute(_FLUSH)


async def durable_head_of(connection: AnyConnection, log_id: UUID) -> Head:
    """Read a log's head, and return when all its entries are on the disk.

    Raises:
        NoSuchLog: there is none with this id.
    """
    head = await head_of(connection, log_id)
    await flush(connection)
    return head


async def head_of(connection: AnyConnection, log_id: UUID) -> Head:
    """Read a log's head; its newest entries may not be on the disk yet (`durable_head_of`).

    Raises:
        NoSuchLog: there is none with this id.
    """
    row = await connection.fetchrow(_HEAD, log_id)
    if row is None:
        raise NoSuchLog(log_id)
    return Head(log_id, row["origin"], row["size"], row["hashes"])


async def rows_of(
    connection: AnyConnection, log_id: UUID, *, start: int, stop: int
) -> AsyncIterator[list[asyncpg.Record]]:
    """Read rows start … stop−1 (index, entry, hashes) in order, at most 4,096 at a time; rows may be missing."""
    for first in range(start, stop, ROWS_AT_ONCE):
        if rows := await connection.fetch(ROWS, log_id, first, min(first + ROWS_AT_ONCE, stop)):
            yield rows


async def entries_where(
    connection: AnyConnection, log_id: UUID, keeps: Callable[[Entry], bool], *, after: int, limit: int
) -> tuple[list[tuple[int, Entry]], int | None]:
    """List at most `limit` entries after index `after` for which `keeps` is true, oldest first; emptied ones never.

    The second value is the `after` of the next page, `None` when there is no more.
    """
    places, goes_on = await places_where(
        connection, log_id, lambda entry: entry is not None and keeps(entry), after=after, limit=limit
    )
    return [(index, entry) for index, entry in places if entry is not None], goes_on


async def places_where(
    connection: AnyConnection, log_id: UUID, keeps: Callable[[Entry | None], bool], *, after: int, limit: int
) -> tuple[list[tuple[int, Entry | None]], int | None]:
    """List as `entries_where` does, but pass emptied entries to `keeps` too, as `None`."""
    head = await head_of(connection, log_id)
    places: list[tuple[int, Entry | None]] = []
    async for rows in rows_of(connection, log_id, start=after + 1, stop=head.size):
        for row in rows:
            entry = None if row["entry"] is None else decode(row["entry"])
            if keeps(entry):
                if len(places) == limit:
                    return places, places[-1][0]
                places.append((row["index"], entry))
    return places, None


async def first_since(connection: AnyConnection, log_id: UUID, moment: datetime, size: int) -> int:
    """Find by bisection the first of `size` entries that is no older than a moment; emptied ones count as older."""
    below, above = 0, size
    while below < above:
        middle = (below + above) // 2
        encoded = await entry_at(connection, log_id, middle)
        if encoded is None or decode(encoded).at < moment:
            below = middle + 1
        else:
            above = middle
    return below


async def entries_holding(connection: AnyConnection, log_id: UUID, texts: Sequence[str]) -> list[tuple[int, bytes]]:
    """List the entries whose bytes contain one of these texts, oldest first; emptied ones never.

    The database reads every row of the log.
    """
    rows = await connection.fetch(_HOLDING, log_id, list(texts))
    return [(row["index"], row["entry"]) for row in rows]


async def entry_at(connection: AnyConnection, log_id: UUID, index: int) -> bytes | None:
    """Read one entry's bytes, `None` when it is emptied or not there."""
    entry: bytes | None = await connection.fetchval(
        "SELECT entry FROM audit.leaf WHERE log_id = $1 AND index = $2", log_id, index
    )
    return entry


async def hashes_of(connection: AnyConnection, log_id: UUID, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """Read the hashes of perfect nodes, with one query and one row per node.

    Raises:
        KeyError: a row is missing.
    """
    places = {node: place_of(node) for node in nodes}
    rows = await connection.fetch(_SOME_ROWS, log_id, sorted({row for row, _ in places.values()}))
    stored = {row["index"]: row["hashes"] for row in rows}
    return {node: stored[row][offset : offset + HASH_BYTES] for node, (row, offset) in places.items()}
