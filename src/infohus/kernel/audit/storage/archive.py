"""The archive of checkpoints in the database: what was signed when, and by which witnesses. Not trusted.

Only a row's signatures count. A missing row is noticed by the signer and the witnesses, who remember their newest one.
A note that the log's key did not sign is skipped and said in the log of the process: whoever has the role that archives
could otherwise stop all who read. `infohus audit verify` names it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import structlog

from infohus.kernel.audit.formats.checkpoint import (
    Checkpoint,
    NotACheckpoint,
    VerifierKey,
    open_checkpoint,
    parse_text,
    split_note,
)
from infohus.kernel.audit.formats.cosignature import Cosignature, CosignatureDoesNotHold, WitnessKey, cosignatures_on
from infohus.kernel.audit.storage.log import AnyConnection

logger = structlog.get_logger()

AT_ONCE = 1000
NEWEST = 2**62
"""Larger than any log."""

_KEEP = "SELECT audit.keep_checkpoint($1, $2, $3, $4)"
_KEEP_LINE = "SELECT audit.keep_cosignature($1, $2, $3, $4, $5)"
_SELECT = """
SELECT c.size, c.note, c.signed_at,
       array(SELECT k.line FROM audit.cosignature k WHERE k.log_id = c.log_id AND k.size = c.size ORDER BY k.witness)
         AS lines
FROM audit.checkpoint c
"""
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


async def newest(connection: AnyConnection, log_id: UUID, *, key: VerifierKey | None) -> Archived | None:
    """Read the newest checkpoint of a log that `key` signed, see `checkpoint_in`; others are skipped."""
    page = await page_before(connection, log_id, NEWEST, limit=1, key=key)
    return page[0] if page else None


async def page_before(
    connection: AnyConnection, log_id: UUID, size: int, *, limit: int, key: VerifierKey | None
) -> list[Archived]:
    """Read checkpoints below `size` that `key` signed, the newest first; others are skipped."""
    page: list[Archived] = []
    while len(page) < limit:
        rows = await connection.fetch(_BEFORE, log_id, size, limit)
        page += _signed(rows, log_id, key)
        if len(rows) < limit:
            break
        size = rows[-1]["size"]
    return page[:limit]


async def all_signed_from(
    connection: AnyConnection, log_id: UUID, *, after: int, key: VerifierKey
) -> AsyncIterator[Archived]:
    """Read every checkpoint above size `after` that `key` signed, the smallest first; others are skipped."""
    while rows := await connection.fetch(_AFTER, log_id, after, AT_ONCE):
        for archived in _signed(rows, log_id, key):
            yield archived
        after = rows[-1]["size"]


async def all_from(connection: AnyConnection, log_id: UUID, *, after: int) -> AsyncIterator[Archived]:
    """Read every row above size `after` as it stands, the smallest first, 1,000 at a time: for verification."""
    while rows := await connection.fetch(_AFTER, log_id, after, AT_ONCE):
        for row in rows:
            yield _archived(row)
        after = rows[-1]["size"]


async def at_size(connection: AnyConnection, log_id: UUID, size: int) -> Archived | None:
    """Read the row of this size as it stands, for whoever knows the checkpoint."""
    rows = await connection.fetch(_BEFORE, log_id, size + 1, 1)
    return _archived(rows[0]) if rows and rows[0]["size"] == size else None


def checkpoint_in(archived: Archived, key: VerifierKey | None) -> Checkpoint | None:
    """Read the checkpoint of a row; `None` for a row that `key` did not sign for its log and of this size.

    Without a key only the form counts: for whoever verifies the checkpoint elsewhere.
    """
    try:
        checkpoint = parse_text(split_note(archived.note)[0]) if key is None else open_checkpoint(archived.note, [key])
    except NotACheckpoint:
        return None
    is_of_log = key is None or checkpoint.origin == key.name
    return checkpoint if is_of_log and checkpoint.size == archived.size else None


async def sizes(connection: AnyConnection, log_id: UUID, *, after: int) -> list[int]:
    """List the sizes above `after` that have a checkpoint, ascending."""
    return [row["size"] for row in await connection.fetch(_SIZES, log_id, after)]


async def last_cosigned_by(connection: AnyConnection, log_id: UUID, witness: str) -> int:
    """Give the size of the newest archived checkpoint with a cosignature of this witness, or 0."""
    size: int | None = await connection.fetchval(_LAST_COSIGNED, log_id, witness)
    return size or 0


def with_lines_that_are_some(archived: Archived) -> Archived:
    """Leave out what stands among the cosignatures and is no signature line, since it would spoil the note."""
    return replace(archived, lines=tuple(line for line in archived.lines if _is_line_on(archived.note, line)))


def _is_line_on(note: str, line: str) -> bool:
    try:
        return line.endswith("\n") and split_note(note + line)[0] == split_note(note)[0]
    except NotACheckpoint:
        return False


def _signed(rows: Sequence[asyncpg.Record], log_id: UUID, key: VerifierKey | None) -> list[Archived]:
    every = [_archived(row) for row in rows]
    signed = [with_lines_that_are_some(archived) for archived in every if checkpoint_in(archived, key) is not None]
    if len(signed) < len(every):
        skipped = sorted({archived.size for archived in every} - {archived.size for archived in signed})
        logger.critical("archived_notes_are_not_signed", log=str(log_id), count=len(skipped), newest=skipped[-1])
    return signed


def _archived(row: asyncpg.Record) -> Archived:
    return Archived(row["size"], row["note"], row["signed_at"], tuple(row["lines"]))
