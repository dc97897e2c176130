"""Moments and days that somebody can mean (rule 91). Pure.

PostgreSQL stores what lies further away as infinity or not at all, and Python cannot read infinity back: one such row
and its list would be unreadable for ever.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from msgspec import Meta

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2099, 12, 31)
"""Nobody whom a case is about was born before, and nothing that a case plans lies behind."""
FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2099, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

SAYS_MOMENT = "A moment with its zone, from 1900 to 2099."
OF_MOMENTS = {"formatMinimum": "1900-01-01T00:00:00Z", "formatMaximum": "2099-12-31T23:59:59.999999Z"}
"""The bounds as a schema says them; JSON Schema has no keyword of its own for them, validators know these two."""
_OF_DAYS = {"formatMinimum": FIRST_DAY.isoformat(), "formatMaximum": LAST_DAY.isoformat()}

Moment = Annotated[datetime, Meta(tz=True, description=SAYS_MOMENT, extra_json_schema=OF_MOMENTS)]
"""A point in time in a body, aware; written with its zone (RFC 3339)."""
Day = Annotated[date, Meta(description="A day from 1900 to 2099.", extra_json_schema=_OF_DAYS)]
"""A calendar day in a body."""


def can_be_meant(when: date) -> bool:
    """Say whether a day, or a moment (aware), lies within what somebody can mean."""
    if isinstance(when, datetime):
        return FIRST_MOMENT <= when <= LAST_MOMENT
    return FIRST_DAY <= when <= LAST_DAY
