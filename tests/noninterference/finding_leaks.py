"""Puts each leak in, and plays histories until one differs."""

import time
from collections.abc import Callable, Iterable

from noninterference.histories import history_of
from noninterference.installation import Installation
from noninterference.planted_leaks import PlantedLeak
from noninterference.playing import Difference, compare

MOST_HISTORIES, LOOKS = 30, 1.5


async def found_after(
    installation: Installation, leak: PlantedLeak, seeds: Iterable[int]
) -> tuple[int, Difference] | None:
    """Say after how many histories a leak is found, and by which difference; `None` if it is not."""
    async with leak.planted(installation):
        for played, seed in enumerate(seeds, start=1):
            difference = (await compare(installation, history_of(seed), looks=LOOKS)).difference
            if difference is not None:
                return played, difference
    return None


async def hunt(
    installation: Installation, leaks: Iterable[PlantedLeak], report: Callable[[str], None]
) -> list[PlantedLeak]:
    """Hunt every leak, and give those that were not found."""
    missed = []
    for leak in leaks:
        began = time.monotonic()
        found = await found_after(installation, leak, range(MOST_HISTORIES))
        if found is None:
            missed.append(leak)
        told = "NOT FOUND" if found is None else f"history {found[0]:2}, in {', '.join(found[1].places)[:60]}"
        report(f"{leak.kind:12} {leak.name:58} {time.monotonic() - began:4.0f} s  {told}")
    return missed
