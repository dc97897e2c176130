"""What a reviewer can read of a log: its state, entries, proofs, and an export. Exchanges: `exchange_review.py`."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from infohus import errors
from infohus.kernel.audit.formats.entry import Entry, Track, read
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.signing.signer import SignedHead
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.unit_of_work.unit import LogReader, UnitOfWork


class LogState(msgspec.Struct, frozen=True):
    """What the log says of itself, whether its rows bear it out, and where not.

    `checkpoint` is empty when nothing was signed; `cosigned_by` names its witnesses, of which there must be `need`.
    The first `emptied` entries were emptied after their period.
    """

    origin: str
    size: int
    root: str
    checkpoint: str
    is_whole: bool
    faults: list[str]
    cosigned_by: list[str]
    need: int
    emptied: int


class NumberedEntry(msgspec.Struct, frozen=True):
    """An entry with its place in the log, 0-based; `None` was emptied after its period, or `is_bad`: is no entry."""

    index: int
    entry: Entry | None
    is_bad: bool


class EntryFilter(msgspec.Struct, frozen=True):
    """Which entries to show; a field that is `None` leaves nothing out."""

    case: UUID | None = None
    subject: UUID | None = None
    action: str | None = None
    outcome: str | None = None
    reason: str | None = None

    def keeps(self, entry: Entry | None) -> bool:
        """Say whether the filter keeps an entry; an emptied one (`None`) only when no field is set."""
        if entry is None:
            return self == EntryFilter()
        return (
            self.case in {None, entry.case}
            and self.subject in {None, entry.subject}
            and self.action in {None, entry.action}
            and self.outcome in {None, entry.outcome.value}
            and self.reason in {None, (entry.reason or "").partition(" ")[0]}
        )


async def state_of_log(log: LogReader, signer: PooledSigner) -> LogState:
    """Verify every row and every count of a log; if they hold, sign its head and have it cosigned."""
    head = await log.head()
    verification, miscounted = await log.verify()
    wrong = [*verification.faults, *miscounted]
    faults, checkpoint, cosigned_by = [str(fault) for fault in wrong], "", list[str]()
    if not faults:
        try:
            signed = await signer.sign(log.log_id)
            checkpoint, cosigned_by = signed.note, list(signed.cosigned_by)
        except (LogNotAsSigned, StateNotReadable) as refused:
            faults = [f"Loggen er ikke den, der blev underskrevet: {refused}"]
    return LogState(
        head.origin, head.size, head.root().hex(), checkpoint, not faults, faults, cosigned_by, signer.need,
        verification.emptied,
    )


async def entries_of(
    log: LogReader, asked: EntryFilter, *, after: int, limit: int
) -> tuple[list[NumberedEntry], int | None]:
    """List entries after index `after`, oldest first, bad ones always, and the next `after`; `None` at the end."""
    places, next_after = await log.places_where(asked.keeps, after=after, limit=limit)
    return [NumberedEntry(place.index, place.entry, place.is_bad) for place in places], next_after


async def note_reading(work: UnitOfWork, found: Sequence[NumberedEntry], asked: EntryFilter) -> None:
    """Say in the unit's entry which entries it gives out; where a case or a subject was asked for, also whom they name.

    The case asked for stands there where the own authority has a side in it; else, as the subject, as an id asked for.
    """
    work.audit_draft.give_out(one.index for one in found)
    if asked.case is not None:
        await work.side.look_at(asked.case)
    if asked.subject is not None:
        for track in Track:
            entries = [one.entry for one in found if one.entry is not None and one.entry.track is track]
            if named := list(dict.fromkeys(person for entry in entries for person in entry.persons)):
                work.audit_draft.look_at(named, work.audit_draft.case, track=track)


async def proof_of(
    work: UnitOfWork, log: LogReader, index: int, signer: PooledSigner
) -> tuple[str, bytes | None, bytes]:
    """Prove one entry: the proof's text, the entry's exact bytes (`None` when it is emptied), and its leaf hash.

    Raises:
        NotAvailable: there is no such entry.
        LogUnavailable: the log is not the one that was signed before; nothing is signed.
    """
    head = await signed_head(log, signer)
    try:
        proof = await log.prove(index, head.note)
    except ValueError:
        raise errors.NotAvailable from None
    encoded = await log.entry_at(index)
    work.audit_draft.give_out([index], of=None if encoded is None else read(encoded))
    return proof, encoded, await log.leaf_hash(index)


async def signed_head(log: LogReader, signer: PooledSigner) -> SignedHead:
    """Sign the log's head as it is now, and have it cosigned.

    Raises:
        LogUnavailable: the log is not the one that was signed before; nothing is signed.
    """
    try:
        return await signer.sign(log.log_id)
    except (LogNotAsSigned, StateNotReadable) as refused:
        raise errors.LogUnavailable from refused


def packed_log(log: LogReader, head: SignedHead, signer: PooledSigner, *, at: datetime) -> AsyncIterator[bytes]:
    """Export a log as far as its signed head goes, as a tar file that is given piece by piece.

    Raises:
        LogDoesNotVerify: midway, when the rows do not hash to the signed root; the tar file then has no checkpoint and
            no end.
    """
    return log.export(head.note, key=signer.verifier(head.checkpoint.origin), witnesses=signer.witnesses, at=at)
