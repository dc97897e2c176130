"""Parts are asked together, each for a while and once at a time; all are closed, the newest first."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
import structlog

from infohus import logs
from infohus.kernel.database.readiness import PartNotReady
from infohus.web.readiness import FAILED, NO_ANSWER, Readiness
from leaks import log_lines


@pytest.fixture(autouse=True)
def _logged() -> Iterator[None]:
    """Set the log up as the service does; afterwards it is as it was."""
    before = structlog.get_config()
    logs.set_up(form="json", sealed_names=[])
    yield
    structlog.configure(**before)


class Part:
    """A part that answers as it is told, and counts how often it was asked."""

    def __init__(self, fault: Exception | None = None, *, hangs: bool = False) -> None:
        self.fault, self.hangs, self.asked = fault, hangs, 0

    async def ask(self) -> None:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        if self.fault is not None:
            raise self.fault


class WhenItIsAskedForItsParts:
    @pytest.mark.fault("B6")
    async def test_each_that_is_not_as_it_must_be_is_named_with_why(self) -> None:
        readiness = Readiness()
        for name, fault in (("good", None), ("bad", PartNotReady(why="read-only")), ("worse", KeyError("hemmelig"))):
            readiness.register(name, Part(fault).ask)
        with log_lines() as lines:
            assert await readiness.faults() == {"bad": "read-only", "worse": FAILED}
        assert "hemmelig" not in lines.text
        assert readiness.names == ["good", "bad", "worse"]

    @pytest.mark.fault("B6")
    async def test_those_that_hang_are_named_and_hold_up_nobody_for_long(self) -> None:
        readiness = Readiness(ask_seconds=0.2)
        hanging = [Part(hangs=True) for _ in range(5)]
        for number, part in enumerate(hanging):
            readiness.register(str(number), part.ask)
        readiness.register("bad", Part(PartNotReady(why="off")).ask)
        began = time.monotonic()
        for _ in range(2):
            assert await readiness.faults() == {**dict.fromkeys("01234", NO_ANSWER), "bad": "off"}
        assert time.monotonic() - began < 2 * 0.2 * 3
        # Asked while it still hangs, nobody waits for it a second time.
        assert [part.asked for part in hanging] == [1] * 5
        await readiness.close()

    @pytest.mark.fault("B6")
    async def test_an_answer_is_kept_for_a_while_and_many_who_ask_at_once_ask_once(self) -> None:
        kept, fresh = Part(), Part()
        readiness = Readiness()
        readiness.register("kept", kept.ask, keep_seconds=60)
        readiness.register("fresh", fresh.ask, keep_seconds=0)
        await asyncio.gather(*(readiness.faults() for _ in range(10)))
        assert (kept.asked, fresh.asked) == (1, 1)
        await readiness.faults()
        assert (kept.asked, fresh.asked) == (1, 2)

    async def test_what_is_mended_is_no_longer_named(self) -> None:
        part = Part(PartNotReady(why="off"))
        readiness = Readiness()
        readiness.register("part", part.ask, keep_seconds=60)
        assert await readiness.faults() == {"part": "off"}
        part.fault = None
        assert await readiness.faults() == {}

    def test_a_part_is_registered_once(self) -> None:
        readiness = Readiness()
        readiness.register("part", Part().ask)
        with pytest.raises(AssertionError):
            readiness.register("part", Part().ask)


class WhenItIsClosed:
    async def test_every_part_is_closed_the_newest_first_also_when_one_fails(self) -> None:
        closed: list[str] = []

        def closing(name: str, failure: Exception | None = None) -> Callable[[], object]:
            async def close() -> None:
                closed.append(name)
                if failure is not None:
                    raise failure
            return close

        readiness = Readiness()
        for name, failure in (("pool", None), ("signer", ValueError()), ("tasks", None)):
            readiness.register(name, Part().ask, close=closing(name, failure))  # type: ignore[arg-type]
        with log_lines() as lines:
            await readiness.close()
        assert closed == ["tasks", "signer", "pool"]
        assert "part_not_closed" in lines.events()
        assert readiness.names == []
