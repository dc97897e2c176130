"""Ends a unit of work: its entry is appended, its transaction committed, and the caller waits for the disk.

It says what state things are in when something dies there, and tells what did not happen from what nobody can know.
"""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg
import structlog

from infohus import errors
from infohus.kernel.audit.storage.log import append_alone, append_and_commit, log_of, was_committed
from infohus.kernel.database.pool import Connection

logger = structlog.get_logger()

DATABASE_GONE = (
    ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
)
"""What the driver raises when PostgreSQL went away, is shutting down, recovers from a crash, or lacks resources."""


class Unanswered(Exception):  # noqa: N818 - names the situation
    """COMMIT was sent, and it is not known that nothing was committed; `outcome` is raised instead of this."""

    def __init__(self, outcome: BaseException) -> None:
        super().__init__()
        self.outcome = outcome


async def commit(connection: Connection, authority_id: str, entries: Sequence[bytes], *, writes: bool) -> None:
    """Append a unit's entries to its authority's log and commit; one that only reads has no other transaction.

    Raises:
        DatabaseUnavailable: the connection was lost before; nothing happened.
        Unanswered: whether anything was committed is not known.
    """
    log_id = log_of(authority_id)
    message = (
        append_and_commit(log_id, *entries) if writes
        else append_alone(log_id, *entries, authority_id=authority_id)
    )
    unknown = errors.UnknownWhetherStored if writes else errors.LogUnavailable
    await send(connection, message, log_id=log_id, last=entries[-1], unknown=unknown)


async def send(
    connection: Connection, message: str, *, log_id: UUID, last: bytes, unknown: Callable[[], Exception]
) -> None:
    """Send a message that appends to a log and commits; `last` is the last entry in it.

    Raises:
        DatabaseUnavailable: the connection was lost before; nothing happened.
        Unanswered: whether anything was committed is not known; its outcome is what `unknown` gives, or a cancellation.
    """
    # One message: append, COMMIT, flush. What the unit read and what it wrote is given out only after the answer to it.
    # If the process or the connection dies before the server reads the message, nothing happened. After that, the
    # server goes on by itself: everything happened, and the WAL writer flushes what the session no longer could.
    # If PostgreSQL or its machine dies before COMMIT, nothing happened. Between COMMIT and the flush: afterwards the
    # entry and the rows are there together, or are gone together with all that was committed after them. Nobody was
    # answered; nor was anybody who meanwhile read or changed what was not on the disk yet, for their flush comes after
    # ours. After the flush: everything is there.
    # When the answer is lost, or the flush fails, the caller is answered that the outcome is unknown; a repetition with
    # the same Idempotency-Key acts only if the first did not. Whoever only read is given nothing.
    if connection.is_closed():
        raise errors.DatabaseUnavailable
    try:
        await connection.execute(message)
    except BaseException as failure:
        if await asyncio.shield(_is_surely_not_committed(connection, last)):
            raise
        logger.exception("unknown_whether_stored", log=str(log_id), exc_info=failure)
        if not isinstance(failure, Exception):
            raise Unanswered(failure) from None
        raise Unanswered(unknown()) from failure


async def _is_surely_not_committed(connection: Connection, entry: bytes) -> bool:
    try:
        return not await was_committed(connection, entry)
    except (OSError, TimeoutError, asyncpg.PostgresError, *DATABASE_GONE):
        return False
