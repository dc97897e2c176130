"""One entry that says what cannot be, appended by the application's role, hides no other row from comparison."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPAL_LOG, MUNICIPALITY, House, now, open_house
from infohus.cli.log_verification import NOT_CHECKED
from infohus.cli.rows import code_of_rows
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.storage.log import append_alone
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.row_reconciliation import reconcile_rows
from infohus.kernel.audit.verification.slow_turn import SlowTurn
from planted import plant
from reconciled import SET_UP
from small_entries import small_entry

WROTE = {
    "verb": "insert", "table": "note", "key": ["0b9bdb17-4b40-4a2e-8a8e-6d4b2f2c9a11"], "revision": 1,
    "digest": "00" * 32, "was": None,
}
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "more key columns": {"key": ["a", "b"]}, "no key": {"key": []}, "an empty text": {"key": [""]},
    "a text PostgreSQL cannot hold": {"key": ["\0"]}, "another type": {"key": ["x"]},
    "revision too large": {"revision": 2**63}, "a very large one": {"revision": 10**40}, "none": {"revision": 0},
    "no table": {"table": "ingen"}, "a table with a quote": {"table": '"; --'}, "a number": {"key": [7]},
}


async def append_or_plant(house: House, database: Database, wrote: dict[str, Any]) -> None:
    """Append as the application's role; as a superuser what `audit.append` refuses."""
    said = json.loads(small_entry(MUNICIPAL_LOG, "forged", authority=MUNICIPALITY, at=now()))
    entry = json.dumps({**said, "wrote": [{**WROTE, **wrote}]}, separators=(",", ":")).encode()
    app = await asyncpg.connect(database.dsn("app"))
    try:
        await app.execute(append_alone(MUNICIPAL_LOG, entry, authority_id=MUNICIPALITY))
    except asyncpg.PostgresError:
        await app.execute("ROLLBACK")
        await plant(house, entry)
    finally:
        await app.close()


@pytest.mark.fault("A17")
@pytest.mark.rule(58)
class WhenAnEntrySaysOfARowWhatCannotBe:
    @pytest.mark.parametrize("wrote", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
    async def test_it_is_named_and_all_other_rows_are_compared(
        self, database: Database, tmp_path: Path, wrote: dict[str, Any]
    ) -> None:
        async with open_house(database, tmp_path) as house:
            await house.case()
            await append_or_plant(house, database, wrote)
            await house.sql("UPDATE infohus.\"case\" SET stage = 'accepted'")
        connection = await asyncpg.connect(database.dsn("reconciler"))
        _, at_once = await reconcile_rows(connection, RulesOfKeyRows())
        await connection.close()
        with LoggedRows() as logged:
            slowly = await SlowTurn(database.dsn("reconciler"), RulesOfKeyRows(), logged, step_seconds=0).turn()
        for found in (at_once, slowly):
            others = [fault for fault in found if fault.table not in SET_UP]
            assert ("case", "er ikke, som den blev skrevet") in {(fault.table, fault.what) for fault in others}
            assert [fault.table for fault in others if fault.table != "case"], others


@pytest.mark.fault("A17")
@pytest.mark.rule(58)
class WhenTheReconcilersRoleMayNoLongerSeeEveryRow:
    async def test_nothing_is_called_unchanged(self, database: Database, tmp_path: Path) -> None:
        async with open_house(database, tmp_path) as house:
            await house.case()
            await house.sql("ALTER ROLE infohus_reconciler NOBYPASSRLS")
            try:
                assert await asyncio.to_thread(code_of_rows, database.dsn("reconciler")) == NOT_CHECKED
            finally:
                await house.sql("ALTER ROLE infohus_reconciler BYPASSRLS")
