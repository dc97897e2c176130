"""How alike two parts of names are, from 0 to 1: by their letters, their readings and the consonants of these.

The weights were found on two sets of invented names; docs/decisions/0032 says how, and `make names` measures anew.
"""

from typing import Final

from rapidfuzz.distance import OSA, JaroWinkler

from infohus.cases.persons.comparison.parts import Part

_JARO_WINKLER, _SWAPS, _READINGS, _SKELETONS = 0.30, 0.07, 0.30, 0.10
_TOGETHER = _JARO_WINKLER + _SWAPS + _READINGS + _SKELETONS
_NOTHING, _ALL = 0.35, 0.84
"""Where the weighted likeness counts as none, and as the same."""

_A_BEGINNING, _AN_ENDING, _IN_ORDER, _AN_INITIAL = 0.73, 0.65, 0.55, 0.85
_CONSONANTS_AT_THE_END: Final = 0.60
SHORTEST_SKELETON: Final = 3
_SHORTEST_BEGINNING, _SHORTEST_ENDING, _SHORTEST_IN_ORDER = 2, 4, 3

LEAST: Final = 0.05
"""A likeness under this counts as none."""


def likeness(one: Part, other: Part) -> float:
    """Give the likeness of two parts, 1 for what is as good as the same."""
    if one.letters == other.letters:
        return 1.0
    contained = max(_contained(one.letters, other.letters), _heard_at_the_end(one, other))
    stretched = (max(_weighted(one, other), contained) - _NOTHING) / (_ALL - _NOTHING)
    return min(1.0, stretched) if stretched > LEAST else 0.0


def _weighted(one: Part, other: Part) -> float:
    return (
        _JARO_WINKLER * JaroWinkler.similarity(one.letters, other.letters)
        + _SWAPS * OSA.normalized_similarity(one.letters, other.letters)
        + _READINGS * _best(one.readings, other.readings)
        + _SKELETONS * _best(one.skeletons, other.skeletons)
    ) / _TOGETHER


def _best(some: tuple[str, ...], others: tuple[str, ...]) -> float:
    best = 0.0
    for one in some:
        for other in others:
            if one == other:
                return 1.0 if one else best
            best = max(best, OSA.normalized_similarity(one, other))
    return best


def _contained(one: str, other: str) -> float:
    """Give what a short form is worth at least: an initial, a beginning, an ending, or letters in their order."""
    short, long = (one, other) if len(one) < len(other) else (other, one)
    if len(short) == 1:
        return _AN_INITIAL if long.startswith(short) else 0.0
    if len(short) >= _SHORTEST_BEGINNING and long.startswith(short):
        return _A_BEGINNING
    if len(short) >= _SHORTEST_ENDING and long.endswith(short):
        return _AN_ENDING
    if len(short) >= _SHORTEST_IN_ORDER and short[0] == long[0] and _are_in_order(short, long):
        return _IN_ORDER
    return 0.0


def _heard_at_the_end(one: Part, other: Part) -> float:
    if _is_ending(one.readings, other.readings, _SHORTEST_ENDING):
        return _AN_ENDING
    return _CONSONANTS_AT_THE_END if _is_ending(one.skeletons, other.skeletons, SHORTEST_SKELETON) else 0.0


def _is_ending(some: tuple[str, ...], others: tuple[str, ...], shortest: int) -> bool:
    return any(
        min(len(one), len(other)) >= shortest and (one.endswith(other) or other.endswith(one))
        for one in some for other in others
    )


def _are_in_order(short: str, long: str) -> bool:
    rest = iter(long)
    return all(letter in rest for letter in short)
