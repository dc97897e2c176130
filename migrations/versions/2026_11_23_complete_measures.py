"""Complete measures and the assessment tool: who delivers, how it ended, what stands still, templates by file."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OUTCOMES = ("goal_reached", "partly_reached", "not_reached", "declined_by_the_citizen", "moved_elsewhere", "unknown")
OURS_OR_TOLD = "(authority_id = infohus.caller_authority() OR infohus.was_told(id))"
DELIVERED = (
    "(infohus.takes_part(case_id, 'coordinators')"
    " OR (delivered_by = infohus.caller_person() AND infohus.takes_part(case_id, 'measures')))"
)
"""A tovholder, or the one professional who carries the measure out."""


def upgrade() -> None:
    """Let a measure name its deliverer, and both tovholdere see what stands still."""
    # No measure or assessment is older than this migration: nothing was ever released without these columns.
    for column in (
        sa.Column("delivered_by", sa.Uuid(), nullable=True),
        sa.Column("is_social_support", sa.Boolean(), nullable=False),
        sa.Column("outcome", _choice(OUTCOMES, "outcome"), nullable=True),
    ):
        op.add_column("measure", column, schema="infohus")
    op.create_check_constraint(
        op.f("ck_measure_ends_with_an_outcome"), "measure", "(ended_at IS NULL) = (outcome IS NULL)", schema="infohus"
    )
    op.execute("GRANT UPDATE (outcome) ON infohus.measure TO infohus_app")
    op.add_column("follow_up", sa.Column("delivered_by", sa.Uuid(), nullable=True), schema="infohus")
    op.add_column("assessment", sa.Column("template_digest", sa.LargeBinary(), nullable=False), schema="infohus")
    _deliverers_see_their_own()
    _standing_still()
    _templates()


def _deliverers_see_their_own() -> None:
    whole = (
        "EXISTS (SELECT FROM infohus.measure w"
        " WHERE w.id = measure_id AND w.delivered_by IS NOT DISTINCT FROM follow_up.delivered_by)"
    )
    for table in ("measure", "follow_up"):
        op.execute(f"ALTER POLICY select_{table} ON infohus.{table} USING ({DELIVERED} AND {OURS_OR_TOLD})")
    op.execute(f"ALTER POLICY update_measure ON infohus.measure USING ({DELIVERED} AND {OURS_OR_TOLD})")
    op.execute(
        "ALTER POLICY insert_follow_up ON infohus.follow_up"
        f" WITH CHECK (authority_id = infohus.caller_authority() AND {DELIVERED} AND {whole})"
    )


def _standing_still() -> None:
    # Ids, authorities and times, of every measure of the caller's cases: also of one that was not told to the caller,
    # so that it cannot peter out unseen. What the measure is stays where it was.
    op.execute("""
        CREATE FUNCTION infohus.stalled_measures(of_infohus uuid, of_case uuid, quiet_before timestamptz)
          RETURNS TABLE (
            measure_id uuid, case_id uuid, case_number text, responsible_id text, last_event_at timestamptz,
            may_be_read boolean
          )
          LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          #variable_conflict use_column
          BEGIN
            RETURN QUERY
              SELECT m.id, m.case_id, c.number, m.responsible_id, e.last_event_at,
                m.authority_id = infohus.caller_authority() OR infohus.was_told(m.id)
              FROM infohus.measure m
              JOIN infohus."case" c ON c.id = m.case_id
              CROSS JOIN LATERAL (
                SELECT GREATEST(m.recorded_at, max(f.recorded_at)) AS last_event_at
                FROM infohus.follow_up f WHERE f.measure_id = m.id
              ) e
              WHERE c.infohus_id = of_infohus AND (of_case IS NULL OR c.id = of_case) AND c.stage <> 'closed'
                AND m.ended_at IS NULL AND e.last_event_at < quiet_before
                AND infohus.takes_part(c.id, 'coordinators');
          END
          $$
    """)
    function = "FUNCTION infohus.stalled_measures(uuid, uuid, timestamptz)"
    op.execute(f"REVOKE EXECUTE ON {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON {function} TO infohus_app")
    for table in ("measure", "follow_up"):
        op.execute(
            f"CREATE POLICY functions_read_{table} ON infohus.{table} FOR SELECT TO infohus_owner"
            " USING (infohus.takes_part(case_id, 'coordinators'))"
        )


def _templates() -> None:
    op.create_table(
        "assessment_template",
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_assessment_template_infohus_id")
        ),
        sa.PrimaryKeyConstraint("infohus_id", "version", name=op.f("pk_assessment_template")),
        schema="infohus",
    )
    op.execute("GRANT SELECT ON infohus.assessment_template TO infohus_app")


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def downgrade() -> None:
    """There is no way back: who delivers a measure and how it ended would be lost."""
    raise RuntimeError
