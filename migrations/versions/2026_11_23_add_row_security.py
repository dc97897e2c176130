"""Add row security: the database itself gives the same answer as the policies (rules 44 and 45).

The caller and the moment stand in four settings that are local to the transaction; without them nothing is visible.
tests/policies/test_row_security.py compares the answers, and lists where the policies are stricter on purpose.
"""

import sqlalchemy as sa
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
    # A tovholder is in the act of opening a case: it was inserted by this very transaction, and nobody takes part yet.
    """
    CREATE FUNCTION infohus.opens(of_case uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RETURN infohus.coordinates((
              SELECT c.infohus_id FROM infohus."case" c
              WHERE c.id = of_case AND c.xmin = pg_current_xact_id()::xid
            ));
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

READERS = {
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
    "exchange": "coordinators",
}
"""Which area of an invitation lets a professional see a kind of record; no invitation holds `coordinators`."""

WRITERS = {**READERS, "assessment": "coordinators", "measure": "coordinators"}
"""Which area lets a professional add one."""

ADDED_TO = {
    "contribution": ("assessment", "assessment_id"),
    "follow_up": ("measure", "measure_id"),
    "scope_disagreement": ("scope_decision", "scope_decision_id"),
}
"""Records that are added to another, which their writer must be able to see."""

CHANGERS = {
    **dict.fromkeys(
        ("child_notification", "scope_decision", "screening", "assessment", "recommendation", "closure"), "coordinators"
    ),
    "measure": "measures",
}
"""Kinds of records that can change, and which area lets a professional change one."""

NEVER_CHANGED = ("id", "case_id", "infohus_id", "number", "authority_id", "regime", "recorded_at", "recorded_by")
"""Whose a row is, where, and who wrote it when: no UPDATE is granted on these columns."""

OWN_ROW = (
    "person_id = infohus.caller_person() AND acts_for = infohus.caller_authority()"
    " AND begins_at <= infohus.acting_at() AND (ends_at IS NULL OR ends_at > infohus.acting_at())"
    " AND CASE kind WHEN 'coordinator' THEN infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')"
    " ELSE infohus.caller_role() = 'invited_professional' END"
)

REFERENCE = ("authority", "infohus", "infohus_authority", "plan", "coordinator")

READ_BY_FUNCTIONS = ("case", "participant", "disclosure")
"""What the functions above look into. They run as the owner, whom row security binds too."""


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
    for table in READ_BY_FUNCTIONS:
        op.execute(
            f'CREATE POLICY functions_read_{table} ON infohus."{table}" FOR SELECT TO infohus_owner USING (true)'
        )
    _protect_the_ground()
    for table in READERS:
        _protect_record(table)


def _protect_the_ground() -> None:
    _policies("case", {
        "SELECT": "infohus.takes_part(id, 'any') OR infohus.supervises(infohus_id)",
        "INSERT": "infohus.coordinates(infohus_id)",
        # Whoever records holds the case by a lock, which needs this much; only a tovholder changes it.
        "UPDATE": "infohus.takes_part(id, 'any')",
        "UPDATE CHECK": "infohus.takes_part(id, 'coordinators')",
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
        # One's own key of one's own record, or by an exchange another's.
        "INSERT": "infohus.takes_part(case_id, 'any') AND (authority_id = infohus.caller_authority())"
                  " = (owner_id = infohus.caller_authority() AND exchange_id IS NULL)",
    })
    _policies("disclosure", {
        "SELECT": "infohus.takes_part(case_id, 'any') OR infohus.supervises_case(case_id)",
        # Nobody tells themselves: a row here is what lets its recipient see the record.
        "INSERT": "recipient_id <> infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators')",
    })
    _policies("signature", {
        # Whoever may open a record has a key of it, by ownership or by an exchange.
        "SELECT": "infohus.takes_part(case_id,"
                  " CASE record_kind WHEN 'assessment' THEN 'assessment' ELSE 'coordinators' END)"
                  " AND EXISTS (SELECT FROM infohus.record_key k WHERE k.record_id = signature.record_id"
                  " AND k.authority_id = infohus.caller_authority())",
        "INSERT": "authority_id = infohus.caller_authority() AND person_id = infohus.caller_person()"
                  " AND infohus.takes_part(case_id, 'coordinators')",
    })
    _policies("request_once", {
        "SELECT": "person_id = infohus.caller_person()",
        "INSERT": "person_id = infohus.caller_person()",
    })
    _policies("retention", {
        "SELECT": "infohus.takes_part(case_id, 'any')",
        "INSERT": "infohus.takes_part(case_id, 'coordinators')",
    })


def _protect_record(table: str) -> None:
    ours_or_told = "(authority_id = infohus.caller_authority() OR infohus.was_told(id))"
    if table == "reporter":
        ours_or_told = "authority_id = infohus.caller_authority()"
    rules = {
        "SELECT": f"infohus.takes_part(case_id, '{READERS[table]}') AND {ours_or_told}",
        "INSERT": f"authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, '{WRITERS[table]}')",
    }
    if table == "exchange":
        rules["SELECT"] = f"({rules['SELECT']}) OR infohus.supervises_case(case_id)"
    if table == "clearance_check":
        rules["INSERT"] += " AND infohus.caller_role() = 'police_coordinator'"
    if table in ADDED_TO:
        whole, part_of = ADDED_TO[table]
        rules["INSERT"] += f" AND EXISTS (SELECT FROM infohus.{whole} w WHERE w.id = {part_of})"
    if table in CHANGERS:
        rules["UPDATE"] = f"infohus.takes_part(case_id, '{CHANGERS[table]}') AND {ours_or_told}"
    if table == "child_notification":
        rules["UPDATE"] += " AND infohus.caller_role() = 'municipal_coordinator'"
    _policies(table, rules)


def _policies(table: str, rules: dict[str, str]) -> None:
    op.execute(f'ALTER TABLE infohus."{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'ALTER TABLE infohus."{table}" FORCE ROW LEVEL SECURITY')
    commands = [command for command in rules if " " not in command]
    for command in commands:
        clause = f"WITH CHECK ({rules[command]})" if command == "INSERT" else f"USING ({rules[command]})"
        if check := rules.get(f"{command} CHECK"):
            clause += f" WITH CHECK ({check})"
        op.execute(
            f'CREATE POLICY {command.lower()}_{table} ON infohus."{table}" FOR {command} TO infohus_app {clause}'
        )
        columns = f" ({', '.join(_changeable_columns(table))})" if command == "UPDATE" else ""
        op.execute(f'GRANT {command}{columns} ON infohus."{table}" TO infohus_app')


def _changeable_columns(table: str) -> list[str]:
    columns = sa.inspect(op.get_bind()).get_columns(table, schema="infohus")
    return [f'"{column["name"]}"' for column in columns if column["name"] not in NEVER_CHANGED]


def downgrade() -> None:
    """There is no way back to a database without row security."""
    raise RuntimeError
