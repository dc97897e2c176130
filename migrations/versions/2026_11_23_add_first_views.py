"""Add first views, stated before the other's is seen; and let a professional leave a case by themself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table with its row security, and say who may end a participation."""
    _create_first_view()
    _say_who_has_stated_one()
    _protect_first_view()
    _let_professionals_leave()


def _create_first_view() -> None:
    op.create_table(
        "first_view",
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
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"], ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f("fk_first_view_authority_id_regime"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["infohus.case.id"], name=op.f("fk_first_view_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_view")),
        sa.UniqueConstraint("case_id", "authority_id", name=op.f("uq_first_view_case_id_authority_id")),
        schema="infohus",
    )
    op.create_index(op.f("ix_first_view_case_id"), "first_view", ["case_id"], schema="infohus")


def _say_who_has_stated_one() -> None:
    # That the other has stated a view is no secret to the tovholdere of the case; what it says is.
    op.execute("""
        CREATE FUNCTION infohus.first_views_stated(of_case uuid) RETURNS SETOF text
          LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          BEGIN
            RETURN QUERY SELECT v.authority_id FROM infohus.first_view v WHERE v.case_id = of_case;
          END
          $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.first_views_stated(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.first_views_stated(uuid) TO infohus_app")
    # It runs as the owner, whom row security binds too.
    op.execute(
        "CREATE POLICY functions_read_first_view ON infohus.first_view FOR SELECT TO infohus_owner"
        " USING (infohus.takes_part(case_id, 'coordinators'))"
    )


def _protect_first_view() -> None:
    takes_part = "infohus.takes_part(case_id, 'coordinators')"
    ours_or_told = "(authority_id = infohus.caller_authority() OR infohus.was_told(id))"
    op.execute("ALTER TABLE infohus.first_view ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE infohus.first_view FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY select_first_view ON infohus.first_view FOR SELECT TO infohus_app"
        f" USING ({takes_part} AND {ours_or_told})"
    )
    op.execute(
        "CREATE POLICY insert_first_view ON infohus.first_view FOR INSERT TO infohus_app"
        f" WITH CHECK (authority_id = infohus.caller_authority() AND {takes_part})"
    )
    # No UPDATE: what was stated blind is never changed by somebody who sees.
    op.execute("GRANT SELECT, INSERT ON infohus.first_view TO infohus_app")


def _let_professionals_leave() -> None:
    # One's own participation, and only so that it is over.
    own = (
        "kind = 'invited' AND person_id = infohus.caller_person() AND acts_for = infohus.caller_authority()"
        " AND infohus.caller_role() = 'invited_professional'"
    )
    op.execute(
        "CREATE POLICY leave_participant ON infohus.participant FOR UPDATE TO infohus_app"
        f" USING ({own}) WITH CHECK ({own} AND ends_at <= infohus.acting_at())"
    )


def downgrade() -> None:
    """There is no way back: the views would be lost."""
    raise RuntimeError
