"""Index the family names of persons, so that a log check finds who looked up their own.

Names recorded before are sealed, and nobody opens them for this: they have no index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes, and the function that tells a DPO which cases are on somebody of these names."""
    op.add_column(
        "subject", sa.Column("family_names", sa.ARRAY(sa.LargeBinary()), nullable=False, server_default="{}"),
        schema="infohus",
    )
    op.alter_column("subject", "family_names", server_default=None, schema="infohus")
    # Persons whom the DPO's own authority recorded or was told of: of the others its people could look up nothing.
    known = "(authority_id = infohus.caller_authority() OR infohus.was_told(id))"
    op.execute(
        "CREATE POLICY checking_read ON infohus.subject FOR SELECT TO infohus_owner"
        f" USING (infohus.caller_role() = 'data_protection_officer' AND infohus.supervises_case(case_id) AND {known})"
    )
    op.execute("""
        CREATE FUNCTION infohus.cases_on_family(of_infohus uuid, names bytea[])
          RETURNS TABLE (case_id uuid, family_name bytea)
          LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          BEGIN
            IF infohus.caller_role() = 'data_protection_officer' AND infohus.supervises(of_infohus) THEN
              RETURN QUERY
                SELECT DISTINCT s.case_id, n.name
                FROM infohus.subject s JOIN infohus."case" c ON c.id = s.case_id, unnest(s.family_names) AS n (name)
                WHERE c.infohus_id = of_infohus AND n.name = ANY (names)
                  AND (s.authority_id = infohus.caller_authority() OR infohus.was_told(s.id));
            END IF;
          END
          $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.cases_on_family(uuid, bytea[]) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.cases_on_family(uuid, bytea[]) TO infohus_app")


def downgrade() -> None:
    """Take both away again."""
    op.execute("DROP FUNCTION infohus.cases_on_family(uuid, bytea[])")
    op.execute("DROP POLICY checking_read ON infohus.subject")
    op.drop_column("subject", "family_names", schema="infohus")
