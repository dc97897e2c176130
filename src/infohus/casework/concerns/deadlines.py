"""The two deadlines of an underretning, and a person's age, by the Danish calendar. Pure."""

from datetime import date, datetime, timedelta

from infohus.cases.persons.ages import age_on
from infohus.danish_calendar import danish_day, is_hverdag

ASSESS_WITHIN = timedelta(hours=24)
"""Hours of the clock, on any day of the week. Source: barnets lov § 136, stk. 2."""
RECEIPT_HVERDAGE = 6
"""Source: barnets lov § 138, stk. 1: receipt to whoever made the underretning within six hverdage."""


def assess_by(received_at: datetime) -> datetime:
    """Give the moment by which the underretning must be assessed, in the time zone of `received_at`."""
    return received_at + ASSESS_WITHIN


def began_at(assess_by: datetime) -> datetime:
    """Give the moment at which the clocks began of which one ends `assess_by`."""
    return assess_by - ASSESS_WITHIN


def receipt_by(received_at: datetime, *, saturday_counts: bool) -> date:
    """Give the last day for the receipt to the reporter: the sixth hverdag after the day of `received_at`."""
    day = danish_day(received_at)
    left = RECEIPT_HVERDAGE
    while left:
        day += timedelta(days=1)
        left -= is_hverdag(day, saturday_counts=saturday_counts)
    return day


def age_at(birth_date: date, moment: datetime) -> int:
    """Give the age in whole years of a person born on `birth_date`, by the Danish date."""
    return age_on(birth_date, danish_day(moment))
