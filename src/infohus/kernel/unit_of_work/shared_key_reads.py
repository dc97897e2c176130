"""Reads the key rows of cases: units of one authority that wait at the same time are answered by one query.

Row security in the schema `keys` asks for the authority alone, so what a unit reads is the same whoever of its
authority asks. A unit's query begins after the unit has asked: what was committed before that, it sees.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from infohus import errors
from infohus.kernel.database.statements import Stored
from infohus.kernel.unit_of_work.committing import DATABASE_GONE

logger = structlog.get_logger()

Read: TypeAlias = Callable[[Sequence[UUID]], Awaitable[dict[UUID, Stored]]]
"""Reads the key rows of cases, as one of the units that ask."""


class _Waiting:
    """The cases that the next query asks for."""

    __slots__ = ("answer", "case_ids", "read")

    def __init__(self, read: Read) -> None:
        self.read = read
        self.case_ids: set[UUID] = set()
        self.answer: asyncio.Future[dict[UUID, Stored] | None] = asyncio.get_running_loop().create_future()


class SharedKeyReads:
    """The queries of one process that are under way, at most one for each authority, and what waits for them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[str, _Waiting] = {}
        self._under_way: set[str] = set()
        self._reading: set[asyncio.Task[None]] = set()

    async def read(self, authority_id: str, case_id: UUID, read: Read) -> Stored:
        """Read the key rows of a case as its authority: at once, or with all that wait for the query under way.

        Raises:
            DatabaseUnavailable, asyncpg.PostgresError: by this unit's own `read`.
        """
        if authority_id not in self._under_way:
            self._under_way.add(authority_id)
            try:
                return (await read([case_id]))[case_id]
            finally:
                self._go_on(authority_id)
        waiting = self._waiting.get(authority_id)
        if waiting is None:
            waiting = self._waiting[authority_id] = _Waiting(read)
        waiting.case_ids.add(case_id)
        found = await asyncio.shield(waiting.answer)
        # Another unit's connection may be why there is no answer.
        return (await read([case_id]) if found is None else found)[case_id]

    def _go_on(self, authority_id: str) -> None:
        """Ask for what waits, in a task of its own: whoever is answered meanwhile, or cancelled, does not end it."""
        waiting = self._waiting.pop(authority_id, None)
        if waiting is None:
            self._under_way.discard(authority_id)
            return
        task = asyncio.create_task(self._read_together(authority_id, waiting))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read_together(self, authority_id: str, waiting: _Waiting) -> None:
        found = None
        try:
            found = await waiting.read(sorted(waiting.case_ids))
        except (OSError, asyncpg.PostgresError, errors.DatabaseUnavailable, *DATABASE_GONE):
            logger.warning("keys_not_read_together", exc_info=True)
        finally:
            waiting.answer.set_result(found)
            self._go_on(authority_id)
