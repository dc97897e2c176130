"""The timeline of earlier concerns, and the table of who confirmed which one."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Authority, Case
from infohus.kernel.answers.pages import Page
from infohus.kernel.database.tables import Row


class EarlierConcernsSeen(Row):
    """One person confirmed one timeline of a case; `shown` is the timeline's keyed digest, 32 bytes."""

    __tablename__ = "earlier_concerns_seen"

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    shown: Mapped[bytes] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class Happening(StrEnum):
    """What a moment of the timeline is."""

    CONCERN_RECEIVED = "concern_received"
    CASE_CLOSED = "case_closed"


class Moment(msgspec.Struct, frozen=True):
    """One thing that happened in another case on the same person."""

    at: datetime
    what: Happening
    case_id: UUID
    number: str
    concern_id: UUID | None
    outcome: str | None


class Timeline(msgspec.Struct, frozen=True):
    """A page of what went before, oldest first, as far as the caller's authority owns it or was told.

    `shown` is the same on every page: it is what to confirm, once all of them were read.
    """

    moments: Page[Moment]
    shown: str
    is_confirmed: bool
