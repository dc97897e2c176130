"""Legal holds and the archive's decisions, which each authority keeps for itself, and the report of erasure."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Stage
from infohus.kernel.database.tables import Changing, Record, choice, owned_by_authority
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Reason, label
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class ArchiveDecision(StrEnum):
    """What the archive decided: to be discarded, or delivered first, and whether it was."""

    MAY_BE_DISCARDED = "may_be_discarded"
    DELIVERED = "delivered"
    TO_BE_DELIVERED = "to_be_delivered"


CLEARING = frozenset({ArchiveDecision.MAY_BE_DISCARDED, ArchiveDecision.DELIVERED})
"""Decisions that permit erasing: the archive does not want the records, or has received them."""


class LegalHold(Record, Changing):
    """An authority must keep its records of the case, and why; it stands until it is lifted."""

    __tablename__ = "legal_hold"
    __table_args__ = owned_by_authority()

    changes_later: ClassVar = frozenset({"lifted_at"})

    lifted_at: Mapped[datetime | None]
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class ArchiveClearance(Record):
    """What the archive decided for one authority's records of the case; the latest one counts."""

    __tablename__ = "archive_clearance"
    __table_args__ = owned_by_authority()

    decision: Mapped[ArchiveDecision] = choice(ArchiveDecision, name="decision")
    decided_on: Mapped[date] = mapped_column(sa.Date)
    reference: Mapped[Sealed] = mapped_column(SealedColumn)


class LegalHoldDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the case must be kept."""

    reason: Reason


class ArchiveClearanceDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the archive decided, when, and its reference."""

    decision: ArchiveDecision
    decided_on: Day
    reference: Annotated[str, label(200)]


class Hindrance(StrEnum):
    """What stands in the way of erasing."""

    NOT_CLOSED = "not_closed"
    STILL_KEPT = "still_kept"
    LEGAL_HOLD = "legal_hold"
    NOT_CLEARED_BY_THE_ARCHIVE = "not_cleared_by_the_archive"


class ErasureLine(msgspec.Struct, frozen=True, kw_only=True):
    """One closed case: when it would be erased, what stands in the way, and how many records of each kind."""

    case_id: UUID
    case_number: str
    stage: Stage
    rule: str
    erase_after: date
    hindered_by: list[Hindrance]
    records: dict[str, int]
