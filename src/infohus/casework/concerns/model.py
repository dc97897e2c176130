"""What is recorded when someone raises a concern. The reporter stands apart from the concern (rule 29)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.persons.model import Subject
from infohus.cases.procedure.outcomes import ClearanceOutcome
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import (
    SCHEMA,
    Changing,
    Record,
    VersionedRecord,
    choice,
    once_per_record,
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
    """A henvendelse: what was observed, how it was read, what the reporter was told: parts with a key each (34, 87)."""

    __tablename__ = "concern"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("id", "reporter_is_anonymous"))

    kind: Mapped[str]
    channel: Mapped[ReportChannel] = choice(ReportChannel, name="channel")
    received_at: Mapped[datetime]
    reporter_kind: Mapped[ReporterKind] = choice(ReporterKind, name="reporter_kind")
    reporter_is_anonymous: Mapped[bool]
    extremism_weight: Mapped[ExtremismWeight] = choice(ExtremismWeight, name="extremism_weight")
    extremism_form: Mapped[str]
    signs: Mapped[list[str]]
    observation: Mapped[Sealed] = mapped_column(SealedColumn("observation"))
    interpretation: Mapped[Sealed | None] = mapped_column(SealedColumn("interpretation"))
    told_reporter: Mapped[Sealed] = mapped_column(SealedColumn("told_reporter"))


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

    __tablename__ = "clearance_check"
    __table_args__ = unique_in_case()

    outcome: Mapped[ClearanceOutcome] = choice(ClearanceOutcome, name="outcome")
    checked_at: Mapped[datetime]
    note: Mapped[Sealed | None] = mapped_column(SealedColumn)


class ChildNotification(VersionedRecord, Changing):
    """The underretning task: two clocks, and the hand-over that screening waits for (rules 32 and 33)."""

    __tablename__ = "child_notification"
    __table_args__ = owned_by_authority(once_per_record("child_notification", "subject_id"))

    changes_later: ClassVar = frozenset({"assessed_at", "receipt_given_on"})

    subject_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Subject.id))
    assess_by: Mapped[datetime]
    receipt_by: Mapped[date]
    handed_over_at: Mapped[datetime | None]
    assessed_at: Mapped[datetime | None]
    receipt_given_on: Mapped[date | None]
    handed_over_to: Mapped[Sealed | None] = mapped_column(SealedColumn)
