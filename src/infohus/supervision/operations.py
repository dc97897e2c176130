"""What a reviewer can ask: exchanges without content, the log's state, entries, proofs, the exported log."""

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.audit.entry import Entry
from infohus.audit.export import LogDoesNotVerify, export_log, prove
from infohus.audit.log import entry_at, hashes_of, head_of, places_where
from infohus.audit.memory import StateNotReadable
from infohus.audit.row_verification import verify_database
from infohus.audit.signing import LogNotAsSigned, SignedHead, Signer
from infohus.cases.disclosure import Exchange
from infohus.cases.receipts import Receipt
from infohus.database import Stored
from infohus.ground import Case, Disclosure
from infohus.sealing.column import SealedColumn
from infohus.tables import new_id
from infohus.unit_of_work import UnitOfWork

PLAIN = tuple(
    column for column in Exchange.__table__.columns if not isinstance(column.type, SealedColumn)
)
COLUMNS = (
    *PLAIN, Case.number, Exchange.strict_necessity.is_not(None).label("strict_necessity_given"),
    sa.func.array(
        sa.select(Receipt.authority_id).where(Receipt.exchange_id == Exchange.id).scalar_subquery()
    ).label("acknowledged_by"),
    sa.func.array(
        sa.select(sa.distinct(Disclosure.record_kind))
        .where(Disclosure.exchange_id == Exchange.id, Disclosure.record_id != Exchange.id).scalar_subquery()
    ).label("kinds"),
)
"""Plain columns only: no sealed one is even fetched."""

_MOMENT, _TEXT, _FLAG = sa.DateTime(timezone=True), sa.Text(), sa.Boolean()

_RECEIPTS_OF_ONE = (
    sa.select(sa.func.count()).select_from(Receipt).where(Receipt.exchange_id == Exchange.id).scalar_subquery()
)


def _unless_left_out(
    condition: sa.ColumnElement[bool], name: str, kind: sa.types.TypeEngine[Any]
) -> sa.ColumnElement[bool]:
    return sa.or_(sa.bindparam(name, type_=kind).is_(None), condition)


EXCHANGES = (
    sa.select(*COLUMNS)
    .join(Case, Case.id == Exchange.case_id)
    .where(
        Case.infohus_id == sa.bindparam("infohus_id"),
        Exchange.id > sa.bindparam("after", type_=sa.Uuid()),
        _unless_left_out(Exchange.recorded_at >= sa.bindparam("since", type_=_MOMENT), "since", _MOMENT),
        _unless_left_out(Exchange.recorded_at < sa.bindparam("until", type_=_MOMENT), "until", _MOMENT),
        _unless_left_out(Exchange.authority_id == sa.bindparam("authority", type_=_TEXT), "authority", _TEXT),
        _unless_left_out(Exchange.paragraph == sa.bindparam("paragraph", type_=_TEXT), "paragraph", _TEXT),
        _unless_left_out(
            sa.bindparam("category", type_=_TEXT) == sa.func.any(Exchange.categories), "category", _TEXT
        ),
        _unless_left_out(Exchange.is_late == sa.bindparam("late", type_=_FLAG), "late", _FLAG),
        _unless_left_out(
            (_RECEIPTS_OF_ONE < sa.func.cardinality(Exchange.recipients))  # noqa: SIM300 - SQL has no Yoda
            == sa.bindparam("unacknowledged", type_=_FLAG),
            "unacknowledged", _FLAG,
        ),
    )
    .order_by(Exchange.id)
    .limit(sa.bindparam("limit", type_=sa.Integer()))
)


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
    """Which entries to show; `None` asks for every one."""

    case: UUID | None = None
    subject: UUID | None = None
    action: str | None = None
    outcome: str | None = None

    def keeps(self, entry: Entry | None) -> bool:
        """Say whether an entry is asked for; an emptied one is when every one is."""
        if entry is None:
            return self == EntryFilter()
        return (
            self.case in {None, entry.case}
            and self.subject in {None, entry.subject}
            and self.action in {None, entry.action}
            and self.outcome in {None, entry.outcome.value}
        )


def plain_exchange(row: Stored) -> Exchange:
    """Make an exchange of what a reviewer may see of it: its sealed columns are not there."""
    return Exchange(**{column.name: row[column.name] for column in PLAIN})


async def supervised_exchanges(work: UnitOfWork, **asked: object) -> Sequence[Stored]:
    """List exchanges of the infohus without any case content."""
    return await work.values(EXCHANGES, infohus_id=work.infohus_id, **asked)


async def state_of_log(work: UnitOfWork, signer: Signer) -> LogState:
    """Verify every row of the infohus' log, sign its present head and have it cosigned."""
    connection = work.log_connection()
    head = await head_of(connection, work.infohus_id)
    verification = await verify_database(connection, work.infohus_id)
    faults, checkpoint, cosigned_by = [str(fault) for fault in verification.faults], "", list[str]()
    if verification.is_whole:
        try:
            signed = await signer.sign(connection, work.infohus_id)
            checkpoint, cosigned_by = signed.note, list(signed.cosigned_by)
        except (LogNotAsSigned, StateNotReadable) as refused:
            faults = [f"Loggen er ikke den, der blev underskrevet: {refused}"]
    return LogState(
        head.origin, head.size, head.root().hex(), checkpoint, not faults, faults, cosigned_by, signer.witnesses.need,
        verification.emptied,
    )


async def entries_of(
    work: UnitOfWork, asked: EntryFilter, *, after: int, limit: int
) -> tuple[list[NumberedEntry], int | None]:
    """List entries behind index `after`, oldest first, and where to go on; `None` is the end."""
    found, goes_on = await places_where(
        work.log_connection(), work.infohus_id, asked.keeps, after=after, limit=limit
    )
    return [NumberedEntry(index, entry) for index, entry in found], goes_on


async def proof_of(work: UnitOfWork, index: int, signer: Signer) -> tuple[str, bytes | None, bytes]:
    """Prove one entry: the proof's text, the entry's exact bytes (`None` when it is emptied), and its leaf hash.

    Raises:
        NotAvailable: there is no such entry.
        LogUnavailable: the log is not the one that was signed before; nothing is signed.
    """
    connection = work.log_connection()
    head = await signed_head(work, signer)
    try:
        proof = await prove(connection, work.infohus_id, index, head.note)
    except ValueError:
        raise errors.NotAvailable from None
    leaf = (0, index)
    hashes = await hashes_of(connection, work.infohus_id, [leaf])
    return proof, await entry_at(connection, work.infohus_id, index), hashes[leaf]


async def signed_head(work: UnitOfWork, signer: Signer) -> SignedHead:
    """Sign the log's present head and have it cosigned.

    Raises:
        LogUnavailable: the log is not the one that was signed before; nothing is signed.
    """
    try:
        return await signer.sign(work.log_connection(), work.infohus_id)
    except (LogNotAsSigned, StateNotReadable) as refused:
        raise errors.LogUnavailable from refused


async def packed_log(work: UnitOfWork, signer: Signer) -> bytes:
    """Export the log and pack it as a tar file.

    Raises:
        LogUnavailable: the rows do not make the tree that the log says it is; nothing is signed.
    """
    head = await signed_head(work, signer)
    with TemporaryDirectory(prefix=f"infohus-{new_id().hex[:8]}-") as name:
        folder = Path(name) / "log"
        try:
            await export_log(
                work.log_connection(), work.infohus_id, head.note, folder, key=signer.verifier(head.checkpoint.origin),
                witnesses=signer.witnesses.keys,
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

