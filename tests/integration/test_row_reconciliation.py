"""Every row of every table is compared with the logs: what was changed, put back, deleted or never logged is named."""
# ruff: noqa: S608 - the statements are made of names from the catalogue

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest
from click.testing import CliRunner

from conftest import Database, clone_of
from house import MUNICIPALITY, House
from infohus.cli.commands import main
from infohus.cli.rows import LOST
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.access.keys_model import NO_PERSON
from infohus.kernel.audit.verification.key_rows import RowFault
from infohus.kernel.audit.verification.logged_rows import LoggedRows, key_in
from infohus.kernel.audit.verification.row_reconciliation import RESTS_ON_NOTHING, RowReconciliation
from infohus.kernel.database.row_digests import UNLOGGED, WRAPPED_KEYS, key_of
from policies.row_world import make_world
from reconciled import SET_UP, faults_in

COLUMNS = """
SELECT c.relname AS name, a.attname AS column, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'infohus'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
JOINT_DECISIONS = {"assessment", "closure", "recommendation", "scope_decision", "screening"}
KEYS = """
SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indisprimary AND i.indrelid = $1::text::regclass ORDER BY array_position(i.indkey, a.attnum)
"""
ANOTHER = {
    "text": "coalesce({0}, '') || 'x'", "character varying": "coalesce({0}, '') || 'x'",
    "integer": "coalesce({0}, 0) + 1000", "bigint": "coalesce({0}, 0) + 1000", "boolean": "NOT coalesce({0}, false)",
    "uuid": "gen_random_uuid()", "date": "coalesce({0}, '2026-01-01'::date) + 1",
    "timestamp with time zone": "coalesce({0}, '2026-01-01Z'::timestamptz) + interval '1 microsecond'",
    "bytea": "coalesce({0}, ''::bytea) || '\\x00'", "jsonb": "'{{\"another\": 1}}'",
    "text[]": "coalesce({0}, '{{}}') || 'x'::text", "bytea[]": "coalesce({0}, '{{}}') || '\\x00'::bytea",
    "uuid[]": "coalesce({0}, '{{}}') || gen_random_uuid()", "integer[]": "coalesce({0}, '{{}}') || 1",
}
"""By type: an expression of another value than a column has."""
NO_CONSTRAINTS = """
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT conname, conrelid::regclass AS of_table, format_type(contypid, NULL) AS of_domain, contypid
        FROM pg_constraint WHERE connamespace = 'infohus'::regnamespace AND contype IN ('c', 'f')
    LOOP
        IF one.contypid <> 0 THEN
            EXECUTE format('ALTER DOMAIN %s DROP CONSTRAINT %I', one.of_domain, one.conname);
        ELSE
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.of_table, one.conname);
        END IF;
    END LOOP;
END
$$
"""
"""What only a superuser can do; so a forged value that a constraint would refuse is tried too."""


@dataclass
class Forgery:
    """A database with a row of every kind, and what compares it with its logs."""

    database: Database
    superuser: asyncpg.Connection
    reconciliation: RowReconciliation
    columns: list[tuple[str, str, str]]
    set_up: frozenset[RowFault] = frozenset()
    """What the set-up inserted and deleted past the application, so that no log names it."""

    async def found(self) -> list[RowFault]:
        """Compare all rows as they are in the superuser's transaction."""
        self.reconciliation.begin_again()
        found: list[RowFault] = []
        while not self.reconciliation.is_done:
            found += await self.reconciliation.step(self.superuser)
        return [fault for fault in found if fault not in self.set_up]

    async def place(self, table: str) -> str | None:
        """Draw a row that a log names; its `ctid`, `None` when there is none."""
        unlogged = [key_in(one.key) for one in self.set_up if one.table == table]
        keys = [row["name"] for row in await self.superuser.fetch(KEYS, f"infohus.{_quoted(table)}")]
        rows = await self.superuser.fetch(f"SELECT ctid::text AS stands_at, * FROM infohus.{_quoted(table)}")
        logged = [row["stands_at"] for row in rows if key_of(dict(row), tuple(keys)) not in unlogged]
        return random.choice(logged) if logged else None

    async def found_after(self, *statements: str) -> list[RowFault]:
        """Forge, compare, and undo what was forged."""
        transaction = self.superuser.transaction()
        await transaction.start()
        try:
            for statement in statements:
                done = await self.superuser.execute(statement)
                assert done not in {"UPDATE 0", "DELETE 0", "INSERT 0 0"}, statement
            return await self.found()
        finally:
            await transaction.rollback()


