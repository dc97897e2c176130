"""What a unit of work asks the database with: who does what, when, over which connection and under which lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa

from infohus.kernel.access.model import Authority, Infohus, Stage
from infohus.kernel.audit.formats.entry import Entry, Track
from infohus.kernel.audit.storage.log import plain_id
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.statements import AnySelect, acting, compiled
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import Caller
from infohus.kernel.requests.asked import Asked
from infohus.kernel.unit_of_work.advisory_locks import advisory_lock_column, repetition_lock_column
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.lookup import (
    Beside,
    Lock,
    ResolvedSubject,
    case_query,
    infohus_query,
    resolved_case,
    resolved_infohus,
    takes_part_as,
)

_OWN_SIDE = sa.select(sa.func.infohus.own_side_of_attempt(sa.bindparam("case_id", type_=sa.Uuid)).label("log_ids"))
_ON_PETS_TRACK = sa.select(
    sa.func.infohus.is_attempt_on_pets_track(
        sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)), sa.bindparam("asking", type_=sa.ARRAY(sa.Text))
    ).label("is_so")
)
_MEANT = sa.select(
    sa.func.infohus.meant_by_attempt(
        sa.bindparam("case_id", type_=sa.Uuid), sa.bindparam("exchange_id", type_=sa.Uuid)
    ).table_valued(
        sa.column("carriers", sa.ARRAY(sa.Text)), sa.column("told", sa.ARRAY(sa.Text)), sa.column("stage", sa.Text),
        name="meant",
    )
)
_AUTHORITIES = (
    sa.select(Authority.id)
    .where(Authority.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Text))))
    .order_by(Authority.id)
)


@dataclass(slots=True)
class RequestContext:
    """Who does what, when, over which connection.

    An act that only reads opens no transaction: each query itself tells row security who acts, and the entry is
    appended before anything is given out. An act that writes is one transaction, and so is one that only reads from
    where it meets a person who was disclosed to the caller's authority, whose row it writes.
    """

    caller: Caller
    action: Action
    lock: Lock
    now: datetime
    connection: Connection
    idempotency_key: str | None = None
    in_transaction: bool = False
    server: datetime | None = None
    """When the server started on which this transaction is; `None` where there is none, or the look-up did not ask."""

    @property
    def writes(self) -> bool:
        """Say whether the act locks its case, and so may write."""
        return self.lock is not Lock.NONE

    async def begin_transaction(self, case_id: UUID | None = None) -> None:
        """Begin the transaction that the entry will commit, unless it has begun, and wait for the case's lock."""
        if not self.in_transaction:
            await self.connection.execute(self.opening(case_id))
            self.in_transaction = True

    async def go_on_at(self, moment: datetime) -> datetime:
        """Let what follows in the transaction happen at a later moment; a repetition waited for the first's lock.

        Else what the first recorded would lie ahead of the repetition, and row security would hide it.
        """
        self.now, caller = max(self.now, moment), self.caller
        await self.connection.execute(
            "SELECT infohus.act_as($1, $2, $3, $4)", caller.authority_id, caller.person_id, caller.role.value, self.now
        )
        return self.now

    def opening(self, case_id: UUID | None) -> str:
        """Write the message that begins the transaction, says who acts, and waits for the case's advisory lock.

        First for that of the request's Idempotency-Key: of two repetitions at once the later finds what the first did,
        and takes no case number that is used for nothing.
        A row lock in the query itself would come too late: a query that had to wait for it goes on with what it read of
        other rows before, and so would sign or change what somebody changed meanwhile. The statements after this
        message see all that was committed before it. The simple protocol takes no parameters; each value here is of a
        kind that cannot hold a quote.
        """
        caller = self.caller
        return (
            f"BEGIN; SELECT infohus.act_as('{plain_id(caller.authority_id)}', '{UUID(int=caller.person_id.int)}', "
            f"'{caller.role.value}', '{self.now.isoformat()}')"
            f"{repetition_lock_column(self.idempotency_key, caller.person_id)}"
            f"{advisory_lock_column(self.lock, case_id)}"
        )

    async def ask(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a query as the caller: in the transaction that `opening` began, or wrapped so that it says who acts."""
        if self.in_transaction:
            return await self.connection.fetch(sql, *arguments)
        caller = self.caller
        return await self.connection.fetch(
            acting(sql, len(arguments)), *arguments, caller.authority_id, caller.person_id, caller.role.value, self.now
        )

    async def own_side_of(self, case_id: UUID) -> tuple[UUID, list[str]] | None:
        """Give a case and the log ids of the persons that the caller's authority knows in it; `None` without a side.

        Only for the entry of an attempt by somebody who takes no part: outside of any transaction.
        """
        rows = await self._ask_afterwards(_OWN_SIDE, case_id=case_id)
        log_ids: list[str] | None = rows[0]["log_ids"]
        return None if log_ids is None else (case_id, log_ids)

    async def infohus_named(self, asked: Asked) -> UUID | None:
        """Give the infohus whose key hashes the number that an attempt looked for: that of the address, if it is one.

        Only for the entry of an attempt: outside of any transaction.
        """
        named = asked.in_address.get("infohus_id") if asked.looked_for is not None else None
        if not named:
            return None
        return (await self.find(Infohus, UUID(named[0]), None, None)).infohus_id

    async def completed(self, attempt: Entry, audit_draft: AuditEventDraft, case_id: UUID | None) -> Entry:
        """Complete the entry of an attempt: case, where the own authority has a side, track, and whom it meant to tell.


        `case_id` is the case that the address names. Where the attempt was at none, it is the one that the request
        names elsewhere. What the request spells as a recipient or an authority stands in the entry only if there is
        such an authority (rule 60). Whom it left out, and a purpose that it left to the stage, belong to that case.
        """
        asked = audit_draft.asked
        if case_id is None and attempt.case is None:
            case_id = asked.case
        if case_id is not None and (side := await self.own_side_of(case_id)) is not None:
            persons = list(dict.fromkeys([*attempt.persons, *side[1]]))
            attempt = msgspec.structs.replace(attempt, case=side[0], persons=persons)
        there, meant = list[str](), await self._meant(attempt.case, audit_draft)
        if spelt := [*meant, *asked.spelt_authorities]:
            there = [row["id"] for row in await self._ask_afterwards(_AUTHORITIES, ids=spelt)]
        named = asked.named(beside=(attempt.subject, attempt.case), with_body=True, authorities=there)
        attempt = msgspec.structs.replace(
            attempt, asked=named or msgspec.UNSET, purpose=audit_draft.purpose,
            recipients=attempt.recipients or [one for one in there if one in meant],
        )
        if attempt.track is Track.ORDINARY and await self._is_on_pets_track(attempt, audit_draft.asked):
            attempt = msgspec.structs.replace(attempt, track=Track.PET)
        return attempt

    async def _meant(self, case_id: UUID | None, audit_draft: AuditEventDraft) -> list[str]:
        """Name whom an attempt meant to tell; where it left its purpose to the stage, find the case's."""
        asked, others = audit_draft.asked, set[str]()
        if case_id is not None and (asked.tells_the_other or asked.tells_those_told or audit_draft.lacks_stage):
            exchange_id = asked.in_address.get("exchange_id")
            rows = await self._ask_afterwards(
                _MEANT, case_id=case_id, exchange_id=UUID(exchange_id[0]) if exchange_id else None
            )
            for row in rows:
                if row["stage"] is not None:
                    audit_draft.stage = audit_draft.stage or Stage(row["stage"])
                others |= {*row["carriers"]} - {self.caller.authority_id} if asked.tells_the_other else set()
                others |= {*row["told"]} if asked.tells_those_told else set()
        return sorted({*asked.recipients, *others})

    async def _is_on_pets_track(self, attempt: Entry, asked: Asked) -> bool:
        """Say whether an attempt answers PET, notes its request, or names one of these, seen by the caller or not."""
        if asked.says_pet_asked:
            return True
        ids = [*asked.ids, *([attempt.subject] if attempt.subject is not None else [])]
        asking = [] if asked.asks_on_another_basis else asked.asking
        rows = await self._ask_afterwards(_ON_PETS_TRACK, ids=ids, asking=asking)
        return bool(rows[0]["is_so"])

    async def _ask_afterwards(self, statement: AnySelect, **values: object) -> list[asyncpg.Record]:
        """Run a query as the caller, when the unit's transaction is over."""
        ready, caller = compiled(statement), self.caller
        return await self.connection.fetch(
            acting(ready.sql, len(values)), *ready.arguments(values), caller.authority_id, caller.person_id,
            caller.role.value, self.now,
        )

    async def find(
        self, model: type[Row] | None, subject_id: UUID | None, within: UUID | None, beside: Beside | None
    ) -> ResolvedSubject:
        """Look the subject up: the installation (no `model`), an infohus, a case, or a record `within` a case.

        Of a record also what its act asks `beside` it.
        """
        if model is None:
            return ResolvedSubject()
        values = {"person_id": self.caller.person_id, "authority_id": self.caller.authority_id}
        if model is Infohus:
            query = infohus_query()
            rows = await self.ask(query.sql, query.arguments({**values, "infohus_id": subject_id}))
            return resolved_infohus(rows[0] if rows else None)
        record = model if issubclass(model, Record) else None
        query = case_query(record, self.lock, takes_part_as(self.caller.role), beside)
        subject = {"case_id": within, "record_id": subject_id} if record else {"case_id": subject_id}
        rows = await self.ask(query.sql, query.arguments({**values, **subject}))
        if rows and self.in_transaction:
            self.server = rows[0]["server"]
        return resolved_case(rows[0] if rows else None, record, self.caller, beside)
