"""What this process was told is in the log, remembered until the signer found it there.

A database whose append function was replaced could say yes and write something else, or nothing. So each entry's hash
is kept until the next round and looked for among the rows; only then do the witnesses sign a tree that holds it.
"""

from uuid import UUID

from infohus.kernel.audit.storage.log import ROWS_AT_ONCE, AnyConnection, head_of, rows_of
from infohus.kernel.audit.verification.tally import core_hash


class AcknowledgedEntries:
    """The entries that were acknowledged since the signer last looked, by log."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[UUID, set[bytes]] = {}
        self._began_at: dict[UUID, int] = {}
        self._looked_up_to: dict[UUID, int] = {}

    def add(self, log_id: UUID, entry: bytes) -> None:
        """Remember an entry whose commit was acknowledged."""
        self._waiting.setdefault(log_id, set()).add(core_hash(entry))

    def begin_at(self, log_id: UUID, size: int) -> None:
        """Say that what this process appends will stand at `size` or after it."""
        self._began_at[log_id] = self._looked_up_to[log_id] = size

    async def missing(self, connection: AnyConnection, log_id: UUID) -> int:
        """Look for every entry that waits among the rows since the last look; give how many are nowhere."""
        waiting = self._waiting.pop(log_id, set())
        began, seen = self._began_at.get(log_id, 0), self._looked_up_to.get(log_id, 0)
        size = (await head_of(connection, log_id)).size
        # What was committed before the last look, and acknowledged to us only after it, stands a little before `seen`.
        start = max(began, seen - ROWS_AT_ONCE)
        await _find(connection, log_id, waiting, start, size)
        if waiting:
            await _find(connection, log_id, waiting, began, start)
        self._looked_up_to[log_id] = max(seen, size)
        return len(waiting)


async def _find(connection: AnyConnection, log_id: UUID, waiting: set[bytes], start: int, stop: int) -> None:
    async for rows in rows_of(connection, log_id, start=start, stop=stop):
        # The entry's own bytes are hashed: what the database says of them proves nothing.
        waiting.difference_update(core_hash(row["entry"]) for row in rows if row["entry"] is not None)
        if not waiting:
            return
