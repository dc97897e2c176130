"""The running service's own comparison of rows with the logs: a little each second, round and round (`--rows` at once).

What is found is an alarm in the service's log, by table and key, once until the process ends. Nothing is stopped: the
row can have been forged by anybody who holds the database, and people decide what to believe.
"""

import asyncio

import asyncpg
import structlog

from infohus.kernel.audit.verification.catalog import catalog_faults
from infohus.kernel.audit.verification.exported_log import Fault
from infohus.kernel.audit.verification.key_rows import KeyRowRules, RowFault
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.row_reconciliation import RowReconciliation

logger = structlog.get_logger()

STEP_SECONDS = 1.0
"""Between two steps of at most 500 rows or 4,096 entries, which take some hundredths of a second."""


class SlowTurn:
    """Compares all rows again and again over a connection of its own."""

    def __init__(self, database: str, rules: KeyRowRules, *, step_seconds: float = STEP_SECONDS) -> None:
        """Connect as the role that the address `database` names, `infohus_reconciler`."""
        self._database = database
        self._rules = rules
        self._step_seconds = step_seconds
        self._alarms: set[RowFault] = set()
        self.turns = 0
        """How many times all rows were compared."""

    @property
    def alarms(self) -> frozenset[RowFault]:
        """Give what was found since the process began."""
        return frozenset(self._alarms)

    async def run(self) -> None:
        """Go on until cancelled; after a failure, which is logged, what was read of the logs is still known."""
        with LoggedRows() as logged:
            reconciliation = RowReconciliation(logged, self._rules)
            while True:
                try:
                    await self._go_on(reconciliation)
                except Exception as failure:
                    logger.exception("rows_not_compared", exc_info=failure)
                    await asyncio.sleep(self._step_seconds * 60)

    async def _go_on(self, reconciliation: RowReconciliation) -> None:
        connection = await asyncpg.connect(self._database, server_settings={
            "application_name": "infohus-rows", "row_security": "off",
        })  # without BYPASSRLS the database then refuses, where it would show fewer rows
        try:
            while True:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    found: list[Fault | RowFault] = [*await reconciliation.step(connection)]
                    if reconciliation.is_done:
                        found += await catalog_faults(connection)
                for fault in found:
                    self._raise_alarm(fault)
                if reconciliation.is_done:
                    self.turns += 1
                    reconciliation.begin_again()
                await asyncio.sleep(self._step_seconds)
        finally:
            await connection.close()

    def _raise_alarm(self, fault: Fault | RowFault) -> None:
        """Log a fault once. What an act that still goes on may have made is for `--rows` to tell."""
        if isinstance(fault, Fault):
            fault = RowFault(fault.place, "", fault.what)
        if not fault.is_remark and fault not in self._alarms:
            self._alarms.add(fault)
            logger.critical("row_not_as_logged", table=fault.table, key=fault.key, found=fault.what)
