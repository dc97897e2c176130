"""Requests for access, restrictions of single items, and releases of persons who are otherwise withheld."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.persons.about import About
from infohus.cases.persons.model import Subject
from infohus.kernel.database.tables import Changing, Record, Regime, choice, owned_by_authority
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class AccessKind(StrEnum):
    """Kinds of records that may concern the person who asks; each is a table's name."""

    CONCERN = "concern"
    REPORTER = "reporter"
    SUBJECT = "subject"
    AGE_STATEMENT = "age_statement"
    CLEARANCE_CHECK = "clearance_check"
    CHILD_NOTIFICATION = "child_notification"
    CHILD_NOTIFICATION_STEP = "child_notification_step"
    INFORMATION = "information"
    NOTE = "note"
    CUSTODY_RELEASE = "custody_release"
    EXCHANGE = "exchange"
    FIRST_VIEW = "first_view"
    SCOPE_DECISION = "scope_decision"
    SCOPE_DISAGREEMENT = "scope_disagreement"
    SCREENING = "screening"
    ASSESSMENT = "assessment"
    CONTRIBUTION = "contribution"
    RECOMMENDATION = "recommendation"
    MEASURE = "measure"
    FOLLOW_UP = "follow_up"
    CLOSURE = "closure"


THIRD_PARTIES = frozenset({AccessKind.REPORTER, AccessKind.SUBJECT})
"""Kinds of records about a person, who may be another than the one who asks."""


class RestrictionBasis(StrEnum):
    """The provisions that let one item be withheld; which ones depends on the regime."""

    PRIVATE_INTERESTS = "dbl-22-1"
    PUBLIC_INTERESTS = "dbl-22-2"
    LAW_ENFORCEMENT = "rhl-14"
    LAW_ENFORCEMENT_ACCESS = "rhl-16"


BASES: dict[Regime, frozenset[RestrictionBasis]] = {
    Regime.GDPR: frozenset({RestrictionBasis.PRIVATE_INTERESTS, RestrictionBasis.PUBLIC_INTERESTS}),
    Regime.LED: frozenset({RestrictionBasis.LAW_ENFORCEMENT, RestrictionBasis.LAW_ENFORCEMENT_ACCESS}),
    Regime.PET: frozenset(),
}
"""The provisions an authority can restrict by, by its regime (rule 42)."""


class AccessRequest(Record, Changing):
    """A person asks what is held about them. `subject_id` is the person's record in the case, where one is named."""

    __tablename__ = "access_request"
    __table_args__ = owned_by_authority(
        sa.ForeignKeyConstraint(["case_id", "subject_id"], [Subject.case_id, Subject.id])
    )

    changes_later: ClassVar = frozenset({"answered_at"})

    subject_id: Mapped[UUID | None]
    received_on: Mapped[date] = mapped_column(sa.Date)
    answer_by: Mapped[date] = mapped_column(sa.Date)
    answered_at: Mapped[datetime | None]
    asked: Mapped[Sealed] = mapped_column(SealedColumn)


class Restriction(Record, Changing):
    """One item is withheld: by which provision, why, by whom (`recorded_by`), and when it is reviewed (rule 65)."""

    __tablename__ = "restriction"
    __table_args__ = owned_by_authority()

    changes_later: ClassVar = frozenset({"lifted_at"})

    record_kind: Mapped[AccessKind] = choice(AccessKind, name="record_kind")
    record_id: Mapped[UUID]
    basis: Mapped[RestrictionBasis] = choice(RestrictionBasis, name="basis")
    review_on: Mapped[date] = mapped_column(sa.Date)
    lifted_at: Mapped[datetime | None]
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class Release(Record):
    """The record of another person of the case may be handed out, and why (rule 67)."""

    __tablename__ = "release"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("record_id"))

    record_kind: Mapped[AccessKind] = choice(AccessKind, name="record_kind")
    record_id: Mapped[UUID]
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class AccessItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """One record."""

    kind: AccessKind
    id: UUID


class AccessRequestDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the request came, what it asks, and on whom: `subject`, or, where somebody else asks, `about` these."""

    received_on: Day
    asked: Reason
    subject: UUID | None = None
    about: About | None = None


class RestrictionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A restriction of one item. Without an item it would be a blanket one, and is refused."""

    item: AccessItem | None = None
    basis: RestrictionBasis
    reason: Reason
    review_on: Day


class PersonReleaseDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which person is released, and why."""

    item: AccessItem
    reason: Reason


class PackageDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The items that somebody has looked at and hands out."""

    include: Annotated[list[AccessItem], Meta(max_length=10_000)]
