"""What a birth date adds to the likeness of two persons, or takes from it, with what is often misheard of dates."""

from datetime import date
from typing import Final, NamedTuple

EQUAL: Final = 0.34
_FIRST_OF_JANUARY: Final = 0.22
"""Given to many whose birth date is not known: it says less."""
_MISHEARD, _CENTURY, _ONE_OFF = 0.16, 0.14, 0.12
_SAME_YEAR, _A_YEAR_OFF, _OTHER = 0.05, -0.14, -0.22
_A_CENTURY = 100
_TWO = 2


class Born(NamedTuple):
    """When somebody was born; where only the year is known, `month` and `day` are 0."""

    year: int
    month: int = 0
    day: int = 0

    @classmethod
    def on(cls, day: date) -> "Born":
        """Take a whole date."""
        return cls(day.year, day.month, day.day)


def points(one: Born | None, other: Born | None) -> float:
    """Give what two birth dates add, from -0.22 to 0.34; 0 where one is missing."""
    if one is None or other is None:
        return 0.0
    if not one.month or not other.month:
        return _by_year(one.year, other.year)
    if one == other:
        return _FIRST_OF_JANUARY if (one.month, one.day) == (1, 1) else EQUAL
    if _day_and_month_swapped(one, other) or _two_digits_swapped(one, other):
        return _MISHEARD
    if one[1:] == other[1:] and abs(one.year - other.year) == _A_CENTURY:
        return _CENTURY
    is_only_the_year = one[1:] == other[1:]
    if sum(a == b for a, b in zip(one, other, strict=True)) == _TWO and not (is_only_the_year and one[1:] == (1, 1)):
        return _ONE_OFF
    return _A_YEAR_OFF if abs(one.year - other.year) == 1 else _OTHER


def _by_year(one: int, other: int) -> float:
    if one == other:
        return _SAME_YEAR
    return _A_YEAR_OFF if abs(one - other) == 1 else _OTHER


def _day_and_month_swapped(one: Born, other: Born) -> bool:
    return one == (other.year, other.day, other.month)


def _two_digits_swapped(one: Born, other: Born) -> bool:
    first, second = ("{:04}{:02}{:02}".format(*born) for born in (one, other))
    differing = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    return len(differing) == _TWO and differing[0] == differing[1][::-1]
