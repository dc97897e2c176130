"""The two clocks of an underretning, by the Danish calendar. Pure."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DENMARK = ZoneInfo("Europe/Copenhagen")
ASSESS_WITHIN = timedelta(hours=24)
"""Calendar time. Source: barnets lov § 133 with its executive order."""
RECEIPT_WORKING_DAYS = 6
"""Source: barnets lov § 136: receipt to the reporter within six working days."""
ADULT_AGE = 18
YOUNG_ADULT_UNTIL = 25


@lru_cache(maxsize=8)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DK", years=year).keys())


def is_working_day(day: date) -> bool:
    """Say whether `day` is neither weekend nor a Danish public holiday."""
    return day.weekday() < 5 and day not in _public_holidays(day.year)  # noqa: PLR2004 - Saturday is 5


def assess_by(received_at: datetime) -> datetime:
    """Give the moment by which the underretning must be assessed, aware UTC."""
    return received_at + ASSESS_WITHIN


def receipt_by(received_at: datetime) -> date:
    """Give the last day of the receipt: the sixth working day after the day of receipt, in Denmark."""
    day = received_at.astimezone(DENMARK).date()
    left = RECEIPT_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return day


def age_at(birth_date: date, moment: datetime) -> int:
    """Give the age in whole years of a person born on `birth_date`, by the Danish date."""
    today = moment.astimezone(DENMARK).date()
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (not had_birthday)
