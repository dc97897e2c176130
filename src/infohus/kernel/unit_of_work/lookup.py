"""How a unit of work finds its subject: one query that fetches the row, the case, who takes part and wraps of keys.

Row security has already hidden what the caller may not see, so a subject that does not exist and one that is hidden
cannot be told apart here, nor in the answer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import QueryableAttribute

from infohus.kernel.access.model import (
    PERSON_KIND,
    STANDS,
    Authority,
    Case,
    CaseSide,
    Coordinator,
    Disclosure,
    Infohus,
    InfohusAuthority,
    Invitation,
    Participant,
    ParticipationKind,
    SidePerson,
)
from infohus.kernel.authorization.policies import Resource
from infohus.kernel.database.statements import Compiled, Stored, row_from, table_of
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import AuthorityKind, Caller, Role
from infohus.kernel.unit_of_work.concerned import persons_of
from infohus.kernel.unit_of_work.stored_keys import (
    StoredKey,
    given_keys_of,
    marks_on,
    marks_told,
    own_keys_of,
    readers_of,
    stored_keys,
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What an act asks of its record in the same query; row security hides what the caller may not see, as ever."""

    columns: Callable[[sa.FromClause], list[sa.ColumnElement[Any]]]
    """Writes the columns."""
    readers: Callable[[Stored], Iterable[str]]
    """Reads from the answer, where the record was found, to which authorities it is disclosed, as `readers_of` does."""


class Lock(StrEnum):
    """The lock a unit holds on its case until it ends."""

    NONE = "none"
    RECORDING = "recording"
    """Others may record too; nobody may decide."""
    DECIDING = "deciding"
    """Nobody else records or decides on this case until the unit ends."""


@dataclass(frozen=True, slots=True)
class OwnSide:
    """What the caller's own authority has of the case, as the look-up found it; nothing here tells of another's."""

    row: CaseSide | None = None
    """`None` while the authority has written nothing in the case."""
    persons: Mapping[UUID, str] = field(default_factory=dict)
    """The persons that the side knows, in the order in which it came to know them, and how they stand in its log."""
    unmet: tuple[UUID, ...] = ()
    """Persons that an exchange disclosed to the authority, and that have no log id there yet."""
    awaits_child_notification: bool = False
    """Whether the side knows of a child whose underretning is not handed over (rule 32)."""


@dataclass(frozen=True, slots=True)
class ResolvedSubject:
    """What the look-up fetched; parts that do not apply are `None` or empty."""

    infohus_id: UUID | None = None
    case: Case | None = None
    side: OwnSide = OwnSide()
    subject: Row | None = None
    parties: dict[str, AuthorityKind] = field(default_factory=dict)
    """The authorities that take part in the case now, with their kinds; for an infohus: those of its plan."""
    readers: tuple[str, ...] = ()
    participation: str = "none"
    taking_part: UUID | None = None
    """The caller's person id, when taking part in the case."""
    scope: frozenset[str] = frozenset()
    records: frozenset[UUID] = frozenset()
    """The ids of the records that the caller's invitation is narrowed to; empty when it is not."""
    record_keys: tuple[StoredKey, ...] = ()
    concerned: frozenset[UUID] | None = None
    """Whom of the side's persons the record concerns; `None` where the subject is no record."""
    beside: Stored | None = None
    """The row of the record, with the columns that its act asks beside it, where it asks any."""

    @property
    def authorities(self) -> tuple[str, ...]:
        """Authorities that take part in the case now; for an infohus: those of its plan."""
        return tuple(self.parties)


_TAKES_PART_AS = {
    Role.MUNICIPAL_COORDINATOR: ParticipationKind.COORDINATOR, Role.POLICE_COORDINATOR: ParticipationKind.COORDINATOR,
    Role.INVITED_PROFESSIONAL: ParticipationKind.INVITED,
}

_INFOHUS_ID = sa.bindparam("infohus_id", type_=sa.Uuid)
_CASE_ID = sa.bindparam("case_id", type_=sa.Uuid)
_RECORD_ID = sa.bindparam("record_id", type_=sa.Uuid)
_PERSON_ID = sa.bindparam("person_id", type_=sa.Uuid)
_AUTHORITY_ID = sa.bindparam("authority_id", type_=sa.Text)

_TAKES_PART_NOW = sa.and_(
    Participant.begins_at <= sa.func.infohus.acting_at(),
    Participant.goes_on_at(sa.func.infohus.acting_at()),
)


