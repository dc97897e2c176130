"""`infohus audit watch-rows`: the rows are compared a little at a time, again and again, in a process of its own."""

import asyncio

import pytest
from click.testing import CliRunner

from conftest import Database
from house import House
from infohus.cli.commands import main
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.slow_turn import SlowTurn
from reconciled import SET_UP


class WhenItLooksByItself:
    @pytest.mark.rule(58)
    async def test_it_names_a_forged_row_whenever_it_was_forged(self, house: House, database: Database) -> None:
        await house.case()
        with LoggedRows() as logged:
            slow = SlowTurn(database.dsn("reconciler"), RulesOfKeyRows(), logged, step_seconds=0)
            for _ in range(2):
                assert {one.table for one in await slow.turn()} <= SET_UP
                await house.case()
            await house.sql("UPDATE infohus.\"case\" SET stage = 'accepted'")
            for _ in range(2):
                forged = [one.what for one in await slow.turn() if one.table == "case"]
                assert forged == ["er ikke, som den blev skrevet"] * 3

    @pytest.mark.rule(58)
    async def test_its_process_ends_with_a_code_for_a_row_and_another_where_it_cannot_compare(
        self, house: House, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("infohus.kernel.audit.verification.slow_turn.SlowTurn.__init__.__kwdefaults__",
                            {"step_seconds": 0})
        command = ["audit", "watch-rows", "--reconciler-database"]
        await house.case()
        await house.sql("UPDATE infohus.\"case\" SET stage = 'accepted'")
        ended = await asyncio.to_thread(CliRunner().invoke, main, [*command, database.dsn("reconciler")])
        assert (ended.exit_code, "FEJL  case " in ended.output) == (1, True)
        refused = await asyncio.to_thread(CliRunner().invoke, main, [*command, database.dsn("verifier")])
        assert (refused.exit_code, "Ikke prøvet: rækkerne" in refused.output) == (3, True)
