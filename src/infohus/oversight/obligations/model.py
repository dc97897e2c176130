"""Each time an obligation of the plan was met. Holds no person: who recorded it stands in the log."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Infohus
from infohus.kernel.database.tables import Row, new_id
from infohus.plan.model import PlanObligation


class Fulfilment(Row):
    """One time an obligation was met. `attendance` counts people, one number for each of `audiences`."""

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
