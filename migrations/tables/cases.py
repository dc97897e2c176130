"""What all steps of a case use: persons, information, signatures, and what follows an exchange."""

import sqlalchemy as sa

from migrations.tables.definitions import choice, create_record, create_table, sealed


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    # The tables `concern` and `exchange` are on the floor `casework`, which adds the foreign keys to them.
    create_record(
        "subject",
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("cpr_index", sa.LargeBinary()),
        sa.Column("cpr_is_odd", sa.Boolean(), nullable=False),
        sa.Column("family_names", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("is_under_18_at_receipt", sa.Boolean(), nullable=False),
        choice("age_group", "under_18", "18_to_24", "25_or_older", "unknown"),
        sealed("name", nullable=True),
        sealed("birth_date", nullable=True),
        sealed("cpr_number", nullable=True),
        sealed("address", nullable=True),
        sa.CheckConstraint("is_under_18_at_receipt = (age_group = 'under_18')", name="age_group_says_the_same"),
        sa.Index("ix_subject_cpr_index", "cpr_index"),
    )

    create_record(
        "protected_address",
        sa.Column("subject_id", sa.Uuid(), sa.ForeignKey("infohus.subject.id"), nullable=False),
        sealed("address"),
        sa.UniqueConstraint("subject_id"),
    )

    create_table(
        "earlier_concerns_seen",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("shown", sa.LargeBinary(), primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )

    create_record(
        "information",
        choice("origin", "already_held", "collected"),
        sa.Column("is_first_hand", sa.Boolean(), nullable=False),
        sa.Column("dated_on", sa.Date()),
        sealed("text"),
        sealed("source"),
    )

    create_record(
        "custody_release",
        sa.Column("released_on", sa.Date(), nullable=False),
        choice("judgement", "radicalised", "at_risk"),
        sealed("basis"),
    )

    create_table(
        "signature",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False, index=True),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("record_id", "content_hash", "authority_id"),
    )

    create_table(
        "receipt",
        sa.Column("exchange_id", sa.Uuid(), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False, index=True),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
    )

    create_record(
        "withdrawal",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("was_acknowledged", sa.Boolean(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sealed("reason"),
        sa.UniqueConstraint("exchange_id", "recipient_id"),
    )
