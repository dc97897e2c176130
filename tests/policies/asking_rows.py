"""Asks row security and the policies, each by itself, which rows a person may see.

Row security is asked with the application's role. For the policies, the subject is found by the application's own query
(lookup.py) as superuser, so that they are asked about rows that row security hides too.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg

from infohus.kernel.access.model import ParticipationKind
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Participation, Policies, Resource
from infohus.kernel.database.statements import Compiled, acting
from infohus.kernel.database.tables import Record
from infohus.kernel.identity.caller import Caller
from infohus.kernel.unit_of_work.lookup import (
    Lock,
    ResolvedSubject,
    case_query,
    infohus_query,
    resolved_case,
    resolved_infohus,
    resource_of,
    takes_part_as,
)
from policies.lookers import Looker
from policies.oracle import ACTS
from policies.row_world import StoredRow, World

Question = tuple[Action, Resource, Participation]
Seen = frozenset[tuple[str, str]]
"""Rows as table and place."""

READING: Final = {
    kind: action for action, act in ACTS.items() if action.value.startswith("read") for kind in act.kinds
} | {"protected_address": Action.REVEAL_ADDRESS}
"""The action that reads a record of a kind."""
_OF_CASE: Final = frozenset({"case", "participant"})
"""Shown with the case: which there is, and who takes part."""
_PER_AUTHORITY: Final = {"record_key": "authority_id", "disclosed_key": "recipient_id"}
"""Kept by each authority for itself."""

_OF_A_SIDE: Final = frozenset({"case_side", "side_person"})
"""Ids of what an authority has of a case: shown to all its staff, whose attempts are logged with them."""

_COORDINATES: Final = """
SELECT EXISTS (
  SELECT FROM infohus.participant p JOIN infohus."case" c ON c.id = p.case_id
  JOIN infohus.coordinator t USING (infohus_id, person_id)
  WHERE c.id = $1 AND person_id = $2 AND p.acts_for = $3 AND t.authority_id = $3 AND p.kind = 'coordinator'
    AND p.begins_at <= $4 AND coalesce(p.ended_at, p.ends_at, 'infinity') > $4
)
"""
"""Whether a person takes part in a case as tovholder, by its rows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that the policies need to know of the world: cases and records as lookup.py finds them."""

    world: World
    policies: Policies
    infohus: ResolvedSubject
    records: dict[UUID, list[tuple[Record, tuple[str, ...]]]]
    """The versions of each record, oldest first, each with the authorities that have a key of it."""
    kinds: dict[UUID, str]
    cases: dict[tuple[Caller, object], dict[UUID, ResolvedSubject]] = field(default_factory=dict)

    def cases_for(self, looker: Looker) -> dict[UUID, ResolvedSubject]:
        """Give every case as it is found for a person: with the person's own participation."""
        return self.cases[looker.caller, looker.moment]

    def allows(self, looker: Looker, *questions: Question) -> bool:
        """Say whether the policies allow one of these acts."""
        return any(
            self.policies.decide(looker.caller, action, resource, participation, now=looker.moment).allowed
            for action, resource, participation in questions
        )

    def shows(self, looker: Looker, row: StoredRow) -> bool:
        """Say whether the policies let somebody read a row."""
        if row.table == "answered_request":
            return UUID(row.columns["person_id"]) == looker.caller.person_id
        if row.table in _OF_A_SIDE:
            return str(row.columns["authority_id"]) == looker.caller.authority_id
        if row.table == "concern_form":
            # Counted by its own side, and told to nobody.
            is_own = str(row.columns["authority_id"]) == looker.caller.authority_id
            concern_id = UUID(row.columns["concern_id"])
            return is_own and self.allows(
                looker, self.on_record(looker, Action.READ_CONCERN, concern_id, row.case_id)
            )
        if row.table == "earlier_concerns_seen":
            # A confirmation is seen by the person who made it, for the same authority.
            who = (str(looker.caller.person_id), looker.caller.authority_id)
            own = (row.columns["person_id"], row.columns["authority_id"]) == who
            return own and self.allows(looker, self.on_case(looker, Action.READ_EARLIER_CONCERNS, row.case_id))
        authority_id = looker.caller.authority_id
        if row.table in _PER_AUTHORITY and row.columns[_PER_AUTHORITY[row.table]] != authority_id:
            return False
        is_shown = self._shows_version(authority_id, row) and self.allows(looker, *self._reading(looker, row))
        return is_shown or self._reported_it(looker, row)

    def _reported_it(self, looker: Looker, row: StoredRow) -> bool:
        """Say whether somebody who takes part reported this danger: they tell it by its row (rule 84)."""
        who = (str(looker.caller.person_id), looker.caller.authority_id)
        is_report = row.table == "exchange" and row.columns["purpose"] == "danger"
        reported = is_report and (row.columns["recorded_by"], row.columns["authority_id"]) == who
        return reported and self.allows(looker, self.on_case(looker, Action.READ_CASE, row.case_id))

    def _shows_version(self, authority_id: str, row: StoredRow) -> bool:
        """Say whether a row belongs to a version that an authority sees; a signature comes with what it signs."""
        version = row.columns.get("record_version")
        if row.table == "signature":
            record = self.records[UUID(row.columns["record_id"])]
            return any(one.record_version == version and authority_id in readers for one, readers in record)
        if row.table in self.kinds.values():
            return self.seen_by(authority_id, UUID(row.columns["id"]))[0].record_version == version
        return True

    def _reading(self, looker: Looker, row: StoredRow) -> Iterator[Question]:
        own = looker.caller.authority_id
        if row.table == "receipt" and own not in {row.columns["authority_id"], self.given_by(row)}:
            return
        if row.table == "disclosure" and own not in {row.columns["recipient_id"], self.given_by(row)}:
            return
        if row.table in {"case", "exchange", "onward_notice", "disclosure", "receipt"} and self.concerns(own, row):
            infohus = resource_of(self.infohus, self.infohus.subject, ())
            yield Action.SUPERVISE_EXCHANGES, infohus, Participation("none", frozenset())
        if row.table == "disclosure" and row.columns["recipient_id"] == looker.caller.authority_id:
            yield self.on_case(looker, Action.READ_CASE, row.case_id)
        if row.table in _OF_CASE:
            yield self.on_case(looker, Action.READ_CASE, row.case_id)
        elif row.table in {"disclosure", "receipt"}:
            yield self.on_record(looker, Action.READ_EXCHANGE, UUID(row.columns["exchange_id"]), row.case_id)
        else:
            of_record = row.table in {"record_key", "disclosed_key", "signature"}
            record_id = UUID(row.columns["record_id" if of_record else "id"])
            kind = self.kinds[record_id]
            if kind == "participant":
                yield self.on_case(looker, Action.READ_CASE, row.case_id)
            elif kind == "invitation":
                # For who drew somebody in, and for themselves; the row says so, and no policy does.
                who = (str(looker.caller.person_id), own)
                if row.columns["authority_id"] == own or (row.columns["person_id"], row.columns["acts_for"]) == who:
                    yield self.on_case(looker, Action.READ_CASE, row.case_id)
            else:
                yield self.on_record(looker, READING[kind], record_id, row.case_id)

    def given_by(self, row: StoredRow) -> str:
        """Name the authority that gave the exchange that a row is, or belongs to."""
        exchange_id = UUID(row.columns["id" if row.table == "exchange" else "exchange_id"])
        (exchange, _), *_ = self.records[exchange_id]
        return exchange.authority_id

    def concerns(self, authority: str, row: StoredRow) -> bool:
        """Say whether an authority takes part in a case ever, or gave or received what a row tells of."""
        if row.table == "case":
            return any(
                one.table == "participant" and one.case_id == row.case_id and one.columns["acts_for"] == authority
                for one in self.world.rows
            )
        if row.table == "onward_notice":
            return authority in {row.columns["authority_id"], row.columns["owner_id"]}
        if row.table == "disclosure":
            return authority in {self.given_by(row), row.columns["recipient_id"]}
        exchange_id = row.columns["id" if row.table == "exchange" else "exchange_id"]
        return authority == self.given_by(row) or any(
            one.table == "disclosure" and one.columns["record_id"] == exchange_id and self.concerns(authority, one)
            for one in self.world.rows
        )

    def on_case(self, looker: Looker, action: Action, case_id: UUID) -> Question:
        """Make the question whether somebody may take an action on a case."""
        found = self.cases_for(looker)[case_id]
        return action, resource_of(found, found.case, ()), _own(found)

    def on_record(self, looker: Looker, action: Action, record_id: UUID, case_id: UUID) -> Question:
        """Make the question whether somebody may take an action on a record."""
        found, (record, readers) = self.cases_for(looker)[case_id], self.seen_by(looker.caller.authority_id, record_id)
        return action, resource_of(found, record, readers), _own(found)

    def seen_by(self, authority_id: str, record_id: UUID) -> tuple[Record, tuple[str, ...]]:
        """Give the version that an authority sees: the newest that it has a key of; without one, the newest."""
        versions = self.records[record_id]
        return next((one for one in reversed(versions) if authority_id in one[1]), versions[-1])

    def on_infohus(self, looker: Looker, action: Action, case_id: UUID | None = None) -> Question:
        """Make the question for an action on the infohus, by somebody who takes part in the case, if one is named."""
        participation = _own(self.cases_for(looker)[case_id]) if case_id else Participation("none", frozenset())
        return action, resource_of(self.infohus, self.infohus.subject, ()), participation