@cache
def case_query(
    record: type[Record] | None, lock: Lock, takes_part_as: ParticipationKind | None, beside: Beside | None = None
) -> Compiled:
    """Compile the SELECT that finds `:case_id` for `:person_id` of `:authority_id`, and a record `:record_id` in it.

    What an act asks `beside` the record comes with it, and saves a round trip.

    The authorities that take part are fetched too, unless one record is only read: no policy on that asks for them.
    Nor is it asked then whether a child's underretning is waited for, which only acts on the case depend on.

    PostgreSQL prepares each column of each join anew whenever the query runs, which takes longer than reading the rows.
    So whole rows pass through the joins as one column, and what has no column of its own is a sub-select.
    """
    case, side = table_of(Case).alias("c"), table_of(CaseSide).alias("s")
    found: sa.FromClause = case.outerjoin(
        side, (side.c.case_id == case.c.id) & (side.c.authority_id == _AUTHORITY_ID)
    )
    columns: list[sa.ColumnElement[Any]] = [
        case.table_valued(), side.table_valued(), _persons_known_to_caller(case).label("persons"),
        _persons_disclosed_to_caller(case).label("told"),
    ]
    if takes_part_as is ParticipationKind.COORDINATOR:
        # Row security has looked that up for the case's own row, and has the answer at hand.
        columns.append(sa.func.infohus.takes_part(case.c.id, "coordinators").label("takes_part"))
    if takes_part_as is ParticipationKind.INVITED:
        invited = _invitation_to(case)
        found = found.outerjoin(invited, sa.true())
        columns += invited.columns
    if lock is not Lock.NONE:
        columns.append(sa.func.pg_postmaster_start_time().label("server"))
    if record is None or lock is Lock.DECIDING:
        columns.append(sa.func.infohus.awaits_child_notification(case.c.id).label("awaits_child_notification"))
    if record is None or lock is not Lock.NONE:
        parties = _parties_of_case(case)
        found = found.outerjoin(parties, sa.true())
        columns += parties.columns
    if record is not None:
        row = table_of(record).alias("r")
        found = found.outerjoin(row, (row.c.case_id == case.c.id) & (row.c.id == _RECORD_ID))
        columns += [
            row.table_valued(), own_keys_of(row).label("own_keys"), given_keys_of(row).label("given_keys"),
            marks_on(row).label("marks"),
            *([readers_of(row).label("readers")] if beside is None else beside.columns(row)),
        ]
    query = sa.select(*columns).select_from(found).where(case.c.id == _CASE_ID)
    # Who records needs no lock on the row beside the advisory lock, under which alone units change a case or write into
    # one. Who decides locks the row too, against what is done past the units of work.
    return Compiled(query.with_for_update(of=case) if lock is Lock.DECIDING else query)


def takes_part_as(role: Role) -> ParticipationKind | None:
    """Say as what somebody in this role can take part in a case, as row security does; `None`: not at all."""
    return _TAKES_PART_AS.get(role)


def _invitation_to(case: sa.FromClause) -> sa.FromClause:
    return (
        sa.select(sa.true().label("takes_part"), Invitation.scope, Invitation.records)
        .select_from(sa.outerjoin(Participant, Invitation, Invitation.participant_id == Participant.id))
        .where(
            Participant.case_id == case.c.id, Participant.person_id == _PERSON_ID,
            Participant.acts_for == _AUTHORITY_ID, Participant.kind == ParticipationKind.INVITED, _TAKES_PART_NOW,
        )
        .limit(1)
        .lateral("p")
    )


def _is_coordinator(infohus_id: sa.ColumnElement[UUID]) -> sa.Exists:
    """Write the condition that the caller is tovholder of an infohus."""
    return sa.exists().where(
        Coordinator.infohus_id == infohus_id, Coordinator.person_id == _PERSON_ID,
        Coordinator.authority_id == _AUTHORITY_ID,
    )


def _by_authority(column: sa.ColumnElement[Any] | QueryableAttribute[Any]) -> sa.ColumnElement[Any]:
    """Gather a column in the order of the authorities' ids: what is written for each stands in it in the log, too."""
    return sa.func.array_agg(aggregate_order_by(column, Authority.id))


def _parties_of_case(case: sa.FromClause) -> sa.FromClause:
    taking_part = sa.select(Participant.acts_for).where(Participant.case_id == case.c.id, _TAKES_PART_NOW)
    return (
        sa.select(_by_authority(Authority.id).label("authorities"), _by_authority(Authority.kind).label("kinds"))
        .where(Authority.id.in_(taking_part.correlate(case)))
        .lateral("parties")
    )


