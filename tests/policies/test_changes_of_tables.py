"""Of each table whose rows change: an act changes its own columns, as they change, whoever logs it; all else is named.

Each change is forged between the database and the comparison, with an entry of whoever may write the row so.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest

from house import INSTITUTION, MUNICIPALITY, POLICE
from infohus.cases.procedure.table import PROCEDURE
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.access.model import Stage
from infohus.kernel.access.row_acts import INSERT, OTHER_ROLES, TOVHOLDERE, UPDATE, WITHDRAW, WRITTEN_BY
from infohus.kernel.access.row_changes import ANY, CHANGED_BY, COLUMNS, COUNTED, ONCE, STAGE, STAGES
from infohus.kernel.audit.formats.emptying import entry_of
from infohus.kernel.audit.formats.entry import Emptied, Entry, decode
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.audit.verification.claims import CANNOT_SAY
from infohus.kernel.audit.verification.logged_rows import LoggedRows, key_text
from infohus.kernel.audit.verification.row_reconciliation import RowReconciliation
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.row_digests import REVISION, WRAPPED_KEYS, digest_of
from infohus.kernel.identity.caller import Role
from policies.conftest import Compared
from policies.test_claims_of_tables import Forging, Logged, _logged, _other
from policies.test_row_writing import changeable_columns

LATER: Final = timedelta(days=1)
"""By how much an entry that `Forging` adds is later than the one with which the row came."""
NAMED_BY: Final = {"participant": ("acts_for", Action.LEAVE_CASE),
                   "information_request": ("asked_of", Action.ANSWER_INFORMATION_REQUEST)}
"""Columns that name whoever may change a row that another authority wrote, and the act that does."""


def _next(one: Logged, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the row as it is after a change, and what an entry says of that."""
    row = {**one.stored, **changes, REVISION: one.stored[REVISION] + 1}
    if "version" in COLUMNS[one.table.name] and "version" not in changes:
        row["version"] += 1
    return row, {
        "verb": WITHDRAW if one.table.name == "disclosure" else UPDATE, "revision": row[REVISION],
        "digest": digest_of(one.table.name, row), "was": digest_of(one.table.name, one.stored),
    }


def _jump(one: Logged) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the row as changed twice, of which an entry tells the second."""
    row, word = _next(one, **{name: _other(value) for name, value in one.stored.items() if name.endswith("_by")})
    row[REVISION] += 1
    return row, {**word, "revision": row[REVISION], "digest": digest_of(one.table.name, row)}


def _empty(logged: LoggedRows, entry: Entry) -> None:
    """Let an entry of each authority's log have been emptied, as a later one says."""
    for log_id in (log_of(MUNICIPALITY), log_of(POLICE)):
        emptying = Emptied(0, 1, entry.at + 2 * LATER)
        logged.see_emptied(log_id)
        logged.see(log_id, 10**5, decode(entry_of(log_id, emptying, at=entry.at)))


def _set(one: Logged, column: str, act: Action) -> dict[str, Any]:
    """Set a column that is set once, lawfully; a case that closes is closed, and one taken over the police's alone."""
    leads_to = "police_alone" if act is Action.TAKE_OVER_CASE else "closed"
    moved = {"stage": leads_to} if one.table.name == "case" else {}
    assert act in CHANGED_BY[one.table.name]
    return {column: one.entry.at + LATER if column.endswith("_at") else uuid4(), **moved}


def _by(one: Logged, act: Action) -> dict[str, Any]:
    """Give what an entry says of who does an act: whoever wrote the row, or else a role that does it, for its own."""
    roles = OTHER_ROLES.get(act, TOVHOLDERE)
    if one.entry.role in roles:
        return {"action": act.value}
    role = min(roles)
    kinds = {Role.MUNICIPAL_COORDINATOR: MUNICIPALITY, Role.POLICE_COORDINATOR: POLICE}
    authority = kinds.get(role, one.entry.authority)
    return {"action": act.value, "role": role.value, "authority": authority, "log": log_of(str(authority))}


