"""The archive of checkpoints in the database: what was signed when, and by which witnesses. Not trusted.

Only a row's signatures count. A missing row is noticed by the signer and the witnesses, who remember their newest one.
A note that the log's key did not sign, and a line that its witness did not, are skipped: whoever has the role that
archives could otherwise stop all who read. They take the place of no other, and `infohus audit verify` names them.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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
_KEEP_LINE = "SELECT audit.keep_cosignature($1, $2, $3)"
_SELECT = """
SELECT c.size, c.note, c.signed_at,
       array(SELECT k.line FROM audit.cosignature k WHERE k.log_id = c.log_id AND k.size = c.size
             ORDER BY k.witness, k.line) AS lines
FROM audit.checkpoint c WHERE c.log_id = $1
"""
_BEFORE = f"{_SELECT} AND (c.size, c.note) < ($2, $3) ORDER BY c.size DESC, c.note DESC LIMIT $4"
_AFTER = f"{_SELECT} AND (c.size, c.note) > ($2, $3) ORDER BY c.size, c.note LIMIT $4"
_AT = f"{_SELECT} AND c.size = $2 ORDER BY c.note"
_SIZES = "SELECT DISTINCT size FROM audit.checkpoint WHERE log_id = $1 AND size > $2 ORDER BY size"
_COSIGNED = """
SELECT DISTINCT size FROM audit.cosignature WHERE log_id = $1 AND witness = $2 AND size < $3 ORDER BY size DESC LIMIT $4
"""
_UNATTACHED = """
SELECT DISTINCT k.size FROM audit.cosignature k WHERE k.log_id = $1 AND k.size > $2
  AND NOT EXISTS (SELECT FROM audit.checkpoint c WHERE c.log_id = k.log_id AND c.size = k.size) ORDER BY k.size
"""


@dataclass(frozen=True, slots=True)
class Archived:
    """A checkpoint of the archive: the log's signed note, and the witnesses' signature lines on it; not verified."""

    size: int
    note: str
    signed_at: datetime
    lines: tuple[str, ...]

    def cosigned_note(self, witnesses: Sequence[WitnessKey]) -> str:
        """Write the note with its cosignatures, as exports and proofs carry it; none of `witnesses` that is not theirs.

        Others' lines stand in it too: those of a witness of earlier days are for whoever has its key.
        """
        theirs = {cosignature.name: cosignature.line for cosignature in self.cosignatures(witnesses)}
        known = {witness.name for witness in witnesses}
        others = [line for line in self.lines if _name_in(line) not in known]
        return self.note + "".join(sorted({*theirs.values(), *others}, key=_name_in))

    def cosignatures(self, witnesses: Sequence[WitnessKey]) -> list[Cosignature]:
        """Find the first cosignature of each known witness that verifies, whatever else stands under its name."""
        found: dict[str, Cosignature] = {}
        for line in self.lines:
            for one in holding(self.note + line, [witness for witness in witnesses if witness.name == _name_in(line)]):
                if one.name not in found or one.moment < found[one.name].moment:
                    found[one.name] = one
        return [found[witness.name] for witness in witnesses if witness.name in found]

    def cosigners(self, witnesses: Sequence[WitnessKey]) -> list[str]:
        """Name the known witnesses whose cosignatures verify."""
        return [cosignature.name for cosignature in self.cosignatures(witnesses)]

    def lines_of_nobody(self, witnesses: Sequence[WitnessKey]) -> int:
        """Count the lines under the known witnesses' names that are not their cosignatures."""
        known = {witness.name: witness for witness in witnesses}
        return sum(
            1 for line in self.lines
            if (witness := known.get(_name_in(line))) is not None
            and [one.line for one in holding(self.note + line, [witness])] != [line]
        )


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
    """Archive a signed checkpoint, unless it is there."""
    await connection.execute(_KEEP, log_id, size, note, at)


