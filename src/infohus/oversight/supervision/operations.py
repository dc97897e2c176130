"""What a reviewer can read of a log: its state, entries, proofs, and an export. Exchanges: `exchange_review.py`."""

import io
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec

from infohus import errors
from infohus.kernel.audit.formats.entry import Entry
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.signing.signer import SignedHead
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.storage.export import LogDoesNotVerify
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.database.tables import new_id
from infohus.kernel.unit_of_work.unit import LogReader


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
    """List entries after index `after`, oldest first, and the next `after`; `None` at the end."""
    entries, next_after = await log.places_where(asked.keeps, after=after, limit=limit)
    return [NumberedEntry(index, entry) for index, entry in entries], next_after


async def proof_of(log: LogReader, index: int, signer: PooledSigner) -> tuple[str, bytes | None, bytes]:
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
    return proof, await log.entry_at(index), await log.leaf_hash(index)


async def signed_head(log: LogReader, signer: PooledSigner) -> SignedHead:
    """Sign the log's head as it is now, and have it cosigned.

    Raises:
        LogUnavailable: the log is not the one that was signed before; nothing is signed.
    """
    try:
        return await signer.sign(log.log_id)
    except (LogNotAsSigned, StateNotReadable) as refused:
        raise errors.LogUnavailable from refused


async def packed_log(log: LogReader, signer: PooledSigner) -> bytes:
    """Export the log and pack it as a tar file.

    Raises:
        LogUnavailable: the log is not the one that was signed before, or its rows do not hash to its root.
    """
    head = await signed_head(log, signer)
    with TemporaryDirectory(prefix=f"infohus-{new_id().hex[:8]}-") as name:
        folder = Path(name) / "log"
        try:
            await log.export(
                head.note, folder, key=signer.verifier(head.checkpoint.origin), witnesses=signer.witnesses
            )
        except LogDoesNotVerify as failure:
            raise errors.LogUnavailable from failure
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(folder, arcname="log", filter=_without_owner)
        return packed.getvalue()


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member

