"""An obligation of a plan and each time it was met. Holds no person: who recorded it stands in the log."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Infohus
from infohus.kernel.database.tables import SCHEMA, Row, new_id


class PlanObligation(Row):
    """What the plan in force promises, with the date it is due; `None` where the plan sets none, or it is done."""

    __tablename__ = "obligation"
    __table_args__ = (sa.UniqueConstraint("infohus_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Infohus.id))
    code: Mapped[str]
    text: Mapped[str]
    owner: Mapped[str]
    every: Mapped[str | None]
    due_year: Mapped[int | None]
    due_on: Mapped[date | None]
    fulfilled_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    is_owed: Mapped[bool]


class Fulfilment(Row):
    """One time it was met. `attendance` counts people, one number for each of `audiences`."""

    __tablename__ = "fulfilment"
    __table_args__ = (
        sa.UniqueConstraint("obligation_id", "obligation_version"),
        sa.CheckConstraint("cardinality(audiences) = cardinality(attendance)", name="one_count_an_audience"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Infohus.id))
    obligation_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.obligation.id"))
    obligation_version: Mapped[int]
    fulfilled_on: Mapped[date]
    audiences: Mapped[list[str]]
    attendance: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer()))
    recorded_at: Mapped[datetime]
