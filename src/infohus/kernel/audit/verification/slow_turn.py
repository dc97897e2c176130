"""The installation's own comparison of rows with the logs: a little at a time, round and round (`--rows` at once).

`infohus audit watch-rows` runs it in a process of its own, never the service: its role sees the rows of every
authority, and the service reads what strangers send. What is found is named in the log at once, by table and key.
"""

import asyncio

import asyncpg
import structlog

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.catalog import catalog_faults
from infohus.kernel.audit.verification.key_rows import KeyRowRules, RowFault
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.row_reconciliation import AT_ONCE, RowReconciliation

logger = structlog.get_logger()

STEP_SECONDS = 1.0
"""The pause after a full step of 500 rows, which takes some hundredths of a second; a smaller one has a shorter."""
SHORTEST_PAUSE = 0.02
"""Of `STEP_SECONDS`: the pause after a step that found nothing to read."""
MOST_FAILURES = 15


class RowsNotCompared(Exception):  # noqa: N818 - names the situation
    """The database refused, or was away, for `MOST_FAILURES` minutes."""


class SlowTurn:
    """Compares all rows, turn after turn; what it read of the logs it still knows in the next."""

    def __init__(
        self, database: str, rules: KeyRowRules, logged: LoggedRows, *, step_seconds: float = STEP_SECONDS
    ) -> None:
        """Connect as the role that the address `database` names, `infohus_reconciler`."""
        self._database = database
        self._step_seconds = step_seconds
        self._reconciliation = RowReconciliation(logged, rules)
        self.compared = 0
        """How many rows the last turn compared."""

    async def turn(self, known: frozenset[str] = frozenset()) -> frozenset[RowFault]:
        """Compare all rows once, and give what is wrong; a failure is logged, and the turn goes on a minute later.

        `known` are the names of faults that were told before: they are given, and not logged again.

        Raises:
            RowsNotCompared: it failed again and again.
        """
        found: set[RowFault] = set()
        for _ in range(MOST_FAILURES):
            try:
                await self._go_on(found, known)
            except Exception as failure:
                logger.exception("rows_not_compared", exc_info=failure)
                await asyncio.sleep(self._step_seconds * 60)
            else:
                return frozenset(found)
        raise RowsNotCompared

    async def _go_on(self, found: set[RowFault], known: frozenset[str]) -> None:
        """Go on to the turn's end: slowly, and at once where something new was found, so that all of it is told."""
        connection = await asyncpg.connect(self._database, server_settings={
            "application_name": "infohus-rows", "row_security": "off",
        })  # without BYPASSRLS the database then refuses, where it would show fewer rows
        is_new = False
        try:
            while not self._reconciliation.is_done:
                before = self._has_read()
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    step = await self._step(connection)
                for fault in (one for one in step if one.name not in known):
                    is_new = True
                    logger.critical("row_not_as_logged", table=fault.table, key=fault.key, found=fault.what,
                                    said_in=fault.said_in)
                found.update(step)
                work = (self._has_read() - before) / AT_ONCE
                await asyncio.sleep(0 if is_new else self._step_seconds * min(1, max(SHORTEST_PAUSE, work)))
        finally:
            await connection.close()
        self.compared = self._reconciliation.compared
        self._reconciliation.begin_again()

    async def _step(self, connection: AnyConnection) -> list[RowFault]:
        """Compare some rows, and at the turn's end functions, tables, policies, rights and roles.

        What an act that still goes on may have left is for `--rows` to tell.
        """
        found = [one for one in await self._reconciliation.step(connection) if not one.is_remark]
        if self._reconciliation.is_done:
            found += [RowFault(one.place, "", one.what) for one in await catalog_faults(connection)]
        return found

    def _has_read(self) -> int:
        return self._reconciliation.compared + sum(self._reconciliation.positions.values())
