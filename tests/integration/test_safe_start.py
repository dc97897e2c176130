"""What the application refuses to start with: a role above row security, a key others can read."""


from pathlib import Path

import asyncpg
import pytest
from msgspec import structs

from conftest import ROLES_SQL, Database, Role
from house import House, now, open_house
from infohus.app import create_app
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.signing.of_settings import signer_of
from infohus.kernel.audit.witness.cosigning import WitnessesNotUsable
from infohus.kernel.database.pool import KEYS, open_pool
from infohus.kernel.sealing.keepers import UnsafeKeyFile
from infohus.settings import UnsafeSetting
from leaks import log_lines


class WhenTheDatabaseRoleIsTooMighty:
    @pytest.mark.rule(45)
    @pytest.mark.parametrize("role", ["superuser", "owner"])
    async def test_it_does_not_open(self, database: Database, role: str) -> None:
        with pytest.raises(UnsafeSetting, match="connect as infohus_app"):
            await open_pool(database.dsn(role), size=1)  # type: ignore[arg-type]

    @pytest.mark.rule(45)
    async def test_the_application_s_own_role_is_let_in_until_it_is_given_more(self, database: Database) -> None:
        await (await open_pool(database.dsn("app"), size=1)).close()
        async with open_house(database, self.folder) as house:
            await house.sql("GRANT infohus_owner TO infohus_app")
            try:
                with pytest.raises(UnsafeSetting):
                    await open_pool(database.dsn("app"), size=1)
            finally:
                await house.sql("REVOKE infohus_owner FROM infohus_app")

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path


class WhenARoleReachesWhatIsClosedToIt:
    """Whoever reads what keys open must not read the keys over the same address, nor the other way round."""

    @pytest.mark.rule(45)
    @pytest.mark.parametrize(("role", "schema"), [
        ("app", "keys"), ("signer", "keys"), ("signer", "infohus"), ("keys", "infohus"), ("keys", "audit"),
    ])  # fmt: skip
    async def test_it_does_not_open(self, database: Database, role: Role, schema: str) -> None:
        await (await open_pool(database.dsn(role), role=f"infohus_{role}", size=1)).close()
        superuser = await asyncpg.connect(database.dsn("superuser"))
        try:
            await superuser.execute(f"GRANT USAGE ON SCHEMA {schema} TO infohus_{role}")
            with pytest.raises(UnsafeSetting, match=f"infohus_{role} may reach the schema {schema}"):
                await open_pool(database.dsn(role), role=f"infohus_{role}", size=1)
        finally:
            await superuser.close()

    @pytest.mark.rule(45)
    @pytest.mark.parametrize("role", ["superuser", "owner", "app", "signer", "verifier", "reconciler"])
    async def test_nobody_but_the_keys_own_role_opens_the_keys(self, database: Database, role: Role) -> None:
        with pytest.raises(UnsafeSetting, match="INFOHUS_KEYS_DATABASE_URL: connect as infohus_keys"):
            await open_pool(database.dsn(role), role=KEYS, size=1)


REACHES = """
SELECT r.rolname || ' ' || n.nspname FROM pg_roles r CROSS JOIN pg_namespace n
WHERE r.rolname LIKE 'infohus\\_%' AND r.rolname <> 'infohus_owner' AND n.nspname IN ('infohus', 'audit', 'keys')
  AND (
    has_schema_privilege(r.oid, n.oid, 'USAGE')
    OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
               AND has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))
  )
"""


