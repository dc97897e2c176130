"""The obligations of a plan. Each time one was fulfilled is a row of `oversight/obligations/`."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Infohus
from infohus.kernel.database.tables import Changing, Row, new_id


class PlanObligation(Row, Changing):
    """One obligation. `due_on` is `None` where the plan sets no date, and when it is done.

    `is_owed` is false once a later plan no longer names it.
    """

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
