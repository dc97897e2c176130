"""A clock that stands still until a test moves it, for what happens exactly when a period begins or ends."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

DEFINITION = "SELECT pg_get_functiondef($1::text::regprocedure)"
BOUNDS = {"audit.append(uuid, bytea[])": "interval OR latest >", "infohus.acting_now()": "interval OR moment >"}
"""What stands in a function where it refuses, of the application, what is of another moment than the server's clock."""


class StoppedClock:
    """The clock of an installation and its identity providers: noon UTC of a Tuesday, until it is moved."""

    def __init__(self) -> None:
        """Begin in winter time, weeks before summer time begins."""
        self.at = datetime(2026, 3, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Read the clock, aware UTC."""
        return self.at

    def day(self, later: int = 0) -> date:
        """Give the day, or the one so many days later; at noon UTC the Danish day is the same."""
        return self.at.date() + timedelta(days=later)

    def moment(self, **later: Any) -> str:
        """Write the present time, or a later one, in ISO 8601."""
        return (self.at + timedelta(**later)).isoformat()

    def move(self, **by: Any) -> None:
        """Move the clock forward."""
        self.at += timedelta(**by)

    @classmethod
    def installed(cls, patch: pytest.MonkeyPatch) -> "StoppedClock":
        """Put a clock in place of the one that an installation reads; it must be there before `house` opens."""
        clock = cls()
        for place in ("infohus.app.now", "house.now"):
            patch.setattr(place, clock)
        return clock


async def take_any_moment(superuser: str) -> None:
    """Let a database take entries of another moment than its server's clock, which no test can move.

    So these functions of it are not the shipped ones, and whatever compares the catalogue says so.
    """
    connection = await asyncpg.connect(superuser)
    try:
        for function, bound in BOUNDS.items():
            definition: str = await connection.fetchval(DEFINITION, function)
            assert definition.count(bound) == 1
            await connection.execute(definition.replace(bound, bound.replace("OR", "AND")))
    finally:
        await connection.close()