def _persons_known_to_caller(case: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of the persons that the caller's side knows, with their log ids, as they were recorded."""
    known = (
        sa.select(sa.func.row(SidePerson.subject_id, SidePerson.log_id))
        .where(SidePerson.case_id == case.c.id, SidePerson.authority_id == _AUTHORITY_ID)
        .order_by(SidePerson.place, SidePerson.subject_id)
    )
    return sa.func.array(known.correlate(case).scalar_subquery())


def _persons_disclosed_to_caller(case: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of the persons disclosed to the caller's authority: once for each exchange that did."""
    told = sa.select(Disclosure.record_id).where(
        Disclosure.case_id == case.c.id, Disclosure.recipient_id == _AUTHORITY_ID,
        Disclosure.record_kind == PERSON_KIND, STANDS,
    )
    return sa.func.array(told.correlate(case).scalar_subquery())


@cache
def infohus_query() -> Compiled:
    """Compile the SELECT that finds `:infohus_id` for `:person_id` of `:authority_id`."""
    infohus = table_of(Infohus).alias("i")
    of_plan = sa.select(InfohusAuthority.authority_id).where(InfohusAuthority.infohus_id == infohus.c.id)
    parties = (
        sa.select(
            _by_authority(Authority.id).label("authorities"), _by_authority(Authority.kind).label("kinds")
        )
        .where(Authority.id.in_(of_plan.correlate(infohus)))
        .lateral("parties")
    )
    return Compiled(
        sa.select(
            infohus.table_valued(), _is_coordinator(infohus.c.id).label("is_coordinator"), *parties.columns
        )
        .select_from(infohus.outerjoin(parties, sa.true()))
        .where(infohus.c.id == _INFOHUS_ID)
    )


def resolved_infohus(row: asyncpg.Record | None) -> ResolvedSubject:
    """Read the answer of `infohus_query`."""
    if row is None:
        return ResolvedSubject()
    infohus = row_from(Infohus, row["i"])
    return ResolvedSubject(
        infohus_id=infohus.id,
        subject=infohus,
        parties=_parties(row),
        participation=ParticipationKind.COORDINATOR.value if row["is_coordinator"] else "none",
    )


def resolved_case(
    row: asyncpg.Record | None, record: type[Record] | None, caller: Caller, beside: Beside | None = None
) -> ResolvedSubject:
    """Read the answer of `case_query` to a caller. `subject` is `None` for a record that is hidden, or not there."""
    if row is None:
        return ResolvedSubject()
    case = row_from(Case, row["c"])
    subject: Row | None = case
    readers: tuple[str, ...] = ()
    record_keys: tuple[StoredKey, ...] = ()
    concerned = None
    if record is not None:
        subject = row_from(record, row["r"]) if row["r"] is not None else None
        if isinstance(subject, Record):
            readers = (subject.authority_id, *(row["readers"] if beside is None else beside.readers(row)))
            record_keys = stored_keys(row["own_keys"], row["given_keys"])
            concerned = _concerned(row, subject, record_keys, caller)
    kind = takes_part_as(caller.role) if row.get("takes_part") else None
    return ResolvedSubject(
        infohus_id=case.infohus_id,
        case=case,
        side=_own_side(row, takes_part=kind is not None),
        subject=subject,
        parties=_parties(row),
        readers=readers,
        participation="none" if kind is None else kind.value,
        taking_part=None if kind is None else caller.person_id,
        scope=frozenset(row.get("scope") or ()),
        records=frozenset(row.get("records") or ()),
        record_keys=record_keys,
        concerned=concerned,
        beside=row if beside is not None and subject is not None else None,
    )


def _concerned(row: asyncpg.Record, subject: Record, keys: Sequence[StoredKey], by: Caller) -> frozenset[UUID] | None:
    """Read whom a record concerns; what no key row and no exchange tells of, as who takes part, is the case's."""
    if not keys and not row["marks"]:
        return None
    return persons_of(
        keys, marks_told(row["marks"]), record_id=subject.id, authority_id=by.authority_id,
        known=[*(person for person, _ in row["persons"]), *row["told"]],
    )


def _parties(row: asyncpg.Record) -> dict[str, AuthorityKind]:
    found = zip(row.get("authorities") or (), row.get("kinds") or (), strict=True)
    return {authority: AuthorityKind(kind) for authority, kind in found}


def _own_side(row: asyncpg.Record, *, takes_part: bool) -> OwnSide:
    persons, told = row["persons"], set(row["told"])
    return OwnSide(
        row=row_from(CaseSide, row["s"]) if row["s"] is not None else None,
        persons=dict(iter(persons)),
        # Whoever takes no part meets nobody: the row of a person is one of an act in the case.
        unmet=tuple(sorted(told.difference(met for met, _ in persons))) if takes_part and told else (),
        awaits_child_notification=bool(row.get("awaits_child_notification")),
    )


def resource_of(resolved: ResolvedSubject, subject: Row | None, readers: Sequence[str]) -> Resource:
    """Describe a subject to the policies."""
    case = resolved.case
    if isinstance(subject, Record) and case is not None:
        delivered_by = getattr(subject, "delivered_by", None)
        return Resource.record(
            subject.id, kind=subject.__tablename__, owner=subject.authority_id, readers=readers, case_id=case.id,
            delivered=delivered_by is not None and delivered_by == resolved.taking_part,
            given=not resolved.records or subject.id in resolved.records or subject.recorded_by == resolved.taking_part,
        )
    if isinstance(subject, Case):
        return Resource.case(subject.id, infohus_id=subject.infohus_id, authorities=resolved.authorities)
    if isinstance(subject, Infohus):
        return Resource.infohus(subject.id, authorities=resolved.authorities)
    return Resource.installation()