@pytest.fixture(scope="module")
def world(template_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with clone_of(template_database) as database:
        asyncio.run(make_world(database, tmp_path_factory.mktemp("world")))
        yield database


@asynccontextmanager
async def forging(database: Database) -> AsyncIterator[Forgery]:
    superuser = await asyncpg.connect(database.dsn("superuser"))
    try:
        with LoggedRows() as logged:
            await superuser.execute(NO_CONSTRAINTS)
            await superuser.execute("SET session_replication_role = replica")
            columns = [tuple(row) for row in await superuser.fetch(COLUMNS) if row["name"] not in UNLOGGED]
            forgery = Forgery(database, superuser, RowReconciliation(logged, RulesOfKeyRows()), columns)
            forgery.set_up = frozenset(await forgery.found())
            assert {one.table for one in forgery.set_up} <= SET_UP | {"disclosure"}
            yield forgery
    finally:
        await superuser.close()


@pytest.fixture
async def forgery(world: Database) -> AsyncIterator[Forgery]:
    async with forging(world) as opened:
        yield opened


class WhenARowIsForged:
    @pytest.mark.fault("A17")
    @pytest.mark.rule(58)
    async def test_any_column_of_any_table_changed_to_another_value_is_named(self, forgery: Forgery) -> None:
        """One column of every table at a time, in a row that a log names."""
        of_tables: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in forgery.columns:
            if column not in WRAPPED_KEYS and await forgery.place(table) is not None:
                of_tables.setdefault(table, []).append((column, kind))
        assert len(of_tables) > 30, set(of_tables)
        for at in range(max(map(len, of_tables.values()))):
            changed = {table: columns[at] for table, columns in of_tables.items() if at < len(columns)}
            found = await forgery.found_after(*[
                f"UPDATE infohus.{_quoted(table)} SET {_quoted(column)} = {ANOTHER[kind].format(_quoted(column))}"
                f" WHERE ctid = '{await forgery.place(table)}'"
                for table, (column, kind) in changed.items()
            ])
            assert {one.table for one in found if one.what != RESTS_ON_NOTHING} == set(changed), changed

    @pytest.mark.fault("A17")
    @pytest.mark.rule(58)
    async def test_any_row_deleted_or_inserted_is_named(self, forgery: Forgery) -> None:
        tables = sorted({table for table, _, _ in forgery.columns})
        for table in tables:
            name = f"infohus.{_quoted(table)}"
            place = await forgery.place(table)
            if place is None:
                continue
            gone = await forgery.found_after(f"DELETE FROM {name} WHERE ctid = '{place}'")
            gone = [one for one in gone if one.what != RESTS_ON_NOTHING]
            named = {(one.table, one.what) for one in gone}
            assert (table, "er væk, uden at nogen log siger det") in named
            # Without the case nothing says who the other is that may change a joint decision.
            assert {one for one, _ in named} - {table} <= (JOINT_DECISIONS if table == "case" else set())
            keys = [row["name"] for row in await forgery.superuser.fetch(KEYS, name)]
            kinds = {column: kind for of, column, kind in forgery.columns if of == table}
            values = ", ".join(
                ANOTHER[kind].format(_quoted(column)) if column in keys else _quoted(column)
                for column, kind in kinds.items()
            )
            unique = await forgery.superuser.fetch(
                "SELECT conname FROM pg_constraint WHERE contype = 'u' AND conrelid = $1::text::regclass", name
            )
            drops = [f"ALTER TABLE {name} DROP CONSTRAINT {_quoted(row['conname'])} CASCADE" for row in unique]
            forged = await forgery.found_after(*drops, f"INSERT INTO {name} SELECT {values} FROM {name} LIMIT 1")
            assert [(one.table, one.what) for one in forged] == [(table, "ingen log nævner den")]

    @pytest.mark.fault("A17")
    @pytest.mark.rule(58)
    async def test_a_table_emptied_is_named_and_so_is_the_first_row_in_an_empty_one(self, forgery: Forgery) -> None:
        gone = await forgery.found_after("TRUNCATE infohus.note")
        assert {(one.table, one.what) for one in gone} == {("note", "er væk, uden at nogen log siger det")}
        forged = await forgery.found_after(
            "CREATE TEMPORARY TABLE kept AS SELECT * FROM infohus.note LIMIT 1", "TRUNCATE infohus.note",
            "UPDATE kept SET id = gen_random_uuid()", "INSERT INTO infohus.note SELECT * FROM kept",
        )
        assert {(one.table, one.what) for one in forged} - {(one.table, one.what) for one in gone} == {
            ("note", "ingen log nævner den"),
        }

    @pytest.mark.fault("A17")
    @pytest.mark.rule(58)
    async def test_an_older_state_put_back_is_named(self, world: Database) -> None:
        """Also when everything of the row is as it once was, and when the revision says that it is the newest."""
        async with forging(world) as forgery:
            tables = {table for table, column, _ in forgery.columns if column == "revision"} - SET_UP
            changed = [
                (table, row["place"]) for table in sorted(tables) for row in await forgery.superuser.fetch(
                    f"SELECT ctid::text AS place FROM infohus.{_quoted(table)} WHERE revision > 1 LIMIT 2"
                )
            ]
            assert len({table for table, _ in changed}) > 5
            for table, place in changed:
                found = await forgery.found_after(
                    f"UPDATE infohus.{_quoted(table)} SET revision = revision - 1 WHERE ctid = '{place}'"
                )
                assert ["er sat tilbage" in one.what for one in found] == [True]
                found = await forgery.found_after(
                    f"UPDATE infohus.{_quoted(table)} SET revision = revision + 1 WHERE ctid = '{place}'"
                )
                assert ["som ingen log nævner" in one.what for one in found] == [True]


class WhenATableIsMade:
    @pytest.mark.fault("A17")
    async def test_its_rows_have_revisions_where_the_application_may_change_them(self, database: Database) -> None:
        connection = await asyncpg.connect(database.dsn("superuser"))
        without = await connection.fetch(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'infohus'::regnamespace AND c.relkind = 'r'"
            " AND has_any_column_privilege('infohus_app', c.oid, 'UPDATE') AND NOT EXISTS ("
            "  SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'revision')"
        )
        await connection.close()
        assert [row["relname"] for row in without] == []


FORGED = {
    "a signature": "UPDATE infohus.signature SET person_id = gen_random_uuid()",
    "another's signature": "UPDATE infohus.signature SET authority_id = 'vaerestedet' WHERE authority_id LIKE 'kbh%'",
    "a participant": "UPDATE infohus.participant SET ends_at = NULL, kind = 'coordinator' WHERE kind = 'invited'",
    "a stage": "UPDATE infohus.\"case\" SET stage = 'accepted' WHERE stage = 'closed'",
    "an outcome": "UPDATE infohus.scope_decision SET outcome = 'outside_scope'",
    "a disclosure moved": "UPDATE infohus.disclosure SET recipient_id = recipient_id || '-x'",
    "a disclosure never withdrawn": "UPDATE infohus.disclosure SET withdrawn_at = NULL, revision = 1"
                                    " WHERE withdrawn_at IS NOT NULL",
}


class WhenSomethingInParticularIsForged:
    @pytest.mark.fault("A17")
    @pytest.mark.fault("A7")
    @pytest.mark.parametrize("statement", FORGED.values(), ids=FORGED)
    async def test_each_row_is_named(self, forgery: Forgery, statement: str) -> None:
        found = await forgery.found_after(statement)
        assert found
        # A case that rests on what was forged is named beside it.
        table = statement.split("infohus.")[1].split(maxsplit=1)[0].strip('"')
        assert {one.table for one in found if one.what != RESTS_ON_NOTHING} == {table}


class WhenTheApplicationsRoleForges:
    @pytest.mark.fault("A17")
    async def test_what_row_security_lets_pass_is_named(self, house: House, database: Database) -> None:
        """The role may say that it acts for anybody, and append; but no entry names what it wrote here."""
        await house.case()
        house.has_written = True
        app = await asyncpg.connect(database.dsn("app"))
        async with app.transaction():
            await app.execute(
                "SELECT infohus.act_as($1, $2, 'municipal_coordinator', now())", MUNICIPALITY,
                house.person("kommune").person_id,
            )
            assert await app.execute('UPDATE infohus."case" SET version = version + 1') == "UPDATE 1"
        await app.close()
        assert await found_in(database) == [("case", "er ikke, som den blev skrevet")]

    @pytest.mark.fault("A17")
    async def test_a_forgery_that_an_act_wrote_over_is_still_named(self, house: House, database: Database) -> None:
        case = await house.case()
        await house.sql("UPDATE infohus.\"case\" SET outcome = 'unfounded'")
        await case.clear()
        assert await found_in(database) == [("case", "var ændret uden om loggen, før udgave 2 blev skrevet")]


class WhenAnOperatorAsks:
    @pytest.mark.rule(58)
    async def test_the_command_names_each_row_and_ends_with_code_1(self, house: House, database: Database) -> None:
        case = await house.case()
        set_up = len(await found_in(database, but=frozenset()))
        await house.sql("UPDATE infohus.\"case\" SET stage = 'accepted'")
        ended = await asyncio.to_thread(
            CliRunner().invoke, main, ["audit", "verify", "--rows", "--reconciler-database", database.dsn("reconciler")]
        )
        named = [line for line in ended.output.splitlines() if line.startswith("FEJL  ")]
        assert (ended.exit_code, len(named)) == (1, set_up + 1)
        assert f'FEJL  case ["{case.id}"]: er ikke, som den blev skrevet (efter log {MUNICIPALITY}, post 1)' in named

    @pytest.mark.rule(58)
    async def test_the_command_names_each_side_that_lost_its_secret_and_none_that_has_one(
        self, house: House, database: Database
    ) -> None:
        lost, kept = await house.case(), await house.case()
        await kept.note()
        person = (await lost.kommune.get(f"{lost.path}/concerns/{lost.concern_id}"))["subjects"][0]["id"]
        await house.sql("DELETE FROM keys.side_secret WHERE case_id = $1", UUID(lost.id))
        ended = await asyncio.to_thread(
            CliRunner().invoke, main, ["audit", "verify", "--rows", "--reconciler-database", database.dsn("reconciler")]
        )
        named = [line for line in ended.output.splitlines() if line.startswith("FEJL  side_secret")]
        gone = {
            f'FEJL  side_secret ["{MUNICIPALITY}", "{lost.id}", "1", "{of_whom}"]: er væk, uden at nogen log siger det'
            f" (efter log {MUNICIPALITY}, post 1)" for of_whom in (NO_PERSON, person)
        }
        # On the side's own secret nothing hangs: all that is known is about its only person.
        assert (ended.exit_code, set(named)) == (
            1, gone | {f"FEJL  side_secret {lost.id} {MUNICIPALITY} {person}: {LOST}"}
        )

    async def test_it_may_read_texts_sealed_and_no_wrapped_key_and_write_nothing(
        self, house: House, database: Database
    ) -> None:
        await house.case()
        connection = await asyncpg.connect(database.dsn("reconciler"))
        await connection.execute("SET default_transaction_read_only = off")
        assert await connection.fetchval("SELECT observation FROM infohus.concern")
        for statement in (
            "SELECT wrapped_key FROM infohus.record_key", "SELECT wrapped_key FROM keys.side_secret",
            "SELECT * FROM keys.intake_secret", "SELECT * FROM keys.exchange_key", "SELECT * FROM infohus.actor",
            "UPDATE infohus.concern SET kind = 'x'", "DELETE FROM infohus.concern", "SELECT * FROM audit.tally",
            "SELECT infohus.act_as('a', gen_random_uuid(), 'x', now())", "SELECT pg_advisory_lock(1)",
            "SELECT lo_from_bytea(0, 'x')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()


async def found_in(database: Database, *, but: frozenset[str] = SET_UP) -> list[tuple[str, str]]:
    return [(one.table, one.what) for one in await faults_in(database, but=but)]


def _quoted(name: str) -> str:
    return f'"{name}"'
