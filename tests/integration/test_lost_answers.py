"""The answer to COMMIT is lost, or what comes behind COMMIT fails: nobody is told that nothing was stored (rule 59)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Database
from cut_line import Cut, Line, line_to
from house import House, Person, open_house
from leaks import log_lines

NOTE = {"text": "Han har talt om at rejse.", "source": "skolen"}
KEY = {"Idempotency-Key": "en-og-samme"}
FLUSH = "FUNCTION pg_catalog.pg_logical_emit_message(boolean, text, text, boolean)"


@pytest.fixture
async def cut_house(database: Database, tmp_path: Path) -> AsyncIterator[tuple[House, Line]]:
    """Open an installation whose application reaches PostgreSQL over a line that can be cut."""
    with line_to(database.server.socket_dir, tmp_path / "line") as line:
        app = database.dsn("app").replace(str(database.server.socket_dir), str(line.folder))
        assert app != database.dsn("app")
        async with open_house(database, tmp_path, app_dsn=app) as house:
            yield house, line
            await house.assert_logs_are_whole()


async def signed_in(house: House, name: str) -> Person:
    """Give a person whose token was seen before: a sign-in is an entry of its own."""
    person = house.person(name)
    await person.get("/cases")
    return person


async def notes_of(house: House, *, awaited: int = 0) -> int:
    """Count the items that are stored, once there are `awaited`: a COMMIT whose line was cut may still be at work."""
    for _ in range(100):
        if len(found := await house.sql("SELECT FROM infohus.information")) >= awaited:
            return len(found)
        await asyncio.sleep(0.05)
    return 0


async def outcomes(house: House, action: str, *, awaited: int = 0) -> list[str]:
    """List what the logs say became of each act of this kind, once there are `awaited`."""
    for _ in range(100):
        found = [entry.outcome.value for entry in await house.all_entries() if entry.action == action]
        if len(found) >= awaited:
            return found
        await asyncio.sleep(0.05)
    return []


def assert_unknown(answer: Any) -> None:
    """Assert that an answer says that nobody knows, and what to do."""
    said = answer.json()
    assert (answer.status_code, said["type"]) == (503, "/problems/unknown-whether-stored")
    assert "samme Idempotency-Key" in said["detail"]
    assert "Intet er" not in answer.text


class WhenTheLineIsCutAtCommit:
    @pytest.mark.rule(59)
    @pytest.mark.fault("A16")
    @pytest.mark.parametrize(("cut", "stored"), [(Cut.BEFORE_IT_ARRIVES, 0), (Cut.BEFORE_IT_IS_ANSWERED, 1)])
    async def test_the_outcome_is_unknown_and_a_repetition_acts_only_if_the_first_did_not(
        self, cut_house: tuple[House, Line], cut: Cut, stored: int
    ) -> None:
        house, line = cut_house
        case = await house.case()
        kommune = await signed_in(house, "kommune")
        line.cut = cut
        with log_lines() as lines:
            assert_unknown(await kommune.call("POST", f"{case.path}/information", json=NOTE, headers=KEY))
        assert (line.cuts, await notes_of(house, awaited=stored)) == (1, stored)
        assert "unknown_whether_stored" in lines.events()
        assert await outcomes(house, "noteInformation") == ["allowed"] * stored
        again = await case.kommune.post(f"{case.path}/information", NOTE, headers=KEY)
        assert await notes_of(house) == 1
        assert again["text"] == NOTE["text"]
        assert await outcomes(house, "noteInformation") == ["allowed"] * (stored + 1)

    @pytest.mark.rule(56)
    @pytest.mark.fault("A16")
    @pytest.mark.parametrize(("cut", "logged"), [(Cut.BEFORE_IT_ARRIVES, 0), (Cut.BEFORE_IT_IS_ANSWERED, 1)])
    async def test_whoever_only_reads_is_given_nothing_and_the_log_does_not_say_failed(
        self, cut_house: tuple[House, Line], cut: Cut, logged: int
    ) -> None:
        house, line = cut_house
        case = await house.case()
        kommune = await signed_in(house, "kommune")
        line.cut = cut
        answer = await kommune.call("GET", f"{case.path}/concerns/{case.concern_id}")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/log-unavailable")
        assert line.cuts == 1
        assert "våben" not in answer.text
        assert await outcomes(house, "readConcern", awaited=logged) == ["allowed"] * logged

    @pytest.mark.fault("A16")
    @pytest.mark.parametrize("cut", [Cut.BEFORE_IT_ARRIVES, Cut.BEFORE_IT_IS_ANSWERED])
    async def test_what_comes_behind_a_sign_in_that_nobody_knows_of_has_not_begun(
        self, cut_house: tuple[House, Line], cut: Cut
    ) -> None:
        house, line = cut_house
        case = await house.case()
        line.cut = cut
        answer = await case.kommune.call("POST", f"{case.path}/information", json=NOTE, headers=KEY)
        assert (answer.status_code, answer.json()["type"], line.cuts) == (503, "/problems/log-unavailable", 1)
        assert (await notes_of(house), await outcomes(house, "noteInformation")) == (0, [])

    @pytest.mark.fault("A16")
    @pytest.mark.parametrize("cut", [Cut.BEFORE_IT_ARRIVES, Cut.BEFORE_IT_IS_ANSWERED])
    async def test_a_refusal_is_not_given_either(self, cut_house: tuple[House, Line], cut: Cut) -> None:
        house, line = cut_house
        case = await house.case()
        politi = await signed_in(house, "politi")
        line.cut = cut
        answer = await politi.call("GET", f"{case.path}/concerns/{case.concern_id}")
        assert (answer.status_code, answer.json()["type"], line.cuts) == (503, "/problems/log-unavailable", 1)
        logged = int(cut is Cut.BEFORE_IT_IS_ANSWERED)
        assert len(await outcomes(house, "readConcern", awaited=logged)) == logged


class WhenTheFlushBehindCommitFails:
    @pytest.mark.rule(59)
    @pytest.mark.fault("A16")
    async def test_the_outcome_is_unknown_and_a_repetition_answers_what_the_first_did(self, house: House) -> None:
        case = await house.case()
        kommune = await signed_in(house, "kommune")
        await house.sql(f"REVOKE EXECUTE ON {FLUSH} FROM PUBLIC")
        try:
            writing = await kommune.call("POST", f"{case.path}/information", json=NOTE, headers=KEY)
            reading = await kommune.call("GET", f"{case.path}/concerns/{case.concern_id}")
        finally:
            await house.sql(f"GRANT EXECUTE ON {FLUSH} TO PUBLIC")
        assert_unknown(writing)
        assert (reading.status_code, reading.json()["type"]) == (503, "/problems/log-unavailable")
        assert await outcomes(house, "noteInformation") == ["allowed"]
        assert await outcomes(house, "readConcern") == ["allowed"]
        (stored,) = await house.sql("SELECT id FROM infohus.information")
        again = await case.kommune.post(f"{case.path}/information", NOTE, headers=KEY)
        assert again["id"] == str(stored["id"])
        assert await notes_of(house) == 1
