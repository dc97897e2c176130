"""What the tests share: a PostgreSQL server of their own, a migrated database per test, and the report of rules.

Tables come from roles.sql and the real migrations, once per session; each test that asks for `database` gets a clone.
"""

import asyncio
import gc
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import asyncpg
import pytest
import pytest_asyncio

from house import House, furnish, open_house
from house_keys import Furniture
from in_memory import folder_in_memory
from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.database.schema import migrate
from reconciled import assert_rows_are_logged
from rule_report import RuleReport, WorkersMarks
from town import Town, open_town

Role = Literal["owner", "app", "keys", "signer", "verifier", "retention", "reconciler"]

REPOSITORY = Path(__file__).resolve().parents[1]
ROLES_SQL = REPOSITORY / "deploy" / "postgresql" / "roles.sql"
TEMPLATE = "infohus_template"
LONGEST = (
    "test_schemathesis.py", "test_policies.py", "test_spoiled_policies.py", "test_runbook.py", "test_attack.py",
    "test_demo.py", "test_noninterference.py", "test_lifecycle_model.py", "test_case_machine.py", "test_bench_quick.py",
    "test_deploy.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-situation", action="store_true", help="ask the policies all there is to ask, not a part")
    parser.addoption("--rules", action="store_true", help="list every rule with the tests that name it")


def pytest_configure(config: pytest.Config) -> None:
    rules = WorkersMarks(config) if hasattr(config, "workerinput") else RuleReport(config)
    config.pluginmanager.register(rules, "rule-report")
    os.umask(0o022)  # files that others may write are refused, whatever the tester's umask


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest tests come first: whichever process has one at the end leaves the others with nothing to do."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep the half a million objects that last until the end out of every later garbage collection.

    Building an application then takes 140 ms instead of 210.
    """
    gc.collect()
    gc.freeze()


def execute(address: str, *statements: str) -> None:
    """Run statements one after another, each in a transaction of its own, outside any event loop."""

    async def run() -> None:
        connection = await asyncpg.connect(address)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@dataclass(frozen=True, slots=True)
class Database:
    """A database with the installation's roles in it."""

    server: LocalPostgres
    name: str
    passwords: dict[str, str]
    furniture: Furniture | None = None

    def dsn(self, role: Role | Literal["superuser"]) -> str:
        """Give the address to connect as a role."""
        if role == "superuser":
            return self.server.superuser_dsn(self.name)
        return self.server.dsn(user=f"infohus_{role}", database=self.name, password=self.passwords[role])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    """Run one server for the whole session, one for each process of pytest-xdist; its data is deleted at the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(folder_in_memory()) or tmp_path_factory.mktemp("postgres")
        yield stack.enter_context(LocalPostgres.throwaway(folder))


@pytest.fixture(scope="session")
def role_passwords(postgres: LocalPostgres) -> dict[str, str]:
    """Make the roles, and give each a password of this session."""
    passwords = {role: secrets.token_urlsafe(16) for role in get_args(Role)}
    setting = (f"ALTER ROLE infohus_{role} PASSWORD '{password}'" for role, password in passwords.items())
    execute(postgres.superuser_dsn(), ROLES_SQL.read_text(), *setting)
    return passwords


def empty_database(server: LocalPostgres, name: str, passwords: dict[str, str]) -> Database:
    """Make a database with roles.sql run in it and nothing else."""
    execute(server.superuser_dsn(), f'CREATE DATABASE "{name}" TEMPLATE template0')
    execute(server.superuser_dsn(name), ROLES_SQL.read_text())
    return Database(server, name, passwords)


@pytest.fixture(scope="session")
def template_database(postgres: LocalPostgres, role_passwords: dict[str, str]) -> Database:
    """Migrate one database as the owner. It must only be cloned: PostgreSQL clones no database in use."""
    template = empty_database(postgres, TEMPLATE, role_passwords)
    migrate(template.dsn("owner"))
    return template


@contextmanager
def clone_of(template: Database) -> Iterator[Database]:
    """Clone the migrated database, and drop the clone at the end."""
    server, name = template.server, f"infohus_{secrets.token_hex(6)}"
    execute(
        server.superuser_dsn(),
        # FILE_COPY takes half the time of the default, which copies through the write-ahead log.
        f'CREATE DATABASE "{name}" TEMPLATE "{template.name}" STRATEGY FILE_COPY',
        # A clone has the tables and their grants; who may connect to the database itself is not cloned.
        "UPDATE pg_database SET datacl = template.datacl FROM pg_database template "  # noqa: S608 - our own names
        f"WHERE template.datname = '{template.name}' AND pg_database.datname = '{name}'",
    )
    try:
        yield replace(template, name=name)
    finally:
        execute(server.superuser_dsn(), f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def furnished_database(template_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Put the rows that a house begins with into one database, for all houses; it must only be cloned, too."""
    with clone_of(template_database) as database:
        furniture = asyncio.run(furnish(database, tmp_path_factory.mktemp("furniture")))
        yield replace(database, furniture=furniture)


@pytest.fixture
def database(request: pytest.FixtureRequest, template_database: Database) -> Iterator[Database]:
    """Give a migrated database that nobody else has, with the rows of a house for a test that asks for one."""
    is_of_house = "house" in request.fixturenames
    with clone_of(request.getfixturevalue("furnished_database") if is_of_house else template_database) as clone:
        yield clone


@pytest.fixture(scope="module")
def one_database(template_database: Database) -> Iterator[Database]:
    """Give a migrated database to all tests of a file."""
    with clone_of(template_database) as clone:
        yield clone


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def opened(one_database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Open one installation for all tests of a file; its logs must verify at the end."""
    async with open_house(one_database, tmp_path_factory.mktemp("opened")) as house:
        yield house
        await house.assert_logs_are_whole()


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    """Open an installation with one infohus (`House`); after the test, each of its logs must verify row by row.

    So must its rows, unless the test wrote some itself.
    """
    async with open_house(database, tmp_path) as opened:
        yield opened
        await opened.assert_logs_are_whole()
        await assert_rows_are_logged(opened, database.dsn("reconciler"))


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """Open a log with its signer and three witnesses, without an application (`Town`)."""
    async with open_town(database.dsn("signer"), database.dsn("app"), database.dsn("superuser"), tmp_path) as opened:
        yield opened


@pytest.fixture
def unmigrated_database(postgres: LocalPostgres, role_passwords: dict[str, str]) -> Iterator[Database]:
    """Give a database with the roles and no schema yet."""
    name = f"infohus_{secrets.token_hex(6)}"
    yield empty_database(postgres, name, role_passwords)
    execute(postgres.superuser_dsn(), f'DROP DATABASE "{name}" WITH (FORCE)')
