"""The tables of log checks, their entries and findings, and of who has read the notice that use is logged."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Authority
from infohus.kernel.audit.formats.draw import Announced
from infohus.kernel.database.tables import SCHEMA, Changing, Row, choice, new_id
from infohus.kernel.sealing.column import KeptForSupervision, SupervisionColumn
from infohus.kernel.sealing.envelope import Sealed


class EntryReview(StrEnum):
    """What a reviewer says of an entry."""

    IN_ORDER = "in_order"
    FINDING = "finding"


class Ending(StrEnum):
    """How a finding ended."""

    REMEDIED = "remedied"
    ACCEPTED = "accepted"
    """The answer explains it."""


class LogCheck(Row, Changing):
    """A check of the log of `authority_id`, as it was announced; it is drawn from a checkpoint that was signed later.

    Entries first … last, 0-based, are those of the period. `announced_size` is the log's size with the entry that
    announced it, `note` the cosigned checkpoint the seed is from. `commitment` is the SHA-256, 32 bytes, of the
    reviewer's `secret`, 64 hexadecimal digits, which is told at the draw.

    With `log_of` it is of the log of that institution: its places count what is shown of the period (rule 90), of which
    `entries_digest` was announced; `announced_size` and `note` are still the own log's.
    """

    __tablename__ = "log_check"
    __table_args__ = (
        sa.CheckConstraint("first_index >= 0 AND first_index <= last_index", name="in_order"),
        sa.CheckConstraint("sample BETWEEN 1 AND 1000", name="sample_is_possible"),
        sa.CheckConstraint(
            "(drawn_at IS NULL) = (note IS NULL) AND (drawn_at IS NULL) = (seed IS NULL)"
            " AND (drawn_at IS NULL) = (is_steerable IS NULL) AND (drawn_at IS NULL) = (announced_size IS NULL)",
            name="drawn_at_once",
        ),
        # A check from before there were secrets has a commitment of 32 zero bytes, and is drawn without a secret.
        sa.CheckConstraint("octet_length(commitment) = 32", name="commitment_is_a_digest"),
        sa.CheckConstraint("drawn_at IS NOT NULL OR secret IS NULL", name="undrawn_has_no_secret"),
        sa.CheckConstraint("secret IS NULL OR commitment = sha256(secret::bytea)", name="secret_was_promised"),
        sa.CheckConstraint("(log_of IS NULL) = (entries_digest IS NULL)", name="another_log_has_a_digest"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id), index=True)
    log_of: Mapped[str | None] = mapped_column(sa.ForeignKey(Authority.id))
    entries_digest: Mapped[bytes | None]
    announced_at: Mapped[datetime]
    announced_by: Mapped[UUID]
    period_from: Mapped[date]
    period_until: Mapped[date]
    first_index: Mapped[int] = mapped_column(sa.BigInteger)
    last_index: Mapped[int] = mapped_column(sa.BigInteger)
    sample: Mapped[int]
    need: Mapped[int]
    commitment: Mapped[bytes]
    drawn_at: Mapped[datetime | None]
    announced_size: Mapped[int | None] = mapped_column(sa.BigInteger)
    note: Mapped[str | None]
    seed: Mapped[bytes | None]
    is_steerable: Mapped[bool | None]
    secret: Mapped[str | None]

    def announced(self, size: int) -> Announced:
        """Give what `kernel/audit/formats/draw.py` draws from; `size` is the log's, including the announcement."""
        return Announced(
            self.id, size, self.first_index, self.last_index, self.sample, self.need, self.commitment,
            is_of_this_log=self.log_of is None,
        )


class LogCheckEntry(Row, Changing):
    """One entry of a check: why it is in it (`random`, or risk rules), and its review.

    The database refuses a review by the person who made the entry.
    """

    __tablename__ = "log_check_entry"
    __table_args__ = (
        sa.CheckConstraint(
            "reviewed_by IS DISTINCT FROM caller_id OR caller_id IS NULL", name="reviewer_is_not_the_reviewed"
        ),
        sa.CheckConstraint(
            "(review IS NULL) = (reviewed_by IS NULL) AND (review IS NULL) = (reviewed_at IS NULL)",
            name="reviewed_at_once",
        ),
    )

    check_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.log_check.id"), primary_key=True)
    leaf_index: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    reasons: Mapped[list[str]]
    caller_id: Mapped[UUID | None]
    review: Mapped[EntryReview | None] = choice(EntryReview, name="review")
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]


class LogFinding(Row, Changing):
    """A finding at an entry: who answers for it until when, the answer, and how it ended.

    Its texts are sealed under the supervision key of `authority_id`, whose check it is.
    """

    __tablename__ = "log_finding"
    __table_args__ = (
        sa.UniqueConstraint("check_id", "leaf_index"),
        sa.ForeignKeyConstraint(
            ["check_id", "leaf_index"], [f"{SCHEMA}.log_check_entry.check_id", f"{SCHEMA}.log_check_entry.leaf_index"]
        ),
        sa.CheckConstraint("owner_id <> recorded_by", name="owner_is_another"),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (remedy IS NULL)", name="ended_at_once"
        ),
        sa.CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered_at_once"),
    )

    kept_for_supervision: ClassVar = KeptForSupervision(
        wrapped_key="wrapped_key", bound_to="check_id", also_opened_by="owner_id"
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    check_id: Mapped[UUID]
    leaf_index: Mapped[int] = mapped_column(sa.BigInteger)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    owner_id: Mapped[UUID]
    answer_by: Mapped[date] = mapped_column(sa.Date)
    answered_at: Mapped[datetime | None]
    outcome: Mapped[Ending | None] = choice(Ending, name="outcome")
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    wrapped_key: Mapped[bytes]
    text: Mapped[Sealed] = mapped_column(SupervisionColumn)
    answer: Mapped[Sealed | None] = mapped_column(SupervisionColumn)
    remedy: Mapped[Sealed | None] = mapped_column(SupervisionColumn)


class LogNoticeReceipt(Row):
    """A person has read one version of the notice that use is logged."""

    __tablename__ = "log_notice_receipt"

    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    acknowledged_at: Mapped[datetime]
