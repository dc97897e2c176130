"""What roles.sql promises: seven roles that can do little, and a database for these seven alone."""

import asyncio

import asyncpg
import pytest

from conftest import ROLES_SQL, Database, Role, execute

ROLES: tuple[Role, ...] = ("owner", "app", "keys", "signer", "verifier", "retention")


def ask(address: str, question: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(address)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(run())


class WhenRolesAreMade:
    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_has_no_power_of_its_own(self, unmigrated_database: Database, role: Role) -> None:
        attributes = ask(
            unmigrated_database.dsn("superuser"),
            "SELECT row_to_json(r)::text FROM (SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication,"  # noqa: S608
            f" rolbypassrls, rolinherit, rolcanlogin FROM pg_roles WHERE rolname = 'infohus_{role}') r",
        )
        assert attributes == (
            '{"rolsuper":false,"rolcreaterole":false,"rolcreatedb":false,"rolreplication":false,'
            '"rolbypassrls":false,"rolinherit":false,"rolcanlogin":true}'
        )

    def test_running_it_again_takes_added_power_away(self, unmigrated_database: Database) -> None:
        superuser = unmigrated_database.dsn("superuser")
        execute(superuser, "ALTER ROLE infohus_app BYPASSRLS CREATEROLE", ROLES_SQL.read_text())
        granted = "SELECT rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = 'infohus_app'"
        assert ask(superuser, granted) is False

    def test_it_refuses_a_role_that_was_made_a_member_of_another(self, unmigrated_database: Database) -> None:
        superuser = unmigrated_database.dsn("superuser")
        execute(superuser, "GRANT pg_read_all_data TO infohus_verifier")
        try:
            with pytest.raises(asyncpg.RaiseError, match="infohus_verifier in pg_read_all_data"):
                execute(superuser, ROLES_SQL.read_text())
        finally:
            execute(superuser, "REVOKE pg_read_all_data FROM infohus_verifier")

    @pytest.mark.parametrize("role", ["keys", "verifier", "retention"])
    @pytest.mark.parametrize("call", [
        f"pg_{how}({numbers})" for numbers in ("1", "1, 1")
        for how in (
            "advisory_lock", "advisory_lock_shared", "advisory_xact_lock", "advisory_xact_lock_shared",
            "try_advisory_lock", "try_advisory_lock_shared", "try_advisory_xact_lock", "try_advisory_xact_lock_shared",
            "advisory_unlock", "advisory_unlock_shared",
        )
    ] + ["pg_advisory_unlock_all()"])  # fmt: skip
    def test_who_only_reads_takes_no_lock_that_an_act_waits_for(
        self, unmigrated_database: Database, role: Role, call: str
    ) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for function"):
            ask(unmigrated_database.dsn(role), f"SELECT {call}::text")
        assert ask(unmigrated_database.dsn("app"), f"SELECT {call} IS NULL") is not None

    def test_running_it_again_takes_the_locks_away_again(self, unmigrated_database: Database) -> None:
        execute(
            unmigrated_database.dsn("superuser"),
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO PUBLIC, infohus_verifier",
            ROLES_SQL.read_text(),
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(unmigrated_database.dsn("verifier"), "SELECT pg_advisory_lock(1)::text")

    @pytest.mark.parametrize("role", ["app", "keys", "verifier", "retention"])
    @pytest.mark.parametrize(
        "statement",
        ["CREATE SCHEMA mine", "CREATE TABLE public.mine (n int)", "CREATE TEMPORARY TABLE mine (n int)",
         "CREATE ROLE mine", "SET ROLE infohus_owner", "SET SESSION AUTHORIZATION infohus_owner"],
    )
    def test_only_the_owner_makes_anything(self, unmigrated_database: Database, role: Role, statement: str) -> None:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            execute(unmigrated_database.dsn(role), statement)

    def test_another_role_of_the_server_does_not_get_in(self, unmigrated_database: Database) -> None:
        superuser = unmigrated_database.dsn("superuser")
        execute(superuser, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
        address = unmigrated_database.server.dsn(
            user="stranger", database=unmigrated_database.name, password="stranger"
        )
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                ask(address, "SELECT 1")
        finally:
            execute(superuser, "DROP ROLE stranger")

    @pytest.mark.parametrize(
        ("role", "setting", "value"),
        [
            ("app", "search_path", "pg_catalog"),
            ("app", "statement_timeout", "15s"),
            ("app", "lock_timeout", "5s"),
            ("app", "idle_in_transaction_session_timeout", "10s"),
            ("keys", "search_path", "pg_catalog"),
            ("keys", "statement_timeout", "15s"),
            ("keys", "log_parameter_max_length", "0"),
            ("owner", "search_path", "pg_catalog"),
            ("verifier", "search_path", "pg_catalog"),
            ("verifier", "default_transaction_read_only", "on"),
        ],
    )
    def test_a_session_begins_with_safe_settings(
        self, unmigrated_database: Database, role: Role, setting: str, value: str
    ) -> None:
        assert ask(unmigrated_database.dsn(role), f"SHOW {setting}") == value
