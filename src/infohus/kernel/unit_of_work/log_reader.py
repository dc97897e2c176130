"""What a unit of work may read of one audit log. No method takes a statement, so nothing else can be asked of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg

from infohus.kernel.audit.formats.checkpoint import VerifierKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.formats.entry import Entry, read
from infohus.kernel.audit.storage import archive, export, log
from infohus.kernel.audit.storage.archive import Archived
from infohus.kernel.audit.storage.log import Head, LogPlace
from infohus.kernel.audit.storage.serving import TilePlace, tile_of
from infohus.kernel.audit.verification.exported_log import Fault, Verification
from infohus.kernel.audit.verification.log_rows import verify_database
from infohus.kernel.audit.verification.stored_log import tally_faults_of
from infohus.kernel.database.pool import Connection

Keeps = Callable[[Entry | None], bool]
Numbered = tuple[int, Entry]


class _ConnectionOfCaller:
    """What a log is read with: each query says who acts, so row security shows the logs that the caller may read."""

    __slots__ = ("_ask", "_connection")

    def __init__(
        self, connection: Connection, ask: Callable[[str, Sequence[Any]], Awaitable[list[asyncpg.Record]]]
    ) -> None:
        self._connection = connection
        self._ask = ask

    def is_in_transaction(self) -> bool:
        return self._connection.is_in_transaction()

    async def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        return await self._ask(statement, values)

    async def fetchrow(self, statement: str, *values: object) -> asyncpg.Record | None:
        rows = await self._ask(statement, values)
        return rows[0] if rows else None

    async def fetchval(self, statement: str, *values: object) -> object:
        row = await self.fetchrow(statement, *values)
        return None if row is None else row[0]

    async def execute(self, statement: str) -> str:
        return await self._connection.execute(statement)


class LogReader:
    """Reads one log: its entries, hashes and archived checkpoints. Indexes are 0-based."""

    __slots__ = ("_connection", "log_id")

    def __init__(
        self, connection: Connection, ask: Callable[[str, Sequence[Any]], Awaitable[list[asyncpg.Record]]],
        log_id: UUID,
    ) -> None:
        """Read the log `log_id` over the unit's connection; `ask` runs a query as the unit's caller."""
        self._connection = cast("Connection", _ConnectionOfCaller(connection, ask))
        self.log_id = log_id

    def asked_by(self, ask: Callable[[str, Sequence[Any]], Awaitable[list[asyncpg.Record]]]) -> "LogReader":
        """Read the same log by other means: `ask` runs each query, and nothing is locked or executed."""
        return LogReader(self._connection, ask, self.log_id)

    # --- its head, and whether it verifies ---------------------------------------------------------------------------
    async def head(self) -> Head:
        """Read the log's size and frontier as the database says them; nothing is verified."""
        return await log.head_of(self._connection, self.log_id)

    async def verify(self) -> tuple[Verification, list[Fault]]:
        """Hash every row again, and count the entries on each person again; return both results."""
        verification = await verify_database(self._connection, self.log_id)
        return verification, await tally_faults_of(self._connection, self.log_id)

    # --- entries -----------------------------------------------------------------------------------------------------
    async def entry_at(self, index: int) -> bytes | None:
        """Read one entry's bytes, `None` when it is emptied; the index must be in the log."""
        return await log.entry_at(self._connection, self.log_id, index)

    async def entries(self, *, start: int, stop: int) -> AsyncIterator[list[Numbered]]:
        """Read the entries start … stop-1 in order, some thousand at a time; emptied and bad ones are left out."""
        async for rows in log.rows_of(self._connection, self.log_id, start=start, stop=stop):
            found = ((row["index"], read(row["entry"])) for row in rows if row["entry"] is not None)
            yield [(index, entry) for index, entry in found if entry is not None]

    async def places_where(self, keeps: Keeps, *, after: int, limit: int) -> tuple[list[LogPlace], int | None]:
        """List places after index `after` that `keeps` accepts, oldest first, and the next `after` or `None`.

        `keeps` is also asked about an emptied entry, as `None`; a bad one is always listed.
        """
        return await log.places_where(self._connection, self.log_id, keeps, after=after, limit=limit)

    def entries_holding(self, texts: Sequence[str], *, start: int = 0) -> AsyncIterator[tuple[int, bytes]]:
        """Give the entries from index `start` on whose bytes contain one of these texts, bad ones too; it reads all."""
        return log.entries_holding(self._connection, self.log_id, texts, start=start)

    async def first_since(self, moment: datetime, *, size: int) -> int:
        """Find the first of `size` entries of `moment` or later, `size` if there is none; an emptied one is earlier."""
        return await log.first_since(self._connection, self.log_id, moment, size)

    # --- hashes, proofs, the log as a folder -------------------------------------------------------------------------
    async def leaf_hash(self, index: int) -> bytes:
        """Read the leaf hash of one entry, 32 bytes; emptying an entry keeps it."""
        leaf = (0, index)
        return (await log.hashes_of(self._connection, self.log_id, [leaf]))[leaf]

    async def prove(self, index: int, note: str) -> str:
        """Write the proof that an entry is in the tree of the signed checkpoint `note`. Source: C2SP tlog-proof.

        Raises:
            ValueError: there is no such entry under this checkpoint.
        """
        return await export.prove(self._connection, self.log_id, index, note)

    async def tile(self, place: TilePlace, *, size: int) -> bytes:
        """Give a tile's hashes, 32 bytes each, or a bundle's entries, as far as the log's first `size` entries go.

        Raises:
            NoSuchTile: it reaches beyond them.
        """
        return await tile_of(self._connection, self.log_id, place, size=size)

    def export(
        self, note: str, *, key: VerifierKey, witnesses: Sequence[WitnessKey], at: datetime
    ) -> AsyncIterator[bytes]:
        """Give the log as far as its signed checkpoint `note` goes, as a tar file, piece by piece.

        Raises:
            LogDoesNotVerify: midway, when the rows do not make the tree that the checkpoint says; the tar file then
                has no checkpoint and no end.
        """
        files = export.exported_files(self._connection, self.log_id, note, key=key, witnesses=witnesses)
        return export.packed(files, folder="log", at=at)

    # --- archived checkpoints ----------------------------------------------------------------------------------------
    async def newest_checkpoint(self, key: VerifierKey) -> Archived | None:
        """Read the newest archived checkpoint that the log's key signed."""
        return await archive.newest(self._connection, self.log_id, key=key)

    async def checkpoints_before(self, size: int, *, limit: int, key: VerifierKey) -> list[Archived]:
        """Read archived checkpoints below `size` that the log's key signed, the newest first."""
        return await archive.page_before(self._connection, self.log_id, size, limit=limit, key=key)

    def checkpoints_after(self, size: int, *, key: VerifierKey) -> AsyncIterator[Archived]:
        """Read every archived checkpoint above `size` that the log's key signed, the smallest first."""
        return archive.all_signed_from(self._connection, self.log_id, after=size, key=key)
