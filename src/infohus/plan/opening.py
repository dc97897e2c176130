"""When a contact can be reached, by the Danish clock and calendar. Pure; only the plan file says which hours."""

from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays
import msgspec

DENMARK = ZoneInfo("Europe/Copenhagen")


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
        local = moment.astimezone(DENMARK)
        before_closing = self.closes == time.min or local.time() < self.closes
        return self._apply_on(local.date()) and self.opens <= local.time() and before_closing

    def _apply_on(self, day: date) -> bool:
        if self.days == "daily":
            return True
        weekday = WEEKDAYS[day.weekday()]
        if self.days == "working_days":
            return weekday not in {Weekday.SATURDAY, Weekday.SUNDAY} and day not in _public_holidays(day.year)
        return weekday in self.days


@lru_cache(maxsize=8)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DK", years=year).keys())
