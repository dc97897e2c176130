"""What concerns a case as a whole: closure, earlier concerns shown, journal, the data subject's rights."""

import sqlalchemy as sa

from migrations.tables.definitions import (
    choice,
    create_joint_decision,
    create_record,
    create_table,
    once_per_record,
    revision,
    sealed,
)

RECORD_KINDS = (
    "concern", "reporter", "subject", "age_statement", "clearance_check", "child_notification",
    "child_notification_step", "information", "note",
    "custody_release", "exchange", "first_view", "scope_decision", "scope_disagreement", "screening", "assessment",
    "contribution", "recommendation", "measure", "follow_up", "closure",
)
"""The kinds of record that can be restricted or released."""


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    create_joint_decision("closure")

    create_table(
        "earlier_concerns_seen",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("shown", sa.LargeBinary(), primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )

    create_record(
        "journal_reference",
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sealed("reference"),
        once_per_record("journal_reference", "case_id", "authority_id"),
        versioned=True,
    )

    create_record(
        "access_request",
        sa.Column("subject_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["case_id", "subject_id"], ["infohus.subject.case_id", "infohus.subject.id"]),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sealed("asked"),
        revision(),
    )

    create_record(
        "restriction",
        choice("record_kind", *RECORD_KINDS),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        choice("basis", "dbl-22-1", "dbl-22-2", "rhl-14", "rhl-16"),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sealed("reason"),
        revision(),
    )

    create_record(
        "release",
        choice("record_kind", *RECORD_KINDS),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sealed("reason"),
        sa.UniqueConstraint("record_id"),
    )

    create_record(
        "legal_hold",
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sealed("reason"),
        revision(),
    )

    create_record(
        "archive_clearance",
        choice("decision", "may_be_discarded", "delivered", "to_be_delivered"),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sealed("reference"),
    )
