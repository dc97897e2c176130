"""The log in the database: one function appends, plain queries read. Verifies nothing."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import TypeAlias
from uuid import UUID, uuid5

import asyncpg

from infohus.kernel.audit.formats.entry import Entry, read
from infohus.kernel.audit.formats.merkle import HASH_BYTES, Frontier, Node, place_of
from infohus.kernel.database.pool import Connection

AnyConnection: TypeAlias = "Connection | asyncpg.Connection[asyncpg.Record]"
ROWS_AT_ONCE = 4096
SEARCHED_AT_ONCE = 16 * ROWS_AT_ONCE
HOLDING_AT_ONCE = 500

INSTALLATION_LOG = UUID(int=0)
"""The log of the installation itself: what its operator does, and the counts of refusals that belong to no authority.

It names no case and no person of one.
"""
_LOGS_OF_AUTHORITIES = UUID("6d0f3b1c-5a0e-4f0c-9a52-3c1f4f6f2b7e")

APPEND = "SELECT audit.append($1, $2)"
"""Append an entry ($2) to a log ($1), in the caller's transaction where it is in one; gives the entry's index.

Several entries in their order are further arguments; then it gives the index of the last.
"""

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
WHERE log_id = $1 AND index >= $3 AND index < $4 AND entry IS NOT NULL
  AND EXISTS (SELECT FROM unnest($2::text[]) one WHERE position(convert_to(one, 'UTF8') IN entry) > 0)
ORDER BY index LIMIT $5
"""
_SOME_ROWS = "SELECT index, hashes FROM audit.leaf WHERE log_id = $1 AND index = ANY ($2::bigint[])"


@lru_cache(maxsize=1024)
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


def append_and_commit(log_id: UUID, *entries: bytes) -> str:
    """Write the one message that appends an act's entries, commits the open transaction, and waits for the disk.

    The log is locked until COMMIT, which does not wait for the disk. The flush after it does, when the lock is already
    free. Another transaction that sees the entries earlier stands behind them in the WAL, so its flush covers them.
    A setting of the session says afterwards which entry was committed last (`was_committed`). The simple query protocol
    has no parameters; a UUID and hexadecimal digits cannot contain a quote.
    """
    return _appending(log_id, entries)


def append_alone(log_id: UUID, *entries: bytes, authority_id: str | None = None) -> str:
    """Write the one message that does the same in a new transaction: it appends the entries and nothing else.

    They are one unit's, or those of several that only read (`SharedAppends`).

    `authority_id` is for whom the application acts, whose log it is; `None` for the installation's.

    Raises:
        ValueError: that is no authority's id.
    """
    if authority_id is None:
        return f"BEGIN; {_appending(log_id, entries)}"
    acting_for = f"set_config('infohus.authority', '{plain_id(authority_id)}', true), "
    return f"BEGIN; {_appending(log_id, entries, acting_for)}"


def _appending(log_id: UUID, entries: Sequence[bytes], acting_for: str = "") -> str:
    # One SELECT, for each statement of a message is planned by itself. Its columns are computed in their order; were
    # they not, the log would be another authority's, and nothing appended.
    mark = f"set_config('{_COMMITTED}', '{_mark_of(entries[-1])}', false)"
    appended = ", ".join(f"'\\x{entry.hex()}'::bytea" for entry in entries)
    return (
        f"SELECT {acting_for}set_config('synchronous_commit', 'off', true), {mark}, "
        f"audit.append('{UUID(int=log_id.int)}'::uuid, {appended}); COMMIT; {_FLUSH}"
    )


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
    connection: AnyConnection, log_id: UUID, *, start: int, stop: int, at_once: int = ROWS_AT_ONCE
) -> AsyncIterator[list[asyncpg.Record]]:
    """Read rows start … stop−1 (index, entry, hashes) in order, at most `at_once` at a time; rows may be missing."""
    for first in range(start, stop, at_once):
        if rows := await connection.fetch(ROWS, log_id, first, min(first + at_once, stop)):
            yield rows


@dataclass(frozen=True, slots=True)
class LogPlace:
    """A place in the log: its entry, `None` when that was emptied, or when `is_bad`: its bytes are no entry."""

    index: int
    entry: Entry | None
    is_bad: bool


async def places_where(
    connection: AnyConnection, log_id: UUID, keeps: Callable[[Entry | None], bool], *, after: int, limit: int
) -> tuple[list[LogPlace], int | None]:
    """List at most `limit` places after index `after` for which `keeps` is true, oldest first, and every bad one.

    Emptied entries are passed to `keeps` as `None`. The second value is the `after` of the next page, `None` when there
    is no more.
    """
    head = await head_of(connection, log_id)
    places: list[LogPlace] = []
    async for rows in rows_of(connection, log_id, start=after + 1, stop=head.size):
        for row in rows:
            entry = None if row["entry"] is None else read(row["entry"])
            is_bad = entry is None and row["entry"] is not None
            if is_bad or keeps(entry):
                if len(places) == limit:
                    return places, places[-1].index
                places.append(LogPlace(row["index"], entry, is_bad))
    return places, None


async def first_since(connection: AnyConnection, log_id: UUID, moment: datetime, size: int) -> int:
    """Find by bisection the first of `size` entries that is no older than a moment.

    Emptied ones and bad ones count as older.
    """
    below, above = 0, size
    while below < above:
        middle = (below + above) // 2
        encoded = await entry_at(connection, log_id, middle)
        entry = None if encoded is None else read(encoded)
        if entry is None or entry.at < moment:
            below = middle + 1
        else:
            above = middle
    return below


async def entries_holding(
    connection: AnyConnection, log_id: UUID, texts: Sequence[str], *, start: int = 0
) -> AsyncIterator[tuple[int, bytes]]:
    """Give the entries from index `start` on whose bytes contain one of these texts, oldest first; emptied ones never.

    The database reads every row of the log, some thousand in one query, and gives those alone, some hundred at once.
    """
    size = (await head_of(connection, log_id)).size
    for first in range(start, size, SEARCHED_AT_ONCE):
        since, stop = first, min(first + SEARCHED_AT_ONCE, size)
        while since < stop:
            rows = await connection.fetch(_HOLDING, log_id, list(texts), since, stop, HOLDING_AT_ONCE)
            for row in rows:
                yield row["index"], row["entry"]
            since = rows[-1]["index"] + 1 if len(rows) == HOLDING_AT_ONCE else stop


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
