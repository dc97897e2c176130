"""What a birth date adds to the likeness of two persons, or takes from it, with what is often misheard of dates."""

from datetime import date
from typing import Final, NamedTuple

EQUAL: Final = 0.34
_FIRST_OF_JANUARY: Final = 0.22
"""Given to many whose birth date is not known: it says less."""
_MISHEARD, _CENTURY, _ONE_OFF = 0.16, 0.14, 0.12
_SAME_YEAR, _A_YEAR_OFF, _OTHER = 0.05, -0.14, -0.22
_A_CENTURY = 100
_NEW_YEAR = (1, 1)
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
        return _FIRST_OF_JANUARY if one[1:] == _NEW_YEAR else EQUAL
    if _day_and_month_swapped(one, other) or _two_digits_swapped(one, other):
        return _MISHEARD
    if _is_one_element_off(one, other):
        return _CENTURY if abs(one.year - other.year) == _A_CENTURY else _ONE_OFF
    return _otherwise(one.year, other.year)


def _by_year(one: int, other: int) -> float:
    return _SAME_YEAR if one == other else _otherwise(one, other)


def _otherwise(one: int, other: int) -> float:
    return _A_YEAR_OFF if abs(one - other) == 1 else _OTHER


def _is_one_element_off(one: Born, other: Born) -> bool:
    """Say whether two of year, month and day are equal; that both are 1 January says nothing, except of a century."""
    if one[1:] == other[1:] == _NEW_YEAR and abs(one.year - other.year) != _A_CENTURY:
        return False
    return sum(a == b for a, b in zip(one, other, strict=True)) == _TWO


def _day_and_month_swapped(one: Born, other: Born) -> bool:
    return one == (other.year, other.day, other.month)


def _two_digits_swapped(one: Born, other: Born) -> bool:
    first, second = ("{:04}{:02}{:02}".format(*born) for born in (one, other))
    differing = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    return len(differing) == _TWO and differing[0] == differing[1][::-1]
