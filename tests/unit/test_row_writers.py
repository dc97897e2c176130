"""Which acts write rows: the same that the procedure locks for, and the operator's."""

from infohus.cases.procedure.table import PROCEDURE
from infohus.kernel.access.keys_model import KeyRow
from infohus.kernel.access.row_writers import ALSO, INSERT, OPERATORS, OPERATORS_ACTS, RowWriters
from infohus.kernel.database.row_digests import UNLOGGED
from infohus.kernel.database.tables import Row
from infohus.kernel.unit_of_work.lookup import Lock


def test_an_act_writes_rows_where_it_takes_a_lock_or_is_the_operators() -> None:
    writers = RowWriters()
    for action, row in PROCEDURE.items():
        writes = writers.writes_rows(action.value, carries=False, authority="ishoj-kommune")
        assert writes == (row.lock is not Lock.NONE or action in OPERATORS_ACTS), action
        by_operator = writers.writes_rows(action.value, carries=False, authority=None)
        assert by_operator == (action in OPERATORS_ACTS), action


def test_of_every_table_it_is_known_who_inserts_its_rows() -> None:
    tables = {table.name: table for of in (Row, KeyRow) for table in of.metadata.tables.values()}
    assert len(tables) > 50
    for name in tables.keys() - UNLOGGED:
        assert name in OPERATORS or (name, INSERT) in ALSO or "authority_id" in tables[name].columns, name
    assert {*OPERATORS, *(name for name, _ in ALSO)} - tables.keys() == {"retention"}
