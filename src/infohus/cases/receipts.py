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
from infohus.cases.disclosable import DisclosableKind
from infohus.cases.disclosure import AuthoritySlug, Exchange, LongText
from infohus.sealing.column import SealedColumn
from infohus.sealing.envelope import Sealed
from infohus.tables import SCHEMA, Record, Row, owned_by_authority
from infohus.unit_of_work import UnitOfWork

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


WITHDRAWAL_BY_ID = sa.select(Withdrawal).where(Withdrawal.id == sa.bindparam("id"))
_RECEIPTS = (
    sa.select(Receipt)
    .where(Receipt.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(Receipt.acknowledged_at)
)
_EXCHANGE = sa.select(Exchange).where(Exchange.id == sa.bindparam("id"))
_WITHDRAWALS = sa.select(Withdrawal.id).where(
    Withdrawal.exchange_id == sa.bindparam("exchange_id"), Withdrawal.recipient_id == sa.bindparam("recipient_id")
)


async def receipts_of(work: UnitOfWork, exchanges: Sequence[Exchange]) -> dict[UUID, list[ReceiptView]]:
    """List the receipts of exchanges, with those this unit is about to write."""
    found: dict[UUID, list[ReceiptView]] = {exchange.id: [] for exchange in exchanges}
    stored = await work.rows(Receipt, _RECEIPTS, exchange_ids=list(found))
    for receipt in (*stored, *work.pending(Receipt)):
        if receipt.exchange_id in found:
            found[receipt.exchange_id].append(ReceiptView(receipt.authority_id, receipt.acknowledged_at))
    return found


def unacknowledged(exchange: Exchange, receipts: Sequence[ReceiptView]) -> list[str]:
    """Name the recipients that have not acknowledged yet."""
    return sorted(set(exchange.recipients) - {receipt.authority for receipt in receipts})


def is_overdue(exchange: Exchange, receipts: Sequence[ReceiptView], now: datetime) -> bool:
    """Say whether a receipt is missing after 72 hours."""
    return bool(unacknowledged(exchange, receipts)) and now - exchange.recorded_at > OVERDUE_AFTER


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
    receipts = (await receipts_of(work, [exchange]))[exchange.id]
    if work.caller.authority_id in {receipt.authority for receipt in receipts}:
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
    receipts = (await receipts_of(work, [exchange]))[exchange.id]
    withdrawn = await work.revoke(exchange.id, draft.recipient, kinds=[kind.value for kind in DisclosableKind])
    withdrawal = work.create(
        Withdrawal, sealed={"reason": draft.reason}, exchange_id=exchange.id, recipient_id=draft.recipient,
        was_acknowledged=draft.recipient in {receipt.authority for receipt in receipts}, records=len(withdrawn),
    )
    work.deed.justification, work.deed.recipients = "withdrawal", [draft.recipient]
    work.done(withdrawal.id)
    return withdrawal
