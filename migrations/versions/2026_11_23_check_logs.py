"""Add log checks: what was announced and drawn, what reviewers said of each entry, findings, and the notice to staff.

No table here holds a case. A finding's texts are sealed under the supervision key of the authority that checks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SUPERVISING = "infohus.supervises(infohus_id) AND infohus.caller_role() = 'data_protection_officer'"
OWN_CHECK = f"{SUPERVISING} AND authority_id = infohus.caller_authority()"
MAY_READ = {
    "log_check": SUPERVISING, "log_check_entry": SUPERVISING,
    "log_finding": f"({OWN_CHECK}) OR owner_id = infohus.caller_person()",
    "log_notice_receipt": f"person_id = infohus.caller_person() OR ({SUPERVISING})",
}
MAY_INSERT = {
    "log_check": f"{OWN_CHECK} AND announced_by = infohus.caller_person() AND drawn_at IS NULL",
    "log_check_entry": f"{SUPERVISING} AND review IS NULL",
    "log_finding": f"{OWN_CHECK} AND recorded_by = infohus.caller_person()",
    "log_notice_receipt": """
        person_id = infohus.caller_person() AND authority_id = infohus.caller_authority()
        AND EXISTS (
          SELECT FROM infohus.infohus_authority a
          WHERE a.infohus_id = log_notice_receipt.infohus_id AND a.authority_id = infohus.caller_authority()
        )
    """,
}
MAY_UPDATE = {
    # What was announced stays; a draw is made once.
    "log_check": (
        f"{SUPERVISING} AND drawn_at IS NULL", SUPERVISING, "drawn_at, announced_size, note, seed, is_steerable"
    ),
    # A review is given once, in the reviewer's own name; a check of the table lets nobody review an own entry.
    "log_check_entry": (
        f"{SUPERVISING} AND review IS NULL", f"{SUPERVISING} AND reviewed_by = infohus.caller_person()",
        "review, reviewed_by, reviewed_at",
    ),
    "log_finding": (
        MAY_READ["log_finding"], MAY_READ["log_finding"], "answer, answered_at, remedy, outcome, ended_at, version"
    ),
}


def upgrade() -> None:
    """Create the four tables."""
    _create_log_check()
    _create_log_check_entry()
    _create_log_finding()
    _create_log_notice_receipt()
    for table, reading in MAY_READ.items():
        op.execute(f"ALTER TABLE infohus.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE infohus.{table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY select_{table} ON infohus.{table} FOR SELECT TO infohus_app USING ({reading})"
        )
        op.execute(
            f"CREATE POLICY insert_{table} ON infohus.{table} FOR INSERT TO infohus_app"
            f" WITH CHECK ({MAY_INSERT[table]})"
        )
        op.execute(f"GRANT SELECT, INSERT ON infohus.{table} TO infohus_app")
    for table, (which, becomes, columns) in MAY_UPDATE.items():
        op.execute(
            f"CREATE POLICY update_{table} ON infohus.{table} FOR UPDATE TO infohus_app"
            f" USING ({which}) WITH CHECK ({becomes})"
        )
        op.execute(f"GRANT UPDATE ({columns}) ON infohus.{table} TO infohus_app")


def _create_log_check() -> None:
    op.create_table(
        "log_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_by", sa.Uuid(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("last_index", sa.BigInteger(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("need", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_size", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.Column("is_steerable", sa.Boolean(), nullable=True),
        sa.CheckConstraint("first_index >= 0 AND first_index <= last_index", name=op.f("ck_log_check_in_order")),
        sa.CheckConstraint("sample BETWEEN 1 AND 1000", name=op.f("ck_log_check_sample_is_possible")),
        sa.CheckConstraint(
            "(drawn_at IS NULL) = (note IS NULL) AND (drawn_at IS NULL) = (seed IS NULL)"
            " AND (drawn_at IS NULL) = (is_steerable IS NULL) AND (drawn_at IS NULL) = (announced_size IS NULL)",
            name=op.f("ck_log_check_drawn_at_once"),
        ),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_log_check_infohus_id")),
        sa.ForeignKeyConstraint(["authority_id"], ["infohus.authority.id"], name=op.f("fk_log_check_authority_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_check")),
        schema="infohus",
    )
    op.create_index(op.f("ix_log_check_infohus_id"), "log_check", ["infohus_id"], schema="infohus")


def _create_log_check_entry() -> None:
    op.create_table(
        "log_check_entry",
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=True),
        sa.Column(
            "review",
            sa.Enum("in_order", "finding", name="review", native_enum=False, create_constraint=True, length=60),
            nullable=True,
        ),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reviewed_by IS DISTINCT FROM caller_id OR caller_id IS NULL",
            name=op.f("ck_log_check_entry_reviewer_is_not_the_reviewed"),
        ),
        sa.CheckConstraint(
            "(review IS NULL) = (reviewed_by IS NULL) AND (review IS NULL) = (reviewed_at IS NULL)",
            name=op.f("ck_log_check_entry_reviewed_at_once"),
        ),
        sa.ForeignKeyConstraint(["check_id"], ["infohus.log_check.id"], name=op.f("fk_log_check_entry_check_id")),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_log_check_entry_infohus_id")),
        sa.PrimaryKeyConstraint("check_id", "leaf_index", name=op.f("pk_log_check_entry")),
        schema="infohus",
    )


def _create_log_finding() -> None:
    op.create_table(
        "log_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("remedied", "accepted", name="outcome", native_enum=False, create_constraint=True, length=60),
            nullable=True,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("remedy", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("owner_id <> recorded_by", name=op.f("ck_log_finding_owner_is_another")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (remedy IS NULL)",
            name=op.f("ck_log_finding_ended_at_once"),
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer IS NULL)", name=op.f("ck_log_finding_answered_at_once")
        ),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_log_finding_infohus_id")),
        sa.ForeignKeyConstraint(["authority_id"], ["infohus.authority.id"], name=op.f("fk_log_finding_authority_id")),
        sa.ForeignKeyConstraint(
            ["check_id", "leaf_index"], ["infohus.log_check_entry.check_id", "infohus.log_check_entry.leaf_index"],
            name=op.f("fk_log_finding_check_id_leaf_index"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_finding")),
        sa.UniqueConstraint("check_id", "leaf_index", name=op.f("uq_log_finding_check_id_leaf_index")),
        schema="infohus",
    )


def _create_log_notice_receipt() -> None:
    op.create_table(
        "log_notice_receipt",
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("notice_version", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_log_notice_receipt_infohus_id")),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["infohus.authority.id"], name=op.f("fk_log_notice_receipt_authority_id")
        ),
        sa.PrimaryKeyConstraint("infohus_id", "person_id", "notice_version", name=op.f("pk_log_notice_receipt")),
        schema="infohus",
    )


def downgrade() -> None:
    """There is no way back: what was found would be lost."""
    raise RuntimeError
