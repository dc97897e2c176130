"""After each scenario, every row is compared with the logs."""

import asyncpg

from house import House
from house_keys import Addresses
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.verification.key_rows import RowFault
from infohus.kernel.audit.verification.row_reconciliation import reconcile_rows

SET_UP = frozenset({"authority", "infohus", "infohus_authority", "coordinator", "intake_key", "intake_secret"})
"""Tables whose rows the fixture `house` inserts past the product, so no log names them."""
LOG = "audit.log"
"""Also inserted by fixtures: a log of the tests' own is nobody's."""


async def assert_rows_are_logged(house: House, reconciler: str) -> None:
    """Compare every row with the logs, unless the test wrote some itself."""
    if house.has_written:
        return
    compared, faults = await _compared(reconciler)
    found = [str(fault) for fault in faults if fault.table not in {*SET_UP, LOG} and not fault.is_remark]
    assert found == [], found
    assert compared


async def faults_in(database: Addresses, *, but: frozenset[str] = SET_UP) -> list[RowFault]:
    """Compare all rows and entries; give what is wrong but for some tables, those that the fixture fills."""
    _, faults = await _compared(database.dsn("reconciler"))
    return [fault for fault in faults if fault.table not in but]


async def _compared(reconciler: str) -> tuple[int, list[RowFault]]:
    connection = await asyncpg.connect(reconciler)
    try:
        return await reconcile_rows(connection, RulesOfKeyRows())
    finally:
        await connection.close()
