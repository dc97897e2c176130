"""The one clock: everybody else is given it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Read the clock, aware and in UTC."""
    return datetime.now(UTC)
