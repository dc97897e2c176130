"""What is recorded when someone raises a concern. The reporter stands apart from the concern (rule 29)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.persons.model import AgeStatement, Subject
from infohus.cases.procedure.outcomes import ClearanceOutcome
from infohus.kernel.access.model import Authority, Case
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import (
    SCHEMA,
    Record,
    Row,
    choice,
    owned_by_authority,
    unique_in_case,
)
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class ReportChannel(StrEnum):
    """How the concern came in."""

    PHONE = "phone"
    MAIL = "mail"
    IN_PERSON = "in_person"
    HOTLINE = "hotline"


class ReporterKind(StrEnum):
    """Who raises the concern; private persons can report but never receive (rule 7)."""

    CITIZEN = "citizen"
    RELATIVE = "relative"
    PROFESSIONAL = "professional"
    AUTHORITY = "authority"
    ORGANISATION = "organisation"


class ExtremismWeight(StrEnum):
    """Whether extremism is the main thing or one strand of a social worry (rule 27)."""

    MAIN = "main"
    ONE_OF_SEVERAL = "one_of_several"
    UNKNOWN = "unknown"


class Concern(Record):
    """A henvendelse: what was observed, how it was read, what the reporter was told: parts with a key each (34, 87).

    Of the reading are the weight of extremism, its form and the signs, too: codes, the signs' with commas between.
    `is_acute`: there was acute danger, and whoever recorded it was told to call 112 before all else (rules 31 and 84).
    """

    __tablename__ = "concern"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("id", "reporter_is_anonymous"))

    kind: Mapped[str]
    channel: Mapped[ReportChannel] = choice(ReportChannel, name="channel")
    received_at: Mapped[datetime]
    reporter_kind: Mapped[ReporterKind] = choice(ReporterKind, name="reporter_kind")
    reporter_is_anonymous: Mapped[bool]
    is_acute: Mapped[bool]
    observation: Mapped[Sealed] = mapped_column(SealedColumn("observation"))
    interpretation: Mapped[Sealed | None] = mapped_column(SealedColumn("interpretation"))
    extremism_weight: Mapped[Sealed] = mapped_column(SealedColumn("interpretation"))
    extremism_form: Mapped[Sealed] = mapped_column(SealedColumn("interpretation"))
    signs: Mapped[Sealed | None] = mapped_column(SealedColumn("interpretation"))
    told_reporter: Mapped[Sealed] = mapped_column(SealedColumn("told_reporter"))


class ConcernForm(Row):
    """As which form of extremism its own side counts a concern in the yearly status (rule 76); told to nobody."""

    __tablename__ = "concern_form"

    concern_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Concern.id), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), index=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    extremism_form: Mapped[str]


# cases/persons may not import this module, so the foreign key from a subject to its concern is declared here.
table_of(Subject).append_constraint(sa.ForeignKeyConstraint([Subject.concern_id], [Concern.id]))


class Reporter(Record):
    """Who raised the concern. The database itself lets none exist for an anonymous one (rule 28)."""

    __tablename__ = "reporter"
    __table_args__ = owned_by_authority(
        sa.CheckConstraint("NOT reporter_is_anonymous", name="is_not_anonymous"),
        sa.ForeignKeyConstraint(
            ["concern_id", "reporter_is_anonymous"], [f"{SCHEMA}.concern.id", f"{SCHEMA}.concern.reporter_is_anonymous"]
        ),
        sa.UniqueConstraint("concern_id"),
    )

    concern_id: Mapped[UUID]
    reporter_is_anonymous: Mapped[bool]
    identity: Mapped[Sealed] = mapped_column(SealedColumn)
    contact: Mapped[Sealed | None] = mapped_column(SealedColumn)


class ReporterRelease(Record):
    """That a reporter's identity may go into the subject's access package, and why (rule 67)."""

    __tablename__ = "reporter_release"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("reporter_id"))

    reporter_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.reporter.id"))
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class ClearanceCheck(Record):
    """The police check: does anything hinder infohus handling (rule 19)."""

    concerns_everybody: ClassVar = True

    __tablename__ = "clearance_check"
    __table_args__ = unique_in_case()

    outcome: Mapped[ClearanceOutcome] = choice(ClearanceOutcome, name="outcome")
    checked_at: Mapped[datetime]
    note: Mapped[Sealed | None] = mapped_column(SealedColumn)


class ChildNotification(Record):
    """The underretning task with its two clocks (rules 32 and 33); what was done about it stands in its steps.

    Each side has one of its own for a person who is a child or may be one. The clocks are the municipality's and run
    from its own receipt: another's task has none, and what the municipality was told of by exchange runs from that.
    """

    __tablename__ = "child_notification"
    __table_args__ = owned_by_authority(
        sa.UniqueConstraint("subject_id", "authority_id"),
        sa.CheckConstraint("(assess_by IS NULL) = (receipt_by IS NULL)", name="both_clocks_or_none"),
    )

    subject_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Subject.id))
    assess_by: Mapped[datetime | None]
    receipt_by: Mapped[date | None]


class ChildStep(StrEnum):
    """What is done about an underretning: the hand-over that screening waits for, and what stops each clock."""

    HANDED_OVER = "handed_over"
    ASSESSED = "assessed"
    RECEIPT_GIVEN = "receipt_given"
    RECEIPT_NOT_POSSIBLE = "receipt_not_possible"
    """Nobody knows whom to tell: the concern is the municipality's own, and no reporter was recorded."""


class ChildNotificationStep(Record):
    """One step that one authority recorded: a moment, or, for a receipt, a day. Others see it where it is disclosed.

    So whoever was told of the task reads it on, unchanged, whatever its owner does (rule 44).
    """

    __tablename__ = "child_notification_step"
    __table_args__ = owned_by_authority(
        sa.UniqueConstraint("notification_id", "authority_id", "step"),
        sa.CheckConstraint(
            "(step IN ('receipt_given', 'receipt_not_possible')) = (taken_on IS NOT NULL)", name="receipt_on_a_day"
        ),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_on IS NOT NULL)", name="taken_at_some_time"),
        sa.CheckConstraint("(step = 'handed_over') = (handed_over_to IS NOT NULL)", name="handed_over_to_somebody"),
    )

    notification_id: Mapped[UUID] = mapped_column(sa.ForeignKey(ChildNotification.id))
    step: Mapped[ChildStep] = choice(ChildStep, name="step")
    taken_at: Mapped[datetime | None]
    taken_on: Mapped[date | None] = mapped_column(sa.Date)
    handed_over_to: Mapped[Sealed | None] = mapped_column(SealedColumn)


IS_OWED: sa.ColumnElement[bool] = sa.func.coalesce(
    sa.select(AgeStatement.counts_as_child).where(AgeStatement.subject_id == ChildNotification.subject_id)
    .order_by(AgeStatement.id.desc()).limit(1).correlate(ChildNotification).scalar_subquery(),
    sa.true(),
)
"""Whether a task is still owed: the person is not a proven adult by the newest that the caller knows of (rule 82)."""


def is_taken(*steps: ChildStep) -> sa.Exists:
    """Write the condition that one of these steps of a task was recorded, as far as the caller may read its steps."""
    return sa.exists().where(
        ChildNotificationStep.notification_id == ChildNotification.id,
        sa.or_(*(ChildNotificationStep.step == step for step in steps)),
    )
