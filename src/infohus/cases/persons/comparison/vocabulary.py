"""The parts of all names in a register, each once: how rare it is, who has it, and which are like another one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log
from typing import Final

from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import extract

from infohus.cases.persons.comparison.parts import Part, PreparedName
from infohus.cases.persons.comparison.similarity import SHORTEST_SKELETON, likeness

_PARTICLE: Final = 0.1
_FULL_LENGTH: Final = 5
_COMMONEST: Final = 0.38
_JARO_AT_LEAST, _OSA_AT_LEAST = 0.62, 0.5
_JOINED_AT_LEAST: Final = 0.75
JOINED_MAY_DIFFER: Final = 2
"""By so many letters neighbours as one word may be longer or shorter than what they are compared with."""


class Vocabulary:
    """The parts of the names in a register."""

    def __init__(self, names: Sequence[PreparedName], *, persons: int) -> None:
        self._single, self._joined = defaultdict[Part, list[int]](list), defaultdict[Part, list[int]](list)
        for number, name in enumerate(names):
            for part in name.parts:
                self._single[part].append(number)
            for part in name.joined:
                self._joined[part].append(number)
        bearers: defaultdict[str, int] = defaultdict(int)
        for part, numbers in self._single.items():
            bearers[part.letters] += len(numbers)
        everybody = log(persons + 1) or 1.0
        self._rarity = {letters: max(_COMMONEST, 1 - log(count) / everybody) for letters, count in bearers.items()}
        self._by_letters = _grouped((part.letters, part) for part in self._single)
        self._by_sound = _grouped((reading, part) for part in self._single for reading in part.readings)
        self._by_ending = _grouped(
            (skeleton[-SHORTEST_SKELETON:], part) for part in self._single for skeleton in part.skeletons
            if len(skeleton) >= SHORTEST_SKELETON
        )
        self._joined_by_letters = _grouped((part.letters, part) for part in self._joined)
        self._weights: dict[Part, float] = {}

    def weight(self, part: Part) -> float:
        """Give how much a part says: a rare and long one more than a common and short one."""
        if part not in self._weights:
            rarity = self._rarity.get(part.letters, 1.0) * (_PARTICLE if part.is_particle else 1.0)
            self._weights[part] = rarity * min(1.0, len(part.letters) / _FULL_LENGTH)
        return self._weights[part]

    def names_with(self, part: Part) -> Iterable[int]:
        """Give the numbers of the names that have this part, or two neighbours that are it as one word."""
        single, joined = self._single.get(part), self._joined.get(part)
        return [*(single or ()), *(joined or ())]

    def like(self, part: Part) -> dict[Part, float]:
        """Give the parts that are like this one, neighbours as one word included, with their likeness."""
        near = {
            one for letters, _, _ in extract(
                part.letters, self._joined_by_letters.keys(), scorer=JaroWinkler.similarity,
                score_cutoff=_JOINED_AT_LEAST, limit=None,
            ) for one in self._joined_by_letters[letters]
        }
        return {one: how for one in near if (how := _as_long(part, one))} | {
            one: how for one in self._near(part) if (how := likeness(part, one))
        }

    def like_joined(self, two: Part) -> dict[Part, float]:
        """Give the parts that are like two neighbours as one word, or like one of the two, with their likeness."""
        return {one: how for one in self._near(two) if (how := likeness(two, one))}

    def _near(self, part: Part) -> set[Part]:
        near = {
            one for letters, _, _ in extract(
                part.letters, self._by_letters.keys(), scorer=JaroWinkler.similarity, score_cutoff=_JARO_AT_LEAST,
                limit=None,
            ) for one in self._by_letters[letters]
        }
        for reading in part.readings:
            near.update(
                one for sound, _, _ in extract(
                    reading, self._by_sound.keys(), scorer=OSA.normalized_similarity, score_cutoff=_OSA_AT_LEAST,
                    limit=None,
                ) for one in self._by_sound[sound]
            )
        for skeleton in part.skeletons:
            near.update(self._by_ending.get(skeleton[-SHORTEST_SKELETON:], ()))
        return near


def _as_long(one: Part, other: Part) -> float:
    return likeness(one, other) if abs(len(one.letters) - len(other.letters)) <= JOINED_MAY_DIFFER else 0.0


def _grouped(parts: Iterable[tuple[str, Part]]) -> dict[str, list[Part]]:
    groups: defaultdict[str, list[Part]] = defaultdict(list)
    for key, part in parts:
        groups[key].append(part)
    return dict(groups)
