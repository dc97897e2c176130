"""Create the case tables: what the unit of work stands on, and the records of each slice.

Sealed columns are bytes to the database: it never sees what they hold.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the schema, in the order of their references."""
    op.execute("CREATE SEQUENCE infohus.case_number")
    op.create_table(
        "authority",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "municipality",
                "police",
                "probation",
                "health_region",
                "security_service",
                "self_governing",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column(
            "regime",
            sa.Enum(
                "gdpr",
                "led",
                "pet",
                name="regime",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("public_task_sector", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority")),
        sa.UniqueConstraint("id", "regime", name=op.f("uq_authority_id_regime")),
        schema="infohus",
    )
    op.create_table(
        "request_once",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("acted_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("pk_request_once")),
        schema="infohus",
    )
    op.create_table(
        "infohus",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("municipality_id", sa.Text(), nullable=False),
        sa.Column("police_id", sa.Text(), nullable=False),
        sa.Column("cooperation_form", sa.Text(), nullable=False),
        sa.Column("log_origin", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["municipality_id"], ["infohus.authority.id"], name=op.f("fk_infohus_municipality_id")),
        sa.ForeignKeyConstraint(["police_id"], ["infohus.authority.id"], name=op.f("fk_infohus_police_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_infohus")),
        sa.UniqueConstraint("log_origin", name=op.f("uq_infohus_log_origin")),
        sa.UniqueConstraint("name", name=op.f("uq_infohus_name")),
        schema="infohus",
    )
    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "received",
                "cleared",
                "hindered",
                "accepted",
                "qualifying",
                "recommending",
                "acting",
                "not_taken_in",
                "police_alone",
                "closed",
                name="stage",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("subject_pseudonyms", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("awaits_child_notification", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_case_infohus_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("infohus_id", "number", name=op.f("uq_case_infohus_id_number")),
        schema="infohus",
    )
    op.create_index(op.f("ix_case_infohus_id"), "case", ["infohus_id"], unique=False, schema="infohus")
    op.create_table(
        "coordinator",
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["infohus.authority.id"], name=op.f("fk_coordinator_authority_id")),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_coordinator_infohus_id")),
        sa.PrimaryKeyConstraint("infohus_id", "authority_id", "person_id", name=op.f("pk_coordinator")),
        schema="infohus",
    )
    op.create_table(
        "infohus_authority",
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["infohus.authority.id"], name=op.f("fk_infohus_authority_authority_id")
        ),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_infohus_authority_infohus_id")),
        sa.PrimaryKeyConstraint("infohus_id", "authority_id", name=op.f("pk_infohus_authority")),
        schema="infohus",
    )
    op.create_table(
        "plan",
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_plan_infohus_id")),
        sa.PrimaryKeyConstraint("infohus_id", "version", name=op.f("pk_plan")),
        schema="infohus",
    )
    op.create_table(
        "case_key",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("keeper_key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["infohus.authority.id"], name=op.f("fk_case_key_authority_id")),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_case_key_case_id")),
        sa.PrimaryKeyConstraint("case_id", "authority_id", name=op.f("pk_case_key")),
        schema="infohus",
    )
    op.create_table(
        "clearance_check",
        sa.Column(
            "outcome",
            sa.Enum(
                "nothing_hinders",
                "hindered",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_clearance_check_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_clearance_check_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_check")),
        sa.UniqueConstraint("case_id", name=op.f("uq_clearance_check_case_id")),
        schema="infohus",
    )
    op.create_index(op.f("ix_clearance_check_case_id"), "clearance_check", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "concern",
        sa.Column(
            "channel",
            sa.Enum(
                "phone",
                "mail",
                "in_person",
                "hotline",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reporter_kind",
            sa.Enum(
                "citizen",
                "relative",
                "professional",
                "authority",
                "organisation",
                name="reporter_kind",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("reporter_is_anonymous", sa.Boolean(), nullable=False),
        sa.Column(
            "extremism_weight",
            sa.Enum(
                "main",
                "one_of_several",
                "unknown",
                name="extremism_weight",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("extremism_form", sa.Text(), nullable=False),
        sa.Column("signs", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("observation", sa.LargeBinary(), nullable=False),
        sa.Column("interpretation", sa.LargeBinary(), nullable=True),
        sa.Column("told_reporter", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_concern_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_concern_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern")),
        sa.UniqueConstraint("id", "reporter_is_anonymous", name=op.f("uq_concern_id_reporter_is_anonymous")),
        schema="infohus",
    )
    op.create_index(op.f("ix_concern_case_id"), "concern", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "exchange",
        sa.Column(
            "paragraph",
            sa.Enum(
                "rpl-115-1",
                "rpl-115-2",
                "rpl-115-3",
                name="paragraph",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column(
            "cooperation_form",
            sa.Enum(
                "rpl-115-1-1",
                "rpl-115-1-2",
                "rpl-115-1-3-a",
                "rpl-115-1-3-b",
                "rpl-115-1-3-c",
                name="cooperation_form",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "clearance_check",
                "scope_decision",
                "screening",
                "assessment",
                "recommendation",
                "measure",
                "follow_up",
                "closure",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "system",
                "written",
                "meeting",
                "phone",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("categories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("recipients", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("necessity", sa.LargeBinary(), nullable=False),
        sa.Column("strict_necessity", sa.LargeBinary(), nullable=True),
        sa.Column("summary", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_exchange_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_exchange_case_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["infohus.exchange.id"], name=op.f("fk_exchange_corrects_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_exchange_corrects_id")),
        schema="infohus",
    )
    op.create_index(op.f("ix_exchange_case_id"), "exchange", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "information",
        sa.Column(
            "origin",
            sa.Enum(
                "already_held",
                "collected",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("is_first_hand", sa.Boolean(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_information_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_information_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_information")),
        schema="infohus",
    )
    op.create_index(op.f("ix_information_case_id"), "information", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "measure",
        sa.Column(
            "level",
            sa.Enum(
                "universal",
                "selective",
                "indicated",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "course", "advice", name="kind", native_enum=False, create_constraint=True, length=60, schema="infohus"
            ),
            nullable=False,
        ),
        sa.Column("responsible_id", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_measure_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_measure_case_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["infohus.authority.id"], name=op.f("fk_measure_responsible_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        schema="infohus",
    )
    op.create_index(op.f("ix_measure_case_id"), "measure", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "participant",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("acts_for", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "coordinator",
                "invited",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind = 'coordinator' OR ends_at IS NOT NULL", name=op.f("ck_participant_invited_for_a_time")
        ),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= begins_at", name=op.f("ck_participant_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["acts_for"], ["infohus.authority.id"], name=op.f("fk_participant_acts_for")),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_participant_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_participant_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        schema="infohus",
    )
    op.create_index(op.f("ix_participant_case_id"), "participant", ["case_id"], unique=False, schema="infohus")
    op.create_index(
        "ix_participant_person_id_case_id", "participant", ["person_id", "case_id"], unique=False, schema="infohus"
    )
    op.create_table(
        "retention",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("runs_from", sa.Date(), nullable=False),
        sa.Column("erase_after", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["infohus.authority.id"], name=op.f("fk_retention_authority_id")),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_retention_case_id")),
        sa.PrimaryKeyConstraint("case_id", "authority_id", name=op.f("pk_retention")),
        schema="infohus",
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["infohus.authority.id"], name=op.f("fk_signature_authority_id")),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_signature_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint(
            "record_id", "content_hash", "authority_id", name=op.f("uq_signature_record_id_content_hash_authority_id")
        ),
        schema="infohus",
    )
    op.create_index(op.f("ix_signature_case_id"), "signature", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "assessment",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("users_are_trained", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_assessment_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_assessment_case_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["infohus.exchange.id"], name=op.f("fk_assessment_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_assessment_case_id_version")),
        schema="infohus",
    )
    op.create_index(op.f("ix_assessment_case_id"), "assessment", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "closure",
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_closure_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_closure_case_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["infohus.exchange.id"], name=op.f("fk_closure_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
        schema="infohus",
    )
    op.create_index(op.f("ix_closure_case_id"), "closure", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "disclosure",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Text(), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_disclosure_case_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["infohus.exchange.id"], name=op.f("fk_disclosure_exchange_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["infohus.authority.id"], name=op.f("fk_disclosure_recipient_id")),
        sa.PrimaryKeyConstraint("exchange_id", "record_id", "recipient_id", name=op.f("pk_disclosure")),
        schema="infohus",
    )
    op.create_index(op.f("ix_disclosure_case_id"), "disclosure", ["case_id"], unique=False, schema="infohus")
    op.create_index(
        "ix_disclosure_record_id_recipient_id",
        "disclosure",
        ["record_id", "recipient_id"],
        unique=False,
        schema="infohus",
    )
    op.create_table(
        "follow_up",
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("next_follow_up_on", sa.Date(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_follow_up_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_follow_up_case_id")),
        sa.ForeignKeyConstraint(["measure_id"], ["infohus.measure.id"], name=op.f("fk_follow_up_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        schema="infohus",
    )
    op.create_index(op.f("ix_follow_up_case_id"), "follow_up", ["case_id"], unique=False, schema="infohus")
    op.create_index(op.f("ix_follow_up_measure_id"), "follow_up", ["measure_id"], unique=False, schema="infohus")
    op.create_table(
        "recommendation",
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_recommendation_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_recommendation_case_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["infohus.exchange.id"], name=op.f("fk_recommendation_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation")),
        schema="infohus",
    )
    op.create_index(op.f("ix_recommendation_case_id"), "recommendation", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "reporter",
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("reporter_is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("NOT reporter_is_anonymous", name=op.f("ck_reporter_is_not_anonymous")),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_reporter_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_reporter_case_id")),
        sa.ForeignKeyConstraint(
            ["concern_id", "reporter_is_anonymous"],
            ["infohus.concern.id", "infohus.concern.reporter_is_anonymous"],
            name=op.f("fk_reporter_concern_id_reporter_is_anonymous"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporter")),
        sa.UniqueConstraint("concern_id", name=op.f("uq_reporter_concern_id")),
        schema="infohus",
    )
    op.create_index(op.f("ix_reporter_case_id"), "reporter", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "scope_decision",
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_scope_decision_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_scope_decision_case_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["infohus.exchange.id"], name=op.f("fk_scope_decision_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_decision")),
        schema="infohus",
    )
    op.create_index(op.f("ix_scope_decision_case_id"), "scope_decision", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "screening",
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_screening_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_screening_case_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["infohus.exchange.id"], name=op.f("fk_screening_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
        schema="infohus",
    )
    op.create_index(op.f("ix_screening_case_id"), "screening", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "subject",
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("cpr_index", sa.LargeBinary(), nullable=True),
        sa.Column("cpr_is_odd", sa.Boolean(), nullable=False),
        sa.Column("is_under_18_at_receipt", sa.Boolean(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("birth_date", sa.LargeBinary(), nullable=True),
        sa.Column("cpr_number", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_subject_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_subject_case_id")),
        sa.ForeignKeyConstraint(["concern_id"], ["infohus.concern.id"], name=op.f("fk_subject_concern_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
        schema="infohus",
    )
    op.create_index(op.f("ix_subject_case_id"), "subject", ["case_id"], unique=False, schema="infohus")
    op.create_index("ix_subject_cpr_index", "subject", ["cpr_index"], unique=False, schema="infohus")
    op.create_table(
        "child_notification",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("assess_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("receipt_by", sa.Date(), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_given_on", sa.Date(), nullable=True),
        sa.Column("handed_over_to", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_child_notification_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_child_notification_case_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["infohus.subject.id"], name=op.f("fk_child_notification_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_notification")),
        sa.UniqueConstraint("subject_id", name=op.f("uq_child_notification_subject_id")),
        schema="infohus",
    )
    op.create_index(
        op.f("ix_child_notification_case_id"), "child_notification", ["case_id"], unique=False, schema="infohus"
    )
    op.create_table(
        "contribution",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column(
            "answer",
            sa.Enum(
                "described",
                "unknown",
                "not_relevant",
                name="answer",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum(
                "already_held",
                "collected",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=60,
                schema="infohus",
            ),
            nullable=False,
        ),
        sa.Column("is_first_hand", sa.Boolean(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["infohus.assessment.id"], name=op.f("fk_contribution_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_contribution_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_contribution_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
        schema="infohus",
    )
    op.create_index(
        op.f("ix_contribution_assessment_id"), "contribution", ["assessment_id"], unique=False, schema="infohus"
    )
    op.create_index(op.f("ix_contribution_case_id"), "contribution", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "record_key",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(exchange_id IS NULL) = (authority_id = owner_id)", name=op.f("ck_record_key_granted_by_an_exchange")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_record_key_case_id")),
        sa.ForeignKeyConstraint(
            ["exchange_id", "record_id", "authority_id"],
            ["infohus.disclosure.exchange_id", "infohus.disclosure.record_id", "infohus.disclosure.recipient_id"],
            name="fk_record_key_disclosure",
        ),
        sa.PrimaryKeyConstraint("record_id", "authority_id", name=op.f("pk_record_key")),
        schema="infohus",
    )
    op.create_index(op.f("ix_record_key_case_id"), "record_key", ["case_id"], unique=False, schema="infohus")
    op.create_table(
        "scope_disagreement",
        sa.Column("scope_decision_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum("gdpr", "led", "pet", name="regime", native_enum=False, create_constraint=True, length=60),
            nullable=False,
        ),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"],
            ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_scope_disagreement_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_scope_disagreement_case_id")),
        sa.ForeignKeyConstraint(
            ["scope_decision_id"], ["infohus.scope_decision.id"], name=op.f("fk_scope_disagreement_scope_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_disagreement")),
        sa.UniqueConstraint("scope_decision_id", name=op.f("uq_scope_disagreement_scope_decision_id")),
        schema="infohus",
    )
    op.create_index(
        op.f("ix_scope_disagreement_case_id"), "scope_disagreement", ["case_id"], unique=False, schema="infohus"
    )


def downgrade() -> None:
    """There is no way back that keeps what the tables hold."""
    raise RuntimeError
