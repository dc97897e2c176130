"""Who in a register may be the person asked for: the likeliest first. All of it is compared, and nothing kept.

A score is made of the coverage of either name by the other, of which the better counts more, and of what the birth
dates add. A name is covered by the best counterparts of its parts, each weighing by rarity and length.
"""

from collections import defaultdict
from collections.abc import Sequence
from heapq import nlargest
from math import sqrt
from typing import Final, NamedTuple

from infohus.cases.persons.comparison.birth_dates import Born, points
from infohus.cases.persons.comparison.parts import Part, PreparedName
from infohus.cases.persons.comparison.vocabulary import Vocabulary

MOST_SHOWN: Final = 10
SHOWN_FROM: Final = 0.80
VERY_LIKE_FROM: Final = 0.94
"""From here an answer says "ligner meget"."""

_OF_BOTH, _OF_THE_BETTER = 0.6, 0.65
"""How much the weighted mean of both coverages counts, beside their geometric mean, and in it the better one."""


class Compared(NamedTuple):
    """What is known of a person in a register: the names, prepared, and the birth date."""

    names: Sequence[PreparedName]
    born: Born | None


class Likely(NamedTuple):
    """A person who may be the one asked for; `place` is 0-based, in the register as it was given."""

    place: int
    score: float


class Register:
    """The persons of a register, ready for one search."""

    def __init__(self, persons: Sequence[Compared]) -> None:
        self._persons = persons
        self._names = [(place, name) for place, person in enumerate(persons) for name in person.names]
        self._vocabulary = Vocabulary([name for _, name in self._names], persons=len(persons))

    def likely(
        self, name: PreparedName, born: Born | None, *, at_least: float = SHOWN_FROM, most: int = MOST_SHOWN,
    ) -> list[Likely]:
        """Rank those whose score is at least so much, the likeliest first; equal ones in the register's order."""
        if not name.parts:
            return []
        asked = _Asked(name, self._vocabulary)
        found: dict[int, float] = {}
        for number, covered in asked.coverages().items():
            place, other = self._names[number]
            from_birth = points(born, self._persons[place].born)
            if _together(1.0, covered) + from_birth < at_least:
                continue
            score = _together(asked.coverage_of(other), covered) + from_birth
            if score >= max(at_least, found.get(place, 0.0)):
                found[place] = score
        return nlargest(most, (Likely(*one) for one in found.items()), key=lambda one: (one.score, -one.place))


class _Asked:
    """The name asked for, with what of the register is like its parts, and like its neighbours as one word."""

    def __init__(self, name: PreparedName, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._like = [vocabulary.like(part) for part in name.parts]
        self._like_joined = [vocabulary.like_joined(two) for two in name.joined]
        weights = [vocabulary.weight(part) for part in name.parts]
        self._shares = [weight / sum(weights) for weight in weights]
        self._best: dict[Part, float] = {}
        for like in (*self._like, *self._like_joined):
            for part, how in like.items():
                self._best[part] = max(how, self._best.get(part, 0.0))

    def coverages(self) -> dict[int, float]:
        """Give how far each name of the register covers the one asked for, by the number of the name."""
        covered: defaultdict[int, float] = defaultdict(float)
        for at, share in enumerate(self._shares):
            best: dict[int, float] = {}
            for like in (self._like[at], *self._like_joined[max(at - 1, 0):at + 1]):
                for part, how in like.items():
                    for number in self._vocabulary.names_with(part):
                        if how > best.get(number, 0.0):
                            best[number] = how
            for number, how in best.items():
                covered[number] += share * how
        return covered

    def coverage_of(self, other: PreparedName) -> float:
        """Give how far the one asked for covers a name of the register."""
        best = [self._best.get(part, 0.0) for part in other.parts]
        for at, two in enumerate(other.joined):
            if how := self._best.get(two, 0.0):
                best[at], best[at + 1] = max(best[at], how), max(best[at + 1], how)
        weights = [self._vocabulary.weight(part) for part in other.parts]
        return sum(how * weight for how, weight in zip(best, weights, strict=True)) / sum(weights)


def _together(first: float, second: float) -> float:
    better = _OF_THE_BETTER * max(first, second) + (1 - _OF_THE_BETTER) * min(first, second)
    return _OF_BOTH * better + (1 - _OF_BOTH) * sqrt(first * second)
