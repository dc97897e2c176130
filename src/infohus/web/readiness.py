"""What the service stands on: each part is registered once, with how it is asked and how it is closed.

`/ready` asks all parts at the same time, each for a few seconds at most, and names those that are not as they must be.
A part is asked by whoever knows it; nothing here knows what the parts are.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from infohus.kernel.database.readiness import PartNotReady

logger = structlog.get_logger()

ASK_SECONDS = 3.0
NO_ANSWER = "no-answer"
FAILED = "failed"

Ask = Callable[[], Awaitable[None]]
Close = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class _Part:
    name: str
    ask: Ask
    close: Close | None
    keep_seconds: float
    fault: str | None = None
    well_at: float | None = None
    asking: "asyncio.Task[None] | None" = field(default=None, repr=False)


class Readiness:
    """The parts, in the order in which they were opened; they are closed in the other."""

    def __init__(self, *, ask_seconds: float = ASK_SECONDS) -> None:
        """Begin with no part; each is asked for at most `ask_seconds`."""
        self._parts: dict[str, _Part] = {}
        self._ask_seconds = ask_seconds

    @property
    def names(self) -> list[str]:
        """Name the parts."""
        return list(self._parts)

    def register(self, name: str, ask: Ask, *, close: Close | None = None, keep_seconds: float = 1) -> None:
        """Add a part. `ask` raises `PartNotReady` when it is not as it must be.

        That it is as it must be is kept for `keep_seconds`, so that whoever asks again and again costs nobody much.
        """
        assert name not in self._parts, name  # noqa: S101 - a part is registered once
        self._parts[name] = _Part(name, ask, close, keep_seconds)

    async def faults(self) -> dict[str, str]:
        """Ask every part at the same time; give what is wrong, by part."""
        parts = list(self._parts.values())
        await asyncio.gather(*(self._refresh(part) for part in parts))
        return {part.name: part.fault for part in parts if part.fault is not None}

    async def close(self) -> None:
        """Close every part, the newest first; one that fails is logged, and the others are closed all the same."""
        for part in reversed(self._parts.values()):
            if part.asking is not None:
                part.asking.cancel()
            if part.close is not None:
                try:
                    await part.close()
                except Exception as failure:
                    logger.exception("part_not_closed", part=part.name, exc_info=failure)
        self._parts.clear()

    async def _refresh(self, part: _Part) -> None:
        if part.well_at is not None and time.monotonic() - part.well_at < part.keep_seconds:
            return
        if part.asking is None:
            part.asking = asyncio.create_task(_asked(part))
        asking = part.asking
        # One that hangs is not asked a second time, and not waited for again: its fault is known.
        await asyncio.wait([asking], timeout=0 if part.fault == NO_ANSWER else self._ask_seconds)
        if not asking.done():
            part.fault = NO_ANSWER


async def _asked(part: _Part) -> None:
    part.well_at = None
    try:
        await part.ask()
    except PartNotReady as fault:
        part.fault = fault.why
    except Exception as failure:
        logger.exception("part_not_asked", part=part.name, exc_info=failure)
        part.fault = FAILED
    else:
        part.fault, part.well_at = None, time.monotonic()
    part.asking = None
