"""A clock that stands until it is moved: for what happens exactly at an edge of time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest


class StoppedClock:
    """Tells the whole house, its identity providers too, what time it is: noon of a Tuesday, until it is moved."""

    def __init__(self) -> None:
        """Begin in March, far from where summer time begins."""
        self.at = datetime(2026, 3, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Read the clock, aware UTC."""
        return self.at

    def day(self, later: int = 0) -> date:
        """Give the day it is, or one so many days later; at noon it is the same day everywhere in Europe."""
        return self.at.date() + timedelta(days=later)

    def moment(self, **later: Any) -> str:
        """Write the moment it is, or one later, as a request states it."""
        return (self.at + timedelta(**later)).isoformat()

    def move(self, **by: Any) -> None:
        """Let time pass."""
        self.at += timedelta(**by)

    @classmethod
    def hung_up(cls, patch: pytest.MonkeyPatch) -> "StoppedClock":
        """Hang one up where the application and its identity providers look; a house that opens later reads it."""
        clock = cls()
        for place in ("infohus.app.now", "house.now"):
            patch.setattr(place, clock)
        return clock
