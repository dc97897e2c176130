"""What each database role can forge, tried as each: all but the application's nothing; what that can, is found."""

from typing import get_args

import asyncpg
import pytest

from conftest import Database, Role
from house import MUNICIPAL_LOG, MUNICIPALITY, POLICE, CaseInHand, House
from reconciled import faults_in

ROLES = [role for role in get_args(Role) if role != "owner"]
"""Every role that a process has; the owner's are whoever migrates."""
WRITABLE = {"infohus": {"app"}, "audit": set[str](), "keys": {"keys"}}
"""By schema: the roles that may write a table of it."""
REFUSED = (
    asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError, asyncpg.InvalidTextRepresentationError,
)
ACT_AS = "SELECT infohus.act_as($1, $2, $3, now())"
ANOTHERS = """
INSERT INTO infohus.disclosure SELECT (jsonb_populate_record(d, jsonb_build_object(
  'record_id', $1::uuid, 'record_kind', 'information', 'recipient_id', $2::text))).*
FROM infohus.disclosure d LIMIT 1
"""


async def opened(database: Database, role: Role) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect as a role, and take back whatever keeps its sessions from writing."""
    connection = await asyncpg.connect(database.dsn(role))
    await connection.execute("SET default_transaction_read_only = off")
    return connection


@pytest.mark.fault("A17")
class WhenARoleTriesToForge:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize("role", ROLES)
    async def test_nobody_appends_what_is_no_entry_and_only_the_application_appends(
        self, database: Database, role: Role
    ) -> None:
        connection = await opened(database, role)
        for entry in (b"not json", b"{}", b"[]", b"", b'{"v":2}', b"\xff\xfe", b'{"v":1,"log":null}'):
            with pytest.raises((*REFUSED, asyncpg.DataError)) as refused:
                await connection.execute("SELECT audit.append($1, $2)", MUNICIPAL_LOG, entry)
            assert isinstance(refused.value, asyncpg.InsufficientPrivilegeError) == (role != "app"), refused.value
        await connection.close()

    @pytest.mark.parametrize("role", ROLES)
    async def test_only_the_application_says_for_whom_it_acts(self, database: Database, role: Role) -> None:
        connection = await opened(database, role)
        values = (MUNICIPALITY, "0b9bdb17-4b40-4a2e-8a8e-6d4b2f2c9a11", "municipal_coordinator")
        if role == "app":
            await connection.execute(ACT_AS, *values)
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(ACT_AS, *values)
        await connection.close()

    @pytest.mark.rule(45)
    @pytest.mark.parametrize("role", ROLES)
    async def test_each_writes_where_it_may_and_no_large_object(self, database: Database, role: Role) -> None:
        connection, superuser = await opened(database, role), await asyncpg.connect(database.dsn("superuser"))
        tables = await superuser.fetch(
            "SELECT n.nspname AS schema, c.oid::regclass::text AS name,"
            " has_table_privilege($1, c.oid, 'DELETE, TRUNCATE') OR has_any_column_privilege($1, c.oid, 'INSERT')"
            " OR has_any_column_privilege($1, c.oid, 'UPDATE') AS is_written"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('infohus', 'audit', 'keys') AND c.relkind = 'r'", f"infohus_{role}",
        )
        assert len(tables) > 50
        assert [row["name"] for row in tables if row["is_written"] and role not in WRITABLE[row["schema"]]] == []
        for statement in (
            "SELECT lo_from_bytea(0, 'x')", "SELECT lo_create(0)", "SELECT lo_creat(-1)",
            "CREATE TABLE public.x (y int)", "CREATE TEMPORARY TABLE x (y int)",
            "SET ROLE infohus_owner", "COPY (SELECT 1) TO PROGRAM 'cat'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()
        await superuser.close()


@pytest.mark.fault("A17")
class WhenTheApplicationsRoleTellsOfAnothersRecord:
    @pytest.mark.rule(44)
    @pytest.mark.rule(58)
    async def test_it_is_refused_or_found(self, house: House, database: Database) -> None:
        case: CaseInHand = await (await house.case()).clear()
        note, person = await case.note("Kun kommunen ved det."), house.person("politi").person_id
        house.has_written = True
        app = await opened(database, "app")
        try:
            async with app.transaction():
                await app.execute(ACT_AS, POLICE, person, "police_coordinator")
                await app.execute(ANOTHERS, note, POLICE)
        except asyncpg.PostgresError:
            assert {fault.table for fault in await faults_in(database)} == set()
        else:
            assert {fault.table for fault in await faults_in(database)} == {"disclosure"}
        await app.close()
        await case.politi.get(f"{case.path}/information/{note}", status=404)
