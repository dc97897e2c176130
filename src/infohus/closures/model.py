"""Afslutning: its outcome and the document both sign."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosure import DisclosureDraft, LongText
from infohus.cases.joint import JointDecision
from infohus.tables import SCHEMA, Row, owned_by_authority


class ClosureOutcome(StrEnum):
    """How a case ends."""

    UNFOUNDED = "unfounded"
    COMPLETED = "completed"
    OUTSIDE_INFOHUS = "outside_infohus"
    HANDED_OVER = "handed_over"


class Closure(JointDecision):
    """Why the case ends, signed by both."""

    __tablename__ = "closure"
    __table_args__ = owned_by_authority()


class Retention(Row):
    """How long one authority keeps a closed case; the clock runs from closure, not from the last edit (rule 71)."""

    __tablename__ = "retention"

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.case.id"), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"), primary_key=True)
    rule: Mapped[str]
    runs_from: Mapped[date] = mapped_column(sa.Date)
    erase_after: Mapped[date] = mapped_column(sa.Date)


class ClosureContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why the case ends."""

    reasons: Annotated[LongText, Meta(min_length=1)]


class ClosureDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: ClosureOutcome
    content: ClosureContent
    disclosure: DisclosureDraft
