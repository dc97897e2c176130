"""The steps of a case, from the concern to the measure, with requests for information and withdrawals."""

import sqlalchemy as sa

from migrations.tables.definitions import (
    add_reference,
    choice,
    create_joint_decision,
    create_record,
    create_table,
    once_per_record,
    revision,
    sealed,
)


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    create_record(
        "concern",
        sa.Column("kind", sa.Text(), nullable=False),
        choice("channel", "phone", "mail", "in_person", "hotline"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        choice("reporter_kind", "citizen", "relative", "professional", "authority", "organisation"),
        sa.Column("reporter_is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("is_acute", sa.Boolean(), nullable=False),
        sealed("observation"),
        sealed("interpretation", nullable=True),
        sealed("extremism_weight"),
        sealed("extremism_form"),
        sealed("signs", nullable=True),
        sealed("told_reporter"),
        sa.UniqueConstraint("id", "reporter_is_anonymous"),
    )

    # Of which form of extremism the side that recorded a concern counts it, for the yearly status; told to nobody.
    create_table(
        "concern_form",
        sa.Column("concern_id", sa.Uuid(), sa.ForeignKey("infohus.concern.id"), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False, index=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("extremism_form", sa.Text(), nullable=False),
    )

    # The concern that a person is named in.
    add_reference("subject", "concern_id", "concern")

    create_record(
        "reporter",
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("reporter_is_anonymous", sa.Boolean(), nullable=False),
        sealed("identity"),
        sealed("contact", nullable=True),
        sa.CheckConstraint("NOT reporter_is_anonymous", name="is_not_anonymous"),
        sa.ForeignKeyConstraint(
            ["concern_id", "reporter_is_anonymous"], ["infohus.concern.id", "infohus.concern.reporter_is_anonymous"]
        ),
        sa.UniqueConstraint("concern_id"),
    )

    create_record(
        "reporter_release",
        sa.Column("reporter_id", sa.Uuid(), sa.ForeignKey("infohus.reporter.id"), nullable=False),
        sealed("reason"),
        sa.UniqueConstraint("reporter_id"),
    )

    create_record(
        "clearance_check",
        choice("outcome", "nothing_hinders", "hindered"),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sealed("note", nullable=True),
        unique_in_case=(),
    )

    create_record(
        "child_notification",
        sa.Column("subject_id", sa.Uuid(), sa.ForeignKey("infohus.subject.id"), nullable=False),
        sa.Column("assess_by", sa.DateTime(timezone=True)),
        sa.Column("receipt_by", sa.Date()),
        sa.UniqueConstraint("subject_id", "authority_id"),
        sa.CheckConstraint("(assess_by IS NULL) = (receipt_by IS NULL)", name="both_clocks_or_none"),
    )

    create_record(
        "child_notification_step",
        sa.Column("notification_id", sa.Uuid(), sa.ForeignKey("infohus.child_notification.id"), nullable=False),
        choice("step", "handed_over", "assessed", "receipt_given", "receipt_not_possible"),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("taken_on", sa.Date()),
        sealed("handed_over_to", nullable=True),
        sa.UniqueConstraint("notification_id", "authority_id", "step"),
        sa.CheckConstraint(
            "(step IN ('receipt_given', 'receipt_not_possible')) = (taken_on IS NOT NULL)", name="receipt_on_a_day"
        ),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_on IS NOT NULL)", name="taken_at_some_time"),
        sa.CheckConstraint("(step = 'handed_over') = (handed_over_to IS NOT NULL)", name="handed_over_to_somebody"),
    )

    create_record(
        "information_request",
        sa.Column("asked_by", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.Column("under_pet_loven_4", sa.Boolean(), nullable=False),
        sa.Column("asked_of", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id")),
        choice("answer", "disclosed", "partly", "declined", "nothing_to_disclose", nullable=True),
        sa.Column("answer_exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id")),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sealed("question"),
        sealed("asked_by_name", nullable=True),
        revision(),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_at_some_time"),
        sa.CheckConstraint(
            "answer IS NULL OR (answer IN ('declined', 'nothing_to_disclose')) = (answer_exchange_id IS NULL)",
            name="disclosing_is_an_exchange",
        ),
    )

    create_record(
        "withdrawal",
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id"), nullable=False),
        sa.Column("recipient_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("was_acknowledged", sa.Boolean(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sealed("reason"),
        sa.UniqueConstraint("exchange_id", "recipient_id"),
    )

    create_record(
        "kept_mark",
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id"), nullable=False),
        choice("because", "used", "to_be_kept"),
        sa.Column("records", sa.ARRAY(sa.Uuid()), nullable=False),
        sealed("reason"),
        sa.Index(None, "exchange_id", "authority_id"),
    )

    create_record(
        "first_view",
        sealed("content"),
        unique_in_case=("authority_id",),
    )

    create_joint_decision("scope_decision", sa.Column("differed_at", sa.DateTime(timezone=True)))

    create_record(
        "scope_disagreement",
        sa.Column("scope_decision_id", sa.Uuid(), nullable=False),
        sealed("reason"),
        sa.UniqueConstraint("scope_decision_id"),
    )

    create_joint_decision("screening")

    create_table(
        "assessment_template",
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
    )

    create_joint_decision(
        "assessment",
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("template_digest", sa.LargeBinary(), nullable=False),
        sa.Column("users_are_trained", sa.Boolean(), nullable=False),
        once_per_record("assessment", "case_id", "authority_id", "version"),
    )

    create_record(
        "contribution",
        sa.Column("assessment_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("dimension", sa.Text(), nullable=False),
        choice("answer", "described", "unknown", "not_relevant"),
        choice("origin", "already_held", "collected"),
        sa.Column("is_first_hand", sa.Boolean(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sealed("text", nullable=True),
        sealed("source"),
    )

    create_joint_decision("recommendation")

    create_record(
        "measure",
        choice("level", "universal", "selective", "indicated"),
        choice("kind", "course", "advice"),
        sa.Column("responsible_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("delivered_by", sa.Uuid()),
        sa.Column("is_social_support", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=False),
        sealed("description"),
    )

    create_record(
        "follow_up",
        sa.Column("measure_id", sa.Uuid(), sa.ForeignKey("infohus.measure.id"), nullable=False, index=True),
        sa.Column("delivered_by", sa.Uuid()),
        sa.Column("next_follow_up_on", sa.Date()),
        choice(
            "outcome", "goal_reached", "partly_reached", "not_reached", "declined_by_the_citizen", "moved_elsewhere",
            "unknown", nullable=True,
        ),
        sealed("text"),
        sa.CheckConstraint("(next_follow_up_on IS NULL) = (outcome IS NOT NULL)", name="goes_on_or_ends"),
    )

    create_record(
        "note",
        choice("kind", "note", "received", "sent", "internal_final", "takeover"),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), sa.ForeignKey("infohus.note.id")),
        sealed("subject", nullable=True),
        sealed("text"),
    )
