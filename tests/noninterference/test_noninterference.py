"""What either side can see depends on nothing that the other has not disclosed: histories, each played twice."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from conftest import Database
from in_memory import folder_in_memory
from noninterference.acts import Act, play
from noninterference.finding_leaks import MOST_HISTORIES, found_after
from noninterference.further_acts import DAYS_UNTIL_ONE_MAY_END_ALONE, EXCUSED
from noninterference.histories import history_of
from noninterference.history import BEGINNING, History
from noninterference.installation import MUNICIPALITY, POLICE, Installation
from noninterference.institution_log import SEEN, Played
from noninterference.opening import open_installation
from noninterference.own_acts import AFTER, ON_A_CASE, ON_AN_INFOHUS
from noninterference.planted_leaks import LEAKS, PlantedLeak, leaks
from noninterference.playing import Difference, compare
from noninterference.shrinking import shrunk
from one_api import description_of

HISTORIES, IN_ONE_TEST = 30, 5
PLACES = 1000
LOOKS = 0.5
"""Half as many looks in each history as elsewhere: how many histories there are tells more than how long each looks."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def installation(
    one_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """Open one installation for all histories: each run has an infohus and two authorities of its own."""
    with folder_in_memory() as memory:  # nine thousand files of keys, each flushed to the disk
        folder = memory or tmp_path_factory.mktemp("opened")
        async with open_installation(one_database, folder, places=PLACES) as opened:
            yield opened


async def assert_nothing_differs(installation: Installation, history: History) -> None:
    """Play a history twice, and show the smallest one like it if the observing side sees a difference."""
    difference = (await compare(installation, history, looks=LOOKS)).difference
    if difference is None:
        return

    async def finding(candidate: History) -> Difference | None:
        return (await compare(installation, candidate, looks=LOOKS)).difference

    small, difference = await shrunk(history, difference, finding)
    pytest.fail(f"{small}\n{difference}")


class WhenAHistoryIsPlayedWithAndWithoutWhatOneSideKeepsForItself:
    """The other side sees the same."""

    @pytest.mark.rule(44)
    @pytest.mark.rule(70)
    @pytest.mark.fault("A13")
    @pytest.mark.parametrize("first", range(0, HISTORIES, IN_ONE_TEST))
    async def test_no_answer_differs(self, installation: Installation, first: int) -> None:
        for seed in range(first, first + IN_ONE_TEST):
            await assert_nothing_differs(installation, history_of(seed))

    async def test_both_sides_look_and_both_open_cases(self) -> None:
        histories = [history_of(seed) for seed in range(HISTORIES)]
        assert {history.observer for history in histories} == {"municipality", "police", "institution"}
        assert {history.acts[0].side for history in histories} == {"municipality", "police"}
        assert all(history_of(seed) == histories[seed] for seed in range(5))


class WhenADpoChecksAnInstitutionsLog:
    """What a third authority tells the institution, and draws its people in for, shows in none of the answers."""

    @pytest.mark.rule(44)
    @pytest.mark.rule(90)
    async def test_no_answer_differs(self, installation: Installation) -> None:
        alone, with_a_third = [Played(await installation.run(), is_told=told) for told in (False, True)]
        assert (await alone.play(), await with_a_third.play()) == (SEEN, SEEN)
        assert (set(alone.found), set(with_a_third.found)) == ({False}, {True})
        assert alone.looks == with_a_third.looks
        assert [look[1] for look in alone.looks[:3]] == ["404", "200", "200"]


class WhenALogCheckIsDrawn:
    """What the other side keeps for itself shows neither in what is drawn nor in why; few histories come to a draw."""

    @pytest.mark.rule(44)
    @pytest.mark.rule(63)
    @pytest.mark.parametrize(("observer", "hides"), [(MUNICIPALITY, POLICE), (POLICE, MUNICIPALITY)])
    async def test_no_answer_differs(
        self, installation: Installation, one_database: Database, observer: str, hides: str
    ) -> None:
        night = 12 * 60 + 90.0
        kinds: list[tuple[str, str, float, dict[str, Any]]] = [
            ("open a case", observer, 0, {}), ("check", POLICE, 1, {}), ("tell the other", hides, 2, {}),
            ("note", hides, 3, {"shared": False, "runs": "A"}), ("try what is refused", hides, 4, {"shared": False}),
            ("read", observer, night, {}), ("note", hides, night, {"shared": False, "runs": "B"}),
            ("search", observer, night + 1, {}), ("check the log", observer, night + 2, {}),
        ]
        history = History(7, observer, tuple(
            Act(number, kind, side, minute, choice=1, case=0, **more)
            for number, (kind, side, minute, more) in enumerate(kinds)
        ))
        before = await _drawn(one_database)
        await assert_nothing_differs(installation, history)
        assert await _drawn(one_database) == before + 2


