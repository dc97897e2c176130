"""A name taken apart: its parts, and each two neighbours as one word, with letters and sounds of each.

What is derived here is kept with the name, under the number of the rules that made it: see `RULES`.
"""

import re
import unicodedata
from itertools import pairwise
from typing import Final

import msgspec
from anyascii import anyascii
from ftfy import fix_text

from infohus.cases.persons.comparison.sounds import readings_of, skeletons_of

RULES: Final = 1
"""The number of the rules for letters and sounds; another number means that the parts are derived anew."""

LONGEST_NAME: Final = 400
"""Letters of a name that are compared; what is longer is no name."""
_MOST_PARTS: Final = 12

_NO_LETTER = re.compile(r"[\W\d_]+")
_ONE_VOWEL = (("ae", "a"), ("oe", "o"), ("aa", "a"), ("ue", "u"))
_AS_SPOKEN = str.maketrans({
    "å": "aa", "æ": "ae", "ä": "ae", "ø": "oe", "ö": "oe", "œ": "oe", "ü": "ue", "ğ": "gh", "ą": "on", "ę": "en",
    "ç": "tj", "č": "tj", "ć": "tj", "ş": "sh", "š": "sh", "ś": "sh", "ž": "zh", "ż": "zh", "ź": "zh", "đ": "dj",
})
_DOUBLED = re.compile(r"(.)\1+")
_PARTICLES = frozenset({
    "a", "al", "an", "ap", "af", "av", "ben", "bin", "binti", "bint", "d", "da", "dal", "de", "del", "den", "der", "di",
    "do", "dos", "du", "e", "el", "es", "ibn", "la", "le", "lo", "mc", "o", "of", "ould", "the", "til", "ul", "und",
    "van", "von", "y", "zu",
})


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A part of a name: its plain letters, how it can be read aloud, and the consonants of that."""

    letters: str
    readings: tuple[str, ...]
    skeletons: tuple[str, ...]

    @property
    def is_particle(self) -> bool:
        """Say whether it is a word such as van or al, which counts little."""
        return self.letters in _PARTICLES


class PreparedName(msgspec.Struct, frozen=True, array_like=True):
    """A name ready to be compared. `joined[i]` is the parts i and i + 1 as one word."""

    parts: tuple[Part, ...]
    joined: tuple[Part, ...]


def prepare(name: str) -> PreparedName:
    """Take a name apart as it was written; "Family, Given" is turned. Without a letter in it there are no parts."""
    mended = unicodedata.normalize("NFC", fix_text(name[:LONGEST_NAME]))
    family, comma, given = mended.partition(",")
    words = _NO_LETTER.split(f"{given} {family}" if comma else mended)
    parts = [_part(word) for word in words if word][:_MOST_PARTS]
    words = [word for word in words if word][:_MOST_PARTS]
    joined = [_part(first + second) for first, second in pairwise(words)]
    return PreparedName(tuple(part for part in parts if part.letters), tuple(part for part in joined if part.letters))


def folded(name: str) -> str:
    """Give a name's plain letters with one space between its parts: equal for spellings of the same letters."""
    return " ".join(part.letters for part in prepare(name).parts)


def _part(word: str) -> Part:
    readings = readings_of(_plain(word.lower().translate(_AS_SPOKEN)))
    return Part(_letters(_plain(word)), readings, skeletons_of(readings))


def _plain(word: str) -> str:
    return "".join(letter for letter in anyascii(word).lower() if "a" <= letter <= "z")


def _letters(spelt: str) -> str:
    for two, one in _ONE_VOWEL:
        spelt = spelt.replace(two, one)
    return _DOUBLED.sub(r"\1", spelt)
