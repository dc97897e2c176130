"""What an operation works with: a `UnitOfWork` reads, opens, seals and writes, and records what it opened and wrote.

`begin.py` begins and ends it. What the log's entry lists as opened and written comes from what the unit did, never from
what an operation says it did.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from infohus.kernel.access.keys_model import EVERYBODY
from infohus.kernel.access.model import AnsweredRequest, Case, Infohus
from infohus.kernel.access.row_changes import may_change
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Participation, Policies
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.statements import AnySelect, Stored, compiled, row_from
from infohus.kernel.database.tables import Record, Regime, Row, VersionedRecord, new_id
from infohus.kernel.identity.caller import AuthorityKind, Caller
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft, IdempotencyKey
from infohus.kernel.unit_of_work.deciding import Deciding
from infohus.kernel.unit_of_work.grants import DisclosedRecord, Grants
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.log_reader import LogReader
from infohus.kernel.unit_of_work.lookup import Lock, ResolvedSubject
from infohus.kernel.unit_of_work.not_readable import opened, opened_for_supervision
from infohus.kernel.unit_of_work.own_side import Side
from infohus.kernel.unit_of_work.pending_writes import PendingWrites
from infohus.kernel.unit_of_work.repetition import Repetition
from infohus.kernel.unit_of_work.side_keys import Ask, SideKeys
from infohus.kernel.unit_of_work.stored_keys import NEXT_VERSION

__all__ = ["EVERYBODY", "DisclosedRecord", "LogReader", "UnitOfWork"]

AnyRow = TypeVar("AnyRow", bound=Row)
AnyRecord = TypeVar("AnyRecord", bound=Record)
NIL = UUID(int=0)


class UnitOfWork:
    """One caller's one act on one subject, open until the entry is appended and the transaction committed."""

    def __init__(  # noqa: PLR0913 - all of it by name
        self, *, caller: Caller, action: Action, resolved: ResolvedSubject, connection: Connection, vault: Vault,
        policies: Policies, regime: Regime, now: datetime, idempotency_key: IdempotencyKey | None, ask: Ask, lock: Lock,
        begin_transaction: Callable[[], Awaitable[None]], side_keys: SideKeys, audit_draft: AuditEventDraft,
    ) -> None:
        """Made by `UnitsOfWork.begin` alone, once the policies allow `action` and the procedure finds it possible."""
        self.caller, self.action, self.now, self.regime = caller, action, now, regime
        self.audit_draft, self.resolved = audit_draft, resolved
        self._connection, self._ask = connection, ask
        self._vault = vault
        self._repetition = Repetition(
            idempotency_key, person_id=caller.person_id, action=action,
            subject_id=getattr(resolved.subject, "id", None), now=now,
            fingerprint=partial(vault.fingerprint, resolved.infohus_id),  # no cycle: its keys are freed when it ends
        )
        case_id = resolved.case.id if resolved.case is not None else None
        self._writes = PendingWrites(connection, self.audit_draft, lock=lock, case_id=case_id)
        self._side_keys = side_keys
        self._keys = Keyring(
            vault=vault, side_keys=side_keys, ask=ask, caller=caller, resolved=resolved,
            opened=self.audit_draft.add_opened, concerns=self.audit_draft.concerned.update,
        )
        self._grants = Grants(
            vault=vault, keys=self._keys, side_keys=side_keys, writes=self._writes, audit_draft=self.audit_draft,
            ask=ask, infohus_id=resolved.infohus_id,
        )
        self.side = Side(
            caller=caller, resolved=resolved, writes=self._writes, audit_draft=self.audit_draft, ask=ask,
            begin_transaction=begin_transaction,
        )
        self._deciding = Deciding(
            policies=policies, caller=caller, resolved=resolved, now=now, audit_draft=audit_draft, ask=ask
        )

    # --- the subject and the caller ----------------------------------------------------------------------------------
    @property
    def case(self) -> Case:
        """The case the unit works in."""
        assert self.resolved.case is not None  # noqa: S101 - the action's subject is a case or a record in one
        return self.resolved.case

    @property
    def infohus(self) -> Infohus:
        """The infohus the unit works in, when that is its subject."""
        assert isinstance(self.resolved.subject, Infohus)  # noqa: S101 - the action's subject is an infohus
        return self.resolved.subject

    @property
    def infohus_id(self) -> UUID:
        """The infohus that the unit works in."""
        assert self.resolved.infohus_id is not None  # noqa: S101 - not for acts on the installation
        return self.resolved.infohus_id

    @property
    def parties(self) -> Mapping[str, AuthorityKind]:
        """The authorities that take part in the case now, with their kinds; for an infohus: those of its plan."""
        return self.resolved.parties

    @property
    def participation(self) -> Participation:
        """The caller's own participation."""
        return Participation(self.resolved.participation, self.resolved.scope)

    def subject(self, model: type[AnyRow]) -> AnyRow:
        """Give the row the unit was begun on."""
        assert isinstance(self.resolved.subject, model)  # noqa: S101 - begin() was called with this model
        return self.resolved.subject

    # --- reading -----------------------------------------------------------------------------------------------------
    async def rows(self, model: type[AnyRow], statement: AnySelect, **values: object) -> list[AnyRow]:
        """Fetch whole rows of one table, texts still sealed; row security hides what the caller may not see."""
        return [row_from(model, row) for row in await self.values(statement, **values)]

    async def row(self, model: type[AnyRow], statement: AnySelect, **values: object) -> AnyRow | None:
        """Fetch the first row, or `None`."""
        return next(iter(await self.rows(model, statement, **values)), None)

    def require(self, action: Action) -> None:
        """Ask the policies for one more act on the same case, such as a disclosure; a no raises `NotAvailable`."""
        self._deciding.require(action, self.resolved, self.case)

    def allows(self, action: Action) -> bool:
        """Say whether the policies would allow an act on the same case."""
        return self._deciding.allows(action, self.resolved, self.case)

    async def values(self, statement: AnySelect, **values: object) -> list[Stored]:
        """Fetch plain columns, counts and lists. `statement` is a module's constant with `bindparam`s."""
        ready = compiled(statement)
        return await self._ask(ready.sql, ready.arguments(values))

    async def open(self, *records: Record, reading: Action | None = None) -> dict[UUID, dict[str, str]]:
        """Open every sealed column of `records`; the log entry lists each text opened.

        `reading` is the act the policies are asked for on records that are not the unit's subject.
        Returns texts by record id and column; a column that holds nothing is left out.

        Raises:
            NotAvailable: a policy does not allow it, or no exchange gave the caller's authority the key.
            RecordNotReadable: one was changed past the system.
        """
        await self._deciding.require_each(records, self.resolved, reading)
        await self._keys.bring([(record.id, record.record_version) for record in records])
        return {record.id: opened(self._keys, record, self.audit_draft) for record in records}

    async def whom(self, *records: Record | DisclosedRecord) -> frozenset[UUID]:
        """Give whom of the side's persons any of these concerns; `EVERYBODY` where one is of the whole case.

        Raises:
            NotAvailable: the caller's authority cannot open one of them.
        """
        versions = [(one.id if isinstance(one, Record) else one.record_id, one.record_version) for one in records]
        await self._keys.bring(versions)
        return frozenset[UUID]().union(*(self._keys.concerned_by(version) for version in versions))

    def about(self, record: Record) -> list[UUID]:
        """List whom of the side's persons a record concerns that was opened or written, in the side's order."""
        persons = self._keys.concerned_by((record.id, record.record_version))
        return [one for one in self.side.persons if one in persons or EVERYBODY in persons]

    async def parts_of(self, record: Record) -> list[str]:
        """Name the parts of a record that the caller's authority can open; `NotAvailable` where there is none."""
        return await self._keys.parts((record.id, record.record_version))

    def forget(self, *records: Record) -> None:
        """Free the keys of records that were opened and are done with; the entry lists their texts all the same."""
        self._keys.forget([(record.id, record.record_version) for record in records])

    def open_for_supervision(self, row: Row, *columns: str) -> dict[str, str]:
        """Open what `row` keeps for the supervision of its authority; the log entry lists each text opened.

        Returns texts by column; a column that holds nothing is left out.

        Raises:
            NotAvailable: it is kept for another authority's supervision.
            RecordNotReadable: the stored value was moved here, or changed.
        """
        return opened_for_supervision(self._keys, row, columns, self.audit_draft)

    @property
    def log(self) -> LogReader:
        """The log of the caller's own authority, for reading."""
        return LogReader(self._connection, self._ask, log_of(self.caller.authority_id))

    @property
    def installation_log(self) -> LogReader:
        """The installation's log, for reading; row security shows it to a DPO alone."""
        return LogReader(self._connection, self._ask, INSTALLATION_LOG)

    # --- writing -----------------------------------------------------------------------------------------------------
    def add(self, row: AnyRow, *, unless_there: bool = False) -> AnyRow:
        """Insert `row` when the unit ends; `unless_there` leaves a stored row with the same key as it is.

        Raises:
            PlainTextInSealedColumn: a sealed column holds anything but a sealed value.
        """
        self._writes.insert(row, unless_there=unless_there)
        return row

    def create(
        self, model: type[AnyRecord], *, sealed: Mapping[str, str | None],
        for_supervision: Mapping[str, str] = MappingProxyType({}), about: Collection[UUID] = (EVERYBODY,),
        **columns: Any,
    ) -> AnyRecord:
        """Insert a new record owned by the caller's authority, with its own data keys and its texts sealed.

        `about` are the persons of the side whom it concerns (rule 79): none, or `EVERYBODY` for what is of the case.
        `sealed` and `for_supervision` are texts by column. The latter are sealed under another key, which only the
        supervision of the caller's authority opens.
        """
        record = model.of(
            id=columns.pop("id", None) or new_id(), case_id=self.case.id, authority_id=self.caller.authority_id,
            regime=self.regime, record_version=1, recorded_at=self.now, recorded_by=self.caller.person_id, **columns,
        )
        self._deciding.decided.add(record.id)
        self.audit_draft.narrow()
        rows: list[Row] = [record, *self._keys.new(record, about)]
        self._keys.seal(record, sealed)
        if for_supervision:
            self._keys.seal_for_supervision(record, for_supervision)
        for row in rows:
            self.add(row)
        return record

    def change(self, row: Row, **values: Any) -> None:
        """Update columns of `row` when the unit ends; a case gets its next version.

        Of a record only what happened after it was written: all else is another version, which `rewrite` writes. What
        changes a case is done to everybody in it (rule 79).
        """
        if isinstance(row, Case):
            values["version"] = row.version + 1
            self.audit_draft.concerned.add(EVERYBODY)
        for name, value in values.items():
            setattr(row, name, value)
        self._writes.update(row, values)
        assert may_change(self.action, row.__tablename__, frozenset(values))  # noqa: S101 - or `--rows` names the row

    def seal_for_supervision(self, row: Row, **texts: str | None) -> None:
        """Seal texts into columns of `row` that only the supervision of its authority opens."""
        self._keys.seal_for_supervision(row, texts)

    async def rewrite(self, record: VersionedRecord, *, sealed: Mapping[str, str | None], **values: Any) -> None:
        """Write the next version of a record: a row and keys of its own, of the caller's authority, which wrote it.

        `values` are the columns that differ. Nobody else can read it until an exchange discloses it (rule 88).

        Raises:
            NotAvailable: the caller's authority cannot open the present version.
        """
        await self._keys.bring([(record.id, record.record_version)])
        version = (await self.values(NEXT_VERSION, record_id=record.id))[0]["version"]
        vars(record).update(
            values, record_version=version, authority_id=self.caller.authority_id,
            regime=self.regime, recorded_at=self.now, recorded_by=self.caller.person_id,
        )
        rows: list[Row] = [record, *self._keys.new(record)]
        self._keys.seal(record, sealed)
        for row in rows:
            self.add(row)

    async def keep(self, exchange_id: UUID, record: DisclosedRecord) -> None:
        """Keep the keys that an exchange gave of a version when it is withdrawn later; `NotAvailable` without any."""
        await self._keys.keep(exchange_id, (record.record_id, record.record_version), owner_id=record.owner)

    def enter(self, case: Case) -> None:
        """Insert a new case, and go on inside it."""
        self._writes.enter(case.id)
        self.add(case)
        self.resolved = replace(self.resolved, case=case)
        self._keys.enter(case.id)
        self._side_keys.enter(case.id)
        self.side.enter(case.id)

    async def grant(self, exchange_id: UUID, records: Iterable[DisclosedRecord], recipients: Iterable[str]) -> None:
        """Let `recipients` open these versions: seal exchange keys to them, and wrap the data keys; no text is copied.

        Raises:
            NotAvailable: the caller's authority cannot open one of them itself, so it cannot disclose it either.
            RecipientCannotBeTold: nothing can be sealed to a recipient.
        """
        await self._grants.give(exchange_id, list(records), list(recipients))

    async def revoke(self, exchange_id: UUID, recipient_id: str, *, but: Collection[str] = ()) -> list[UUID]:
        """Delete the keys that an exchange gave a recipient, taken in or not, but those of records of kinds in `but`.

        What another exchange that stands disclosed to it stays readable. Returns the ids of the records withdrawn.
        """
        return await self._grants.take_back(exchange_id, recipient_id, but=but)

    def pending(self, model: type[AnyRow]) -> list[AnyRow]:
        """List rows of a table that will be inserted when the unit ends."""
        return self._writes.inserts_of(model)

    # --- idempotency -------------------------------------------------------------------------------------------------
    async def earlier(self, model: type[AnyRow], statement: AnySelect) -> AnyRow | None:
        """Give what this request recorded the first time, or `None` when this is the first time.

        `statement` finds the row by `:id`.
        """
        answered = self._repetition.answered
        if answered is None or (found := await self.row(model, statement, id=answered.record_id)) is None:
            return None
        self.audit_draft.is_for_pet |= isinstance(found, Record) and found.is_for_pet
        return found

    @property
    def is_repetition(self) -> bool:
        """Say whether this request acted before: then it is only answered, and whatever it writes fails the unit."""
        return self._repetition.answered is not None

    def done(self, record_id: UUID) -> None:
        """Store which record this request made, so that a repetition with the same Idempotency-Key finds it.

        Called by itself, with the unit's subject, for an act that makes no record.
        """
        if not self.pending(AnsweredRequest) and (row := self._repetition.row_for(record_id)) is not None:
            self.add(row)

    def fingerprint(self, payload: bytes) -> bytes:
        """Compute a keyed fingerprint of `payload`, 32 bytes: equal payloads give equal ones; it tells nothing else."""
        return self._vault.fingerprint(self.resolved.infohus_id, payload)

    def lookup_index(self, kind: str, value: str, *, infohus_id: UUID | None = None) -> bytes:
        """Compute the keyed index under which a value is looked up, 32 bytes, in the unit's infohus or another."""
        return self._vault.index(infohus_id or self.infohus_id, kind, value)

    # --- for UnitsOfWork ---------------------------------------------------------------------------------------------
    async def look_back(self) -> None:
        """Find out whether this request acted before; see `Repetition.look_back`."""
        await self._repetition.look_back(self._ask)

    async def flush(self) -> None:
        """Send the pending writes, in order; then make the pending key rows durable, before the unit's own COMMIT."""
        if self._writes:
            assert not self.is_repetition, f"a repeated {self.action} would act twice"  # noqa: S101 - and so it does not
            self.done(getattr(self.resolved.subject, "id", NIL))
            await self._keys.wrap_new(self._writes.set_wrap)
            await self._side_keys.take_in(is_first=self.side.is_first_written)
        self.side.store()
        await self._writes.send()
        await self._side_keys.commit()
