"""What the tests of row security share: one world, made once, and what row security and policies show of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from conftest import Database, clone_of
from infohus.kernel.authorization.policies import Policies
from policies.asking import FOLDER
from policies.asking_rows import Asked, Seen, ask_policies, seen_by
from policies.lookers import Looker
from policies.row_world import make_world


@dataclass(frozen=True, slots=True)
class Compared:
    """The world, what the policies ask_policies of it, and what row security showed everybody."""

    database: Database
    asked: Asked
    seen: dict[Looker, Seen]


@pytest.fixture(scope="package")
def compared(template_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    """Make the world in a database of its own, and let everybody look at it as the application's role."""
    with clone_of(template_database) as database:
        asked, seen = asyncio.run(_look(database, tmp_path_factory.mktemp("world")))
        yield Compared(database, asked, seen)


async def _look(database: Database, folder: Path) -> tuple[Asked, dict[Looker, Seen]]:
    world = await make_world(database, folder)
    superuser, app = await asyncpg.connect(database.dsn("superuser")), await asyncpg.connect(database.dsn("app"))
    try:
        asked = await ask_policies(world, Policies.load(FOLDER), superuser)
        return asked, {looker: await seen_by(app, looker, world.tables) for looker in world.lookers}
    finally:
        await superuser.close()
        await app.close()


@pytest.fixture
async def app(compared: Compared) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the application's role."""
    connection = await asyncpg.connect(compared.database.dsn("app"))
    yield connection
    await connection.close()


@pytest.fixture
async def superuser(compared: Compared) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the database's superuser."""
    connection = await asyncpg.connect(compared.database.dsn("superuser"))
    yield connection
    await connection.close()
