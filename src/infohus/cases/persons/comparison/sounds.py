"""How a name can be read aloud: consonant classes P F T S K H M N L R and vowels A E I O, by spelling.

The table knows Danish ears and what is common in the transliterations of names that Danish staff write down.
"""

import re
from itertools import product
from typing import Final

MOST_READINGS: Final = 4
_UNSURE = 4
"""Spellings with several sounds that are combined in one word."""

_VOWELS = frozenset("AEIO")
_REPEATED = re.compile(r"(.)\1+")
_BETWEEN_VOWELS = "aeiouy"

# The longest spelling that fits is taken. Each has one sound or several, the likeliest first.
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "sch": ("S",), "tsch": ("S",), "tch": ("S",), "tsj": ("S",), "tj": ("S",), "sh": ("S",), "sj": ("S",),
    "cz": ("S",), "sz": ("S",), "rz": ("S",), "zh": ("S",), "dj": ("S",), "dz": ("S",), "ds": ("S",), "ts": ("S",),
    "tz": ("S",), "dzh": ("S",), "ch": ("S", "K"), "ck": ("K",), "kh": ("K", "H"), "gh": ("K", ""), "ph": ("F",),
    "hv": ("F",), "wh": ("F",), "th": ("T",), "dh": ("T",), "dt": ("T",), "bh": ("P",), "rh": ("R",), "qu": ("KF",),
    "hj": ("I",), "kj": ("K",), "gj": ("K",), "bj": ("P",), "fj": ("F",), "mj": ("M",), "pj": ("P",), "vj": ("F",),
    "nd": ("N", "NT"), "ld": ("L", "LT"), "rd": ("R", "RT"), "nj": ("N",), "lj": ("L",), "ng": ("N", "NK"),
    "aa": ("A", "O"), "ae": ("E",), "oe": ("O",), "ue": ("O",), "ee": ("I", "E"), "oo": ("O",), "ou": ("O",),
    "ei": ("EI",), "ai": ("EI",), "ay": ("EI",), "ey": ("EI",), "ej": ("EI",), "aj": ("EI",), "ie": ("I",),
    "au": ("AO", "AF"), "eu": ("OI", "EO"), "gaard": ("KOR",), "gor": ("KOR",), "goer": ("KOR",),
    "a": ("A",), "b": ("P",), "c": ("K", "S"), "d": ("T",), "e": ("E",), "f": ("F",), "g": ("K",), "h": ("H",),
    "i": ("I",), "j": ("I", "S"), "k": ("K",), "l": ("L",), "m": ("M",), "n": ("N",), "o": ("O",), "p": ("P",),
    "q": ("K",), "r": ("R",), "s": ("S",), "t": ("T",), "u": ("O",), "v": ("F",), "w": ("F",), "x": ("KS", "H"),
    "y": ("I",), "z": ("S",),
}
_ONLY_AT_THE_END = frozenset({"gaard", "gor", "goer"})
_LONGEST = max(map(len, _SPELLINGS))


def readings_of(spelt: str) -> tuple[str, ...]:
    """Give at most four ways to read a word of the letters a to z, the likeliest first."""
    sounds: list[tuple[str, ...]] = []
    at = 0
    while at < len(spelt):
        spelling = _longest_at(spelt, at)
        sounds.append(_sounds(spelling, spelt, at))
        at += len(spelling)
    return _likeliest(sounds)


def skeletons_of(readings: tuple[str, ...]) -> tuple[str, ...]:
    """Give the readings without vowels, and with an H only in front; each once."""
    bare = ("".join(
        sound for at, sound in enumerate(reading) if sound not in _VOWELS and (sound != "H" or at == 0)
    ) for reading in readings)
    return tuple(dict.fromkeys(_REPEATED.sub(r"\1", one) for one in bare))


def _longest_at(spelt: str, at: int) -> str:
    for length in range(min(_LONGEST, len(spelt) - at), 1, -1):
        spelling = spelt[at:at + length]
        if spelling in _SPELLINGS and (spelling not in _ONLY_AT_THE_END or at + length == len(spelt)):
            return spelling
    return spelt[at]


def _sounds(spelling: str, spelt: str, at: int) -> tuple[str, ...]:
    """Give a spelling's sounds at its place: an h is heard in front and between vowels, c before e and i is an S."""
    following = spelt[at + len(spelling):at + len(spelling) + 1]
    if spelling == "h":
        heard = at == 0 or (spelt[at - 1] in _BETWEEN_VOWELS and following != "" and following in _BETWEEN_VOWELS)
        return ("H",) if heard else ("",)
    if spelling == "c" and following in {"e", "i", "y"}:
        return ("S", "K")
    if spelling == "ch" and following in {"l", "r"}:
        return ("K",)
    return _SPELLINGS[spelling]


def _likeliest(sounds: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Combine the sounds: first all the likeliest, then those with one unlikely sound, up to four."""
    choices = sorted(_some_choices(sounds), key=sum)
    readings = (
        _REPEATED.sub(r"\1", "".join(one[choice] for one, choice in zip(sounds, chosen, strict=True)))
        for chosen in choices
    )
    return tuple(dict.fromkeys(readings))[:MOST_READINGS]


def _some_choices(sounds: list[tuple[str, ...]]) -> list[tuple[int, ...]]:
    """Choose among the first few spellings with several sounds; the others have their likeliest."""
    unsure = [at for at, one in enumerate(sounds) if len(one) > 1][:_UNSURE]
    choices = []
    for chosen in product(*(range(len(sounds[at])) for at in unsure)):
        by_place = dict(zip(unsure, chosen, strict=True))
        choices.append(tuple(by_place.get(at, 0) for at in range(len(sounds))))
    return choices
