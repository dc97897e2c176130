"""The entries whose commit the database acknowledged to this process, until the signer has found them in the log.

A replaced append function could acknowledge an entry and write something else, or nothing. So each entry's hash is kept
until the signer's next round and looked for among the rows; a log that lacks one is not signed.
"""

from uuid import UUID

from infohus.kernel.audit.storage.log import ROWS_AT_ONCE, AnyConnection, head_of, rows_of
from infohus.kernel.audit.verification.tally import core_hash


class AcknowledgedEntries:
    """Core hashes of the entries acknowledged since the signer's last round, by log."""

    def __init__(self) -> None:
        """Start with no entries."""
        self._waiting: dict[UUID, set[bytes]] = {}
        self._began_at: dict[UUID, int] = {}
        self._checked_up_to: dict[UUID, int] = {}

    def add(self, log_id: UUID, *entries: bytes) -> None:
        """Remember the entries of an act whose commit was acknowledged."""
        self._waiting.setdefault(log_id, set()).update(core_hash(entry) for entry in entries)

    def begin_at(self, log_id: UUID, size: int) -> None:
        """Note the log's size when the service opened: no entry of this process stands before it."""
        self._began_at[log_id] = self._checked_up_to[log_id] = size

    async def missing(self, connection: AnyConnection, log_id: UUID) -> int:
        """Look for the acknowledged entries among the log's rows, and forget them; give how many are not there."""
        waiting = self._waiting.pop(log_id, set())
        first, checked = self._began_at.get(log_id, 0), self._checked_up_to.get(log_id, 0)
        size = (await head_of(connection, log_id)).size
        # An entry that was committed before the last round and acknowledged after it may have an index below `checked`.
        start = max(first, checked - ROWS_AT_ONCE)
        await _find(connection, log_id, waiting, start, size)
        if waiting:
            await _find(connection, log_id, waiting, first, start)
        self._checked_up_to[log_id] = max(checked, size)
        return len(waiting)


async def _find(connection: AnyConnection, log_id: UUID, waiting: set[bytes], start: int, stop: int) -> None:
    async for rows in rows_of(connection, log_id, start=start, stop=stop):
        # The entry's own bytes are hashed: the stored hashes are not to be trusted.
        waiting.difference_update(core_hash(row["entry"]) for row in rows if row["entry"] is not None)
        if not waiting:
            return
