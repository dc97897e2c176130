"""The caller's own side of a case in one unit of work: its version, the persons it knows, and how the log names them.

Nothing here reads or writes another authority's side.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.model import CaseSide, SidePerson
from infohus.kernel.audit.formats.entry import Track
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.statements import column_names_of, compiled, insert_unless_there_of, table_of
from infohus.kernel.identity.caller import Caller
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.lookup import ResolvedSubject
from infohus.kernel.unit_of_work.pending_writes import PendingWrites
from infohus.kernel.unit_of_work.side_keys import Ask

LOG_ID_BYTES = 16

_LOG_IDS = sa.select(SidePerson.subject_id, SidePerson.log_id).where(
    SidePerson.authority_id == sa.bindparam("authority_id"),
    SidePerson.subject_id == sa.func.any(sa.bindparam("subject_ids", type_=sa.ARRAY(sa.Uuid))),
).order_by(SidePerson.case_id, SidePerson.place, SidePerson.subject_id)
_CASES = (
    sa.func.unnest(sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid)))
    .table_valued("case_id", name="cases")
    .render_derived()
)
_SIDES = sa.select(
    _CASES.c.case_id, sa.func.infohus.own_side_of_attempt(_CASES.c.case_id).label("log_ids")
).order_by(_CASES.c.case_id)


class Side:
    """What the caller's authority has of the unit's case."""

    def __init__(  # noqa: PLR0913 - all of it by name
        self, *, caller: Caller, resolved: ResolvedSubject, writes: PendingWrites, audit_draft: AuditEventDraft,
        ask: Ask, begin_transaction: Callable[[], Awaitable[None]],
    ) -> None:
        """Begin with what the look-up found."""
        self._authority_id = caller.authority_id
        self._case_id = resolved.case.id if resolved.case is not None else None
        self._stored = resolved.side.row
        self._is_changed = False
        self._persons = dict(resolved.side.persons)
        self._ends_at: datetime | None = None
        self._is_reopened = False
        self._writes = writes
        self._audit_draft = audit_draft
        self._ask = ask
        self._begin_transaction = begin_transaction
        self.awaits_child_notification = resolved.side.awaits_child_notification
        """Whether the side knows of a child whose underretning is not handed over (rule 32)."""

    @property
    def version(self) -> int:
        """The version that an entity tag names: 0 while the authority has written nothing in the case."""
        stored = self._stored.version if self._stored is not None else 0
        return stored + 1 if self._is_changed else stored

    @property
    def is_first_written(self) -> bool:
        """Whether this unit makes the side's row: the authority has written nothing in the case before."""
        return self._case_id is not None and self._stored is None

    def enter(self, case_id: UUID) -> None:
        """Go on inside a case that the unit has just created."""
        self._case_id = case_id

    def change(self) -> None:
        """Give the side its next version when the unit ends; for acts that have the case to themselves."""
        self._is_changed = True

    @property
    def ended_at(self) -> datetime | None:
        """When the authority ended its side, although the other had not signed; the unit's own end, too."""
        stored = self._stored.ended_at if self._stored is not None and not self._is_reopened else None
        return self._ends_at or stored

    def end(self, at: datetime) -> None:
        """Write down when the authority ended its side."""
        self._ends_at = at
        self.change()

    def reopen(self) -> None:
        """Take the side's end back, if there is one; two that do so at the same time are asked to repeat."""
        if self.ended_at is not None and self._ends_at is None:
            self._is_reopened = True
            self.change()

    @property
    def persons(self) -> tuple[UUID, ...]:
        """The persons of the case whom the side knows, in the order in which it came to know them."""
        return tuple(self._persons)

    def know(self, subject_id: UUID) -> None:
        """Make a person that this unit records one of the side's, with a log id of its own."""
        log_id = _new_log_id()
        self._writes.insert(self._person(self._case_id, subject_id, log_id), unless_there=False)
        self._persons[subject_id] = log_id
        self._audit_draft.met.append(log_id)
        self.change()

    async def meet_those_disclosed(self, unmet: Sequence[UUID]) -> None:
        """Meet persons of the unit's case whom an exchange disclosed and no act has met before."""
        if self._case_id is not None and unmet:
            await self.meet([(self._case_id, person) for person in unmet])

    async def meet(self, persons: Iterable[tuple[UUID, UUID]]) -> dict[UUID, str]:
        """Name persons that the side knows in the entry of this act; give each one's log id.

        `persons` are pairs of a case and a person in it. One whom an exchange disclosed to the authority, and whom no
        act has met before, gets a row. Two units may meet somebody at the same time: the first one's log id counts.
        """
        cases = {subject_id: case_id for case_id, subject_id in persons}
        known = await self._log_ids(sorted(cases))
        self._audit_draft.persons.extend(known.values())
        first_met = sorted(cases.keys() - known.keys())
        if not first_met:
            return known
        await self._begin_transaction()
        made = [self._person(cases[one], one, _new_log_id(), behind=at) for at, one in enumerate(first_met)]
        statement = insert_unless_there_of(SidePerson)
        for person in made:
            await self._ask(statement.sql, statement.arguments({**vars(person)}))
        stored = await self._log_ids(first_met)
        self._persons.update({one: stored[one] for one in first_met if cases[one] == self._case_id})
        for person in made:
            if stored[person.subject_id] == person.log_id:
                stored_row = {name: vars(person)[name] for name in column_names_of(SidePerson)}
                self._audit_draft.add_wrote(wrote_of(table_of(SidePerson), "insert", before={}, after=stored_row))
                self._audit_draft.met.append(person.log_id)
            else:
                self._audit_draft.persons.append(stored[person.subject_id])
        return known | stored

    async def look_at(self, *case_ids: UUID, track: Track = Track.ORDINARY) -> None:
        """Name in the entry the cases' persons whom the own authority knows, and a single case where it has a side.

        For an act on the infohus or the log that shows something of cases (rules 56 and 61), on the track of what it
        shows (rules 64 and 85).
        """
        ready, cases = compiled(_SIDES), sorted(set(case_ids))
        rows = await self._ask(ready.sql, ready.arguments({"case_ids": cases})) if cases else []
        known = {row["case_id"]: row["log_ids"] for row in rows if row["log_ids"] is not None}
        if known:
            persons = [log_id for log_ids in known.values() for log_id in log_ids]
            self._audit_draft.look_at(persons, cases[0] if len(cases) == 1 else None, track=track)

    def store(self) -> None:
        """Insert or update the side's row with the other writes of the unit; a unit that writes nothing makes none."""
        if self._case_id is None or not (self._writes or self._ends_at):
            return
        if self._stored is None:
            first = CaseSide(
                case_id=self._case_id, authority_id=self._authority_id, version=1, ended_at=self._ends_at
            )
            self._writes.insert(first, unless_there=True, before_changes=True)  # whoever leaves takes part no more
        elif self._is_changed:
            ended_at = self.ended_at
            self._stored.version, self._stored.ended_at, self._is_changed = self.version, ended_at, False
            self._writes.update(self._stored, {"version": self._stored.version, "ended_at": ended_at})

    async def _log_ids(self, subject_ids: Sequence[UUID]) -> dict[UUID, str]:
        ready = compiled(_LOG_IDS)
        values = {"authority_id": self._authority_id, "subject_ids": subject_ids}
        return {row["subject_id"]: row["log_id"] for row in await self._ask(ready.sql, ready.arguments(values))}

    def _person(self, case_id: UUID | None, subject_id: UUID, log_id: str, *, behind: int = 0) -> SidePerson:
        """Make the row of a person; two who are met at once by two acts may get the same place."""
        return SidePerson(
            case_id=case_id, authority_id=self._authority_id, subject_id=subject_id, log_id=log_id,
            place=len(self._persons) + behind + 1,
        )


def _new_log_id() -> str:
    return secrets.token_urlsafe(LOG_ID_BYTES)
