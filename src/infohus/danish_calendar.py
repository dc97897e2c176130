"""The Danish calendar: which day a moment lies on, working days, and opening hours by the Danish clock. Pure.

What is stored and signed is UTC; a day that people state, or that a deadline names, is the Danish one. It knows no
deadline of a law and nobody's opening hours.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Literal
from zoneinfo import ZoneInfo

import holidays
import msgspec
from dateutil.relativedelta import relativedelta

DENMARK = ZoneInfo("Europe/Copenhagen")
_PERIODS = {
    "D": relativedelta(days=1), "W": relativedelta(weeks=1), "M": relativedelta(months=1), "Y": relativedelta(years=1),
}
LOOKING_AHEAD_DAYS = 14
"""How far `open_until` and `opens_at` look ahead; longer than any run of public holidays."""


def danish_time(moment: datetime) -> datetime:
    """Convert a moment, aware, to Danish time."""
    return moment.astimezone(DENMARK)


def danish_day(moment: datetime) -> date:
    """Give the day it is in Denmark at a moment, aware."""
    return danish_time(moment).date()


def later(day: date, period: str) -> date:
    """Add a period (`P2Y`) to a day; where the month it leads to has no such day, give the last day of that month."""
    return day + _PERIODS[period[-1]] * int(period[1:-1])


def start_of_day(day: date) -> datetime:
    """Give the moment at which a day begins in Denmark, aware."""
    return datetime.combine(day, time.min, DENMARK)


def start_of_named_day(named: datetime) -> datetime:
    """Give the moment, in UTC, at which the day begins that a command was given, read as midnight without a zone."""
    return named.replace(tzinfo=DENMARK).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Give the moment at which the next day begins in Denmark, aware: 23, 24 or 25 hours after this one's start."""
    return start_of_day(day + timedelta(days=1))


class Weekday(StrEnum):
    """A day of the week, in the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS = tuple(Weekday)
Days = Literal["daily", "working_days"] | list[Weekday]
"""Every day; Monday to Friday but on no public holiday; or the days named."""


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Opening hours on some days, Danish local time. `closes` at 00:00 is the midnight that ends the day."""

    opens: time
    closes: time
    days: Days

    def __post_init__(self) -> None:
        """Refuse hours that end before they begin, or that name a zone of their own."""
        if self.opens.tzinfo is not None or self.closes.tzinfo is not None:
            message = "opening hours are Danish local time and name no zone"
            raise ValueError(message)
        if self.closes != time.min and self.closes <= self.opens:
            message = "`closes` is not after `opens`; write hours past midnight as two"
            raise ValueError(message)
        if not self.days:
            message = "`days` names no day"
            raise ValueError(message)

    def cover(self, moment: datetime) -> bool:
        """Say whether `moment`, aware, lies within these hours."""
        local = danish_time(moment)
        before_closing = self.closes == time.min or local.time() < self.closes
        return self._apply_on(local.date()) and self.opens <= local.time() and before_closing

    def _apply_on(self, day: date) -> bool:
        if self.days == "daily":
            return True
        if self.days == "working_days":
            return is_working_day(day)
        return WEEKDAYS[day.weekday()] in self.days


def open_until(hours: Sequence[Hours], moment: datetime) -> datetime | None:
    """Give the Danish time at which these hours, open at `moment`, close; hours without a gap between them are one.

    Returns `None` when they are closed at `moment`, and the end of `LOOKING_AHEAD_DAYS` when they close no earlier.
    """
    end, latest = None, moment + timedelta(days=LOOKING_AHEAD_DAYS)
    while covering := [span for span in hours if span.cover(end or moment)]:
        end = max(_closing(span, end or moment) for span in covering)
        if end >= latest:
            return danish_time(latest)
    return end


def opens_at(hours: Sequence[Hours], moment: datetime) -> datetime | None:
    """Give the Danish time at which these hours, closed at `moment`, open; `None` if not in `LOOKING_AHEAD_DAYS`."""
    today = danish_day(moment)
    openings = (
        (span, datetime.combine(today + timedelta(days=day), span.opens, DENMARK))
        for day, span in product(range(LOOKING_AHEAD_DAYS + 1), hours)
    )
    return min((at for span, at in openings if at > moment and span.cover(at)), default=None)


def _closing(hours: Hours, moment: datetime) -> datetime:
    day = danish_day(moment)
    if hours.closes == time.min:
        day += timedelta(days=1)
    return datetime.combine(day, hours.closes, DENMARK)


def is_working_day(day: date) -> bool:
    """Say whether `day` is neither weekend nor a Danish public holiday."""
    return day.weekday() < 5 and day not in _public_holidays(day.year)  # noqa: PLR2004 - Saturday is 5


def is_hverdag(day: date, *, saturday_counts: bool) -> bool:
    """Say whether `day` is one of the hverdage of a statute: neither Sunday nor public holiday, Saturday by choice."""
    if day.weekday() == WEEKDAYS.index(Weekday.SATURDAY):
        return saturday_counts and day not in _public_holidays(day.year)
    return is_working_day(day)


@lru_cache(maxsize=8)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DK", years=year).keys())
