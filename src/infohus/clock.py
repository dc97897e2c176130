"""The system clock. Only what starts a process imports it (app.py, commands, witness); the rest is handed a clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Read the clock, aware and in UTC."""
    return datetime.now(UTC)
