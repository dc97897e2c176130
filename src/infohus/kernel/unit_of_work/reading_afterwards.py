"""Reading as the caller of a unit that has ended, for answers that are given piece by piece.

Its entry is durable by then, and covers what is read. Each query takes a connection for itself, so that whoever takes
the answer slowly holds none meanwhile.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg

from infohus.kernel.database.pool import Connection
from infohus.kernel.database.statements import acting
from infohus.kernel.unit_of_work.unit import UnitOfWork


class ReadingAfterwards:
    """Asks what a unit's `LogReader` would, once the unit's entry is durable."""

    __slots__ = ("_connections", "_work")

    def __init__(self, work: UnitOfWork, connections: Callable[[], AbstractAsyncContextManager[Connection]]) -> None:
        """Read as the caller of `work`, each time over one of `connections`."""
        self._work = work
        self._connections = connections

    async def ask(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a query as the caller; never before the unit has ended well."""
        assert self._work.audit_draft.is_durable, "the unit has not ended"  # noqa: S101 - nothing is given out before
        caller = self._work.caller
        async with self._connections() as connection:
            return await connection.fetch(
                acting(sql, len(arguments)), *arguments, caller.authority_id, caller.person_id, caller.role.value,
                self._work.now,
            )
