"""Oplysninger: what each authority already holds. Unseen by the others until exchanged (rule 44)."""

from datetime import date
from enum import StrEnum

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.persons.about import About, persons_named
from infohus.kernel.database.tables import Record, choice, owned_by_authority
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Origin(StrEnum):
    """Whether it was already held, or collected for this; screening rests on existing information (rule 39)."""

    ALREADY_HELD = "already_held"
    COLLECTED = "collected"


class Information(Record):
    """One item that an authority holds on the case's subject."""

    __tablename__ = "information"
    __table_args__ = owned_by_authority()

    origin: Mapped[Origin] = choice(Origin, name="origin")
    is_first_hand: Mapped[bool]
    dated_on: Mapped[date | None] = mapped_column(sa.Date)
    text: Mapped[Sealed] = mapped_column(SealedColumn)
    source: Mapped[Sealed] = mapped_column(SealedColumn)


class InformationDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item as the authority notes it, for itself."""

    text: Reason
    source: Reason
    origin: Origin = Origin.ALREADY_HELD
    is_first_hand: bool = False
    dated_on: Day | None = None
    about: About | None = None


INFORMATION_OF_CASE = (
    sa.select(Information)
    .where(
        Information.case_id == sa.bindparam("case_id"),
        Information.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(Information.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists only what the caller's authority may see: row security leaves the rest out."""


async def note_information(work: UnitOfWork, draft: InformationDraft) -> Information:
    """Note an item for the caller's own authority; the others do not see it until it is exchanged.

    Raises:
        PersonsNotNamed, NoPersonOfTheSide: see `persons_named`.
    """
    return work.create(
        Information, sealed={"text": draft.text, "source": draft.source}, origin=draft.origin,
        is_first_hand=draft.is_first_hand, dated_on=draft.dated_on, about=await persons_named(work, draft.about),
    )
