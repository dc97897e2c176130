"""The migrations, run for real: they make what the models say, as the owner, once or twice, from nothing."""

import re
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from conftest import REPOSITORY, Database, execute
from infohus.kernel.database.schema import migrate

FILE_NAME = re.compile(r"\d{4}_\d{2}_\d{2}_[a-z]+(_[a-z0-9]+)+\.py")
VERSIONS = sorted((REPOSITORY / "migrations" / "versions").glob("*.py"))


def config_for(database: Database) -> Config:
    config = Config(REPOSITORY / "alembic.ini")
    config.set_main_option("sqlalchemy.url", database.dsn("owner").replace("%", "%%"))
    return config

ANNOUNCED = """
INSERT INTO infohus.log_check VALUES (
  gen_random_uuid(), gen_random_uuid(), 'ishoj-kommune', now(), gen_random_uuid(), '2026-05-01', '2026-10-31', 0, 9, 3,
  2, {drawn}
)
"""
FOUND = """
DO $$ DECLARE found text; BEGIN
  SELECT string_agg(format('%s %s %s', commitment, secret IS NULL, note), ', ' ORDER BY note) INTO found
  FROM infohus.log_check;
  IF found <> '\\x{nought} t note, \\x{nought} t ' THEN RAISE EXCEPTION 'another: %', found; END IF;
END $$
"""


class WhenMigrationsAreWritten:
    def test_there_is_one_line_of_them(self) -> None:
        assert len(ScriptDirectory.from_config(Config(REPOSITORY / "alembic.ini")).get_heads()) == 1

    @pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.name)
    def test_the_file_is_named_by_day_verb_and_noun(self, file: Path) -> None:
        assert FILE_NAME.fullmatch(file.name)


class WhenADatabaseIsMigrated:
    def test_the_tables_are_what_the_models_say(self, database: Database) -> None:
        command.check(config_for(database))

    def test_doing_it_again_changes_nothing(self, database: Database) -> None:
        migrate(database.dsn("owner"))
        command.check(config_for(database))

    def test_it_is_refused_to_anyone_but_the_owner(self, unmigrated_database: Database) -> None:
        with pytest.raises(Exception, match="migrations run as infohus_owner, not as postgres"):
            migrate(unmigrated_database.dsn("superuser"))

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

    def test_a_log_check_from_before_secrets_stays_as_it_was_with_a_commitment_that_no_secret_has(
        self, unmigrated_database: Database
    ) -> None:
        before = (ANNOUNCED.format(drawn=drawn) for drawn in ("NULL", "now(), 10, 'note', 'seed', false"))
        command.upgrade(config_for(unmigrated_database), "0018")
        execute(unmigrated_database.dsn("superuser"), "SET session_replication_role = replica", *before)
        migrate(unmigrated_database.dsn("owner"))
        execute(unmigrated_database.dsn("superuser"), FOUND.format(nought="00" * 32))

    @pytest.mark.parametrize("role", ["app", "verifier"])
    def test_nobody_else_changes_a_table(self, database: Database, role: str) -> None:
        address = database.dsn("app" if role == "app" else "verifier")
        for statement in ("DROP TABLE infohus.alembic_version", "DROP SCHEMA audit CASCADE"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                execute(address, statement)
