"""Keeps a pool's connections at hand between uses, for taking one from the pool and returning it costs a task.

Source: asyncpg, `Pool.release`, which shields each release from cancellation by a task of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from infohus.errors import DatabaseUnavailable
from infohus.kernel.database.pool import Connection

_TAKE_SECONDS = 10
_THROUGH_THE_POOL_EVERY = 256
"""Of so many returned connections one goes through the pool, which replaces a connection after 50,000 queries."""


class ReadyConnections:
    """One place for each connection of the pool: it holds one that nobody uses, or is empty, and the pool has it.

    Whatever may be wrong with a connection, the pool mends: only one that is as it was goes back into its place.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Take connections from this pool, of which nobody else takes any; `close` this before the pool."""
        self._pool = pool
        self._places: asyncio.LifoQueue[Connection | None] = asyncio.LifoQueue()
        for _ in range(pool.get_max_size()):
            self._places.put_nowait(None)
        self._returned = 0
        self._is_closing = False

    async def take(self, *, seconds: float) -> Connection:
        """Give a connection that nobody else uses until it is returned; wait for one when all are in use.

        Raises:
            TimeoutError: none was free in so many seconds.
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the pool cannot connect, or is closed.
        """
        if not self._places.empty():
            connection = self._places.get_nowait()
            if connection is not None and _is_open(connection):
                return connection
            return await self._from_pool(instead_of=connection, seconds=seconds)
        async with asyncio.timeout(seconds):
            connection = await self._places.get()
        if connection is not None and _is_open(connection):
            return connection
        return await self._from_pool(instead_of=connection, seconds=seconds)

    async def give_back(self, connection: Connection, *, unharmed: bool) -> None:
        """Return a connection; `unharmed` says that every statement on it was answered, and none failed."""
        self._returned += 1
        if (
            unharmed and not self._is_closing and not connection.is_in_transaction()
            and self._returned % _THROUGH_THE_POOL_EVERY
        ):
            self._places.put_nowait(connection)
            return
        try:
            await self._pool.release(connection)
        finally:
            self._places.put_nowait(None)

    async def close(self) -> None:
        """Return all to the pool; those in use go there when they are returned."""
        self._is_closing = True
        ready = [self._places.get_nowait() for _ in range(self._places.qsize())]
        for connection in ready:
            self._places.put_nowait(None)
            if connection is not None:
                await self._pool.release(connection)

    async def _from_pool(self, *, instead_of: "Connection | None", seconds: float) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                if instead_of is not None:
                    await self._pool.release(instead_of)
                return await self._pool.acquire()
        except BaseException:
            self._places.put_nowait(None)
            raise


@asynccontextmanager
async def lent_by(connections: ReadyConnections | None) -> AsyncIterator[Connection]:
    """Lend a connection until the context is left; whatever is raised inside sends it through the pool.

    Raises:
        DatabaseUnavailable: none was free within ten seconds, or there are none.
    """
    if connections is None:
        raise DatabaseUnavailable
    try:
        connection = await connections.take(seconds=_TAKE_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        raise DatabaseUnavailable from failure
    unharmed = False
    try:
        yield connection
        unharmed = True
    finally:
        await connections.give_back(connection, unharmed=unharmed)


def _is_open(connection: Connection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # the server closed it, and the pool has taken it back already
        return False
