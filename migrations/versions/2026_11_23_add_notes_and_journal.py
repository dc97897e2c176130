"""Add notes and documents, and each authority's own journal reference."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REGIME = ("gdpr", "led", "pet")
TAKES_PART = "infohus.takes_part(case_id, 'coordinators')"
OURS = "authority_id = infohus.caller_authority()"


def upgrade() -> None:
    """Create both tables; a note is never changed; references and retentions each authority sees alone."""
    _create_record(
        "note",
        sa.Column("kind", _choice(("note", "received", "sent", "internal_final"), "kind"), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["corrects_id"], ["infohus.note.id"], name=op.f("fk_note_corrects_id")),
    )
    _create_record(
        "journal_reference",
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("case_id", "authority_id", name=op.f("uq_journal_reference_case_id_authority_id")),
    )
    _policies("note", {
        "SELECT": f"{TAKES_PART} AND ({OURS} OR infohus.was_told(id))", "INSERT": f"{OURS} AND {TAKES_PART}",
    })
    own = f"{OURS} AND {TAKES_PART}"
    _policies("journal_reference", {"SELECT": own, "INSERT": own, "UPDATE": own})
    op.execute(
        f"ALTER POLICY select_retention ON infohus.retention USING ({OURS} AND infohus.takes_part(case_id, 'any'))"
    )


def _policies(table: str, rules: dict[str, str]) -> None:
    op.execute(f"ALTER TABLE infohus.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE infohus.{table} FORCE ROW LEVEL SECURITY")
    for command, rule in rules.items():
        clause = f"WITH CHECK ({rule})" if command == "INSERT" else f"USING ({rule})"
        op.execute(f"CREATE POLICY {command.lower()}_{table} ON infohus.{table} FOR {command} TO infohus_app {clause}")
        columns = " (record_version, set_at, reference)" if command == "UPDATE" else ""
        op.execute(f"GRANT {command}{columns} ON infohus.{table} TO infohus_app")


def _create_record(table: str, *more: sa.schema.SchemaItem) -> None:
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


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def downgrade() -> None:
    """There is no way back: what was noted would be lost."""
    raise RuntimeError