async def keep_cosignature(connection: AnyConnection, log_id: UUID, size: int, cosignature: Cosignature) -> None:
    """Archive a verified cosignature on the checkpoint of this size."""
    await connection.execute(_KEEP_LINE, log_id, size, cosignature.line)


async def newest(connection: AnyConnection, log_id: UUID, *, key: VerifierKey | None) -> Archived | None:
    """Read the newest checkpoint of a log that `key` signed, see `checkpoint_in`; others are skipped."""
    page = await page_before(connection, log_id, NEWEST, limit=1, key=key)
    return page[0] if page else None


async def page_before(
    connection: AnyConnection, log_id: UUID, size: int, *, limit: int, key: VerifierKey | None
) -> list[Archived]:
    """Read checkpoints below `size` that `key` signed, the newest first; others are skipped."""
    page: list[Archived] = []
    at_once, note = limit, ""
    while len(page) < limit:
        rows = await connection.fetch(_BEFORE, log_id, size, note, at_once)
        page += _signed(rows, log_id, key)
        if len(rows) < at_once:
            break
        size, note, at_once = rows[-1]["size"], rows[-1]["note"], min(2 * at_once, AT_ONCE)
    return page[:limit]


async def all_signed_from(
    connection: AnyConnection, log_id: UUID, *, after: int, key: VerifierKey
) -> AsyncIterator[Archived]:
    """Read every checkpoint above size `after` that `key` signed, the smallest first; others are skipped."""
    async for rows in _pages_from(connection, log_id, after=after):
        for archived in _signed(rows, log_id, key):
            yield archived


async def all_from(connection: AnyConnection, log_id: UUID, *, after: int) -> AsyncIterator[Archived]:
    """Read every row above size `after` as it stands, the smallest first, 1,000 at a time: for verification."""
    async for rows in _pages_from(connection, log_id, after=after):
        for row in rows:
            yield _archived(row)


async def at_size(connection: AnyConnection, log_id: UUID, size: int) -> list[Archived]:
    """Read the rows of this size as they stand, for whoever knows the checkpoint."""
    return [_archived(row) for row in await connection.fetch(_AT, log_id, size)]


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


async def unattached(connection: AnyConnection, log_id: UUID, *, after: int) -> list[int]:
    """List the sizes above `after` that have cosignatures and no checkpoint."""
    return [row["size"] for row in await connection.fetch(_UNATTACHED, log_id, after)]


async def last_cosigned_by(connection: AnyConnection, log_id: UUID, witness: WitnessKey) -> int:
    """Give the size of the newest archived checkpoint that this witness cosigned, or 0."""
    size, at_once = NEWEST, 1
    while rows := await connection.fetch(_COSIGNED, log_id, witness.name, size, at_once):
        for row in rows:
            size = int(row["size"])
            if any(archived.cosigners([witness]) for archived in await at_size(connection, log_id, size)):
                return size
        at_once = min(2 * at_once, AT_ONCE)
    return 0


def _signed(rows: Sequence[asyncpg.Record], log_id: UUID, key: VerifierKey | None) -> list[Archived]:
    every = [_archived(row) for row in rows]
    signed = [archived for archived in every if checkpoint_in(archived, key) is not None]
    if len(signed) < len(every):
        skipped = sorted(archived.size for archived in every if archived not in signed)
        logger.critical("archived_notes_are_not_signed", log=str(log_id), count=len(skipped), newest=skipped[-1])
    return signed


async def _pages_from(
    connection: AnyConnection, log_id: UUID, *, after: int
) -> AsyncIterator[list[asyncpg.Record]]:
    size, note = after + 1, ""  # no note is empty, so this is before the first of its size
    while rows := await connection.fetch(_AFTER, log_id, size, note, AT_ONCE):
        yield rows
        size, note = rows[-1]["size"], rows[-1]["note"]


def _name_in(line: str) -> str:
    return line.removeprefix("— ").partition(" ")[0]


def _archived(row: asyncpg.Record) -> Archived:
    return Archived(row["size"], row["note"], row["signed_at"], tuple(row["lines"]))
