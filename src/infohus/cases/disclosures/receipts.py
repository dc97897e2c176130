"""Kvittering: a recipient acknowledges exactly what was disclosed, by the hash of it; and a withdrawal ends access.

What a recipient has seen stays seen: a withdrawal says whether the receipt came before it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus import errors
from infohus.cases.disclosures.disclosable import DisclosableKind
from infohus.cases.disclosures.disclosure import AuthoritySlug, Exchange, LongText
from infohus.kernel.access.model import Disclosure
from infohus.kernel.database.tables import SCHEMA, Record, Row, owned_by_authority
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork

OVERDUE_AFTER = timedelta(hours=72)
"""A disclosure that a recipient has not acknowledged by then shows to both sides (design)."""


class Receipt(Row):
    """One recipient's word that it holds what the manifest says."""

    __tablename__ = "receipt"

    exchange_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.exchange.id"), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.case.id"), index=True)
    manifest: Mapped[bytes]
    person_id: Mapped[UUID]
    acknowledged_at: Mapped[datetime]


class Withdrawal(Record):
    """That a recipient may no longer read what an exchange disclosed to it."""

    __tablename__ = "withdrawal"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("exchange_id", "recipient_id"))

    exchange_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.exchange.id"))
    recipient_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"))
    was_acknowledged: Mapped[bool]
    records: Mapped[int]
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class ReceiptDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest the recipient saw, 64 hexadecimal digits."""

    manifest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class WithdrawalDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From whom it is withdrawn, and why."""

    recipient: AuthoritySlug
    reason: Annotated[LongText, Meta(min_length=1)]


class ReceiptView(msgspec.Struct, frozen=True):
    """Who acknowledged, and when."""

    authority: str
    acknowledged_at: datetime


class Receipts(msgspec.Struct, frozen=True):
    """Who has acknowledged an exchange, who has not yet, and from whom it was withdrawn."""

    receipts: list[ReceiptView]
    unacknowledged: list[str]
    is_overdue: bool
    withdrawn_from: list[str]


WITHDRAWAL_BY_ID = sa.select(Withdrawal).where(Withdrawal.id == sa.bindparam("id"))
_RECEIPTS = (
    sa.select(Receipt)
    .where(Receipt.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(Receipt.acknowledged_at)
)
_WITHDRAWN = (
    sa.select(Disclosure.exchange_id, Disclosure.recipient_id)
    .where(
        Disclosure.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))),
        Disclosure.withdrawn_at.is_not(None),
    )
    .distinct()
)
_EXCHANGE = sa.select(Exchange).where(Exchange.id == sa.bindparam("id"))
_WITHDRAWALS = sa.select(Withdrawal.id).where(
    Withdrawal.exchange_id == sa.bindparam("exchange_id"), Withdrawal.recipient_id == sa.bindparam("recipient_id")
)


async def receipts_of(work: UnitOfWork, exchanges: Sequence[Exchange]) -> dict[UUID, Receipts]:
    """Tell what became of exchanges, with the receipts this unit is about to write."""
    ids = [exchange.id for exchange in exchanges]
    stored = [*await work.rows(Receipt, _RECEIPTS, exchange_ids=ids), *work.pending(Receipt)]
    withdrawn = await work.values(_WITHDRAWN, exchange_ids=ids)
    return {
        exchange.id: _receipts(
            exchange, [one for one in stored if one.exchange_id == exchange.id],
            sorted(row["recipient_id"] for row in withdrawn if row["exchange_id"] == exchange.id), work.now,
        )
        for exchange in exchanges
    }


def _receipts(exchange: Exchange, stored: Sequence[Receipt], withdrawn_from: list[str], now: datetime) -> Receipts:
    missing = sorted(set(exchange.recipients) - {one.authority_id for one in stored})
    return Receipts(
        receipts=[ReceiptView(one.authority_id, one.acknowledged_at) for one in stored], unacknowledged=missing,
        is_overdue=bool(missing) and now - exchange.recorded_at > OVERDUE_AFTER, withdrawn_from=withdrawn_from,
    )


async def acknowledge(work: UnitOfWork, exchange: Exchange, draft: ReceiptDraft) -> None:
    """Acknowledge what was received; once is enough, and again changes nothing.

    Raises:
        NotAvailable: it was not disclosed to the caller's authority.
        ManifestDiffers: the hash is not that of what was disclosed.
    """
    if work.caller.authority_id not in exchange.recipients:
        raise errors.NotAvailable
    if bytes.fromhex(draft.manifest) != exchange.manifest:
        raise errors.ManifestDiffers
    await _acknowledge_for_caller(work, exchange)


async def acknowledge_by_signing(work: UnitOfWork, exchange_id: UUID) -> None:
    """Count a signature on a proposal as the receipt of the exchange that showed it."""
    exchange = await work.row(Exchange, _EXCHANGE, id=exchange_id)
    if exchange is None or work.caller.authority_id not in exchange.recipients:
        return
    await _acknowledge_for_caller(work, exchange)


async def _acknowledge_for_caller(work: UnitOfWork, exchange: Exchange) -> None:
    known = (await receipts_of(work, [exchange]))[exchange.id]
    if work.caller.authority_id not in known.unacknowledged:
        return
    work.add(Receipt(
        exchange_id=exchange.id, authority_id=work.caller.authority_id, case_id=exchange.case_id,
        manifest=exchange.manifest, person_id=work.caller.person_id, acknowledged_at=work.now,
    ))


async def withdraw(work: UnitOfWork, exchange: Exchange, draft: WithdrawalDraft) -> Withdrawal:
    """End a recipient's access to what an exchange disclosed: policy, row security and keys at once.

    The exchange itself stays readable to both: that it happened, and why. Joint decisions stay with both who sign them.

    Raises:
        NotAvailable: the caller's authority did not disclose it, or not to this recipient.
        AlreadyRecorded: it was withdrawn before.
    """
    if exchange.authority_id != work.caller.authority_id or draft.recipient not in exchange.recipients:
        raise errors.NotAvailable
    if await work.values(_WITHDRAWALS, exchange_id=exchange.id, recipient_id=draft.recipient):
        raise errors.AlreadyRecorded
    known = (await receipts_of(work, [exchange]))[exchange.id]
    withdrawn = await work.revoke(exchange.id, draft.recipient, kinds=[kind.value for kind in DisclosableKind])
    withdrawal = work.create(
        Withdrawal, sealed={"reason": draft.reason}, exchange_id=exchange.id, recipient_id=draft.recipient,
        was_acknowledged=draft.recipient not in known.unacknowledged, records=len(withdrawn),
    )
    work.audit_draft.justification, work.audit_draft.recipients = "withdrawal", [draft.recipient]
    work.done(withdrawal.id)
    return withdrawal