def _own(found: ResolvedSubject) -> Participation:
    return Participation(found.participation, found.scope)


async def ask_policies(world: World, policies: Policies, superuser: asyncpg.Connection) -> Asked:
    """Find every case for every person, and every record with its readers."""
    anyone = world.lookers[0]
    nobody = {"person_id": anyone.caller.person_id, "authority_id": ""}
    row = await _found(superuser, anyone, infohus_query(), infohus_id=world.infohus_id, **nobody)
    asked = Asked(world, policies, resolved_infohus(row), {}, {})
    models = {model.__tablename__: model for model in _records(Record)}
    for stored in world.rows:
        if (model := models.get(stored.table)) is not None:
            record_id = UUID(stored.columns["id"])
            if record_id in asked.records:
                continue
            rows = await _found_all(
                superuser, anyone, case_query(model, Lock.NONE, None), case_id=stored.case_id, record_id=record_id,
                authority_id="",
            )
            asked.kinds[record_id], asked.records[record_id] = stored.table, []
            for found in (resolved_case(row, model, anyone.caller) for row in rows):
                assert isinstance(found.subject, Record)
                asked.records[record_id].append((found.subject, found.readers))
            asked.records[record_id].sort(key=lambda version: version[0].record_version)
    _add_keepers(asked)
    cases = [row.case_id for row in world.rows if row.table == "case"]
    for looker in world.lookers:
        if (looker.caller, looker.moment) not in asked.cases:
            asked.cases[looker.caller, looker.moment] = {
                case_id: await _found_case(superuser, looker, case_id) for case_id in cases
            }
    return asked


