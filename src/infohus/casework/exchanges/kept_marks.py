"""Bevaringsmærke: what an authority was told and has used, or has to keep, stays on its side when it is withdrawn.

The authority marks it by an act of its own, with a reason that the discloser does not see, nor that there is a mark
(rule 16). What stays is shown as withdrawn, and is not passed on any more.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus import errors
from infohus.cases.disclosures.model import Exchange, Item
from infohus.cases.disclosures.told import corrections_of_told
from infohus.casework.exchanges.disclosable import DisclosableRecords, NamedRecords
from infohus.casework.exchanges.refusals import NothingToKeep
from infohus.kernel.access.model import STANDS, Disclosure
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
    """Which of the records that an exchange disclosed are kept, or its own texts with what was said, and why."""

    items: NamedRecords = msgspec.field(default_factory=list)
    texts: bool = False
    because: KeptBecause
    reason: Reason


class CorrectedRecord(msgspec.Struct, frozen=True):
    """A record that was corrected since it was told, and by which exchange where the authority got that."""

    id: UUID
    corrected_by: UUID | None


class KeptMarkView(msgspec.Struct, frozen=True):
    """A mark of the caller's own authority. Where the exchange's own texts are kept, `records` names the exchange too.

    `withdrawn` are those of its records that are readable by this mark alone: all that told them was withdrawn.
    `corrected` are those that are wrong as this exchange told them (rule 13).
    """

    id: UUID
    exchange_id: UUID
    because: KeptBecause
    records: list[UUID]
    withdrawn: list[UUID]
    corrected: list[CorrectedRecord]
    reason: str
    marked_at: datetime

    @classmethod
    async def opened(cls, work: UnitOfWork, *marks: KeptMark) -> "list[KeptMarkView]":
        """Open marks."""
        texts = await work.open(*marks, reading=Action.READ_EXCHANGE)
        kept = sorted({one for mark in marks for one in mark.records})
        rows = await work.values(_STANDING, record_ids=kept, authority_id=work.caller.authority_id) if kept else []
        standing, wrong = {row["record_id"] for row in rows}, await corrections_of_told(work, kept)
        return [
            cls(
                mark.id, mark.exchange_id, mark.because, mark.records,
                [one for one in mark.records if one not in standing],
                [
                    CorrectedRecord(one, wrong[mark.exchange_id, one])
                    for one in mark.records if (mark.exchange_id, one) in wrong
                ],
                texts[mark.id]["reason"], mark.recorded_at,
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
_KEPT = sa.select(KeptMark.id).where(sa.bindparam("exchange_id", type_=sa.Uuid) == sa.func.any(KeptMark.records))
_GIVEN = sa.select(Disclosure.record_id, Disclosure.record_version).where(
    Disclosure.exchange_id == sa.bindparam("exchange_id"), Disclosure.recipient_id == sa.bindparam("authority_id"),
    Disclosure.withdrawn_at.is_(None),
)
_STANDING = sa.select(Disclosure.record_id).where(
    Disclosure.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
    Disclosure.recipient_id == sa.bindparam("authority_id"), STANDS,
)


async def keep_disclosed(
    work: UnitOfWork, exchange: Exchange, draft: KeptMarkDraft, *, records: DisclosableRecords
) -> KeptMark:
    """Mark records that an exchange disclosed as kept: a withdrawal that comes later leaves them readable here.

    Raises:
        NothingToKeep: it names neither a record nor the exchange's texts.
        NotAvailable: the exchange disclosed one of them not to the caller's authority, or it was withdrawn already.
    """
    own = work.caller.authority_id
    given = {
        (row["record_id"], row["record_version"])
        for row in await work.values(_GIVEN, exchange_id=exchange.id, authority_id=own)
    }
    if not draft.items and not draft.texts:
        raise NothingToKeep
    items = [*await records.items_of(work, draft.items), *([Item.of(exchange)] if draft.texts else [])]
    if not {(item.record_id, item.record_version) for item in items} <= given:
        raise errors.NotAvailable(field="items")
    for item in items:
        await work.keep(exchange.id, item)
    mark = work.create(
        KeptMark, sealed={"reason": draft.reason}, exchange_id=exchange.id, because=draft.because,
        records=sorted(item.record_id for item in items), about=await work.whom(*items),
    )
    work.audit_draft.justification = draft.because.value
    work.done(mark.id)
    return mark


async def keeps_texts(work: UnitOfWork, exchange: Exchange) -> bool:
    """Say whether the caller's authority keeps the own texts of an exchange that it received."""
    return bool(await work.values(_KEPT, exchange_id=exchange.id))
