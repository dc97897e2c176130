"""Add row security: the database itself gives the same answer as the policies (rules 44 and 45).

The caller and the moment stand in four settings that are local to the transaction; without them nothing is visible.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FUNCTIONS = (
    """
    CREATE FUNCTION infohus.caller_authority() RETURNS text
      LANGUAGE sql STABLE PARALLEL SAFE
      AS $$ SELECT NULLIF(current_setting('infohus.authority', true), '') $$
    """,
    """
    CREATE FUNCTION infohus.caller_person() RETURNS uuid
      LANGUAGE sql STABLE PARALLEL SAFE
      AS $$ SELECT NULLIF(current_setting('infohus.person', true), '')::uuid $$
    """,
    """
    CREATE FUNCTION infohus.caller_role() RETURNS text
      LANGUAGE sql STABLE PARALLEL SAFE
      AS $$ SELECT NULLIF(current_setting('infohus.role', true), '') $$
    """,
    # The unit of work's own clock, so that the policies and the database mean the same moment.
    """
    CREATE FUNCTION infohus.acting_at() RETURNS timestamptz
      LANGUAGE sql STABLE PARALLEL SAFE
      AS $$ SELECT NULLIF(current_setting('infohus.now', true), '')::timestamptz $$
    """,
    # Says who acts, when, until the end of the transaction; a query that begins with it is one statement.
    """
    CREATE FUNCTION infohus.act_as(authority text, person uuid, role text, at timestamptz) RETURNS boolean
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        PERFORM set_config('infohus.authority', authority, true), set_config('infohus.person', person::text, true),
          set_config('infohus.role', role, true), set_config('infohus.now', at::text, true);
        RETURN true;
      END
      $$
    """,
    # A tovholder takes part in everything of the case; a professional only in the areas of the invitation.
    """
    CREATE FUNCTION infohus.takes_part(of_case uuid, area text) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN EXISTS (
              SELECT FROM infohus.participant p
              WHERE p.case_id = of_case
                AND p.person_id = infohus.caller_person()
                AND p.acts_for = infohus.caller_authority()
                AND p.begins_at <= infohus.acting_at() AND (p.ends_at IS NULL OR p.ends_at > infohus.acting_at())
                AND CASE p.kind
                  WHEN 'coordinator' THEN infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
                  ELSE infohus.caller_role() = 'invited_professional' AND (area = 'any' OR area = ANY (p.scope))
                END
            );
      END
      $$
    """,
    """
    CREATE FUNCTION infohus.coordinates(of_infohus uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator') AND EXISTS (
              SELECT FROM infohus.coordinator c
              WHERE c.infohus_id = of_infohus
                AND c.person_id = infohus.caller_person() AND c.authority_id = infohus.caller_authority()
            );
      END
      $$
    """,
    """
    CREATE FUNCTION infohus.opens(of_case uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN infohus.coordinates((SELECT c.infohus_id FROM infohus."case" c WHERE c.id = of_case));
      END
      $$
    """,
    """
    CREATE FUNCTION infohus.supervises(of_infohus uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN infohus.caller_role() IN ('data_protection_officer', 'legal') AND EXISTS (
              SELECT FROM infohus.infohus_authority a
              WHERE a.infohus_id = of_infohus AND a.authority_id = infohus.caller_authority()
            );
      END
      $$
    """,
    """
    CREATE FUNCTION infohus.supervises_case(of_case uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN infohus.caller_role() IN ('data_protection_officer', 'legal')
              AND infohus.supervises((SELECT c.infohus_id FROM infohus."case" c WHERE c.id = of_case));
      END
      $$
    """,
    """
    CREATE FUNCTION infohus.was_told(of_record uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN EXISTS (
              SELECT FROM infohus.disclosure d
              WHERE d.record_id = of_record AND d.recipient_id = infohus.caller_authority()
            );
      END
      $$
    """,
)

AREAS = {
    "concern": "coordinators",
    "reporter": "coordinators",
    "subject": "coordinators",
    "clearance_check": "coordinators",
    "child_notification": "coordinators",
    "scope_decision": "coordinators",
    "scope_disagreement": "coordinators",
    "screening": "coordinators",
    "recommendation": "coordinators",
    "closure": "coordinators",
    "information": "information",
    "assessment": "assessment",
    "contribution": "assessment",
    "measure": "measures",
    "follow_up": "measures",
    "exchange": "exchange",
}
"""Which area of an invitation lets a professional see a kind of record; no invitation holds `coordinators`."""

CHANGEABLE = (
    "child_notification", "scope_decision", "screening", "assessment", "recommendation", "closure", "measure",
)

OWN_ROW = (
    "person_id = infohus.caller_person() AND acts_for = infohus.caller_authority()"
    " AND begins_at <= infohus.acting_at() AND (ends_at IS NULL OR ends_at > infohus.acting_at())"
    " AND CASE kind WHEN 'coordinator' THEN infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')"
    " ELSE infohus.caller_role() = 'invited_professional' END"
)

REFERENCE = ("authority", "infohus", "infohus_authority", "plan", "coordinator")


def upgrade() -> None:
    """Create the functions, switch row security on, and grant the application what it needs and no more."""
    for function in FUNCTIONS:
        op.execute(function)
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA infohus FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA infohus TO infohus_app")
    op.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA infohus TO infohus_app")
    op.execute("GRANT USAGE ON SEQUENCE infohus.case_number TO infohus_app")
    for table in REFERENCE:
        op.execute(f"GRANT SELECT ON infohus.{table} TO infohus_app")
    _policies("case", {
        "SELECT": "infohus.takes_part(id, 'any') OR infohus.opens(id) OR infohus.supervises(infohus_id)",
        "INSERT": "infohus.coordinates(infohus_id)",
        "UPDATE": "infohus.takes_part(id, 'any')",
    })
    _policies("participant", {
        # The caller's own row first: it is the one that is asked for at every act, and needs no function.
        "SELECT": f"({OWN_ROW}) OR infohus.takes_part(case_id, 'any')",
        "INSERT": "infohus.caller_authority() = authority_id"
                  " AND (infohus.takes_part(case_id, 'coordinators') OR infohus.opens(case_id))",
        "UPDATE": "infohus.takes_part(case_id, 'coordinators')",
    })
    _policies("case_key", {
        "SELECT": "infohus.takes_part(case_id, 'any')",
        "INSERT": "infohus.takes_part(case_id, 'coordinators') OR infohus.opens(case_id)",
    })
    _policies("record_key", {
        "SELECT": "authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any')",
        "INSERT": "infohus.takes_part(case_id, 'any')",
    })
    _policies("disclosure", {
        "SELECT": "infohus.takes_part(case_id, 'any') OR infohus.supervises_case(case_id)",
        "INSERT": "infohus.takes_part(case_id, 'any')",
    })
    _policies("signature", {
        "SELECT": "infohus.takes_part(case_id, 'any')",
        "INSERT": "authority_id = infohus.caller_authority() AND person_id = infohus.caller_person()"
                  " AND infohus.takes_part(case_id, 'coordinators')",
    })
    _policies("request_once", {
        "SELECT": "person_id = infohus.caller_person()",
        "INSERT": "person_id = infohus.caller_person()",
    })
    _policies("retention", {
        "SELECT": "infohus.takes_part(case_id, 'coordinators') OR infohus.supervises_case(case_id)",
        "INSERT": "infohus.takes_part(case_id, 'coordinators')",
    })
    for table, area in AREAS.items():
        takes_part = f"infohus.takes_part(case_id, '{area}')"
        reads = f"{takes_part} AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))"
        rules = {"SELECT": reads, "INSERT": f"authority_id = infohus.caller_authority() AND {takes_part}"}
        if table == "exchange":
            rules["SELECT"] = f"({reads}) OR infohus.supervises_case(case_id)"
        if table in CHANGEABLE:
            rules["UPDATE"] = reads
        _policies(table, rules)


def _policies(table: str, rules: dict[str, str]) -> None:
    op.execute(f'ALTER TABLE infohus."{table}" ENABLE ROW LEVEL SECURITY')
    for command, rule in rules.items():
        clause = f"WITH CHECK ({rule})" if command == "INSERT" else f"USING ({rule})"
        op.execute(
            f'CREATE POLICY {command.lower()}_{table} ON infohus."{table}" FOR {command} TO infohus_app {clause}'
        )
    op.execute(f'GRANT {", ".join(rules)} ON infohus."{table}" TO infohus_app')


def downgrade() -> None:
    """There is no way back to a database without row security."""
    raise RuntimeError
