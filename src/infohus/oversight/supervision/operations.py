"""What a reviewer can read of the log: its state, entries, proofs, and an export. Exchanges: `exchange_review.py`."""

from uuid import UUID

import msgspec

from infohus import errors
from infohus.kernel.audit.formats.entry import Entry
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.signing.signer import SignedHead
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.unit_of_work.unit import UnitOfWork


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
    """An entry with its place in the log, 0-based; `None` was emptied after its period."""

    index: int
    entry: Entry | None


class EntryFilter(msgspec.Struct, frozen=True):
    """Which entries to show; a field that is `None` leaves nothing out."""

    case: UUID | None = None
    subject: UUID | None = None
    action: str | None = None
    outcome: str | None = None

    def keeps(self, entry: Entry | None) -> bool:
        """Say whether the filter keeps an entry; an emptied one (`None`) only when no field is set."""
        if entry is None:
            return self == EntryFilter()
        return (
            self.case in {None, entry.case}
            and self.subject in {None, entry.subject}
            and self.action in {None, entry.action}
            and self.outcome in {None, entry.outcome.value}
        )


async def state_of_log(work: UnitOfWork, signer: PooledSigner) -> LogState:
    """Verify every row and every count of the infohus' log; if they hold, sign its head and have it cosigned."""
    head = await work.log.head()
    verification, miscounted = await work.log.verify()
    wrong = [*verification.faults, *miscounted]
    faults, checkpoint, cosigned_by = [str(fault) for fault in wrong], "", list[str]()
    if not faults:
        try:
            signed = await signer.sign(work.infohus_id)
            checkpoint, cosigned_by = signed.note, list(signed.cosigned_by)
        except (LogNotAsSigned, StateNotReadable) as refused:
            faults = [f"Loggen er ikke den, der blev underskrevet: {refused}"]
    return LogState(
        head.origin, head.size, head.root().hex(), checkpoint, not faults, faults, cosigned_by, signer.need,
        verification.emptied,
    )


async def entries_of(
    work: UnitOfWork, asked: EntryFilter, *, after: int, limit: int
) -> tuple[list[NumberedEntry], int | None]:
    """List entries after index `after`, oldest first, and the next `after`; `None` at the end."""
    entries, next_after = await work.log.places_where(asked.keeps, after=after, limit=limit)
    return [NumberedEntry(index, entry) for index, entry in entries], next_after


async def proof_of(work: UnitOfWork, index: int, signer: PooledSigner) -> tuple[str, bytes | None, bytes]:
    """Prove one entry: the proof's text, the entry's exact bytes (`None` when it is emptied), and its leaf hash.

    Raises:
        NotAvailable: there is no such entry.
        LogUnavailable: the log is not the one that was signed before; nothing is signed.
    """
    head = await signed_head(work, signer)
    try:
        proof = await work.log.prove(index, head.note)
    except ValueError:
        raise errors.NotAvailable from None
    return proof, await work.log.entry_at(index), await work.log.leaf_hash(index)


async def signed_head(work: UnitOfWork, signer: PooledSigner) -> SignedHead:
    """Sign the log's head as it is now, and have it cosigned.

    Raises:
        LogUnavailable: the log is not the one that was signed before; nothing is signed.
    """
    try:
        return await signer.sign(work.infohus_id)
    except (LogNotAsSigned, StateNotReadable) as refused:
        raise errors.LogUnavailable from refused
