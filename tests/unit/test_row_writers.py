"""Which acts write rows: the same that the procedure locks for, and the operator's."""

from pathlib import Path

from infohus.cases.procedure.table import PROCEDURE
from infohus.kernel.access.keys_model import KeyRow
from infohus.kernel.access.row_acts import (
    BY_ANY,
    INSERT,
    KIND_OF_TOVHOLDER,
    OPERATORS_ACTS,
    RETENTION,
    WRITTEN_BY,
    is_done_by,
    writes_rows,
)
from infohus.kernel.access.row_writers import ALSO, OPERATORS
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Policies
from infohus.kernel.database.row_digests import UNLOGGED
from infohus.kernel.database.tables import Row
from infohus.kernel.identity.caller import Role
from infohus.kernel.unit_of_work.lookup import Lock


def test_an_act_writes_rows_where_it_takes_a_lock_and_is_not_the_operators() -> None:
    for action, row in PROCEDURE.items():
        writes = writes_rows(action.value, authority="ishoj-kommune")
        assert writes == (row.lock is not Lock.NONE and action not in OPERATORS_ACTS), action
        by_operator = writes_rows(action.value, authority=None)
        assert by_operator == (action in OPERATORS_ACTS), action


def test_of_every_table_it_is_known_who_inserts_its_rows() -> None:
    tables = {table.name: table for of in (Row, KeyRow) for table in of.metadata.tables.values()}
    assert len(tables) > 50
    for name in tables.keys() - UNLOGGED:
        assert name in OPERATORS or (name, INSERT) in ALSO or "authority_id" in tables[name].columns, name
    assert {*OPERATORS, *(name for name, _ in ALSO)} - tables.keys() == {RETENTION}


def test_of_every_table_it_is_known_which_acts_write_its_rows() -> None:
    tables = {table.name: table for of in (Row, KeyRow) for table in of.metadata.tables.values()}
    for name in tables.keys() - UNLOGGED:
        assert (name, INSERT) in BY_ANY or WRITTEN_BY[name][INSERT], name
        does = {verb for by, verb in BY_ANY if by == name} | {*WRITTEN_BY.get(name, ())}
        assert (does & {"update", "withdraw"} != set()) == ("revision" in tables[name].columns), name
        authoritys = {verb for by, verb in ALSO if by == name}
        assert OPERATORS.get(name, frozenset()) | authoritys <= does, name
    assert {*WRITTEN_BY, *(name for name, _ in BY_ANY)} - tables.keys() == {RETENTION}
    for table, verbs in WRITTEN_BY.items():
        for verb, acts in verbs.items():
            for act in acts:
                by_operator = act in OPERATORS_ACTS
                assert by_operator == (table in OPERATORS) or (table, verb) in ALSO, (table, verb, act)
                assert writes_rows(act.value, authority=None if by_operator else "ishoj-kommune"), (table, verb, act)


def test_in_which_roles_an_act_is_done_is_what_the_policies_say() -> None:
    policies = Policies.load(Path("policies"))
    for act in Action:
        if writes_rows(act.value, authority="ishoj-kommune"):
            roles = {role for role in Role if is_done_by(act.value, role.value, KIND_OF_TOVHOLDER.get(role, "region"))}
            assert roles == policies.roles[act], act


def test_no_authority_does_what_only_the_others_tovholder_does() -> None:
    check, receipt = Action.RECORD_CLEARANCE_CHECK.value, Action.RECORD_RECEIPT_TO_REPORTER.value
    assert is_done_by(check, "police_coordinator", "police")
    assert not is_done_by(check, "police_coordinator", "municipality")
    assert not is_done_by(check, "municipal_coordinator", "municipality")
    assert not is_done_by(receipt, "police_coordinator", "police")
    assert not is_done_by(check, None, "police")
    assert not is_done_by("noSuchAct", "police_coordinator", "police")
