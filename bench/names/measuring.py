"""Who is found among invented people: by name, or with a birth date, too; from the right spelling, or a wrong one."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from math import ceil
from pathlib import Path
from typing import Final, NamedTuple

from infohus.cases.persons.comparison.birth_dates import Born
from infohus.cases.persons.comparison.parts import prepare
from infohus.cases.persons.comparison.ranking import MOST_SHOWN, SHOWN_FROM, Compared, Likely, Register

CANONICAL: Final = "canonical"
_LOOKED_AT: Final = 40
_LOWEST: Final = 0.5
_WANTED_SHARE: Final = 0.95


class Asked(Enum):
    """What a search starts from: the right spelling or a wrong one, without the birth date or with it."""

    NAME = "by name"
    BIRTH = "by name and birth date"
    MISSPELT = "from one misspelling to another, by name"
    MISSPELT_BIRTH = "from one misspelling to another, by name and birth date"

    @property
    def with_birth_date(self) -> bool:
        """Say whether the birth date is asked for, too."""
        return self in {Asked.BIRTH, Asked.MISSPELT_BIRTH}

    @property
    def is_misspelt(self) -> bool:
        """Say whether a wrong spelling is asked for, and wrong ones wanted."""
        return self in {Asked.MISSPELT, Asked.MISSPELT_BIRTH}


class Target(NamedTuple):
    """At least so many of 100 wanted are found, with at most so many wrong people where 95 of 100 are."""

    recall: float
    wrong: float | None


TARGETS: Final = {
    Asked.NAME: Target(97, 2), Asked.BIRTH: Target(99.5, 0.5), Asked.MISSPELT: Target(95, None),
    Asked.MISSPELT_BIRTH: Target(99, None),
}


class Row(NamedTuple):
    """An invented person under one spelling; `person` is empty for somebody nobody looks for."""

    person: str
    name: str
    born: Born | None
    kind: str
    language: str


@dataclass(frozen=True, slots=True)
class People:
    """All rows, and the register made of them."""

    rows: tuple[Row, ...]
    compared: tuple[Compared, ...]

    @classmethod
    def read(cls, folder: Path) -> "People":
        """Read every table in a folder."""
        rows = [Row(one["group_id"], one["full_name"], _born(one["birth_date"]), one["kind"], one["language"])
                for file in sorted(folder.glob("names*.tsv")) for one in _lines(file)]
        rows += [Row("", one["full_name"], _born(one["birth_date"]), "", "")
                 for file in sorted(folder.glob("distractors*.tsv")) for one in _lines(file)]
        return cls(tuple(rows), tuple(Compared([prepare(row.name)], row.born) for row in rows))

    def spellings(self, row: Row) -> frozenset[int]:
        """Give the places of all spellings of the same person."""
        return frozenset(place for place, one in enumerate(self.rows) if one.person == row.person)


@dataclass(slots=True)
class Measured:
    """What was wanted and found among the first ten, by language and by kind; under "" altogether."""

    found: Counter[str] = field(default_factory=Counter)
    wanted: Counter[str] = field(default_factory=Counter)
    scores: list[float] = field(default_factory=list)
    of_others: list[float] = field(default_factory=list)
    asked: int = 0
    shown: int = 0

    @property
    def recall(self) -> float:
        """Give how many of 100 wanted were among the first ten."""
        return 100 * self.found[""] / self.wanted[""]

    @property
    def shown_share(self) -> float:
        """Give how many of 100 wanted were among them with a score that is shown."""
        return 100 * self.shown / self.wanted[""]

    @property
    def wrong(self) -> float:
        """Give how many others a search shows on average, where it shows 95 of 100 wanted."""
        lowest = sorted(self.scores)[ceil((1 - _WANTED_SHARE) * len(self.scores)) - 1]
        return sum(score >= lowest for score in self.of_others) / self.asked

    def missed(self, target: Target) -> Iterator[str]:
        """Say in which the target is missed."""
        if self.recall < target.recall:
            yield f"{self.recall:.2f} % are found, to hold: {target.recall}"
        if target.wrong is not None and self.wrong > target.wrong:
            yield f"{self.wrong:.2f} wrong people, to hold: {target.wrong}"

    def count(self, row: Row, *, hit: bool) -> None:
        """Count one wanted row, found or not."""
        for key in ("", row.language, row.kind):
            self.wanted[key] += 1
            self.found[key] += hit


def measure(people: People, register: Register, asked: Asked, *, every: int = 1) -> Measured:
    """Ask for each person, or every so many-th spelling; the spelling asked for is not among those that are found."""
    measured = Measured()
    spellings = [place for place, row in enumerate(people.rows)
                 if row.person and (row.kind == CANONICAL) != asked.is_misspelt]
    for place in spellings[::every]:
        row = people.rows[place]
        same = people.spellings(row)
        born = row.born if asked.with_birth_date else None
        ranked = register.likely(prepare(row.name), born, at_least=_LOWEST, most=_LOOKED_AT)
        _count(people, measured, same - {place}, [one for one in ranked if one.place != place], asked)
        measured.of_others += [one.score for one in ranked if one.place not in same]
        measured.asked += 1
    return measured


def _count(people: People, measured: Measured, same: frozenset[int], ranked: list[Likely], asked: Asked) -> None:
    scores = {one.place: one.score for one in ranked}
    first = {one.place for one in ranked[:MOST_SHOWN]}
    for place in same:
        if not (asked.is_misspelt and people.rows[place].kind == CANONICAL):
            measured.count(people.rows[place], hit=place in first)
            measured.scores.append(scores.get(place, 0.0))
            measured.shown += place in first and scores[place] >= SHOWN_FROM


def _lines(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _born(text: str) -> Born | None:
    return Born(*map(int, text.split("-"))) if text else None
