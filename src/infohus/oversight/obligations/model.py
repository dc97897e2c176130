"""The table of each time an obligation was met. It names no person; the log says who recorded it."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Infohus
from infohus.kernel.database.tables import Row, new_id
from infohus.plan.model import PlanObligation


class Fulfilment(Row):
    """One time an obligation was met. `attendance` has one number of people for each of `audiences`, in its order."""

    __tablename__ = "fulfilment"
    __table_args__ = (
        sa.UniqueConstraint("obligation_id", "obligation_version"),
        sa.CheckConstraint("cardinality(audiences) = cardinality(attendance)", name="one_count_an_audience"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Infohus.id))
    obligation_id: Mapped[UUID] = mapped_column(sa.ForeignKey(PlanObligation.id))
    obligation_version: Mapped[int]
    fulfilled_on: Mapped[date]
    audiences: Mapped[list[str]]
    attendance: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer()))
    recorded_at: Mapped[datetime]
