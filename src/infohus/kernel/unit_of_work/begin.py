"""Begins and ends units of work: find the subject, ask the policies, run the operation, append one entry, commit.

An act that writes is one transaction: all of it happened and is in the log, or nothing happened. An act that only reads
is no transaction; what it read is given out after its entry is durable. docs/architecture.md names the four promises
that rest on this file and `unit.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

import asyncpg
import sqlalchemy as sa
import structlog

from infohus import errors
from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.audit.formats.entry import Entry, EntryTooLarge, encode, encode_parts
from infohus.kernel.audit.formats.letters import letter_entry
from infohus.kernel.audit.signing.acknowledged import AcknowledgedEntries
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, append_alone, log_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Participation, Policies
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.readiness import PartNotReady
from infohus.kernel.database.ready_connections import ReadyConnections, lent_by
from infohus.kernel.database.statements import Compiled
from infohus.kernel.database.tables import Record, Regime, Row
from infohus.kernel.identity.caller import AuthorityKind, Caller
from infohus.kernel.identity.refusals import VouchedFor
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft, IdempotencyKey
from infohus.kernel.unit_of_work.committing import DATABASE_GONE, Unanswered, commit
from infohus.kernel.unit_of_work.denials import denial_by_role, denial_of
from infohus.kernel.unit_of_work.entries import Attempt, as_refusal, entry_of, pets_entry_of
from infohus.kernel.unit_of_work.key_store import KeyStore
from infohus.kernel.unit_of_work.log_reader import LogReader
from infohus.kernel.unit_of_work.lookup import Beside, Lock, ResolvedSubject, resource_of
from infohus.kernel.unit_of_work.procedure import ActRow
from infohus.kernel.unit_of_work.reading_afterwards import ReadingAfterwards
from infohus.kernel.unit_of_work.refusal_counts import RefusalCounts, sign_in_entry
from infohus.kernel.unit_of_work.request_context import RequestContext
from infohus.kernel.unit_of_work.shared_appends import SharedAppends
from infohus.kernel.unit_of_work.side_keys import SideKeys
from infohus.kernel.unit_of_work.unit import UnitOfWork

logger = structlog.get_logger()

REGIMES = {
    AuthorityKind.POLICE: Regime.LED, AuthorityKind.PROBATION: Regime.LED, AuthorityKind.SECURITY_SERVICE: Regime.PET,
}
"""The law each kind of authority handles personal data under; all others are under the GDPR (rule 42)."""


_CARRIERS = Compiled(sa.select(Infohus.municipality_id, Infohus.police_id))


class UnitsOfWork:
    """Begins units of work. Holds the pool of connections, the policies and the vault, and hands none of them out."""

    def __init__(
        self, *, policies: Policies, vault: Vault, procedure: Mapping[Action, ActRow], clock: Callable[[], datetime],
        acknowledged: AcknowledgedEntries,
    ) -> None:
        """`procedure` has a row for every act: when it is possible, how it locks its case, its purpose in the log.

        Each entry whose append the database acknowledged is added to `acknowledged`.
        """
        self._connections: ReadyConnections | None = None
        self._key_connections: ReadyConnections | None = None
        self._key_store = KeyStore(lambda: lent_by(self._key_connections))
        self._policies = policies
        self._vault = vault
        self._procedure = procedure
        self._clock = clock
        self._acknowledged = acknowledged
        self._shared_appends = SharedAppends()
        self._refusals = RefusalCounts()

    @asynccontextmanager
    async def open(
        self, pool: "asyncpg.Pool[asyncpg.Record]", pool_of_keys: "asyncpg.Pool[asyncpg.Record]"
    ) -> AsyncIterator[None]:
        """Work over these connections, as the roles `infohus_app` and `infohus_keys`, until the context is left."""
        self._connections, self._key_connections = ReadyConnections(pool), ReadyConnections(pool_of_keys)
        try:
            yield
        finally:
            await self._connections.close()
            await self._key_connections.close()

    @asynccontextmanager
    async def begin(  # noqa: PLR0913 - what an act is on, by name
        self, caller: Caller, action: Action, model: type[Row] | None = None, subject_id: UUID | None = None, *,
        within: UUID | None = None, idempotency_key: IdempotencyKey | None = None, beside: Beside | None = None,
    ) -> AsyncIterator[UnitOfWork]:
        """Begin a unit of work on the installation (no `model`), an infohus, a case, or a record `within` a case.

        What the act asks `beside` a record is found in `ResolvedSubject.beside`.

        Leaving it appends the entry and commits. Every refusal and failure leaves an entry of its own.

        Raises:
            NotAvailable: the subject is unknown, hidden, or the policies say no; `denials.py` has those that say why.
            NotPossibleNow: the case's stage does not allow it.
            DatabaseUnavailable: no connection was free within ten seconds, or the database went away.
            LogUnavailable: the entry could not be written, so nothing happened (rule 59) and nothing is given out.
            UnknownWhetherStored: the answer to COMMIT was lost, so that all of it happened, or nothing (see `commit`).
        """
        async with self._connection() as connection:
            resolved, audit_draft = ResolvedSubject(), AuditEventDraft(self._procedure[action].purpose)
            audit_draft.asked.is_in_log = True
            attempt = Attempt(caller, action, model, subject_id)
            lock, key = self._procedure[action].lock, None if idempotency_key is None else idempotency_key.key
            context = RequestContext(caller, action, lock, self._clock(), connection, key)
            case_id = within or (subject_id if model is Case else None)
            try:
                if context.writes:
                    await context.begin_transaction(case_id)
                side_keys = self._side_keys(context, case_id, audit_draft)
                async with side_keys.read_meanwhile():
                    resolved = await context.find(model, subject_id, within, beside)
                audit_draft.find(resolved)
                work = await self._unit(context, model, resolved, side_keys, audit_draft, idempotency_key)
                await work.side.meet_those_disclosed(resolved.side.unmet)
                yield work
                if self._procedure[action].reopens_side and work.pending(Record):
                    work.side.reopen()
                await work.flush()
                resolved = work.resolved
                act = self._entry(attempt, resolved, audit_draft)
                letters = [encode(letter_entry(act, digest)) for digest in audit_draft.letters]
                looked_at = audit_draft.on_pets_track
                pets = [] if looked_at is None else encode_parts(pets_entry_of(act, looked_at))
                entries = [*encode_parts(act), *pets, *letters]
                if context.in_transaction or len(entries) > 1:
                    await commit(connection, caller.authority_id, entries, writes=context.in_transaction)
                else:
                    await self._shared_appends.append(connection, caller.authority_id, *entries)
                self._acknowledged.add(log_of(caller.authority_id), *entries)
                audit_draft.is_durable = True
            except Unanswered as unanswered:
                # The entry may stand in the log, and says "allowed": no second one says that the act failed.
                raise unanswered.outcome from unanswered.__cause__
            except BaseException as failure:
                # The transaction is over, or `_append_failure` rolls it back: nothing of the act is stored. What is
                # left is an entry that says it was tried. If the process dies here, there is no entry of the attempt.
                refusal = as_refusal(failure)
                tried = self._entry(attempt, resolved, audit_draft, failure=refusal)
                is_outsider = isinstance(refusal, errors.NotAvailable) and resolved.taking_part is None
                complete = partial(context.completed, tried, audit_draft, case_id if is_outsider else None)
                await asyncio.shield(self._append_failure(connection, caller.authority_id, complete))
                if refusal is failure:
                    raise
                raise refusal from failure
            await side_keys.store_taken_in()

    async def log_attempt(self, caller: Caller, action: Action, case_id: UUID | None, reason: str) -> None:
        """Append that a request of a signed-in caller was refused before a unit of work began (rule 56).

        Whoever sends many is known, and each stands in the log of that caller's authority, as every refusal does.
        """
        draft = AuditEventDraft(self._procedure[action].purpose)
        async with self._connection() as connection:
            context = RequestContext(caller, action, Lock.NONE, self._clock(), connection)
            attempt = Attempt(caller, action, Case if case_id is not None else None, case_id)

            async def complete() -> Entry:
                self._note_criterion(draft, await context.infohus_named(draft.asked))
                tried = self._entry(attempt, ResolvedSubject(), draft, refused=reason)
                return await context.completed(tried, draft, case_id)

            await self._append_failure(connection, caller.authority_id, complete)

    async def log_refused_token(self, of: VouchedFor, reason: str) -> None:
        """Append to its issuer's authority's log that a token with a valid signature was refused (rule 56)."""
        async with self._connection() as connection:
            entry = sign_in_entry(log_of(of.authority_id), self._clock(), reason=reason, of=of)
            await self._append_failure(connection, of.authority_id, entry)

    def count_refusal(self, reason: str) -> None:
        """Count a refusal that belongs to no authority, by this minute and its stable code."""
        self._refusals.add(reason, self._clock())

    async def append_refusal_counts(self) -> None:
        """Append what was counted to the installation's log, an entry a minute.

        If the process dies before COMMIT, these counts are lost; if only the answer to it is, they are appended twice.

        Raises:
            DatabaseUnavailable, LogUnavailable: nothing more was appended; the rest is counted still.
        """
        waiting = self._refusals.take()
        try:
            while waiting:
                async with self._connection() as connection:
                    entry = sign_in_entry(INSTALLATION_LOG, self._clock(), reason="counted", counted=waiting[0])
                    await self._append_failure(connection, None, entry)
                waiting.pop(0)
        finally:
            self._refusals.put_back(waiting)

    def afterwards(self, work: UnitOfWork, log: LogReader) -> LogReader:
        """Read one of a unit's logs after its end, for an answer given piece by piece; see `ReadingAfterwards`."""
        return log.asked_by(ReadingAfterwards(work, self._connection).ask)

    async def ask(self, question: Callable[[Connection], Awaitable[None]]) -> None:
        """Ask the database one of the questions of `/ready`, over a connection of the units'.

        Raises:
            PartNotReady: by the question, or because no connection can be had.
        """
        try:
            async with self._connection() as connection:
                await question(connection)
        except errors.DatabaseUnavailable as failure:
            raise PartNotReady(why="no-connection") from failure

    async def ask_keys(self, question: Callable[[Connection], Awaitable[None]]) -> None:
        """Ask the keys' database one of the questions of `/ready`; see `ask`."""
        try:
            async with lent_by(self._key_connections) as connection:
                await question(connection)
        except errors.DatabaseUnavailable as failure:
            raise PartNotReady(why="no-connection") from failure

    async def carriers(self) -> set[str]:
        """Name the authorities that carry an infohus.

        Raises:
            DatabaseUnavailable: as `begin`.
        """
        async with self._connection() as connection:
            return {authority for row in await connection.fetch(_CARRIERS.sql) for authority in row}

    async def end_answered_requests(self, *, before: date) -> int:
        """Delete the idempotency keys of acts before a Danish day; give how many there were.

        Raises:
            DatabaseUnavailable: as `begin`; the rest is deleted the next time.
        """
        ended = 0
        async with self._connection() as connection:
            while some := await connection.fetchval("SELECT infohus.end_answered_requests($1)", before):
                ended += some
        return ended

    def _entry(
        self, attempt: Attempt, resolved: ResolvedSubject, audit_draft: AuditEventDraft, *,
        failure: BaseException | None = None, refused: str | None = None,
    ) -> Entry:
        self._note_criterion(audit_draft, resolved.infohus_id)
        return entry_of(
            attempt, resolved, audit_draft, failure=failure, refused=refused, at=self._clock(),
            policy_set=self._policies.digest[:16],
        )

    def _note_criterion(self, audit_draft: AuditEventDraft, infohus_id: UUID | None) -> None:
        """Say by which number somebody was looked for, as a keyed hash; also of who is denied, for supervision."""
        if audit_draft.asked.looked_for is not None and audit_draft.justification is None:
            looked_for = b"search-criterion\n" + audit_draft.asked.looked_for.encode()
            audit_draft.justification = f"criterion:{self._vault.fingerprint(infohus_id, looked_for).hex()}"

    def _connection(self) -> AbstractAsyncContextManager[Connection]:
        return lent_by(self._connections)

    def _side_keys(self, context: RequestContext, case_id: UUID | None, audit_draft: AuditEventDraft) -> SideKeys:
        caller, now = context.caller, context.now
        return SideKeys(
            self._vault, authority_id=caller.authority_id, case_id=case_id, ask=context.ask,
            ask_keys=partial(self._key_store.ask, caller, now), read_keys=partial(self._key_store.read, caller, now),
            commit=lambda statements: self._key_store.commit(caller, now, statements, context.server),
            wrote=audit_draft.add_wrote,
        )

    async def _unit(  # noqa: PLR0913, PLR0917 - what a unit is made of
        self, context: RequestContext, model: type[Row] | None, resolved: ResolvedSubject, side_keys: SideKeys,
        audit_draft: AuditEventDraft, idempotency_key: IdempotencyKey | None,
    ) -> UnitOfWork:
        caller, action, roles = context.caller, context.action, self._policies.roles[context.action]
        if model is not None and resolved.subject is None:
            raise denial_by_role(roles, caller)
        resource = resource_of(resolved, resolved.subject, resolved.readers)
        participation = Participation(resolved.participation, resolved.scope)
        decision = self._policies.decide(caller, action, resource, participation, now=context.now)
        if not decision.allowed:
            raise denial_of(self._policies, caller, action, resolved, decision, context.now)
        row = self._procedure[action]
        if idempotency_key is not None:
            idempotency_key = idempotency_key.keyed(lambda key: self._vault.fingerprint(resolved.infohus_id, key))
        work = UnitOfWork(
            caller=caller, action=action, resolved=resolved, connection=context.connection, vault=self._vault,
            policies=self._policies, regime=REGIMES.get(caller.authority_kind, Regime.GDPR), now=context.now,
            idempotency_key=idempotency_key, ask=context.ask, lock=context.lock,
            begin_transaction=context.begin_transaction, side_keys=side_keys, audit_draft=audit_draft,
        )
        # A repetition is answered whatever the first did to the stage.
        await work.look_back()
        if work.is_repetition and context.in_transaction:
            work.now = await context.go_on_at(self._clock())
        if resolved.case is not None and not work.is_repetition:
            row.require_possible(resolved.case, resolved.side)
        audit_draft.policies.extend(decision.policies)
        return work

    async def _append_failure(
        self, connection: Connection, authority_id: str | None, tried: Entry | Callable[[], Awaitable[Entry]]
    ) -> None:
        """Append what did not happen: an entry, or what looks up first what belongs to it and was not known yet."""
        try:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
            entry = tried if isinstance(tried, Entry) else await tried()
            entries = encode_parts(entry)
            # A refusal, too, tells something of what was read, so it waits until the entry is on the disk. The log is
            # not locked meanwhile, so that many refusals hold nobody up. If the process dies before COMMIT, there is
            # no entry and no answer; after it, there is perhaps an entry, and no answer.
            await connection.execute(append_alone(entry.log, *entries, authority_id=authority_id))
            self._acknowledged.add(entry.log, *entries)
        except (OSError, asyncpg.PostgresError, *DATABASE_GONE, EntryTooLarge) as failure:
            logger.exception("log_unavailable", exc_info=failure)
            raise errors.LogUnavailable from failure


@dataclass(frozen=True, slots=True)
class RequestScope:
    """What one request begins its units of work with: its caller, and its Idempotency-Key where it has one."""

    units: UnitsOfWork
    caller: Caller
    idempotency_key: IdempotencyKey | None = None

    def begin(
        self, action: Action, model: type[Row] | None = None, subject_id: UUID | None = None, *,
        within: UUID | None = None, beside: Beside | None = None,
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a unit of work; see `UnitsOfWork.begin`."""
        return self.units.begin(
            self.caller, action, model, subject_id, within=within, idempotency_key=self.idempotency_key, beside=beside
        )

    def afterwards(self, work: UnitOfWork, log: LogReader) -> LogReader:
        """Read one of a unit's logs after its end; see `UnitsOfWork.afterwards`."""
        return self.units.afterwards(work, log)
