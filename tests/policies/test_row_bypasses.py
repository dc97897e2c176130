"""No way leads past row security: not for the application's role, not for the owner, not for a table forgotten."""

import asyncpg
import pytest

from policies.asking_rows import every_row_of
from policies.conftest import Compared

REFERENCE = {
    "authority", "infohus", "infohus_authority", "plan", "coordinator", "assessment_template", "alembic_version",
    "obligation", "fulfilment", "network_material", "case_number",
}
"""Tables that hold nothing of a case."""

AGGREGATES = {"yearly_status"}
"""What was counted over cases and released; test_yearly_status_rows.py says who sees it."""

IDENTITIES = {"actor", "content_request", "log_check", "log_check_entry", "log_finding", "log_notice_receipt"}
"""Who acted, sealed; test_actors.py and test_content_requests.py say who sees it."""


class WhenTheTablesAreLookedAt:
    @pytest.mark.rule(45)
    async def test_every_one_of_a_case_is_under_row_security_for_its_owner_too(
        self, compared: Compared, superuser: asyncpg.Connection
    ) -> None:
        found = await superuser.fetch(
            "SELECT relname, relrowsecurity AND relforcerowsecurity AS bound FROM pg_class"
            " WHERE relnamespace = 'infohus'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')"
        )
        bound = {row["relname"] for row in found if row["bound"]}
        assert bound == set(compared.asked.world.tables) | AGGREGATES | IDENTITIES
        assert {row["relname"] for row in found} - bound == REFERENCE

    async def test_every_rule_is_for_one_role_and_none_is_for_all_commands(
        self, superuser: asyncpg.Connection
    ) -> None:
        rules = await superuser.fetch(
            "SELECT tablename, cmd, roles::text[], qual FROM pg_policies WHERE schemaname = 'infohus'"
        )
        assert {(*row["roles"], row["cmd"]) for row in rules} == {
            ("infohus_app", "SELECT"), ("infohus_app", "INSERT"), ("infohus_app", "UPDATE"),
            ("infohus_owner", "SELECT"), ("infohus_owner", "UPDATE"), ("infohus_owner", "DELETE"),
        }
        # What the functions look into, and what a withdrawal takes away for a caller; without one, nothing.
        assert {row["tablename"] for row in rules if row["roles"] == ["infohus_owner"]} == {
            "case", "participant", "invitation", "disclosure", "exchange", "kept_mark", "record_key", "disclosed_key",
            "side_person",
            # What corrects or withdraws an exchange, for `own_restricted` and `is_attempt_on_pets_track`.
            "withdrawal", "onward_notice",
            # What `yearly_counts` counts, of the infohus that its caller coordinates.
            "concern", "subject", "scope_decision", "assessment", "measure", "yearly_status",
            "concern_form",
            # What `declined_requests` tells a reviewer of the infohus.
            "information_request",
            # What `opens_on_request` finds: what the calling DPO has asked for.
            "content_request",
            # What `own_restricted` finds for a letter: what the caller's authority withholds.
            "restriction",
            # What `end_answered_requests` ends, for nobody in particular: old ones alone.
            "answered_request",
        }
        lone = [
            row["qual"] for row in rules
            if row["roles"] == ["infohus_owner"] and row["cmd"] != "SELECT" and row["tablename"] != "answered_request"
        ]
        assert all("caller_authority() IS NOT NULL" in qual for qual in lone)
        assert {row["qual"] for row in rules if row["tablename"] == "answered_request" and row["roles"] == [
            "infohus_owner"
        ]} == {"(acted_on < (CURRENT_DATE - 1))"}

    async def test_functions_that_see_more_are_closed_to_all_but_the_application(
        self, superuser: asyncpg.Connection
    ) -> None:
        found = await superuser.fetch(
            """
            SELECT p.proname, p.proconfig, r.rolname,
              has_function_privilege('infohus_verifier', p.oid, 'EXECUTE') AS for_others
            FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
            WHERE p.pronamespace = 'infohus'::regnamespace AND p.prosecdef
            """
        )
        assert {row["proname"] for row in found} == {
            "finds_participation", "coordinates", "next_case_number", "opens", "supervises", "supervises_case",
            "was_told", "withdraw",
            "supervises_exchange", "correction_of", "own_side_of_attempt", "is_attempt_on_pets_track", "told_how",
            "meant_by_attempt",
            "yearly_counts", "is_given", "declined_requests", "cases_on_family", "own_persons_by_cpr",
            "own_persons_by_record", "own_restricted", "withdrawn_exchanges",
            "rests_on_what_stands", "has_key", "newest_version", "is_superseded", "next_version",
            "end_answered_requests", "lets_read", "opens_on_request", "checks_log_of", "entries_of_institution",
            "pet_requests", "reports_danger",
        }
        assert {(*row["proconfig"], row["rolname"], row["for_others"]) for row in found} == {
            ("search_path=pg_catalog, pg_temp", "infohus_owner", False),
        }


class WhenTheApplicationTriesToGetPast:
    @pytest.mark.rule(45)
    async def test_its_role_has_no_such_power(self, superuser: asyncpg.Connection) -> None:
        role = await superuser.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolinherit,"
            " EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS is_member"
            " FROM pg_roles r WHERE rolname = 'infohus_app'"
        )
        assert role is not None
        assert dict(role) == {
            "rolsuper": False, "rolbypassrls": False, "rolcreaterole": False, "rolinherit": False, "is_member": False,
        }

    @pytest.mark.parametrize("statement", [
        "SET ROLE infohus_owner",
        "SET SESSION AUTHORIZATION infohus_owner",
        "ALTER ROLE infohus_app BYPASSRLS",
        "ALTER TABLE infohus.concern DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE infohus.concern NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY select_concern ON infohus.concern",
        "CREATE POLICY open ON infohus.concern USING (true)",
        "CREATE FUNCTION infohus.mine() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE OR REPLACE FUNCTION infohus.was_told(of_record uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "SET row_security = off; SELECT id FROM infohus.concern",
        "SET session_replication_role = replica",
        "COPY infohus.concern TO PROGRAM 'cat'",
    ])
    async def test_it_is_refused(self, app: asyncpg.Connection, statement: str) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)


class WhenTheOwnerLooks:
    async def test_no_record_is_visible(self, compared: Compared) -> None:
        hidden = [one for one in compared.asked.world.tables if one not in {"case", "participant", "disclosure"}]
        owner = await asyncpg.connect(compared.database.dsn("owner"))
        try:
            assert await owner.fetch(every_row_of(hidden)) == []
        finally:
            await owner.close()
