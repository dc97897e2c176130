"""The tables that say who may read what, from authorities to disclosures; idempotency keys of requests."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrations.tables.definitions import choice, create_record, create_table, revision, sealed


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    create_table(
        "authority",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        choice("kind", "municipality", "police", "probation", "health_region", "security_service", "self_governing"),
        choice("regime", "gdpr", "led", "pet"),
        sa.Column("public_task_sector", sa.Text()),
        revision(),
        sa.UniqueConstraint("id", "regime"),
    )

    create_table(
        "infohus",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("municipality_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("police_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("cooperation_form", sa.Text(), nullable=False),
        revision(),
    )

    create_table(
        "infohus_authority",
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
    )

    create_table(
        "plan",
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
    )

    create_table(
        "coordinator",
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("person_id", sa.Uuid(), primary_key=True),
    )

    create_table(
        "case_number",
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), primary_key=True),
        sa.Column("year", sa.Integer(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
    )

    create_table(
        "case",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        choice(
            "stage", "received", "cleared", "hindered", "accepted", "qualifying", "recommending", "acting",
            "not_taken_in", "police_alone", "closed",
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.Column("taken_over_at", sa.DateTime(timezone=True)),
        revision(),
        sa.UniqueConstraint("infohus_id", "number"),
    )

    create_table(
        "case_side",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        revision(),
    )

    # The table `subject` is on the floor `cases`, which adds the foreign key to it.
    create_table(
        "side_person",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("subject_id", sa.Uuid(), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("log_id", sa.Text(), nullable=False, unique=True),
    )

    create_record(
        "participant",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("acts_for", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        choice("kind", "coordinator", "invited"),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        revision(),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= begins_at", name="ends_after_it_begins"),
        sa.CheckConstraint("kind = 'coordinator' OR ends_at IS NOT NULL", name="invited_for_a_time"),
        sa.CheckConstraint("ended_at < ends_at", name="ended_before_its_time"),
        sa.Index("ix_participant_person_id_case_id_kind", "person_id", "case_id", "kind"),
    )

    create_record(
        "invitation",
        sa.Column("participant_id", sa.Uuid(), sa.ForeignKey("infohus.participant.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("acts_for", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("records", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("public_task_confirmed", sa.Boolean(), nullable=False),
        sealed("reason"),
        sa.UniqueConstraint("participant_id"),
    )

    # The table `exchange` is on the floor `cases`, which adds the foreign key to it.
    create_table(
        "disclosure",
        sa.Column("exchange_id", sa.Uuid(), primary_key=True),
        sa.Column("record_id", sa.Uuid(), primary_key=True),
        sa.Column("recipient_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), primary_key=True),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("discloser_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("via", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("concerns", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        revision(),
        sa.Column("parts", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Index("ix_disclosure_record_id_recipient_id", "record_id", "recipient_id"),
        sa.Index(None, "case_id", "recipient_id", "record_kind"),
    )

    create_table(
        "record_key",
        sa.Column("record_id", sa.Uuid(), primary_key=True),
        sa.Column("record_version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("part", sa.Text(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False, index=True),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
    )

    create_table(
        "disclosed_key",
        sa.Column("exchange_id", sa.Uuid(), primary_key=True),
        sa.Column("record_id", sa.Uuid(), primary_key=True),
        sa.Column("recipient_id", sa.Text(), primary_key=True),
        sa.Column("part", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False, index=True),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id", "record_id", "recipient_id"],
            ["infohus.disclosure.exchange_id", "infohus.disclosure.record_id", "infohus.disclosure.recipient_id"],
            name="fk_disclosed_key_disclosure",
        ),
        sa.Index("ix_disclosed_key_record_id_recipient_id", "record_id", "recipient_id"),
    )

    create_table(
        "answered_request",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("acted_on", sa.Date(), nullable=False, index=True),
    )
