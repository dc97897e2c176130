"""Requests that are really sent at the same moment.

The test client waits for its answer in the thread that called it: `asyncio.gather` over requests sends them one after
another, and proves nothing about two who act at once.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def at_once(*calls: Coroutine[Any, Any, Any]) -> list[Any]:
    """Send requests together, each from a thread of its own; give their answers in the order of the calls."""
    return await asyncio.gather(*(asyncio.to_thread(asyncio.run, call) for call in calls))
