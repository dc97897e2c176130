"""Complete intake: kinds of concern, protected addresses, a child's assessment, earlier concerns, releases."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

REGIME = ("gdpr", "led", "pet")

EARLIER = """
    CREATE FUNCTION infohus.hides_earlier_concerns(of_case uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN infohus.takes_part(of_case, 'coordinators') AND EXISTS (
              SELECT FROM infohus.subject here
              JOIN infohus."case" this ON this.id = here.case_id
              JOIN infohus.subject there ON there.cpr_index = here.cpr_index AND there.case_id <> here.case_id
              JOIN infohus."case" other ON other.id = there.case_id AND other.infohus_id = this.infohus_id
              JOIN infohus.case_key k ON k.case_id = there.case_id AND k.authority_id = there.authority_id
              WHERE here.case_id = of_case
                AND (here.authority_id = infohus.caller_authority() OR infohus.was_told(here.id))
                AND NOT (
                  infohus.takes_part(there.case_id, 'coordinators')
                  AND (there.authority_id = infohus.caller_authority() OR infohus.was_told(there.id))
                )
            );
      END
      $$
"""
"""Hit or no hit, and nothing else: whether there is an earlier concern on a person of this case that the caller may not
see. It answers about persons whom the caller's authority knows in this case, within the case's own infohus, and not
about what was erased (its case key is gone)."""


def upgrade() -> None:
    """Add what intake records beyond the concern itself."""
    op.add_column("concern", sa.Column("kind", sa.Text(), server_default="person", nullable=False), schema="infohus")
    op.alter_column("concern", "kind", server_default=None, schema="infohus")
    op.add_column("subject", sa.Column("address", sa.LargeBinary()), schema="infohus")
    op.add_column("child_notification", sa.Column("assessed_at", sa.DateTime(timezone=True)), schema="infohus")
    op.execute("GRANT UPDATE (assessed_at) ON infohus.child_notification TO infohus_app")
    _create_tables()
    _row_security()
    _looking_back()


def _create_tables() -> None:
    _create_record(
        "protected_address",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        _to("protected_address", "subject_id", "subject"),
        sa.UniqueConstraint("subject_id", name=op.f("uq_protected_address_subject_id")),
    )
    _create_record(
        "reporter_release",
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        _to("reporter_release", "reporter_id", "reporter"),
        sa.UniqueConstraint("reporter_id", name=op.f("uq_reporter_release_reporter_id")),
    )
    op.create_table(
        "earlier_concerns_seen",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        _to("earlier_concerns_seen", "case_id", "case"),
        _to("earlier_concerns_seen", "authority_id", "authority"),
        sa.PrimaryKeyConstraint(
            "case_id", "authority_id", "person_id", "shown", name=op.f("pk_earlier_concerns_seen")
        ),
        schema="infohus",
    )


def _row_security() -> None:
    takes_part = "infohus.takes_part(case_id, 'coordinators')"
    ours = "authority_id = infohus.caller_authority()"
    _policies("protected_address", {"SELECT": f"{takes_part} AND {ours}", "INSERT": f"{ours} AND {takes_part}"})
    _policies("reporter_release", {
        "SELECT": f"{takes_part} AND {ours}",
        # Whoever may see the reporter: its own row security answers.
        "INSERT": f"{ours} AND {takes_part} AND EXISTS (SELECT FROM infohus.reporter r WHERE r.id = reporter_id)",
    })
    # That somebody had something to see is theirs alone: to the other authority it would be a hit.
    own = f"{takes_part} AND {ours} AND person_id = infohus.caller_person()"
    _policies("earlier_concerns_seen", {"SELECT": own, "INSERT": own})


def _looking_back() -> None:
    op.execute(EARLIER)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.hides_earlier_concerns(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.hides_earlier_concerns(uuid) TO infohus_app")
    # The function runs as the owner, whom row security binds too: this much of these tables, for a tovholder.
    asked = "infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')"
    op.execute(
        "CREATE POLICY looking_back ON infohus.subject FOR SELECT TO infohus_owner"
        f" USING (cpr_index IS NOT NULL AND {asked})"
    )
    op.execute(f"CREATE POLICY looking_back ON infohus.case_key FOR SELECT TO infohus_owner USING ({asked})")


def _policies(table: str, rules: dict[str, str]) -> None:
    op.execute(f"ALTER TABLE infohus.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE infohus.{table} FORCE ROW LEVEL SECURITY")
    for command, rule in rules.items():
        clause = f"WITH CHECK ({rule})" if command == "INSERT" else f"USING ({rule})"
        op.execute(f"CREATE POLICY {command.lower()}_{table} ON infohus.{table} FOR {command} TO infohus_app {clause}")
        op.execute(f"GRANT {command} ON infohus.{table} TO infohus_app")


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
        _to(table, "case_id", "case"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        schema="infohus",
    )
    op.create_index(op.f(f"ix_{table}_case_id"), table, ["case_id"], schema="infohus")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"infohus.{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def downgrade() -> None:
    """There is no way back: what was recorded would be lost."""
    raise RuntimeError
