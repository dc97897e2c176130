"""Add the yearly status: a person's age group as a plain column, counts that leave the rows, and what was released."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COUNTED = ("concern", "subject", "scope_decision", "assessment", "measure", "exchange")
"""Beside the cases themselves: what `yearly_counts` looks into."""

OF_COORDINATED_CASES = """
case_id IN (
  SELECT c.id FROM infohus."case" c JOIN infohus.coordinator o ON o.infohus_id = c.infohus_id
  WHERE o.person_id = infohus.caller_person() AND o.authority_id = infohus.caller_authority()
    AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
)
"""

# Each record counts in one year only, by a moment that nobody chooses and that never changes: when it was recorded,
# decided or closed. So no record is in two years' tables, and a year that is over stays as it is.
YEARLY_COUNTS = """
CREATE FUNCTION infohus.yearly_counts(of_infohus uuid, of_year integer)
  RETURNS TABLE (tabulation text, place text, records bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    begins_at timestamptz := make_timestamptz(of_year, 1, 1, 0, 0, 0, 'Europe/Copenhagen');
    ends_at timestamptz := make_timestamptz(of_year + 1, 1, 1, 0, 0, 0, 'Europe/Copenhagen');
  BEGIN
    IF NOT coalesce(infohus.coordinates(of_infohus) AND infohus.acting_at() >= ends_at, false)
      OR EXISTS (SELECT FROM infohus.yearly_status y WHERE y.infohus_id = of_infohus AND y.year = of_year)
    THEN
      RETURN;
    END IF;
    RETURN QUERY
    WITH ours AS (
      SELECT c.id, c.outcome, c.closed_at FROM infohus."case" c WHERE c.infohus_id = of_infohus
    ), reports AS (
      SELECT k.channel, k.extremism_form FROM infohus.concern k JOIN ours ON ours.id = k.case_id
      WHERE k.recorded_at >= begins_at AND k.recorded_at < ends_at
    ), scopes AS (
      SELECT s.outcome, s.decided_at - min(k.received_at) AS taken
      FROM infohus.scope_decision s JOIN ours ON ours.id = s.case_id
      JOIN infohus.concern k ON k.case_id = s.case_id
      WHERE s.decided_at >= begins_at AND s.decided_at < ends_at
      GROUP BY s.id, s.outcome, s.decided_at
    )
    SELECT 'channel', reports.channel::text, count(*) FROM reports GROUP BY 2
    UNION ALL
    SELECT 'extremism_form', reports.extremism_form, count(*) FROM reports GROUP BY 2
    UNION ALL
    SELECT 'age_group', s.age_group::text, count(*) FROM infohus.subject s JOIN ours ON ours.id = s.case_id
    WHERE s.recorded_at >= begins_at AND s.recorded_at < ends_at GROUP BY 2
    UNION ALL
    SELECT 'scope_outcome', scopes.outcome, count(*) FROM scopes GROUP BY 2
    UNION ALL
    SELECT 'scope_time', CASE
        WHEN scopes.taken <= interval '7 days' THEN 'within_7_days'
        WHEN scopes.taken <= interval '14 days' THEN 'within_14_days'
        WHEN scopes.taken <= interval '30 days' THEN 'within_30_days'
        WHEN scopes.taken <= interval '90 days' THEN 'within_90_days'
        ELSE 'later'
      END, count(*) FROM scopes GROUP BY 2
    UNION ALL
    SELECT 'tool', CASE WHEN a.decided_at < ends_at THEN 'concluded' ELSE 'under_way' END, count(*)
    FROM infohus.assessment a JOIN ours ON ours.id = a.case_id
    WHERE a.recorded_at >= begins_at AND a.recorded_at < ends_at GROUP BY 2
    UNION ALL
    SELECT 'prevention_level', m.level::text, count(*) FROM infohus.measure m JOIN ours ON ours.id = m.case_id
    WHERE m.recorded_at >= begins_at AND m.recorded_at < ends_at GROUP BY 2
    UNION ALL
    SELECT 'paragraph', e.paragraph::text, count(*) FROM infohus.exchange e JOIN ours ON ours.id = e.case_id
    WHERE e.recorded_at >= begins_at AND e.recorded_at < ends_at AND e.corrects_id IS NULL GROUP BY 2
    UNION ALL
    SELECT 'outcome', ours.outcome, count(*) FROM ours
    WHERE ours.closed_at >= begins_at AND ours.closed_at < ends_at GROUP BY 2;
  END
  $$
"""


def upgrade() -> None:
    """Add the age group, the table of what was released, and the one function that counts."""
    _add_age_group()
    _create_yearly_status()
    for table in COUNTED:
        op.execute(
            f"CREATE POLICY counting_read ON infohus.{table} FOR SELECT TO infohus_owner"
            f" USING ({OF_COORDINATED_CASES})"
        )
    op.execute(YEARLY_COUNTS)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.yearly_counts(uuid, integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.yearly_counts(uuid, integer) TO infohus_app")


def _add_age_group() -> None:
    """Of earlier persons it is known only whether they were under 18; what is sealed cannot be opened here."""
    groups = sa.Enum(
        "under_18", "18_to_24", "25_or_older", "unknown", name="age_group", native_enum=False, create_constraint=True,
        length=60,
    )
    op.add_column("subject", sa.Column("age_group", groups, server_default="unknown", nullable=False), schema="infohus")
    # Row security binds the owner too, and would show this statement no row.
    op.execute("ALTER TABLE infohus.subject NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE infohus.subject SET age_group = 'under_18' WHERE is_under_18_at_receipt")
    op.execute("ALTER TABLE infohus.subject FORCE ROW LEVEL SECURITY")
    op.alter_column("subject", "age_group", server_default=None, schema="infohus")
    op.create_check_constraint(
        op.f("ck_subject_age_group_says_the_same"), "subject", "is_under_18_at_receipt = (age_group = 'under_18')",
        schema="infohus",
    )


def _create_yearly_status() -> None:
    op.create_table(
        "yearly_status",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest = sha256(document)", name=op.f("ck_yearly_status_sealed_by_its_digest")),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_yearly_status_infohus_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_yearly_status")),
        sa.UniqueConstraint("infohus_id", "year", name=op.f("uq_yearly_status_infohus_id_year")),
        schema="infohus",
    )
    op.execute("ALTER TABLE infohus.yearly_status ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE infohus.yearly_status FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY select_yearly_status ON infohus.yearly_status FOR SELECT TO infohus_app"
        " USING (infohus.coordinates(infohus_id) OR infohus.supervises(infohus_id))"
    )
    op.execute(
        "CREATE POLICY insert_yearly_status ON infohus.yearly_status FOR INSERT TO infohus_app"
        " WITH CHECK (infohus.coordinates(infohus_id))"
    )
    # Nobody may change or take back what was released: no such right is granted to anyone.
    op.execute("GRANT SELECT, INSERT ON infohus.yearly_status TO infohus_app")
    op.execute(
        "CREATE POLICY counting_read ON infohus.yearly_status FOR SELECT TO infohus_owner"
        " USING (infohus.coordinates(infohus_id))"
    )


def downgrade() -> None:
    """There is no way back: what was released once must never be computed again."""
    raise RuntimeError
