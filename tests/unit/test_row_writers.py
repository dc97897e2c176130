"""Which acts write rows: the same that the procedure locks for, and the operator's."""

from infohus.cases.procedure.table import PROCEDURE
from infohus.kernel.access.row_writers import OPERATORS_ACTS, RowWriters
from infohus.kernel.unit_of_work.lookup import Lock


def test_an_act_writes_rows_where_it_takes_a_lock_or_is_the_operators() -> None:
    writers = RowWriters()
    for action, row in PROCEDURE.items():
        writes = writers.writes_rows(action.value, carries=False, authority="ishoj-kommune")
        assert writes == (row.lock is not Lock.NONE or action in OPERATORS_ACTS), action
        by_operator = writers.writes_rows(action.value, carries=False, authority=None)
        assert by_operator == (action in OPERATORS_ACTS), action
