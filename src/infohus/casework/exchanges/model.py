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
    NOTHING_TO_DISCLOSE = "nothing_to_disclose"
    """Nothing is held that was asked for: "intet at videregive" (rule 85)."""


WITHOUT_EXCHANGE = frozenset({Answer.DECLINED, Answer.NOTHING_TO_DISCLOSE})
"""Answers that disclose nothing."""


class InformationRequest(Record, Changing):
    """What is asked of an authority: by another through the system, or from outside and noted by the one asked.

    `under_pet_loven_4`: PET asked, and states straffelovens chapters 12–13 (rule 14). It stands on PET's track then;
    any other request of PET's is one like others. `asked_at`, where it was noted later than it was asked.
    """

    __tablename__ = "information_request"
    changes_later: ClassVar = frozenset({"exchange_id", "answer", "answer_exchange_id", "answered_at"})
    __table_args__ = owned_by_authority(
        sa.CheckConstraint(
            "answer IS NULL OR (answer IN ('declined', 'nothing_to_disclose')) = (answer_exchange_id IS NULL)",
            name="disclosing_is_an_exchange",
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_at_some_time"),
    )

    asked_by: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    asked_at: Mapped[datetime | None]
    under_pet_loven_4: Mapped[bool]
    asked_of: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    exchange_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Exchange.id))
    answer: Mapped[Answer | None] = choice(Answer, name="answer")
    answer_exchange_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Exchange.id))
    answered_at: Mapped[datetime | None]
    question: Mapped[Sealed] = mapped_column(SealedColumn)
    asked_by_name: Mapped[Sealed | None] = mapped_column(SealedColumn)

    @property
    def is_for_pet(self) -> bool:
        """Say whether PET asks under PET-loven § 4."""
        return self.under_pet_loven_4
