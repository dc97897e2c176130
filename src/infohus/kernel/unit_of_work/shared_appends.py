"""Appends the entries of units that only read: those that wait for one log at the same time travel in one message.

It decides nothing on what an entry says, and a unit goes on only when the database has answered that its own entry is
durable. A message with several entries is one transaction: all of them are appended, or none.
"""

import asyncio
from contextlib import suppress
from enum import Enum, auto

import asyncpg

from infohus import errors
from infohus.kernel.audit.storage.log import append_alone, log_of
from infohus.kernel.database.pool import Connection
from infohus.kernel.unit_of_work.committing import DATABASE_GONE, Unanswered, send


class _Outcome(Enum):
    APPENDED = auto()
    NOT_APPENDED = auto()
    UNKNOWN = auto()


class _Waiting:
    """Entries of one log that are sent with the next message, each with the connection of its unit."""

    __slots__ = ("entries", "is_sent", "outcome")

    def __init__(self) -> None:
        self.entries: dict[bytes, Connection] = {}
        self.is_sent = False
        self.outcome: asyncio.Future[_Outcome] = asyncio.get_running_loop().create_future()


class SharedAppends:
    """The appends of one process that are under way, at most one for each log, and what waits for them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[str, _Waiting] = {}
        self._under_way: set[str] = set()
        self._sending: set[asyncio.Task[None]] = set()

    async def append(self, connection: Connection, authority_id: str, entry: bytes) -> None:
        """Append a unit's one entry to its authority's log; the unit has no transaction, and `connection` is its own.

        When nothing of this log is under way it is sent at once, otherwise with all that waits when that is answered.

        Raises:
            Unanswered: whether it was appended is not known, or the unit was cancelled when it had been sent.
            DatabaseUnavailable, asyncpg.PostgresError: it was not appended.
        """
        if authority_id not in self._under_way:
            self._under_way.add(authority_id)
            try:
                await _send(connection, authority_id, entry)
            finally:
                self._go_on(authority_id)
            return
        waiting = self._waiting.get(authority_id)
        if waiting is None:
            waiting = self._waiting[authority_id] = _Waiting()
        waiting.entries[entry] = connection
        outcome = await _outcome_of(waiting, entry)
        if outcome is _Outcome.UNKNOWN:
            raise Unanswered(errors.LogUnavailable())
        if outcome is _Outcome.NOT_APPENDED:
            # Another one's entry may be why.
            await _send(connection, authority_id, entry)

    def _go_on(self, authority_id: str) -> None:
        """Send what waits, in a task of its own: whoever is answered meanwhile, or cancelled, does not end it."""
        waiting = self._waiting.pop(authority_id, None)
        if waiting is None:
            self._under_way.discard(authority_id)
            return
        task = asyncio.create_task(self._send_together(authority_id, waiting))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_together(self, authority_id: str, waiting: _Waiting) -> None:
        waiting.is_sent = True
        outcome = _Outcome.NOT_APPENDED
        try:
            if waiting.entries:
                # Its unit waits for the outcome, and so lends the connection until then.
                connection = next(iter(waiting.entries.values()))
                outcome = await _outcome_on(connection, authority_id, list(waiting.entries))
        finally:
            waiting.outcome.set_result(outcome)
            self._go_on(authority_id)


async def _outcome_of(waiting: _Waiting, entry: bytes) -> _Outcome:
    try:
        return await asyncio.shield(waiting.outcome)
    except asyncio.CancelledError as cancelled:
        if not waiting.is_sent:
            del waiting.entries[entry]
            raise
        while not waiting.outcome.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([waiting.outcome])
        if waiting.outcome.result() is _Outcome.NOT_APPENDED:
            raise
        raise Unanswered(cancelled) from None


async def _outcome_on(connection: Connection, authority_id: str, entries: list[bytes]) -> _Outcome:
    try:
        await _send(connection, authority_id, *entries)
    except Unanswered:
        return _Outcome.UNKNOWN
    except (OSError, asyncpg.PostgresError, errors.DatabaseUnavailable, *DATABASE_GONE):
        with suppress(OSError, asyncpg.PostgresError, *DATABASE_GONE):
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
        return _Outcome.NOT_APPENDED
    return _Outcome.APPENDED


async def _send(connection: Connection, authority_id: str, *entries: bytes) -> None:
    log_id = log_of(authority_id)
    message = append_alone(log_id, *entries, authority_id=authority_id)
    await send(connection, message, log_id=log_id, last=entries[-1], unknown=errors.LogUnavailable)
