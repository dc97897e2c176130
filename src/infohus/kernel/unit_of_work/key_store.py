"""Reaches the schema `keys`, over connections of its own and as the caller of a unit; joins it to nothing.

What is written here is committed before the unit's own transaction is. If the process dies in between, there is a
secret that wraps nothing yet, or a key of an exchange that nobody recorded: neither opens anything.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from infohus import errors
from infohus.kernel.access.keys_model import KEYS_SCHEMA
from infohus.kernel.audit.storage.log import plain_id
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.ready_connections import ReadyConnections
from infohus.kernel.database.statements import Stored, acting
from infohus.kernel.identity.caller import Caller

_ACQUIRE_SECONDS = 10

Statement = tuple[str, Sequence[Any]]
"""SQL, and its arguments."""


class KeyStore:
    """The key connections of all units. Each use takes one and returns it: no unit holds two connections meanwhile."""

    def __init__(self) -> None:
        """Begin closed."""
        self._connections: ReadyConnections | None = None

    @asynccontextmanager
    async def open(self, pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[None]:
        """Work over this pool, as the role `infohus_keys`, until the context is left."""
        self._connections = connections = ReadyConnections(pool)
        try:
            yield
        finally:
            await connections.close()

    async def ask(self, caller: Caller, now: datetime, sql: str, arguments: Sequence[Any]) -> list[Stored]:
        """Run a query as the caller, in one round trip.

        Raises:
            DatabaseUnavailable: no connection was free within ten seconds.
        """
        async with self.connection() as connection:
            return await connection.fetch(
                acting(sql, len(arguments), schema=KEYS_SCHEMA), *arguments, caller.authority_id, caller.person_id,
                caller.role.value, now,
            )

    async def commit(self, caller: Caller, now: datetime, statements: Sequence[Statement]) -> None:
        """Run statements as the caller, in one transaction that is durable when this returns.

        Raises:
            DatabaseUnavailable: no connection was free within ten seconds.
        """
        async with self.connection() as connection:
            await connection.execute(
                f"BEGIN; SELECT keys.act_as('{plain_id(caller.authority_id)}', '{UUID(int=caller.person_id.int)}', "
                f"'{caller.role.value}', '{now.isoformat()}')"
            )
            for sql, arguments in statements:
                await connection.execute(sql, *arguments)
            await connection.execute("COMMIT")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Give a key connection, and return it.

        Raises:
            DatabaseUnavailable: none was free within ten seconds, or there is no pool.
        """
        if self._connections is None:
            raise errors.DatabaseUnavailable
        try:
            connection = await self._connections.take(seconds=_ACQUIRE_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            raise errors.DatabaseUnavailable from failure
        unharmed = False
        try:
            yield connection
            unharmed = True
        finally:
            await self._connections.give_back(connection, unharmed=unharmed)
