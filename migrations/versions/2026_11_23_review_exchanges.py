"""Tell reviewers which requests for information were declined: that and when, never the question."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give the function and its owner what they need: a reviewer still sees no row of the table itself."""
    op.execute(
        "CREATE POLICY reviewing_read ON infohus.information_request FOR SELECT TO infohus_owner"
        " USING (answer = 'declined' AND infohus.supervises_case(case_id))"
    )
    op.execute("""
        CREATE FUNCTION infohus.declined_requests(of_infohus uuid)
          RETURNS TABLE (request_id uuid, exchange_id uuid, asked_by text, asked_of text, answered_at timestamptz)
          LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          BEGIN
            IF infohus.supervises(of_infohus) THEN
              RETURN QUERY
                SELECT r.id, r.exchange_id, r.asked_by::text, r.asked_of::text, r.answered_at
                FROM infohus.information_request r JOIN infohus."case" c ON c.id = r.case_id
                WHERE c.infohus_id = of_infohus AND r.answer = 'declined' AND r.exchange_id IS NOT NULL;
            END IF;
          END
          $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.declined_requests(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.declined_requests(uuid) TO infohus_app")


def downgrade() -> None:
    """Take both away again."""
    op.execute("DROP FUNCTION infohus.declined_requests(uuid)")
    op.execute("DROP POLICY reviewing_read ON infohus.information_request")