class WhenTheSchemaIsMigrated:
    @pytest.mark.rule(45)
    async def test_who_reaches_the_rows_does_not_reach_the_keys_nor_the_other_way_round(
        self, database: Database
    ) -> None:
        superuser = await asyncpg.connect(database.dsn("superuser"))
        reaches = {row[0] for row in await superuser.fetch(REACHES)}
        of_reconciler = await superuser.fetch(
            "SELECT a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = 'keys'::regnamespace AND c.relkind = 'r'"
            " AND has_column_privilege('infohus_reconciler', c.oid, a.attnum, 'SELECT, INSERT, UPDATE')"
        )
        foreign_keys = await superuser.fetchval(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND ('keys'::regnamespace IN (connamespace,"
            " (SELECT relnamespace FROM pg_class WHERE pg_class.oid = confrelid)))"
        )
        await superuser.close()
        assert reaches == {
            "infohus_app infohus", "infohus_app audit", "infohus_keys keys", "infohus_signer audit",
            "infohus_verifier audit", "infohus_retention audit", "infohus_reconciler infohus",
            "infohus_reconciler audit", "infohus_reconciler keys",
        }
        # Of each wrapped or sealed key the digest alone.
        assert {row["attname"] for row in of_reconciler} >= {"key_digest", "public_key"}
        assert not {row["attname"] for row in of_reconciler} & {"wrapped_key", "wrapped_seed", "sealed", "taken_in"}
        assert foreign_keys == 0


class WhenRolesThatReadCouldHoldItUp:
    @pytest.mark.rule(45)
    @pytest.mark.parametrize("role", ["PUBLIC", "infohus_verifier", "infohus_retention"])
    async def test_it_does_not_open_and_says_what_to_run(self, database: Database, role: str) -> None:
        execution = "EXECUTE ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(int, int)"
        superuser = await asyncpg.connect(database.dsn("superuser"))
        try:
            # As where roles.sql was not run again since it takes these away.
            await superuser.execute(f"GRANT {execution} TO {role}")
            with pytest.raises(UnsafeSetting, match=r"run deploy/postgresql/roles\.sql in this database again"):
                await open_pool(database.dsn("app"), size=1)
            await superuser.execute(ROLES_SQL.read_text(encoding="utf-8"))
        finally:
            await superuser.close()
        await (await open_pool(database.dsn("app"), size=1)).close()


class WhenCommitWouldNotWaitForTheDisk:
    @pytest.mark.rule(59)
    @pytest.mark.parametrize("where", ["ROLE infohus_app", 'ROLE infohus_app IN DATABASE "{0}"', 'DATABASE "{0}"'])
    async def test_it_does_not_open(self, database: Database, where: str) -> None:
        where = where.format(database.name)
        superuser = await asyncpg.connect(database.dsn("superuser"))
        try:
            await superuser.execute(f"ALTER {where} SET synchronous_commit = off")
            with pytest.raises(UnsafeSetting, match="synchronous_commit is off"):
                await open_pool(database.dsn("app"), size=1)
            for enough in ("on", "local", "remote_write", "remote_apply"):
                await superuser.execute(f"ALTER {where} SET synchronous_commit = {enough}")
                await (await open_pool(database.dsn("app"), size=1)).close()
        finally:
            await superuser.execute(f"ALTER {where} RESET synchronous_commit")
            await superuser.close()


class WhenThereIsNoRoomForItsConnections:
    async def test_it_says_how_many_and_what_to_do_and_so_does_the_worker(
        self, house: House, database: Database
    ) -> None:
        await house.sql("ALTER ROLE infohus_app CONNECTION LIMIT 3")
        try:
            with pytest.raises(UnsafeSetting, match="INFOHUS_POOL_SIZE: PostgreSQL has no room for 5 more connections"):
                await open_pool(database.dsn("app"), size=5)
            with log_lines() as lines, pytest.raises(ExceptionGroup):
                async with create_app(house.settings).lifespan():
                    pass
        finally:
            await house.sql("ALTER ROLE infohus_app CONNECTION LIMIT -1")
        assert "cannot_start" in lines.events()
        assert "INFOHUS_POOL_SIZE" in lines.text


class WhenAKeyIsLoose:
    async def test_the_application_is_not_made(self, house: House) -> None:
        key = house.settings.keys_folder / "ishoj-kommune" / "kek-1.key"
        key.chmod(0o644)
        with pytest.raises(UnsafeKeyFile, match=r"kek-1\.key"):
            create_app(house.settings)


class WhenAWitnessIsTheLogItself:
    @pytest.mark.rule(58)
    def test_it_stops_for_such_a_witness_vouches_for_nothing(self, house: House, tmp_path: Path) -> None:
        key = SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier("witness.example")
        policy = tmp_path / "witnesses.toml"
        said = f'need = 1\n[[witness]]\nurl = "https://witness.example"\nkey = "{WitnessKey(key.name, key.public)}"\n'
        policy.write_text(said, encoding="utf-8")
        with pytest.raises(WitnessesNotUsable, match="the log's own key"):
            signer_of(structs.replace(house.settings, witnesses_file=policy), now)
