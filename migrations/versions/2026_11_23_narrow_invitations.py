"""Narrow invitations: a professional may be drawn in for single items of information, and then sees no others."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OURS_OR_TOLD = "(authority_id = infohus.caller_authority() OR infohus.was_told(id))"


def upgrade() -> None:
    """Let an invitation name records; what somebody noted themselves they go on seeing."""
    op.add_column(
        "participant",
        sa.Column("records", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False), schema="infohus",
    )
    op.alter_column("participant", "records", server_default=None, schema="infohus")
    op.execute("""
        CREATE FUNCTION infohus.is_given(of_case uuid, of_record uuid, noted_by uuid) RETURNS boolean
          LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          BEGIN
            RETURN noted_by = infohus.caller_person() OR EXISTS (
                  SELECT FROM infohus.participant p
                  WHERE p.case_id = of_case
                    AND p.person_id = infohus.caller_person()
                    AND p.acts_for = infohus.caller_authority()
                    AND p.begins_at <= infohus.acting_at() AND (p.ends_at IS NULL OR p.ends_at > infohus.acting_at())
                    AND (p.kind = 'coordinator' OR cardinality(p.records) = 0 OR of_record = ANY (p.records))
                );
          END
          $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.is_given(uuid, uuid, uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.is_given(uuid, uuid, uuid) TO infohus_app")
    op.execute(
        "ALTER POLICY select_information ON infohus.information USING ("
        f"infohus.takes_part(case_id, 'information') AND infohus.is_given(case_id, id, recorded_by) AND {OURS_OR_TOLD})"
    )


def downgrade() -> None:
    """There is no way back: who was drawn in for one item would see all."""
    raise RuntimeError