async def _drawn(database: Database) -> int:
    connection = await asyncpg.connect(database.dsn("superuser"))
    try:
        return int(await connection.fetchval("SELECT count(*) FROM infohus.log_check WHERE drawn_at IS NOT NULL"))
    finally:
        await connection.close()


class WhenAnOperationWrites:
    """What no act sends, no history can show to leak."""

    async def test_some_act_sends_it_or_it_is_excused_by_name(self, installation: Installation) -> None:
        sources = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("*acts.py"))
        never = {
            operation["operationId"]
            for path, methods in description_of(installation.app)["paths"].items()
            for method, operation in methods.items() if method in {"post", "put", "delete"}
            if not re.search(rf"[/\"']{re.escape(_last_words(path))}[/\"'?]", sources)
        }
        assert never == EXCUSED.keys()


def _last_words(path: str) -> str:
    """Give the last word; of a log's address that names nothing, the word before it, too: each log has an export."""
    words = [part for part in path.split("/") if part and not part.startswith("{")]
    return "/".join(words[-2:]) if path.endswith("/export") else words[-1]


ALWAYS_REFUSED = {"try what is refused", "erase"}
"""The one tries just that; a side is erased years after its case was closed, which no history waits for."""


class WhenASideActsForItself:
    """An act that is refused in every history shows nothing."""

    async def test_it_is_allowed(self, installation: Installation) -> None:
        run = await installation.run()
        installation.clock.at = BEGINNING
        kinds = dict.fromkeys(("open a case", "check", *ON_A_CASE, *ON_AN_INFOHUS))
        acts = [Act(number, kind, MUNICIPALITY, 0, case=0) for number, kind in enumerate(kinds)]
        acts += [
            Act(len(acts), kind, MUNICIPALITY, 0, case=0, about=act.number)
            for act in acts for kind in AFTER.get(act.kind, ())
        ]
        refused = []
        for act in acts:
            await play(run, replace(act, side=POLICE) if act.kind == "check" else act)
            refused += [(act.kind, path, one.status) for path, one in run.answers if not one.is_success]
        allowed_later = {kind for kind, *_ in LED_ON}
        assert [one for one in refused if one[0] not in ALWAYS_REFUSED | allowed_later] == []


LED_ON = (
    ("open a case", MUNICIPALITY, 9, None), ("invite", MUNICIPALITY, 2, None),
    ("hand over the child", MUNICIPALITY, 1, "open a case"), ("check", POLICE, 0, None),
    ("note", MUNICIPALITY, 0, None), ("tell the third authority", MUNICIPALITY, 0, "note"),
    ("release what is withheld", MUNICIPALITY, 0, "open a case"),
    ("record a request for access", MUNICIPALITY, 0, None),
    ("make the package", MUNICIPALITY, 0, "record a request for access"), ("check the log", MUNICIPALITY, 0, None),
    ("propose a scope", MUNICIPALITY, 0, None), ("sign a proposal", POLICE, 0, "propose a scope"),
    ("propose a screening", MUNICIPALITY, 0, None), ("sign a proposal", POLICE, 0, "propose a screening"),
    ("propose a recommendation", MUNICIPALITY, 0, None), ("sign a proposal", POLICE, 0, "propose a recommendation"),
    ("propose a closure", MUNICIPALITY, 0, None), ("end the own side", MUNICIPALITY, 0, "propose a closure"),
)
"""A case with a child and a third authority, led to where one side ends alone: kind, side, choice, about what."""


class WhenACaseIsLedOn:
    """What may be refused in a new case is allowed in one that was led on."""

    async def test_nothing_is_refused(self, installation: Installation) -> None:
        run, numbers, refused = await installation.run(), dict[str, int](), []
        installation.clock.at = BEGINNING
        for number, (kind, side, choice, about) in enumerate(LED_ON):
            numbers[kind] = number
            if kind == "end the own side":
                installation.clock.at += timedelta(days=DAYS_UNTIL_ONE_MAY_END_ALONE)
            after = None if about is None else numbers[about]
            await play(run, Act(number, kind, side, 0, choice=choice, case=0, about=after, shared=False))
            refused += [
                (kind, path, one.status, one.body) for path, one in run.answers
                if not (one.is_success or b"/persons-not-named" in one.body)  # who is asked whom it is about, says so
            ]
        assert refused == []


class WhenALeakIsPutIn:
    """A generator that cannot reach a leak proves nothing; `make noninterference ARGS=--leaks` puts all of them in."""

    async def test_there_are_forty_of_ten_kinds(self) -> None:
        assert len(LEAKS) == 10
        assert len(leaks()) >= 40

    @pytest.mark.parametrize("kind", LEAKS)
    async def test_one_of_each_kind_is_found(self, installation: Installation, kind: str) -> None:
        name, planted = next(iter(LEAKS[kind].items()))
        leak = PlantedLeak(kind, name, planted)
        assert await found_after(installation, leak, range(MOST_HISTORIES)) is not None