def _changes(one: Logged, act: Action) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Give changes of a row by an act, by name, and whether the act makes such."""
    kinds = COLUMNS[one.table.name]
    for column, value in one.stored.items():
        kind = kinds[column] if column in CHANGED_BY[one.table.name][act] else None
        if column in {*one.table.keys, *WRAPPED_KEYS, REVISION}:
            continue
        if kind is STAGE:
            for stage in Stage:
                come_from = STAGES[act].get(stage, frozenset())
                yield f"to {stage}", {column: stage.value}, Stage(value) in {*come_from, *(come_from and {stage})}
        elif kind is COUNTED:
            yield f"{column} twice", {column: value + 2}, False
        elif kind is ONCE and value is None:
            right = _set(one, column, act)
            yield f"{column} set", right, True
            if isinstance(right[column], datetime):
                yield f"{column} set early", {**right, column: right[column] - timedelta(minutes=2)}, False
                yield f"{column} set late", {**right, column: right[column] + timedelta(days=900)}, False
        elif value is not None and not isinstance(value, list):
            yield f"{column} changed", {column: _other(value) if not isinstance(value, bool) else not value}, False
        elif value is None:
            yield f"{column} set", {column: uuid4()}, False


@pytest.mark.rule(58)
@pytest.mark.fault("A17")
async def test_each_act_changes_its_own_columns_alone_and_as_they_change(
    compared: Compared, superuser: asyncpg.Connection
) -> None:
    tried, wrong, lawful = set[str](), list[Any](), set[str]()
    with LoggedRows() as logged:
        reconciliation = RowReconciliation(logged, RulesOfKeyRows())
        while not await reconciliation.follow(superuser):
            pass
        forging = Forging(superuser, reconciliation)
        rows = await _logged(superuser, reconciliation)
        _empty(logged, rows[0].entry)  # which excuses nothing of rows whose words all stand
        for one in rows:
            name = one.table.name
            for act, columns in CHANGED_BY.get(name, {}).items():
                assert ANY not in {COLUMNS[name][column] for column in columns}, name
                tried.add(name)
                for what, changes, is_right in _changes(one, act):
                    # Whether a decision led a case there, test_changes_of_rows.py asks.
                    found = await forging.faults(one, *_next(one, **changes), _by(one, act), rests=True)
                    if (found == []) != is_right:
                        wrong.append((name, act.value, what, found))
                    lawful |= {name} if is_right else set()
                for authority in (MUNICIPALITY, POLICE):
                    said = {**_by(one, act), "log": log_of(authority), "authority": authority}
                    if name not in {table for table, _ in await forging.faults(one, *_jump(one), said)}:
                        wrong.append((name, act.value, "a revision that none tells of", authority))
            if name in NAMED_BY:
                column, act = NAMED_BY[name]
                said = {
                    "log": log_of(INSTITUTION), "authority": INSTITUTION, "action": act.value,
                    "role": Role.INVITED_PROFESSIONAL.value,
                }
                taking: dict[str, Any] = dict.fromkeys(
                    {"ended_at", "answered_at"} & CHANGED_BY[name][act], one.entry.at + LATER
                )
                taking[column] = INSTITUTION
                if name not in {table for table, _ in await forging.faults(one, *_next(one, **taking), said)}:
                    wrong.append((name, act.value, "its writer forged"))
    assert wrong == [], "\n".join(str(passed) for passed in wrong)
    assert tried == {table for table in CHANGED_BY if table in compared.asked.world.tables} - {"log_check"}
    assert tried - lawful <= {"closure", "recommendation", "screening"}, "of these all are decided"


@pytest.mark.rule(58)
async def test_a_second_insert_is_named_and_the_row_is_not(
    compared: Compared, superuser: asyncpg.Connection
) -> None:
    assert compared.asked.world.tables
    with LoggedRows() as logged:
        reconciliation = RowReconciliation(logged, RulesOfKeyRows())
        while not await reconciliation.follow(superuser):
            pass
        forging = Forging(superuser, reconciliation)
        for one in await _logged(superuser, reconciliation):
            repeated = {"verb": INSERT, "revision": 1, "digest": "00" * 32, "was": None}
            said = f"{CANNOT_SAY}: {one.table.name} {key_text(one.wrote.key)}"
            assert await forging.faults(one, one.stored, repeated, {}) == [("audit.leaf", said)], one.table.name
            if REVISION in one.stored:
                continue
            forged = _forged(one)
            again = {**repeated, "digest": digest_of(one.table.name, forged)}
            assert one.table.name in {table for table, _ in await forging.faults(one, forged, again, {})}


def _forged(one: Logged) -> Mapping[str, Any]:
    row, _ = one.changed()
    return row


def test_every_act_that_changes_rows_says_which_columns() -> None:
    by_acts = {table: verbs[UPDATE] for table, verbs in WRITTEN_BY.items() if UPDATE in verbs}
    by_acts |= {table: verbs[WITHDRAW] for table, verbs in WRITTEN_BY.items() if WITHDRAW in verbs}
    operators = {"authority", "infohus", "retention"}
    assert {table: set(acts) for table, acts in CHANGED_BY.items()} == {
        table: acts - {Action.LOAD_PLAN} for table, acts in by_acts.items() if table not in operators
    }
    assert {table: {name for columns in acts.values() for name in columns} for table, acts in CHANGED_BY.items()} == {
        table: set(columns) for table, columns in COLUMNS.items() if table != "case_side"
    }


def test_a_case_moves_as_the_procedure_says() -> None:
    leading = {act: row for act, row in PROCEDURE.items() if row.leads_to}
    assert {act: dict(moves) for act, moves in STAGES.items()} == {
        act: {to: frozenset(row.stages) for to in row.leads_to.values()} for act, row in leading.items()
    }


async def test_the_application_changes_these_columns_and_no_others(superuser: asyncpg.Connection) -> None:
    granted = await changeable_columns(superuser)
    assert {table: set(columns) - {REVISION} for table, columns in granted.items()} == {
        table: set(columns) for table, columns in COLUMNS.items() if table != "disclosure"  # `withdraw` changes it
    }
    assert all(REVISION in columns for columns in granted.values())
    rows = await superuser.fetch(
        "SELECT c.relname AS name, p.proname AS how, t.tgargs AS columns FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE NOT t.tgisinternal AND p.proname IN ('is_set_once', 'is_counted')"
    )
    held = {
        (row["name"], column, row["how"]) for row in rows for column in row["columns"].decode().split("\0") if column
    }
    kinds = {ONCE: "is_set_once", COUNTED: "is_counted"}
    assert held == {
        (table, column, kinds[kind]) for table, columns in COLUMNS.items() if table != "disclosure"
        for column, kind in {**columns, REVISION: COUNTED}.items() if kind in kinds
    }
