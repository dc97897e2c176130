"""Kvittering: a recipient acknowledges exactly what was disclosed, by the hash of it.

Signing a proposal acknowledges the exchange that showed it. How receipts are shown is in casework/exchanges.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.access.model import Authority, Case
from infohus.kernel.database.tables import Row
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Receipt(Row):
    """One recipient's acknowledgement that it received what the manifest says."""

    __tablename__ = "receipt"

    exchange_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Exchange.id), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), index=True)
    manifest: Mapped[bytes]
    person_id: Mapped[UUID]
    acknowledged_at: Mapped[datetime]


_RECEIPTS = (
    sa.select(Receipt)
    .where(Receipt.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(Receipt.acknowledged_at)
)
_EXCHANGE = sa.select(Exchange).where(Exchange.id == sa.bindparam("id"))


async def receipts_on(work: UnitOfWork, exchange_ids: Sequence[UUID]) -> list[Receipt]:
    """List the receipts of exchanges, oldest first, then those that this unit of work is about to write."""
    return [*await work.rows(Receipt, _RECEIPTS, exchange_ids=exchange_ids), *work.pending(Receipt)]


async def acknowledge_by_signing(work: UnitOfWork, exchange_id: UUID) -> None:
    """Count a signature on a proposal as the receipt of the exchange that showed it."""
    exchange = await work.row(Exchange, _EXCHANGE, id=exchange_id)
    if exchange is None or work.caller.authority_id not in exchange.recipients:
        return
    await acknowledge_for_caller(work, exchange)


async def acknowledge_for_caller(work: UnitOfWork, exchange: Exchange) -> None:
    """Record that the caller's authority, a recipient, received what was disclosed; a second time changes nothing."""
    receipts = await receipts_on(work, [exchange.id])
    if any(row.authority_id == work.caller.authority_id and row.exchange_id == exchange.id for row in receipts):
        return
    work.add(Receipt(
        exchange_id=exchange.id, authority_id=work.caller.authority_id, case_id=exchange.case_id,
        manifest=exchange.manifest, person_id=work.caller.person_id, acknowledged_at=work.now,
    ))
