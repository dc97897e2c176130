"""The archive of checkpoints in the database: what was signed when, and by which witnesses. Not trusted.

Only a row's signatures count. A missing row is noticed by the signer and the witnesses, who remember their newest one.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from infohus.kernel.audit.formats.checkpoint import NotACheckpoint
from infohus.kernel.audit.formats.cosignature import Cosignature, CosignatureDoesNotHold, WitnessKey, cosignatures_on
from infohus.kernel.audit.storage.log import AnyConnection

AT_ONCE = 1000

_KEEP = "SELECT audit.keep_checkpoint($1, $2, $3, $4)"
_KEEP_LINE = "SELECT audit.keep_cosignature($1, $2, $3, $4, $5)"
_SELECT = """
SELECT c.size, c.note, c.signed_at,
       array(SELECT k.line FROM audit.cosignature k WHERE k.log_id = c.log_id AND k.size = c.size ORDER BY k.witness)
         AS lines
FROM audit.checkpoint c
"""
_NEWEST = f"{_SELECT} WHERE c.log_id = $1 ORDER BY c.size DESC LIMIT 1"
_BEFORE = f"{_SELECT} WHERE c.log_id = $1 AND c.size < $2 ORDER BY c.size DESC LIMIT $3"
_AFTER = f"{_SELECT} WHERE c.log_id = $1 AND c.size > $2 ORDER BY c.size LIMIT $3"
_SIZES = "SELECT size FROM audit.checkpoint WHERE log_id = $1 AND size > $2 ORDER BY size"
_LAST_COSIGNED = "SELECT max(size) FROM audit.cosignature WHERE log_id = $1 AND witness = $2"


@dataclass(frozen=True, slots=True)
class Archived:
    """A checkpoint of the archive: the log's signed note, and the witnesses' signature lines on it; not verified."""

    size: int
    note: str
    signed_at: datetime
    lines: tuple[str, ...]

    @property
    def cosigned_note(self) -> str:
        """The note with all cosignatures, as exports and proofs carry it."""
        return self.note + "".join(self.lines)

    def cosigners(self, witnesses: Sequence[WitnessKey]) -> list[str]:
        """Name the known witnesses whose cosignatures verify."""
        return [cosignature.name for cosignature in holding(self.cosigned_note, witnesses)]


def holding(note: str, witnesses: Sequence[WitnessKey]) -> list[Cosignature]:
    """Find the valid cosignatures of known witnesses; an invalid one of one witness does not affect the others."""
    cosignatures = []
    for witness in witnesses:
        try:
            cosignatures.extend(cosignatures_on(note, [witness]))
        except (CosignatureDoesNotHold, NotACheckpoint):
            continue
    return cosignatures


async def keep(connection: AnyConnection, log_id: UUID, *, size: int, note: str, at: datetime) -> None:
    """Archive a signed checkpoint, unless there is one of this size."""
    await connection.execute(_KEEP, log_id, size, note, at)


async def keep_cosignature(connection: AnyConnection, log_id: UUID, size: int, cosignature: Cosignature) -> None:
    """Archive a verified cosignature on the checkpoint of this size, unless the witness has one there."""
    moment = datetime.fromtimestamp(cosignature.moment, UTC)
    await connection.execute(_KEEP_LINE, log_id, size, cosignature.name, cosignature.line, moment)


async def newest(connection: AnyConnection, log_id: UUID) -> Archived | None:
    """Read the newest checkpoint of a log."""
    row = await connection.fetchrow(_NEWEST, log_id)
    return None if row is None else _archived(row)


async def page_before(connection: AnyConnection, log_id: UUID, size: int, *, limit: int) -> list[Archived]:
    """Read checkpoints below `size`, the newest first."""
    return [_archived(row) for row in await connection.fetch(_BEFORE, log_id, size, limit)]


async def all_from(connection: AnyConnection, log_id: UUID, *, after: int) -> AsyncIterator[Archived]:
    """Read every checkpoint above size `after`, the smallest first, 1,000 at a time."""
    while rows := await connection.fetch(_AFTER, log_id, after, AT_ONCE):
        for row in rows:
            yield _archived(row)
        after = rows[-1]["size"]


async def sizes(connection: AnyConnection, log_id: UUID, *, after: int) -> list[int]:
    """List the sizes above `after` that have a checkpoint, ascending."""
    return [row["size"] for row in await connection.fetch(_SIZES, log_id, after)]


async def last_cosigned_by(connection: AnyConnection, log_id: UUID, witness: str) -> int:
    """Give the size of the newest archived checkpoint with a cosignature of this witness, or 0."""
    size: int | None = await connection.fetchval(_LAST_COSIGNED, log_id, witness)
    return size or 0


def _archived(row: asyncpg.Record) -> Archived:
    return Archived(row["size"], row["note"], row["signed_at"], tuple(row["lines"]))
