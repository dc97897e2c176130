"""Connections that are kept at hand: one user each, and what may be harmed goes back to the pool, which mends it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from conftest import Database
from infohus.kernel.database.pool import open_pool
from infohus.kernel.database.ready_connections import ReadyConnections

SOON = 5
_PROCESS = "SELECT pg_backend_pid()"


@pytest.fixture
async def ready(database: Database) -> AsyncIterator[ReadyConnections]:
    """Give two connections; leaving fails when one was not returned, for then closing the pool never ends."""
    async with asyncio.timeout(60), await open_pool(database.dsn("app"), size=2) as pool:
        connections = ReadyConnections(pool)
        yield connections
        await connections.close()


class WhenAConnectionIsReturned:
    async def test_the_next_gets_it_and_nobody_shares_one(self, ready: ReadyConnections) -> None:
        first, second = await ready.take(seconds=SOON), await ready.take(seconds=SOON)
        assert await first.fetchval(_PROCESS) != await second.fetchval(_PROCESS)
        await ready.give_back(first, unharmed=True)
        assert await ready.take(seconds=SOON) is first
        for connection in (first, second):
            await ready.give_back(connection, unharmed=True)

    async def test_whoever_waits_gets_it_and_whoever_waits_too_long_is_told(self, ready: ReadyConnections) -> None:
        for unharmed in (True, False):
            held = [await ready.take(seconds=SOON), await ready.take(seconds=SOON)]
            with pytest.raises(TimeoutError):
                await ready.take(seconds=0.05)
            waiting = asyncio.create_task(ready.take(seconds=SOON))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            await ready.give_back(held.pop(), unharmed=unharmed)
            held.append(await waiting)
            assert await held[-1].fetchval("SELECT 1") == 1
            for connection in held:
                await ready.give_back(connection, unharmed=True)

    async def test_an_open_transaction_and_what_was_interrupted_are_mended_first(self, ready: ReadyConnections) -> None:
        for unharmed, statement in ((True, "BEGIN"), (False, "BEGIN")):
            connection = await ready.take(seconds=SOON)
            process = await connection.fetchval(_PROCESS)
            await connection.execute(statement)
            await ready.give_back(connection, unharmed=unharmed)
            again = await ready.take(seconds=SOON)
            assert await again.fetchval(_PROCESS) == process
            assert not again.is_in_transaction()
            with pytest.raises(asyncpg.InterfaceError):
                await connection.fetchval("SELECT 1")
            await ready.give_back(again, unharmed=True)

    async def test_a_connection_that_the_server_closed_is_replaced(self, ready: ReadyConnections) -> None:
        connection, other = await ready.take(seconds=SOON), await ready.take(seconds=SOON)
        process = await connection.fetchval(_PROCESS)
        await ready.give_back(connection, unharmed=True)
        await other.execute(f"SELECT pg_terminate_backend({process})")
        await asyncio.sleep(0.2)
        fresh = await ready.take(seconds=SOON)
        assert await fresh.fetchval(_PROCESS) != process
        for one in (fresh, other):
            await ready.give_back(one, unharmed=True)

    async def test_every_so_often_it_goes_through_the_pool_which_replaces_old_ones(
        self, ready: ReadyConnections
    ) -> None:
        given = []
        for _ in range(300):
            given.append(await ready.take(seconds=SOON))
            await ready.give_back(given[-1], unharmed=True)
        assert len(set(map(id, given))) == 2


class WhenItCloses:
    async def test_what_is_in_use_goes_to_the_pool_when_it_is_returned(self, ready: ReadyConnections) -> None:
        used, idle = await ready.take(seconds=SOON), await ready.take(seconds=SOON)
        await ready.give_back(idle, unharmed=True)
        await ready.close()
        assert await used.fetchval("SELECT 1") == 1
        await ready.give_back(used, unharmed=True)
        for returned in (used, idle):
            with pytest.raises(asyncpg.InterfaceError):
                returned.is_closed()
