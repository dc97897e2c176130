"""Oversight of all cases: the yearly status, obligations fulfilled, and log checks. No table refers to a case."""

import sqlalchemy as sa

from migrations.tables.definitions import choice, create_table, revision, sealed


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    create_table(
        "yearly_status",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), nullable=False),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest = sha256(document)", name="sealed_by_its_digest"),
        sa.UniqueConstraint("infohus_id", "year", "authority_id"),
    )

    create_table(
        "fulfilment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), sa.ForeignKey("infohus.obligation.id"), nullable=False),
        sa.Column("obligation_version", sa.Integer(), nullable=False),
        sa.Column("fulfilled_on", sa.Date(), nullable=False),
        sa.Column("audiences", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("attendance", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cardinality(audiences) = cardinality(attendance)", name="one_count_an_audience"),
        sa.UniqueConstraint("obligation_id", "obligation_version"),
    )

    create_table(
        "log_check",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False, index=True),
        sa.Column("log_of", sa.Text(), sa.ForeignKey("infohus.authority.id")),
        sa.Column("entries_digest", sa.LargeBinary()),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_by", sa.Uuid(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("last_index", sa.BigInteger(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("need", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True)),
        sa.Column("announced_size", sa.BigInteger()),
        sa.Column("note", sa.Text()),
        sa.Column("seed", sa.LargeBinary()),
        sa.Column("is_steerable", sa.Boolean()),
        sa.Column("secret", sa.Text()),
        revision(),
        sa.CheckConstraint("octet_length(commitment) = 32", name="commitment_is_a_digest"),
        sa.CheckConstraint(
            "(drawn_at IS NULL) = (note IS NULL) AND (drawn_at IS NULL) = (seed IS NULL)"
            " AND (drawn_at IS NULL) = (is_steerable IS NULL) AND (drawn_at IS NULL) = (announced_size IS NULL)",
            name="drawn_at_once",
        ),
        sa.CheckConstraint("first_index >= 0 AND first_index <= last_index", name="in_order"),
        sa.CheckConstraint("sample BETWEEN 1 AND 1000", name="sample_is_possible"),
        sa.CheckConstraint("secret IS NULL OR commitment = sha256(secret::bytea)", name="secret_was_promised"),
        sa.CheckConstraint("drawn_at IS NOT NULL OR secret IS NULL", name="undrawn_has_no_secret"),
        sa.CheckConstraint("(log_of IS NULL) = (entries_digest IS NULL)", name="another_log_has_a_digest"),
    )

    create_table(
        "log_check_entry",
        sa.Column("check_id", sa.Uuid(), sa.ForeignKey("infohus.log_check.id"), primary_key=True),
        sa.Column("leaf_index", sa.BigInteger(), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("caller_id", sa.Uuid()),
        choice("review", "in_order", "finding", nullable=True),
        sa.Column("reviewed_by", sa.Uuid()),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        revision(),
        sa.CheckConstraint(
            "(review IS NULL) = (reviewed_by IS NULL) AND (review IS NULL) = (reviewed_at IS NULL)",
            name="reviewed_at_once",
        ),
        sa.CheckConstraint(
            "reviewed_by IS DISTINCT FROM caller_id OR caller_id IS NULL", name="reviewer_is_not_the_reviewed"
        ),
    )

    create_table(
        "log_finding",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        choice("outcome", "remedied", "accepted", nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sealed("text"),
        sealed("answer", nullable=True),
        sealed("remedy", nullable=True),
        revision(),
        sa.CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered_at_once"),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (remedy IS NULL)", name="ended_at_once"
        ),
        sa.CheckConstraint("owner_id <> recorded_by", name="owner_is_another"),
        sa.ForeignKeyConstraint(
            ["check_id", "leaf_index"], ["infohus.log_check_entry.check_id", "infohus.log_check_entry.leaf_index"]
        ),
        sa.UniqueConstraint("check_id", "leaf_index"),
    )

    create_table(
        "content_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), nullable=False),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        choice(
            "record_kind",
            "access_request", "age_statement", "archive_clearance", "assessment", "child_notification",
            "child_notification_step", "clearance_check", "closure", "concern", "contribution", "custody_release",
            "exchange", "first_view", "follow_up", "information", "information_request",
            "invitation", "journal_reference", "kept_mark", "legal_hold", "measure",
            "note", "onward_notice", "recommendation", "release", "restriction",
            "scope_decision", "scope_disagreement", "screening", "subject", "withdrawal",
        ),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        choice("purpose", "lawfulness", "self_monitoring", "integrity_and_security", "criminal_proceedings"),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sealed("reason"),
        sa.Index("ix_content_request_record_id_requested_by", "record_id", "requested_by"),
    )

    create_table(
        "log_notice_receipt",
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("notice_version", sa.Integer(), primary_key=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
    )
