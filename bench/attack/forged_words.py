"""Forged rows with an entry that names them truly, which does not count: another log's, another act's, another case's.

Each forgery with its own entry as it should be goes unnoticed, as docs/trust.md says: the attack is not on the digest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from attacked_rows import AT, OURS, THEIRS, AttackedRows, RowAttack

from infohus.cases.joint_decisions.model import Signature
from infohus.kernel.access.model import Disclosure, Participant
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import insert_of, table_of
from infohus.kernel.database.tables import Row


@dataclass(frozen=True, slots=True)
class Forgery:
    """A row like a random one of `OURS`, but for some columns, inserted; and the act whose entry would make it true."""

    model: type[Row]
    act: Action
    changed: Mapping[str, Callable[[], Any]]

    async def insert(self, rows: AttackedRows) -> dict[str, Any]:
        """Insert it past the application."""
        table = table_of(self.model)
        owner = "discloser_id" if self.model is Disclosure else "authority_id"
        found = await rows.superuser.fetch(f'SELECT * FROM infohus."{table.name}" WHERE {owner} = $1', OURS)  # noqa: S608
        row = {**rows.dice.choice(found), **{name: value() for name, value in self.changed.items()}}
        await rows.superuser.execute(*insert_of(self.model).bound(**row))
        return row

    async def say(self, rows: AttackedRows, row: dict[str, Any], *, by: str, act: Action, case_id: UUID | None) -> None:
        """Append an entry on the row."""
        wrote = wrote_of(table_of(self.model), "insert", before={}, after=row)
        await rows.log([wrote], act, by=by, case_id=case_id)


FORGERIES = (
    Forgery(Signature, Action.SIGN_SCOPE_DECISION, {
        "id": uuid4, "person_id": uuid4, "content_hash": lambda: uuid4().bytes * 2,
    }),
    Forgery(Participant, Action.INVITE_PARTICIPANT, {"id": uuid4, "person_id": uuid4}),
    Forgery(Disclosure, Action.RECORD_EXCHANGE, {"recipient_id": lambda: "psykiatri"}),
)
OTHER_ACTS = (
    Action.READ_CASE, Action.NOTE_INFORMATION, Action.WRITE_NOTE, Action.SET_LEGAL_HOLD, Action.ACKNOWLEDGE_EXCHANGE,
    Action.REGISTER_COORDINATOR,
)
"""Acts that write none of these rows: one reads, one is the operator's, the others write something else."""


async def with_its_own_entry(rows: AttackedRows, forgery: Forgery) -> None:
    """Forge a row and its entry: what remains for whoever may append to that log, and is noticed by nobody."""
    row = await forgery.insert(rows)
    await forgery.say(rows, row, by=OURS, act=forgery.act, case_id=row["case_id"])


async def in_anothers_log(rows: AttackedRows) -> None:
    """Forge a row of one authority, with an entry in the log of another."""
    forgery = rows.dice.choice(FORGERIES)
    row = await forgery.insert(rows)
    await forgery.say(rows, row, by=THEIRS, act=forgery.act, case_id=row["case_id"])


async def under_another_act(rows: AttackedRows) -> None:
    """Forge a row, with an entry of an act that writes no such row."""
    forgery = rows.dice.choice(FORGERIES)
    row = await forgery.insert(rows)
    await forgery.say(rows, row, by=OURS, act=rows.dice.choice(OTHER_ACTS), case_id=row["case_id"])


async def on_another_case(rows: AttackedRows) -> None:
    """Forge a row of one case, with an entry on another, or on none."""
    forgery = rows.dice.choice(FORGERIES)
    row = await forgery.insert(rows)
    others = [None, *(one for one in rows.cases if one != row["case_id"])]
    await forgery.say(rows, row, by=OURS, act=forgery.act, case_id=rows.dice.choice(others))


async def change_with_another_act(rows: AttackedRows) -> None:
    """Change a case's stage, with an entry in the right log and on the right case, of an act that leads nowhere."""
    case_id = rows.dice.choice(rows.cases)
    await rows.lead_to(case_id, "closed", act=rows.dice.choice(OTHER_ACTS))


async def lead_back(rows: AttackedRows) -> None:
    """Lead a case back to its police check, or from there to a stage that the act of its entry does not lead to."""
    case_id = rows.dice.choice(rows.cases)
    await rows.lead_to(case_id, rows.dice.choice(("cleared", "closed")), act=Action.RECORD_CLEARANCE_CHECK)


async def change_another_column(rows: AttackedRows) -> None:
    """Change, with the right act and on the right case, a column that the act does not change, or not so."""
    case_id = rows.dice.choice(rows.cases)
    changed: dict[str, Any] = rows.dice.choice((
        {"opened_at": AT - timedelta(days=30)}, {"number": "2020-1"}, {"infohus_id": uuid4()},
        {"closed_at": AT - timedelta(days=30)}, {"closed_at": AT + timedelta(days=900)},
    ))
    await rows.lead_to(case_id, "closed", **changed)


FORGED_WORDS: dict[str, RowAttack] = {
    "a row forged, its entry in another's log": in_anothers_log,
    "a row forged, its entry of another act": under_another_act,
    "a row forged, its entry on another case": on_another_case,
    "a stage changed, its entry of another act": change_with_another_act,
    "a stage led to where its act does not lead": lead_back,
    "a column changed that its act does not change": change_another_column,
}
