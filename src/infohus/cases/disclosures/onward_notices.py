"""Underretning om videregivelse: whoever owns what was passed on learns that it was, to whom and why (rule 16).

The owner is no recipient of the exchange that passed it on. It sees nothing of that but the notice: no text, no item or
category that is not its own, and no correction. So every act on an exchange knows recipients alone.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import Channel, DisclosureDraft, Exchange, Item, Paragraph, Purpose
from infohus.cases.disclosures.refusals import OnwardReasonMissing
from infohus.kernel.access.model import Authority
from infohus.kernel.database.tables import Record, choice, owned_by_authority
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork


class OnwardNotice(Record):
    """That an exchange passed on what `owner_id` owns: `record_ids` are its own, each of the kind at the same place.

    `reason` is what the discloser wrote for the owner; the answers of the exchange concern other items as well.
    """

    __tablename__ = "onward_notice"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("exchange_id", "owner_id"))

    exchange_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Exchange.id))
    owner_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    recipients: Mapped[list[str]]
    paragraph: Mapped[Paragraph] = choice(Paragraph, name="paragraph")
    purpose: Mapped[Purpose] = choice(Purpose, name="purpose")
    channel: Mapped[Channel] = choice(Channel, name="channel")
    exchanged_at: Mapped[datetime]
    record_kinds: Mapped[list[str]]
    record_ids: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid()))
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


async def notify_owners(
    work: UnitOfWork, exchange: Exchange, draft: DisclosureDraft, items: Sequence[Item], *, told: Sequence[str]
) -> None:
    """Write a notice to each owner of what was passed on to `told`, and disclose it to the owner where it takes part.

    A recipient reads the exchange itself. Of what the security service asked for nobody is told (rule 85).

    Raises:
        OnwardReasonMissing: an owner would not learn why.
    """
    if exchange.is_for_pet or not told:
        return
    for owner in sorted({item.owner for item in items} - {exchange.authority_id, *exchange.recipients}):
        if draft.onward_reason is None:
            raise OnwardReasonMissing(field="onward_reason")
        own = sorted({(item.kind, item.record_id) for item in items if item.owner == owner})
        notice = work.create(
            OnwardNotice, sealed={"reason": draft.onward_reason}, exchange_id=exchange.id, owner_id=owner,
            recipients=sorted(told), paragraph=exchange.paragraph, purpose=exchange.purpose, channel=exchange.channel,
            exchanged_at=exchange.exchanged_at, record_kinds=[kind for kind, _ in own],
            record_ids=[record_id for _, record_id in own],
            about=await work.whom(*(item for item in items if item.owner == owner)),
        )
        await work.grant(exchange.id, [Item.of(notice)], [owner] if owner in work.parties else [])
