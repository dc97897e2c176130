"""Bevaringsmærke: what an authority was told and has used, or has to keep, stays on its side when it is withdrawn.

The authority marks it by an act of its own, with a reason that the discloser does not see, nor that there is a mark
(rule 16). What stays is shown as withdrawn, and is not passed on any more.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus import errors
from infohus.cases.disclosures.model import Exchange
from infohus.casework.exchanges.disclosable import DisclosableRecords, ItemDraft
from infohus.kernel.access.model import Disclosure
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record, choice, owned_by_authority
from infohus.kernel.requests.words import Reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork


class KeptBecause(StrEnum):
    """Why an authority keeps what it was told: it has acted on it, or the law has it keep it."""

    USED = "used"
    TO_BE_KEPT = "to_be_kept"


class KeptMark(Record):
    """That an authority keeps records which an exchange disclosed to it, whether they are withdrawn or not."""

    __tablename__ = "kept_mark"
    __table_args__ = owned_by_authority(sa.Index(None, "exchange_id", "authority_id"))

    exchange_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Exchange.id))
    because: Mapped[KeptBecause] = choice(KeptBecause, name="because")
    records: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid()))
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class KeptMarkDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which of the records that an exchange disclosed are kept, and why."""

    items: Annotated[list[ItemDraft], Meta(min_length=1, max_length=100)]
    because: KeptBecause
    reason: Reason


class KeptMarkView(msgspec.Struct, frozen=True):
    """A mark of the caller's own authority; `withdrawn` are those of its records that the discloser has withdrawn."""

    id: UUID
    exchange_id: UUID
    because: KeptBecause
    records: list[UUID]
    withdrawn: list[UUID]
    reason: str
    marked_at: datetime

    @classmethod
    async def opened(cls, work: UnitOfWork, *marks: KeptMark) -> "list[KeptMarkView]":
        """Open marks."""
        texts = await work.open(*marks, reading=Action.READ_EXCHANGE)
        rows = await work.values(_WITHDRAWN, exchange_ids=[mark.exchange_id for mark in marks],
                                 authority_id=work.caller.authority_id)  # fmt: skip
        withdrawn = {(row["exchange_id"], row["record_id"]) for row in rows}
        return [
            cls(
                mark.id, mark.exchange_id, mark.because, mark.records,
                [one for one in mark.records if (mark.exchange_id, one) in withdrawn], texts[mark.id]["reason"],
                mark.recorded_at,
            )
            for mark in marks
        ]


KEPT_MARK_BY_ID = sa.select(KeptMark).where(KeptMark.id == sa.bindparam("id"))
KEPT_MARKS_OF_CASE = (
    sa.select(KeptMark)
    .where(KeptMark.case_id == sa.bindparam("case_id"), KeptMark.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(KeptMark.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_GIVEN = sa.select(Disclosure.record_id, Disclosure.record_version).where(
    Disclosure.exchange_id == sa.bindparam("exchange_id"), Disclosure.recipient_id == sa.bindparam("authority_id"),
    Disclosure.withdrawn_at.is_(None),
)
_WITHDRAWN = sa.select(Disclosure.exchange_id, Disclosure.record_id).where(
    Disclosure.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))),
    Disclosure.recipient_id == sa.bindparam("authority_id"), Disclosure.withdrawn_at.is_not(None),
)


async def keep_disclosed(
    work: UnitOfWork, exchange: Exchange, draft: KeptMarkDraft, *, records: DisclosableRecords
) -> KeptMark:
    """Mark records that an exchange disclosed as kept: a withdrawal that comes later leaves them readable here.

    Raises:
        NotAvailable: the exchange disclosed one of them not to the caller's authority, or it was withdrawn already.
    """
    own = work.caller.authority_id
    given = {
        (row["record_id"], row["record_version"])
        for row in await work.values(_GIVEN, exchange_id=exchange.id, authority_id=own)
    }
    items = await records.items_of(work, draft.items)
    if not {(item.record_id, item.record_version) for item in items} <= given:
        raise errors.NotAvailable
    for item in items:
        await work.keep(exchange.id, item)
    mark = work.create(
        KeptMark, sealed={"reason": draft.reason}, exchange_id=exchange.id, because=draft.because,
        records=sorted(item.record_id for item in items),
    )
    work.audit_draft.justification = draft.because.value
    work.done(mark.id)
    return mark
