"""The only door to the database: find the subject, ask the policies, work, append one entry, commit.

`Workplace.begin` is one transaction: everything in it happens and stands in the log, or nothing happened. The house's
four promises rest on this file and `unit_of_work.py`; docs/architecture.md says how.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from infohus import errors
from infohus.audit.entry import Entry, EntryTooLarge, Outcome, encode
from infohus.audit.log import append_and_commit
from infohus.authorization.action import Action
from infohus.authorization.policies import Participation, Policies
from infohus.database import Connection
from infohus.finding import INSTALLATION_LOG, Found, Lock, case_query, found_case, found_infohus, infohus_query, resource_of
from infohus.ground import Case, Infohus
from infohus.identity.caller import AuthorityKind, Caller
from infohus.logs import correlation_id
from infohus.sealing.vault import Vault
from infohus.tables import Record, Regime, Row
from infohus.unit_of_work import Deed, Once, UnitOfWork

logger = structlog.get_logger()

REGIMES = {AuthorityKind.POLICE: Regime.LED, AuthorityKind.PROBATION: Regime.LED, AuthorityKind.SECURITY_SERVICE: Regime.PET}
"""The law each kind of authority handles personal data under; all others are under the GDPR (rule 42)."""


class Workplace:
    """Where units of work begin. Holds the pool, the policies and the vault; nobody else does."""

    def __init__(
        self, *, policies: Policies, vault: Vault,
        possible: Callable[[Action, Case], None], locks: Callable[[Action], Lock], clock: Callable[[], datetime],
    ) -> None:
        """`possible` refuses an act that the case's stage does not allow; `locks` says how an act holds its case."""
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._policies = policies
        self._vault = vault
        self._possible = possible
        self._locks = locks
        self._clock = clock

    def open(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Open for work with a pool of connections as the role `infohus_app`."""
        self._pool = pool

    @asynccontextmanager
    async def begin(  # noqa: PLR0913 - one door, all of it by name
        self, caller: Caller, action: Action, model: type[Row] | None = None, subject_id: UUID | None = None, *,
        within: UUID | None = None, once: Once | None = None,
    ) -> AsyncIterator[UnitOfWork]:
        """Begin a unit of work on a subject: nothing, an infohus, a case, or a record `within` a case.

        Raises:
            NotAvailable: the subject is unknown, hidden, or the policies say no; the attempt stands in the log.
            NotPossibleNow: the case's stage does not allow it.
            LogUnavailable: the entry could not be written, so nothing happened (rule 59).
        """
        async with self._connection() as connection:
            found, deed, now = Found(), Deed(), self._clock()
            try:
                await connection.execute(_begin(caller, now))
                found = await self._find(connection, caller, model, subject_id, within, self._locks(action))
                work = self._unit(caller, action, model, found, connection, once, now)
                deed = work.deed
                yield work
                await work.flush()
                found = work.found
                await self._commit(connection, found.log_id, self._entry(caller, action, model, subject_id, found, deed))
            except BaseException as failure:
                # Whatever happened, the transaction is gone: the server dropped it, or ROLLBACK drops it now. What is
                # left to do is to say in the log that it was tried. A process that dies right here leaves no trace of
                # the attempt, and no trace of its effect either.
                denied = self._entry(caller, action, model, subject_id, found, deed, failure=failure)
                await asyncio.shield(self._leave_trace(connection, found.log_id, denied))
                raise _as_refusal(failure) from failure

    async def note(self, action: Action, *, caller: Caller | None, refused: errors.Refused | None = None) -> None:
        """Append an entry on the installation itself: a sign-in, or somebody turned away at the door."""
        async with self._connection() as connection:
            entry = self._entry(caller, action, None, None, Found(), Deed(), failure=refused)
            await self._leave_trace(connection, INSTALLATION_LOG, entry)

    async def ready(self) -> None:
        """Ask the database one question.

        Raises:
            DatabaseUnavailable: it does not answer.
        """
        async with self._connection() as connection:
            await connection.fetchval("SELECT 1")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._pool is None:
            raise errors.DatabaseUnavailable
        try:
            connection = await self._pool.acquire(timeout=10)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            raise errors.DatabaseUnavailable from failure
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    async def _find(  # noqa: PLR0913
        self, connection: Connection, caller: Caller, model: type[Row] | None, subject_id: UUID | None,
        within: UUID | None, lock: Lock,
    ) -> Found:
        if model is None:
            return Found()
        if model is Infohus:
            row = await connection.fetchrow(infohus_query(), subject_id, caller.person_id, caller.authority_id)
            return found_infohus(row)
        if issubclass(model, Record):
            query = case_query(model, lock)
            row = await connection.fetchrow(query, within, caller.person_id, caller.authority_id, subject_id)
            return found_case(row, model)
        row = await connection.fetchrow(case_query(None, lock), subject_id, caller.person_id, caller.authority_id)
        return found_case(row, None)

    def _unit(  # noqa: PLR0913
        self, caller: Caller, action: Action, model: type[Row] | None, found: Found, connection: Connection,
        once: Once | None, now: datetime,
    ) -> UnitOfWork:
        if model is not None and found.subject is None:
            raise errors.NotAvailable
        decision = self._policies.decide(
            caller, action, resource_of(found, found.subject, found.readers),
            Participation(found.participation, found.scope), now=now,
        )
        if not decision.allowed:
            raise errors.NotAvailable(policies=decision.policies)
        if found.case is not None:
            self._possible(action, found.case)
        work = UnitOfWork(
            caller=caller, action=action, found=found, connection=connection, vault=self._vault,
            policies=self._policies, regime=REGIMES.get(caller.authority_kind, Regime.GDPR), now=now,
            once=once,
        )
        work.deed.policies.extend(decision.policies)
        return work

    async def _commit(self, connection: Connection, log_id: UUID, entry: Entry) -> None:
        # One message: the log's frontier is locked for this one round trip. If the process or the connection dies
        # before the server reads it, nothing happened; after that, everything did. The caller is told "unexpected"
        # when the answer is lost, and a repetition with the same Idempotency-Key finds out which.
        await connection.execute(append_and_commit(log_id, encode(entry)))

    async def _leave_trace(self, connection: Connection, log_id: UUID, entry: Entry) -> None:
        try:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
            await connection.execute("BEGIN;" + append_and_commit(log_id, encode(entry)))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, EntryTooLarge) as failure:
            logger.error("log_unavailable", exc_info=failure)
            raise errors.LogUnavailable from failure

    def _entry(  # noqa: PLR0913
        self, caller: Caller | None, action: Action, model: type[Row] | None, subject_id: UUID | None, found: Found,
        deed: Deed, *, failure: BaseException | None = None,
    ) -> Entry:
        outcome, reason = _outcome(failure)
        return Entry(
            at=self._clock(), log=found.log_id,
            caller=caller.person_id if caller else None,
            authority=caller.authority_id if caller else None,
            role=caller.role.value if caller else None,
            assurance=caller.assurance.name.lower() if caller else None,
            action=action.value,
            subject_kind=model.__tablename__ if model else "installation",
            subject=subject_id,
            case=found.case.id if found.case else None,
            outcome=outcome, reason=reason,
            policies=list(failure.policies) if isinstance(failure, errors.NotAvailable) else deed.policies,
            policy_set=self._policies.digest[:16],
            justification=deed.justification, purpose=deed.purpose, recipients=deed.recipients,
            persons=list(found.case.subject_pseudonyms) if found.case else [],
            opened=[] if failure else deed.opened, wrote=[] if failure else deed.wrote,
            correlation=correlation_id.get(), nonce=secrets.token_urlsafe(16),
        )


def _begin(caller: Caller, now: datetime) -> str:
    # A simple-protocol message takes no parameters: each value is of a kind that cannot hold a quote.
    authority_id = caller.authority_id
    if not authority_id.replace("-", "").isalnum() or not authority_id.isascii():
        raise errors.NotAvailable
    return (
        "BEGIN; SELECT "
        f"set_config('infohus.authority', '{authority_id}', true), "
        f"set_config('infohus.person', '{UUID(int=caller.person_id.int)}', true), "
        f"set_config('infohus.role', '{caller.role.value}', true), "
        f"set_config('infohus.now', '{now.isoformat()}', true)"
    )


def _outcome(failure: BaseException | None) -> tuple[Outcome, str | None]:
    if failure is None:
        return Outcome.ALLOWED, None
    if isinstance(failure, errors.NotAvailable | errors.NotSignedIn):
        return Outcome.DENIED, failure.slug
    if isinstance(failure, errors.Refused):
        return Outcome.REFUSED, failure.slug
    known = _as_refusal(failure)
    return Outcome.FAILED, known.slug if isinstance(known, errors.Refused) else "cancelled"


def _as_refusal(failure: BaseException) -> BaseException:
    if isinstance(failure, errors.Refused) or not isinstance(failure, Exception):
        return failure
    if isinstance(failure, asyncpg.UniqueViolationError):
        once = failure.table_name == "request_once"
        return errors.RequestUnderWay() if once else errors.ActedAtTheSameTime()
    if isinstance(failure, asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.LockNotAvailableError):
        return errors.ActedAtTheSameTime()
    if isinstance(failure, asyncpg.PostgresConnectionError | ConnectionError):
        return errors.DatabaseUnavailable()
    logger.error("unit_failed", exc_info=failure)
    return errors.UnexpectedFailure()
