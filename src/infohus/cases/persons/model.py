"""The persons of a case: whom a concern is about, and where one with a protected address lives."""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import SidePerson
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import SCHEMA, Record, choice, owned_by_authority, unique_in_case
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class AgeGroup(StrEnum):
    """How old a person was at receipt, so coarse that it identifies nobody: all the yearly status counts (rule 75)."""

    UNDER_18 = "under_18"
    FROM_18_TO_24 = "18_to_24"
    FROM_25 = "25_or_older"
    UNKNOWN = "unknown"


class Subject(Record):
    """A person the concern is about; a concern names none, one or several (rule 26).

    `is_under_18_at_receipt` is true in doubt, too (rule 82). `age` is what was stated beside dates, as JSON
    of `StatedAge`. `family_names` are keyed indexes, by which a log check finds who looked up somebody of their own
    name (rule 63).
    The foreign key of `concern_id` is declared in casework/concerns, which this package may not import.
    """

    __tablename__ = "subject"
    __table_args__ = (
        *unique_in_case("id"),
        sa.Index("ix_subject_cpr_index", "cpr_index"),
        sa.CheckConstraint(
            "CASE age_group WHEN 'under_18' THEN is_under_18_at_receipt WHEN 'unknown' THEN true"
            " ELSE NOT is_under_18_at_receipt END",
            name="age_group_says_the_same",
        ),
    )

    concern_id: Mapped[UUID]
    cpr_index: Mapped[bytes | None]
    cpr_is_odd: Mapped[bool]
    family_names: Mapped[list[bytes]]
    is_under_18_at_receipt: Mapped[bool]
    age_group: Mapped[AgeGroup] = choice(AgeGroup, name="age_group")
    name: Mapped[Sealed | None] = mapped_column(SealedColumn)
    birth_date: Mapped[Sealed | None] = mapped_column(SealedColumn)
    age: Mapped[Sealed | None] = mapped_column(SealedColumn)
    cpr_number: Mapped[Sealed | None] = mapped_column(SealedColumn)
    address: Mapped[Sealed | None] = mapped_column(SealedColumn)


# The kernel may not import this module, so the foreign key from a side's person to the subject is declared here.
table_of(SidePerson).append_constraint(
    sa.ForeignKeyConstraint([SidePerson.case_id, SidePerson.subject_id], [Subject.case_id, Subject.id])
)


class AgeStatement(Record):
    """What was learned of a person's age after it was recorded: the newest that a side knows of decides (rule 82).

    `replaces_earlier`: what was stated before was wrong. `age` is JSON of `StatedAge`; it says nothing where only that
    was learned.
    """

    __tablename__ = "age_statement"
    __table_args__ = owned_by_authority(
        sa.ForeignKeyConstraint(["case_id", "subject_id"], [Subject.case_id, Subject.id]),
        sa.Index("ix_age_statement_subject_id", "subject_id"),
    )

    subject_id: Mapped[UUID]
    counts_as_child: Mapped[bool]
    replaces_earlier: Mapped[bool]
    age: Mapped[Sealed] = mapped_column(SealedColumn)
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


def counts_as_child(subject: type[Subject]) -> sa.ColumnElement[bool]:
    """Write whether a person is a child or, in doubt, counts as one, as far as the caller knows (rules 33 and 82)."""
    newest = (
        sa.select(AgeStatement.counts_as_child).where(AgeStatement.subject_id == subject.id)
        .order_by(AgeStatement.id.desc()).limit(1).correlate(subject).scalar_subquery()
    )
    return sa.func.coalesce(newest, subject.is_under_18_at_receipt)


class ProtectedAddress(Record):
    """Where a person with adressebeskyttelse lives: a record of its own, shown only by an act of its own (rule 54)."""

    __tablename__ = "protected_address"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("subject_id"))

    subject_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.subject.id"))
    address: Mapped[Sealed] = mapped_column(SealedColumn)
