"""A failing history made small: acts are dropped one by one for as long as the same operation still differs."""

from collections.abc import Awaitable, Callable

from noninterference.history import History
from noninterference.playing import Difference

Finding = Callable[[History], Awaitable[Difference | None]]


async def shrunk(history: History, difference: Difference, finding: Finding) -> tuple[History, Difference]:
    """Give the smallest history found, and its difference."""
    smaller = True
    while smaller:
        smaller = False
        for act in reversed(history.acts):
            candidate = history.without(act.number)
            found = await finding(candidate)
            if found is not None and _is_the_same(found, difference):
                history, difference, smaller = candidate, found, True
    return history, difference


def _is_the_same(one: Difference, another: Difference) -> bool:
    return one.operation == another.operation and bool(set(one.places) & set(another.places))
