"""`infohus audit watch-rows`: the rows are compared a little at a time, again and again, in a process of its own."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import Database, Role
from house import House
from infohus.cli.commands import main
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.slow_turn import SlowTurn
from reconciled import SET_UP

BETWEEN_TURNS = 77.0


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

    @pytest.mark.rule(58)
    async def test_started_again_it_goes_on_and_ends_with_what_is_new(
        self, house: House, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("infohus.kernel.audit.verification.slow_turn.SlowTurn.__init__.__kwdefaults__",
                            {"step_seconds": 0})
        monkeypatch.setattr("infohus.cli.rows.BETWEEN_TURNS_SECONDS", BETWEEN_TURNS)
        told, happens, sleep = tmp_path / "told", list[str](), asyncio.sleep
        case, was = await house.case(), await house.sql('SELECT stage FROM infohus."case"')

        async def ended(*between_turns: str, role: Role = "reconciler") -> tuple[int | None, str]:
            happens[:] = between_turns
            command = ["audit", "watch-rows", "--told", str(told), "--reconciler-database", database.dsn(role)]
            result = await asyncio.to_thread(CliRunner().invoke, main, command)
            return result.exit_code if isinstance(result.exception, SystemExit) else None, result.output

        async def pause(seconds: float) -> None:
            if seconds == BETWEEN_TURNS:
                await house.sql('UPDATE infohus."case" SET stage = $1', happens.pop(0))  # IndexError: it went on
            else:
                await sleep(seconds)

        monkeypatch.setattr("infohus.cli.rows.asyncio.sleep", pause)
        right, forged = was[0]["stage"], "accepted"
        assert (await ended())[0] == 1  # with the rows that the fixture makes
        told_before = told.read_bytes()
        code, said = await ended(right, forged)
        assert (code, "er som meldt før" in said, f'FEJL  case ["{case.id}"]' in said) == (1, True, True)
        assert (await ended(forged, right))[0] is None
        assert told.read_bytes() == told_before
        assert (await ended(forged))[0] == 1  # what comes again is told again
        assert (await ended(role="verifier"))[0] == 3
