"""Add the data subject's rights (access, restrictions, releases) and what erasure waits for (holds, clearances)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

REGIME = ("gdpr", "led", "pet")
KINDS = (
    "concern", "reporter", "subject", "clearance_check", "child_notification", "information", "note",
    "custody_release", "exchange", "first_view", "scope_decision", "scope_disagreement", "screening", "assessment",
    "contribution", "recommendation", "measure", "follow_up", "closure",
)
BASES = ("dbl-22-1", "dbl-22-2", "rhl-14", "rhl-16")
DECISIONS = ("may_be_discarded", "delivered", "to_be_delivered")
OWN = "authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators')"


def upgrade() -> None:
    """Create the tables, each authority's own alone, and the function that says whether a child is concerned."""
    _create_record(
        "access_request", "answered_at",
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
    )
    _create_record(
        "restriction", "lifted_at",
        sa.Column("record_kind", _choice(KINDS, "record_kind"), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("basis", _choice(BASES, "basis"), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
    )
    _create_record(
        "release", None,
        sa.Column("record_kind", _choice(KINDS, "record_kind"), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("record_id", name=op.f("uq_release_record_id")),
    )
    _create_record(
        "legal_hold", "lifted_at",
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
    )
    _create_record(
        "archive_clearance", None,
        sa.Column("decision", _choice(DECISIONS, "decision"), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=False),
    )
    # The one who signs last may not see the other authority's persons; how long a case is kept depends on them.
    op.execute("""
        CREATE FUNCTION infohus.has_child(of_case uuid) RETURNS boolean
          LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          BEGIN
            RETURN infohus.takes_part(of_case, 'coordinators') AND EXISTS (
                  SELECT FROM infohus.subject s WHERE s.case_id = of_case AND s.is_under_18_at_receipt
                );
          END
          $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.has_child(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.has_child(uuid) TO infohus_app")
    op.execute(
        "CREATE POLICY functions_read_subject ON infohus.subject FOR SELECT TO infohus_owner"
        " USING (infohus.takes_part(case_id, 'coordinators'))"
    )


def _create_record(table: str, changes: str | None, *more: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("regime", _choice(REGIME, "regime"), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"], ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f(f"fk_{table}_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f(f"fk_{table}_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        schema="infohus",
    )
    op.create_index(op.f(f"ix_{table}_case_id"), table, ["case_id"], schema="infohus")
    op.execute(f"ALTER TABLE infohus.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE infohus.{table} FORCE ROW LEVEL SECURITY")
    for command, clause in (("SELECT", f"USING ({OWN})"), ("INSERT", f"WITH CHECK ({OWN})")):
        op.execute(f"CREATE POLICY {command.lower()}_{table} ON infohus.{table} FOR {command} TO infohus_app {clause}")
        op.execute(f"GRANT {command} ON infohus.{table} TO infohus_app")
    if changes is not None:
        op.execute(f"CREATE POLICY update_{table} ON infohus.{table} FOR UPDATE TO infohus_app USING ({OWN})")
        op.execute(f"GRANT UPDATE ({changes}) ON infohus.{table} TO infohus_app")


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def downgrade() -> None:
    """There is no way back: restrictions and holds would be lost."""
    raise RuntimeError
