"""Anmodning: one authority asks another. There is no field for the reason why one declines (rule 8)."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.access.model import Authority
from infohus.kernel.database.tables import Changing, Record, choice, owned_by_authority
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class Answer(StrEnum):
    """How a request was answered. Declining is a right, never an error. Source: retsplejeloven § 115, stk. 4."""

    DISCLOSED = "disclosed"
    PARTLY = "partly"
    DECLINED = "declined"


class InformationRequest(Record, Changing):
    """What is asked of an authority: by another through the system, or from outside and noted by the one asked."""

    __tablename__ = "information_request"
    changes_later: ClassVar = frozenset({"exchange_id", "answer", "answer_exchange_id", "answered_at"})
    __table_args__ = owned_by_authority(
        sa.CheckConstraint(
            "answer IS NULL OR (answer = 'declined') = (answer_exchange_id IS NULL)", name="disclosing_is_an_exchange"
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_at_some_time"),
    )

    asked_by: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    asked_by_pet: Mapped[bool]
    asked_of: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    exchange_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Exchange.id))
    answer: Mapped[Answer | None] = choice(Answer, name="answer")
    answer_exchange_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Exchange.id))
    answered_at: Mapped[datetime | None]
    question: Mapped[Sealed] = mapped_column(SealedColumn)

    @property
    def is_for_pet(self) -> bool:
        """Say whether PET asks."""
        return self.asked_by_pet