def _add_keepers(asked: Asked) -> None:
    """Let who marked a version as kept be a reader of it, withdrawn or not: only its own callers find so."""
    rows = asked.world.rows
    for mark in (row.columns for row in rows if row.table == "kept_mark"):
        for told in (row.columns for row in rows if row.table == "disclosure"):
            if (told["exchange_id"], told["recipient_id"]) == (mark["exchange_id"], mark["authority_id"]) and told[
                "record_id"
            ] in mark["records"]:
                record_id = UUID(told["record_id"])
                asked.records[record_id] = [
                    (version, (*readers, mark["authority_id"])) if version.record_version == told["record_version"]
                    else (version, readers) for version, readers in asked.records[record_id]
                ]


async def _found_case(superuser: asyncpg.Connection, looker: Looker, case_id: UUID) -> ResolvedSubject:
    """Look a case up; the query asks row security's function who takes part, so that is asked here a second way."""
    caller = looker.caller
    found = resolved_case(
        await _found(
            superuser, looker, case_query(None, Lock.NONE, takes_part_as(caller.role)), case_id=case_id,
            person_id=caller.person_id, authority_id=caller.authority_id,
        ),
        None, caller,
    )
    coordinates = await superuser.fetchval(
        _COORDINATES, case_id, caller.person_id, caller.authority_id, looker.moment
    )
    is_role = takes_part_as(caller.role) is ParticipationKind.COORDINATOR
    assert (found.participation == "coordinator") == (is_role and coordinates), (caller, case_id)
    return found


async def _found(
    connection: asyncpg.Connection, looker: Looker, query: Compiled, **values: object
) -> asyncpg.Record | None:
    rows = await _found_all(connection, looker, query, **values)
    return rows[0] if rows else None


async def _found_all(
    connection: asyncpg.Connection, looker: Looker, query: Compiled, **values: object
) -> list[asyncpg.Record]:
    arguments = query.arguments(values)
    found: list[asyncpg.Record] = await connection.fetch(
        acting(query.sql, len(arguments)), *arguments, *who(looker)
    )
    return found


def who(looker: Looker) -> tuple[object, ...]:
    """Give the arguments of `infohus.act_as`."""
    return looker.caller.authority_id, looker.caller.person_id, looker.caller.role.value, looker.moment


def _records(model: type[Record]) -> Iterator[type[Record]]:
    for below in model.__subclasses__():
        if not below.__dict__.get("__abstract__"):
            yield below
        yield from _records(below)


def every_row_of(tables: Iterable[str]) -> str:
    """Write the query for the places of all rows of some tables."""
    return " UNION ALL ".join(
        f"""SELECT '{table}' AS "table", ctid::text AS place FROM infohus."{table}\"""" for table in tables  # noqa: S608
    )


async def seen_by(connection: asyncpg.Connection, looker: Looker, tables: Collection[str]) -> Seen:
    """List the rows that row security shows, asked as a reading unit of work asks."""
    rows = await connection.fetch(acting(every_row_of(tables), 0), *who(looker))
    return frozenset((row["table"], row["place"]) for row in rows)
