"""The only door to the database: find the subject, ask the policies, work, append one entry, commit.

`Workplace.begin` is one transaction: everything in it happens and stands in the log, or nothing happened. The house's
four promises rest on this file and `unit_of_work.py`; docs/architecture.md says how.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from infohus import errors
from infohus.audit.appended import Appended
from infohus.audit.entry import Entry, EntryTooLarge, Outcome, encode
from infohus.audit.log import append_alone, append_and_commit
from infohus.authorization.action import Action
from infohus.authorization.policies import Participation, Policies
from infohus.database import Connection, acting
from infohus.deed import Deed, Once
from infohus.finding import (
    INSTALLATION_LOG,
    Found,
    Lock,
    case_query,
    found_case,
    found_infohus,
    infohus_query,
    resource_of,
    waiting_for,
)
from infohus.ground import Case, Infohus
from infohus.identity.caller import AuthorityKind, Caller
from infohus.logs import correlation_id
from infohus.sealing.vault import Vault
from infohus.tables import Record, Regime, Row
from infohus.unit_of_work import UnitOfWork

logger = structlog.get_logger()

_PATIENCE_SECONDS = 10
_DATABASE_GONE = (
    ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
)
"""What the driver raises when PostgreSQL went away, is shutting down, recovers from a crash, or has no room."""

REGIMES = {
    AuthorityKind.POLICE: Regime.LED, AuthorityKind.PROBATION: Regime.LED, AuthorityKind.SECURITY_SERVICE: Regime.PET,
}
"""The law each kind of authority handles personal data under; all others are under the GDPR (rule 42)."""


class Workplace:
    """Where units of work begin. Holds the pool, the policies and the vault; nobody else does."""

    def __init__(  # noqa: PLR0913 - all it stands on, by name
        self, *, policies: Policies, vault: Vault,
        possible: Callable[[Action, Case], None], locks: Callable[[Action], Lock], clock: Callable[[], datetime],
        appended: Appended,
    ) -> None:
        """`possible` refuses an act that the case's stage does not allow; `locks` says how an act holds its case.

        `appended` is told of each entry that the database acknowledged.
        """
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._policies = policies
        self._vault = vault
        self._possible = possible
        self._locks = locks
        self._clock = clock
        self._appended = appended

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
            found, deed, act = Found(), Deed(), Act(caller, action, self._locks(action), self._clock(), connection)
            try:
                if act.writes:
                    await connection.execute(act.opening(within or (subject_id if model is Case else None)))
                found = await _find(act, model, subject_id, within)
                work = self._unit(act, model, found, once)
                deed = work.deed
                yield work
                await work.flush()
                found = work.found
                entry = encode(self._entry(caller, action, model, subject_id, found, deed))
                await _commit(act, found.log_id, entry)
                self._appended.add(found.log_id, entry)
            except BaseException as failure:
                # Whatever happened, the transaction is gone: the server dropped it, or ROLLBACK drops it now. What is
                # left to do is to say in the log that it was tried. A process that dies right here leaves no trace of
                # the attempt, and no trace of its effect either.
                known = _as_refusal(failure)
                tried = self._entry(caller, action, model, subject_id, found, deed, failure=known)
                await asyncio.shield(self._leave_trace(connection, found.log_id, tried))
                if known is failure:
                    raise
                raise known from failure

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
            async with asyncio.timeout(_PATIENCE_SECONDS):
                connection = await self._pool.acquire()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            raise errors.DatabaseUnavailable from failure
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    def _unit(self, act: "Act", model: type[Row] | None, found: Found, once: Once | None) -> UnitOfWork:
        if model is not None and found.subject is None:
            raise errors.NotAvailable
        caller, resource = act.caller, resource_of(found, found.subject, found.readers)
        participation = Participation(found.participation, found.scope)
        decision = self._policies.decide(caller, act.action, resource, participation, now=act.now)
        if not decision.allowed:
            raise errors.NotAvailable(policies=decision.policies)
        if found.case is not None:
            self._possible(act.action, found.case)
        if once is not None:
            once = once.keyed(lambda key: self._vault.fingerprint(found.infohus_id, key))
        work = UnitOfWork(
            caller=caller, action=act.action, found=found, connection=act.connection, vault=self._vault,
            policies=self._policies, regime=REGIMES.get(caller.authority_kind, Regime.GDPR), now=act.now, once=once,
            ask=act.ask,
        )
        work.deed.policies.extend(decision.policies)
        return work

    async def _leave_trace(self, connection: Connection, log_id: UUID, entry: Entry) -> None:
        try:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
            encoded = encode(entry)
            # Refused or turned away: the answer too says something of what was read, and waits for the disk. The log is
            # free meanwhile, so that many who are refused hold nobody up. Dies before COMMIT: no trace, no answer. Dies
            # after it: perhaps a trace, no answer.
            await connection.execute(append_alone(log_id, encoded))
            self._appended.add(log_id, encoded)
        except (OSError, asyncpg.PostgresError, *_DATABASE_GONE, EntryTooLarge) as failure:
            logger.exception("log_unavailable", exc_info=failure)
            raise errors.LogUnavailable from failure

    def _entry(  # noqa: PLR0913, PLR0917
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
            persons=list(dict.fromkeys([*(found.case.subject_pseudonyms if found.case else ()), *deed.persons])),
            opened=[] if failure else deed.opened, wrote=[] if failure else deed.wrote,
            correlation=correlation_id.get(), nonce=secrets.token_urlsafe(16),
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one request works: the workplace, its caller, and whether the request must not act twice."""

    workplace: Workplace
    caller: Caller
    once: Once | None = None

    def begin(
        self, action: Action, model: type[Row] | None = None, subject_id: UUID | None = None, *,
        within: UUID | None = None,
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a unit of work; see `Workplace.begin`."""
        return self.workplace.begin(self.caller, action, model, subject_id, within=within, once=self.once)


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, when, over which connection.

    An act that only reads opens no transaction: each query says itself who acts, and the entry is appended before
    anything is given out. An act that writes is one transaction from its first message to its last.
    """

    caller: Caller
    action: Action
    lock: Lock
    now: datetime
    connection: Connection

    @property
    def writes(self) -> bool:
        """Say whether the act holds its case, and so may write."""
        return self.lock is not Lock.NONE

    def opening(self, case_id: UUID | None) -> str:
        """Begin the transaction, say who acts and wait for the case, in one message.

        The row's own lock would come too late: a query that had to wait for it goes on with what it read of other rows
        before, and so would sign or change what somebody changed meanwhile. What comes after this message sees all that
        was committed before it. The simple protocol takes no parameters; each value here is of a kind that cannot hold
        a quote.
        """
        caller = self.caller
        authority_id = caller.authority_id
        if not authority_id.isascii() or not authority_id.replace("-", "").isalnum():
            raise errors.NotAvailable
        return (
            f"BEGIN; SELECT infohus.act_as('{authority_id}', '{UUID(int=caller.person_id.int)}', "
            f"'{caller.role.value}', '{self.now.isoformat()}'){waiting_for(self.lock, case_id)}"
        )

    async def ask(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a query as the caller."""
        if self.writes:
            return await self.connection.fetch(sql, *arguments)
        caller = self.caller
        return await self.connection.fetch(
            acting(sql, len(arguments)), *arguments, caller.authority_id, caller.person_id, caller.role.value, self.now
        )


async def _find(act: Act, model: type[Row] | None, subject_id: UUID | None, within: UUID | None) -> Found:
    if model is None:
        return Found()
    person_id, authority_id = act.caller.person_id, act.caller.authority_id
    if model is Infohus:
        rows = await act.ask(infohus_query(), (subject_id, person_id, authority_id))
        return found_infohus(rows[0] if rows else None)
    record = model if issubclass(model, Record) else None
    subject = (within, person_id, authority_id, subject_id) if record else (subject_id, person_id, authority_id)
    rows = await act.ask(case_query(record, act.lock), subject)
    return found_case(rows[0] if rows else None, record)


async def _commit(act: Act, log_id: UUID, entry: bytes) -> None:
    # One message: append, COMMIT, flush. What the unit read and what it wrote is given out only when it was answered.
    # The process or the connection dies before the server reads it: nothing happened. Dies after that: the server goes
    # on by itself, so everything happened, and the WAL writer flushes what the session no longer could.
    # PostgreSQL or its machine dies before COMMIT: nothing happened. Dies between COMMIT and the flush: afterwards the
    # entry and the rows are there together, or are gone together with all that was committed behind them. Nobody was
    # answered; nor was anybody who read or changed meanwhile what was not on the disk yet, for their flush lies behind
    # ours. Dies after the flush: everything is there.
    # The caller is told "unexpected" when the answer is lost, and a repetition with the same Idempotency-Key finds out.
    message = append_and_commit if act.writes else append_alone
    await act.connection.execute(message(log_id, entry))


def _outcome(failure: BaseException | None) -> tuple[Outcome, str | None]:
    if failure is None:
        return Outcome.ALLOWED, None
    if not isinstance(failure, errors.Refused):
        return Outcome.FAILED, "cancelled"
    if isinstance(failure, errors.NotAvailable | errors.NotSignedIn):
        return Outcome.DENIED, failure.slug
    ours = failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Outcome.FAILED if ours else Outcome.REFUSED, failure.slug


def _as_refusal(failure: BaseException) -> BaseException:
    if isinstance(failure, errors.Refused) or not isinstance(failure, Exception):
        return failure
    if isinstance(failure, asyncpg.UniqueViolationError):
        once = failure.table_name == "request_once"
        return errors.RequestUnderWay() if once else errors.ActedAtTheSameTime()
    if isinstance(failure, asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.LockNotAvailableError):
        return errors.ActedAtTheSameTime()
    if isinstance(failure, _DATABASE_GONE):
        return errors.DatabaseUnavailable()
    logger.error("unit_failed", exc_info=failure)
    return errors.UnexpectedFailure()
