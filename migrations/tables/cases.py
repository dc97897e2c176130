"""What all steps of a case use: persons, information, signatures, exchanges and their receipts."""

import sqlalchemy as sa

from migrations.tables.definitions import add_reference, choice, create_record, create_table, revision, sealed

OUTSIDE_115 = ("fvl-28", "fvl-31", "dbl-6-8", "strl-141", "sul-43-2-2", "bl-133")
PARAGRAPHS = ("rpl-115-1", "rpl-115-2", "rpl-115-3", "pet-loven-4", *OUTSIDE_115)
PURPOSES = (
    "clearance_check", "scope_decision", "screening", "assessment", "recommendation", "measure", "follow_up", "closure",
    "danger", "own_handling", "child_notification",
)
CHANNELS = ("system", "written", "meeting", "phone")


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    # The table `concern` is on the floor `casework`, which adds the foreign key to it.
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
        sealed("age", nullable=True),
        sealed("cpr_number", nullable=True),
        sealed("address", nullable=True),
        sa.CheckConstraint(
            "CASE age_group WHEN 'under_18' THEN is_under_18_at_receipt WHEN 'unknown' THEN true"
            " ELSE NOT is_under_18_at_receipt END",
            name="age_group_says_the_same",
        ),
        sa.Index("ix_subject_cpr_index", "cpr_index"),
        unique_in_case=("id",),
    )

    # The person of a side, in its case.
    add_reference("side_person", "subject_id", "subject", within="case_id")

    create_record(
        "age_statement",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("counts_as_child", sa.Boolean(), nullable=False),
        sa.Column("replaces_earlier", sa.Boolean(), nullable=False),
        sealed("age"),
        sealed("reason"),
        sa.ForeignKeyConstraint(["case_id", "subject_id"], ["infohus.subject.case_id", "infohus.subject.id"]),
        sa.Index("ix_age_statement_subject_id", "subject_id"),
    )

    create_record(
        "protected_address",
        sa.Column("subject_id", sa.Uuid(), sa.ForeignKey("infohus.subject.id"), nullable=False),
        sealed("address"),
        sa.UniqueConstraint("subject_id"),
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
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        revision(),
        sa.UniqueConstraint(
            "record_id", "content_hash", "authority_id", "withdrawn_at", postgresql_nulls_not_distinct=True
        ),
    )

    outside = f"paragraph IN ({', '.join(repr(one) for one in OUTSIDE_115)})"
    create_record(
        "exchange",
        choice("paragraph", *PARAGRAPHS),
        choice(
            "cooperation_form", "rpl-115-1-1", "rpl-115-1-2", "rpl-115-1-3-a", "rpl-115-1-3-b", "rpl-115-1-3-c",
            nullable=True,
        ),
        choice("purpose", *PURPOSES),
        choice("channel", *CHANNELS),
        sa.Column("categories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("recipients", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id")),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("is_onward", sa.Boolean(), nullable=False),
        sa.Column("given_kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("given_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("given_versions", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("given_parts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("declared_not_for_investigation", sa.Boolean(), nullable=False),
        sa.Column("is_acute", sa.Boolean()),
        sa.Column("was_told_112", sa.Boolean()),
        choice("consent", "given", "refused", "sought", "not_sought", nullable=True),
        sealed("consent_reason", nullable=True),
        sealed("necessity", nullable=True),
        sealed("proportionality", nullable=True),
        sealed("subsidiarity", nullable=True),
        sealed("strict_necessity", nullable=True),
        sealed("summary", nullable=True),
        sealed("manifest_salt"),
        sealed("answers", nullable=True),
        sa.Column("answers_key", sa.LargeBinary()),
        sa.CheckConstraint(
            "cardinality(given_kinds) = cardinality(given_ids)"
            " AND cardinality(given_versions) = cardinality(given_ids)"
            " AND cardinality(given_parts) = cardinality(given_ids)",
            name="given_is_named_whole",
        ),
        sa.CheckConstraint("(answers IS NULL) = (answers_key IS NULL)", name="answers_have_a_key"),
        sa.CheckConstraint(
            f"paragraph = 'pet-loven-4' OR ({outside} AND necessity IS NOT NULL) OR (declared_not_for_investigation"
            " AND num_nulls(consent, necessity, proportionality, subsidiarity) = 0)",
            name="weighed_as_its_provision_asks",
        ),
        sa.CheckConstraint(
            f"(cooperation_form IS NULL) = (paragraph = 'pet-loven-4' OR {outside})", name="cooperates_under_115"
        ),
        sa.CheckConstraint(
            "(purpose = 'danger') = (is_acute IS NOT NULL) AND (is_acute IS NULL) = (was_told_112 IS NULL)"
            f" AND (purpose <> 'danger' OR {outside})",
            name="danger_is_outside_115",
        ),
        sa.UniqueConstraint("corrects_id"),
        unique_in_case=("id",),
    )

    # The exchange by which something was disclosed, in its case.
    add_reference("disclosure", "exchange_id", "exchange", within="case_id")

    # What the owner of something learns when another authority passes it on.
    create_record(
        "onward_notice",
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id"), nullable=False),
        sa.Column("owner_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("recipients", sa.ARRAY(sa.Text()), nullable=False),
        choice("paragraph", *PARAGRAPHS),
        choice("purpose", *PURPOSES),
        choice("channel", *CHANNELS),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record_kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("record_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sealed("reason"),
        sa.UniqueConstraint("exchange_id", "owner_id"),
    )

    create_table(
        "receipt",
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id"), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False, index=True),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
    )
