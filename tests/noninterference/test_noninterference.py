"""What either side can see depends on nothing that the other has not disclosed: histories, each played twice."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from conftest import Database
from in_memory import folder_in_memory
from noninterference.finding_leaks import MOST_HISTORIES, found_after
from noninterference.histories import history_of
from noninterference.history import History
from noninterference.installation import Installation
from noninterference.opening import open_installation
from noninterference.planted_leaks import LEAKS, PlantedLeak, leaks
from noninterference.playing import Difference, compare
from noninterference.shrinking import shrunk

HISTORIES, IN_ONE_TEST = 100, 5
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
