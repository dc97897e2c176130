"""After each scenario, every row is compared with the logs."""

import asyncpg

from house import House
from infohus.kernel.audit.verification.row_reconciliation import reconcile_rows

SET_UP = frozenset({"authority", "infohus", "infohus_authority", "coordinator", "intake_key"})
"""Tables whose rows the fixture `house` inserts past the product, so no log names them."""


async def assert_rows_are_logged(house: House, reconciler: str) -> None:
    """Compare every row with the logs, unless the test wrote some itself."""
    if house.has_written:
        return
    connection = await asyncpg.connect(reconciler)
    try:
        compared, faults = await reconcile_rows(connection)
    finally:
        await connection.close()
    assert [str(fault) for fault in faults if fault.table not in SET_UP] == []
    assert compared
