"""The yearly status, and the table of released ones. They hold numbers and headings; no person, case or case text."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Authority, Infohus
from infohus.kernel.database.tables import Row, new_id

HIDDEN: Literal["hidden"] = "hidden"
Number: TypeAlias = Annotated[int, Meta(ge=0)] | Literal["hidden"]
"""A count, or `HIDDEN`: the count is under 5, or one under 5 could be computed from it."""


class StatusLine(msgspec.Struct, frozen=True):
    """One row of a table: its code, its Danish heading, and how many."""

    code: str
    heading: str
    count: Number


class StatusTable(msgspec.Struct, frozen=True, kw_only=True):
    """One table. `counted` says in Danish what is counted and when.

    `median` is the code of the row that holds the median, where rows have an order and what is shown settles it.
    """

    code: str
    heading: str
    counted: str
    lines: list[StatusLine]
    total: Number
    median: str | None


class YearlyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One authority's contribution to the status of an infohus in a calendar year: its own side, and what is joint.

    `edition` is the version of this form.
    """

    edition: int = 2
    infohus: str
    authority: str
    year: int
    explanation: str
    tables: list[StatusTable]


class ReleasedYearlyStatus(Row):
    """An authority's yearly status as it was released, byte for byte; it is never computed again.

    The log says who released it, and holds the digest too.
    """

    __tablename__ = "yearly_status"
    __table_args__ = (
        sa.UniqueConstraint("infohus_id", "year", "authority_id"),
        sa.CheckConstraint("digest = sha256(document)", name="sealed_by_its_digest"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Infohus.id))
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    year: Mapped[int]
    document: Mapped[bytes]
    digest: Mapped[bytes]
    released_at: Mapped[datetime]
