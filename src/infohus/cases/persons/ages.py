"""How old somebody is, as far as it is known: until 18 is proven, doubt means child (rule 82). Pure.

What is known comes as statements: a birth date, a CPR number's, an age or a span of ages on a day. Each says between
which days the person was born. They are judged together; a contradiction is no error but doubt.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
from dateutil.relativedelta import relativedelta
from msgspec import Meta

from infohus.cases.persons.model import AgeGroup
from infohus.kernel.requests.moments import Day

ADULT_AGE = 18
YOUNG_ADULT_UNTIL = 25
OLDEST = 120
"""In years: nobody whom a concern is about is older."""
CENTURY = relativedelta(years=100)

Years = Annotated[int, Meta(ge=0, le=OLDEST)]


class AgeDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An age in whole years on a day: from `at_least` to `at_most`, alike where it was stated, one left out if open.

    Without `on` it is the day of the concern, or of the statement.
    """

    at_least: Years | None = None
    at_most: Years | None = None
    on: Day | None = None


class StatedAge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said of an age, as it is kept: under 18 or not, or from–to, on a day; and a birth date stated later."""

    on: date
    is_under_18: bool | None = None
    at_least: int | None = None
    at_most: int | None = None
    birth_date: date | None = None

    @classmethod
    def of(cls, *, is_under_18: bool | None, age: AgeDraft | None, birth_date: date | None, on: date) -> "StatedAge":
        """Read what a draft says of an age; `on` is the day of what names none."""
        age = age or AgeDraft()
        return cls(
            on=age.on or on, is_under_18=is_under_18, at_least=age.at_least, at_most=age.at_most, birth_date=birth_date,
        )

    @property
    def says_something(self) -> bool:
        """Say whether it says anything beside the day."""
        return (self.is_under_18, self.at_least, self.at_most, self.birth_date) != (None,) * 4

    def born(self) -> "list[Born]":
        """Give the spans of days that it says; a birth date is not among them."""
        spans = []
        if self.is_under_18 is not None:
            least, most = (None, ADULT_AGE - 1) if self.is_under_18 else (ADULT_AGE, None)
            spans.append(Born.of_age(self.on, at_least=least, at_most=most))
        if self.at_least is not None or self.at_most is not None:
            spans.append(Born.of_age(self.on, at_least=self.at_least, at_most=self.at_most))
        return spans

    def encoded(self) -> str | None:
        """Write it as JSON, to be sealed; `None` where it says nothing."""
        return msgspec.json.encode(self).decode() if self.says_something else None

    @classmethod
    def read(cls, text: str | None) -> "list[StatedAge]":
        """Read what was kept; empty for nothing."""
        return [] if text is None else [msgspec.json.decode(text, type=cls)]


class AgeStanding(StrEnum):
    """What the statements about an age amount to."""

    ADULT = "adult"
    CHILD = "child"
    ESTIMATED = "estimated"
    """They reach from below 18 to above."""
    CONTRADICTED = "contradicted"
    """They cannot all be true, and one of them allows for a child."""
    DOUBTFUL_CENTURY = "doubtful_century"
    """One date a hundred years back, which a hundred years later would be a child's; nothing else confirms it."""
    UNKNOWN = "unknown"


class Born(NamedTuple):
    """Between which days somebody was born, both included, as one statement says."""

    earliest: date
    latest: date

    @classmethod
    def of_age(cls, on: date, *, at_least: int | None, at_most: int | None) -> "Born":
        """Read an age on a day; `None` leaves that end open."""
        most = OLDEST if at_most is None else at_most
        latest = on - relativedelta(years=at_least or 0)
        return cls(on - relativedelta(years=most + 1) + relativedelta(days=1), latest)


class Age(NamedTuple):
    """The judgement, with the ages that it leaves possible; both `None` where the statements contradict or lack."""

    standing: AgeStanding
    youngest: int | None = None
    oldest: int | None = None
    is_contradicted: bool = False
    """Whether the statements cannot all be true, even where each of them is an adult's."""

    @property
    def counts_as_child(self) -> bool:
        """Say whether the person is a child or, in doubt, counts as one."""
        return self.standing is not AgeStanding.ADULT

    @property
    def group(self) -> AgeGroup:
        """Give the group that is certain; else it is unknown."""
        if self.youngest is None or self.oldest is None or self.standing is AgeStanding.DOUBTFUL_CENTURY:
            return AgeGroup.UNKNOWN
        groups = {_group_of(self.youngest), _group_of(self.oldest)}
        return groups.pop() if len(groups) == 1 else AgeGroup.UNKNOWN


def age_on(birth_date: date, day: date) -> int:
    """Give the age in whole years, on a day, of a person born on `birth_date`."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (not had_birthday)


def judged(birth_dates: Sequence[date], ages: Sequence[Born], *, on: date) -> Age:
    """Judge what is known of somebody's age on a day."""
    stated = [*(Born(one, one) for one in birth_dates), *ages]
    if not stated:
        return Age(AgeStanding.UNKNOWN)
    earliest, latest = max(one.earliest for one in stated), min(one.latest for one in stated)
    if earliest > latest:
        is_adult = all(age_on(one.latest, on) >= ADULT_AGE for one in stated)
        return Age(AgeStanding.ADULT if is_adult else AgeStanding.CONTRADICTED, is_contradicted=True)
    youngest, oldest = age_on(latest, on), age_on(earliest, on)
    if len(stated) == 1 and birth_dates and _may_be_a_century_later(birth_dates[0], on):
        return Age(AgeStanding.DOUBTFUL_CENTURY, youngest, oldest)
    if oldest < ADULT_AGE:
        return Age(AgeStanding.CHILD, youngest, oldest)
    return Age(AgeStanding.ADULT if youngest >= ADULT_AGE else AgeStanding.ESTIMATED, youngest, oldest)


def age_of(texts: Mapping[str, str], statements: Sequence[StatedAge], *, on: date, born: Sequence[date] = ()) -> Age:
    """Judge the age of a person by what its opened record says, and by statements made later.

    `born` are birth dates that follow from elsewhere, such as a CPR number.
    """
    stated = [*StatedAge.read(texts.get("age")), *statements]
    dates = [*born, *(one.birth_date for one in stated if one.birth_date is not None)]
    if "birth_date" in texts:
        dates.append(date.fromisoformat(texts["birth_date"]))
    return judged(dates, [span for one in stated for span in one.born()], on=on)


def _may_be_a_century_later(birth_date: date, on: date) -> bool:
    return 0 <= age_on(birth_date + CENTURY, on) < ADULT_AGE


def _group_of(age: int) -> AgeGroup:
    if age < ADULT_AGE:
        return AgeGroup.UNDER_18
    return AgeGroup.FROM_18_TO_24 if age < YOUNG_ADULT_UNTIL else AgeGroup.FROM_25
