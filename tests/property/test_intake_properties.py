"""What intake computes, for whatever comes: CPR numbers, ages, the two clocks of a child, and opening hours."""

from datetime import UTC, date, datetime, time, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infohus import errors
from infohus.cases.persons.cpr_numbers import CprNumber, read_cpr_number, read_identifying_number
from infohus.casework.concerns.deadlines import age_at, assess_by, receipt_by
from infohus.danish_calendar import (
    LOOKING_AHEAD_DAYS,
    Days,
    Hours,
    Weekday,
    danish_day,
    is_working_day,
    open_until,
    opens_at,
)

LONG_AGO = st.dates(date(1858, 1, 1), date(1909, 12, 31))
"""Nobody who is alive was born then."""
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DAYS: list[Days] = ["daily", "working_days", [Weekday.MONDAY], [Weekday.SATURDAY, Weekday.SUNDAY]]
CENTURIES = {18: "5678", 19: "0123"}


@pytest.fixture(scope="module", autouse=True)
def holidays_are_loaded() -> None:
    """Load the public holidays, which takes longer than an example may."""
    is_working_day(date(2026, 1, 5))


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, date]:
    """Make ten digits with a date that was: modulus 11 is left to chance."""
    born = draw(LONG_AGO)
    seventh = draw(st.sampled_from(CENTURIES[born.year // 100]))
    return f"{born:%d%m%y}{seventh}{draw(st.integers(0, 999)):03d}", born


@st.composite
def opening_hours(draw: st.DrawFn) -> list[Hours]:
    """Make some hours, some of them until midnight and some that follow one another."""
    made = []
    for _ in range(draw(st.integers(0, 4))):
        opens = draw(st.sampled_from([time(0), time(8), time(12, 30), time(23, 59)]))
        later = (at for at in (time(12, 30), time(16), time(22)) if at > opens)
        closes = draw(st.sampled_from([time.min, *later]))
        days = draw(st.sampled_from(DAYS))
        made.append(Hours(opens=opens, closes=closes, days=days))
    return made


class WhenACprNumberIsRead:
    @pytest.mark.rule(74)
    @given(numbers(), st.sampled_from(["", "-", " "]))
    def test_every_number_with_a_date_is_taken_however_it_is_written(
        self, made: tuple[str, date], between: str
    ) -> None:
        digits, born = made
        number = read_cpr_number(digits[:6] + between + digits[6:])
        assert (number.digits, number.birth_date) == (digits, born)
        weighed = sum(int(digit) * weight for digit, weight in zip(digits, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True))
        assert number.is_odd is (weighed % 11 != 0)
        assert number.masked == f"{digits[:6]}-****"

    @pytest.mark.rule(74)
    @given(numbers(), st.sampled_from(["", "-", " "]))
    def test_a_replacement_number_is_taken_with_its_day_of_birth(self, made: tuple[str, date], between: str) -> None:
        digits, born = made
        replacement = f"{int(digits[:2]) + 60}{digits[2:]}"
        number = read_cpr_number(replacement[:6] + between + replacement[6:])
        assert number == CprNumber(replacement, born, is_odd=False, is_replacement=True)
        with pytest.raises(errors.CprNumberIdentifiesNobody):
            read_identifying_number(replacement)

    @pytest.mark.rule(74)
    @given(st.sampled_from([0, *range(32, 61), *range(92, 100)]), st.integers(1, 12), st.integers(0, 9999))
    def test_a_day_that_never_was_is_not(self, day: int, month: int, rest: int) -> None:
        with pytest.raises(errors.CprNumberNotPossible):
            read_cpr_number(f"{day:02d}{month:02d}20{rest:04d}")


class WhenAnAgeIsAsked:
    @pytest.mark.rule(33)
    @given(st.dates(date(1930, 1, 1), date(2035, 1, 1)), MOMENTS)
    def test_it_grows_by_one_on_birthdays_alone(self, born: date, moment: datetime) -> None:
        today = danish_day(moment)
        before, now = age_at(born, moment - timedelta(days=1)), age_at(born, moment)
        yesterday = danish_day(moment - timedelta(days=1))
        leaped = (born.month, born.day) == (2, 29)
        birthday = (today.month, today.day) == (born.month, born.day)
        if today - yesterday == timedelta(days=1) and not leaped:
            assert now - before == int(birthday)


class WhenAChildsClocksStart:
    @pytest.mark.rule(32)
    @pytest.mark.fault("C25")
    @given(received=MOMENTS, saturday_counts=st.booleans())
    def test_one_runs_24_hours_and_the_other_six_hverdage_with_saturday_by_choice(
        self, received: datetime, *, saturday_counts: bool
    ) -> None:
        assert assess_by(received) - received == timedelta(hours=24)
        first, last = danish_day(received), receipt_by(received, saturday_counts=saturday_counts)
        days = [first + timedelta(days=passed) for passed in range(1, (last - first).days + 1)]
        closed = holidays.country_holidays("DK", years={first.year, last.year})
        counted = [day for day in days if day.weekday() < 5 + saturday_counts and day not in closed]
        assert (len(counted), counted[-1]) == (6, last)


class WhenOpeningHoursAreLookedAt:
    @given(opening_hours(), MOMENTS)
    def test_who_is_open_closes_later_and_not_before(self, hours: list[Hours], moment: datetime) -> None:
        until = open_until(hours, moment)
        assert (until is None) is not any(one.cover(moment) for one in hours)
        if until is not None:
            assert moment < until <= moment + timedelta(days=LOOKING_AHEAD_DAYS)
            for part in range(20):
                between = moment + (until - moment) * part // 20
                assert any(one.cover(between) for one in hours)
            if until < moment + timedelta(days=LOOKING_AHEAD_DAYS):
                assert not any(one.cover(until) for one in hours)

    @given(opening_hours(), MOMENTS)
    def test_who_is_closed_opens_when_some_hours_begin_and_never_before(
        self, hours: list[Hours], moment: datetime
    ) -> None:
        opens = opens_at(hours, moment)
        if opens is not None:
            assert any(one.cover(opens) for one in hours)
            if open_until(hours, moment) is None:
                for part in range(20):
                    assert not any(one.cover(moment + (opens - moment) * (part / 20)) for one in hours)
