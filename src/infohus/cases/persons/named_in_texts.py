"""Where a text names a person, or holds what looks like a CPR number, a telephone number, a mail or an account. Pure.

A person is found by each word of the name, by CPR number, birth date and street address, in whatever case, with accents
or without, with a genitive's s. That is too much rather than too little: it is a question to the writer (rule 109).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec


class FoundAs(StrEnum):
    """What stands at a place: something of a person whom the own side knows, or what only looks like it."""

    NAME = "name"
    CPR_NUMBER = "cpr_number"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    CPR_LIKE = "cpr_like"
    PHONE_LIKE = "phone_like"
    MAIL_LIKE = "mail_like"
    ACCOUNT_LIKE = "account_like"


class Found(msgspec.Struct, frozen=True, order=True):
    """A place in a text, as the numbers of its first sign and the one behind its last; whose, where that is known."""

    begins: int
    ends: int
    found_as: FoundAs
    subject_id: UUID | None = None


_LETTERS = {"æ": "ae", "ä": "ae", "ø": "oe", "ö": "oe", "å": "aa", "ß": "ss", "đ": "d", "ł": "l", "ı": "i"}
_LIKE = (
    (FoundAs.CPR_LIKE, re.compile(r"(?<!\d)(?:0[1-9]|[1267]\d|[389][01]|[4589]\d)\d{4}[ –-]{0,3}\d{4}(?!\d)")),
    (FoundAs.PHONE_LIKE, re.compile(r"(?<![\d+])(?:(?:\+|00)\d{2} ?)?\d{2} ?\d{2} ?\d{2} ?\d{2}(?!\d)")),
    (FoundAs.MAIL_LIKE, re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (FoundAs.ACCOUNT_LIKE, re.compile(r"(?<![\w.+-])@\w[\w.]{2,}")),
)
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORT = 2
"""A name of so many letters counts only where it begins with a capital: »Bo« is a name, and »bo« is not."""


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text in small letters without accents, and of which sign of the text each of its signs comes."""

    text: str
    places: list[int]

    @classmethod
    def of(cls, text: str) -> "_Folded":
        signs, places = list[str](), list[int]()
        for place, sign in enumerate(text):
            small = sign.casefold()
            plain = _LETTERS.get(small) or "".join(
                one for one in unicodedata.normalize("NFKD", small) if not unicodedata.combining(one)
            )
            signs.append(plain)
            places.extend([place] * len(plain))
        return cls("".join(signs), [*places, len(text)])


def found_in(text: str, persons: Mapping[UUID, Mapping[str, str]]) -> list[Found]:
    """List where a text names one of `persons`, whose texts are given by column, or holds what looks like it.

    What is found as a person's own number is not listed again as something that looks like one.
    """
    folded = _Folded.of(text)
    own = {
        found for subject_id, known in persons.items()
        for found in (*_names(text, folded, subject_id, known), *_facts(folded, subject_id, known))
    }
    taken = [(one.begins, one.ends) for one in own]
    like = set[Found]()
    for found_as, pattern in _LIKE:
        for match in pattern.finditer(text):
            begins, ends = match.span()
            if all(ends <= first or begins >= last for first, last in taken):
                like.add(Found(begins, ends, found_as))
                taken.append((begins, ends))
    return sorted(own | like)


def _names(text: str, folded: _Folded, subject_id: UUID, known: Mapping[str, str]) -> Iterator[Found]:
    for word in dict.fromkeys(_NAME_WORD.findall(known.get("name", ""))):
        name = _Folded.of(word).text
        if len(name) < _SHORT:
            continue
        for begins, ends in _whole_words(folded, name, suffix="(?:['’]?s)?"):
            if len(word) > _SHORT or text[begins].isupper():
                yield Found(begins, ends, FoundAs.NAME, subject_id)


def _facts(folded: _Folded, subject_id: UUID, known: Mapping[str, str]) -> Iterator[Found]:
    number = re.sub(r"\D", "", known.get("cpr_number", ""))
    if number:
        pattern = r"[ –-]{0,3}".join((number[:6], number[6:]))
        yield from (Found(*at, FoundAs.CPR_NUMBER, subject_id) for at in _matches(folded, rf"(?<!\d){pattern}(?!\d)"))
    if "birth_date" in known:
        born = date.fromisoformat(known["birth_date"])
        ways = (rf"{born.isoformat()}", rf"0?{born.day}[./ -]{{1,2}}0?{born.month}[./ -]{{1,2}}(?:{born:%Y}|{born:%y})")
        for way in ways:
            at_each = _matches(folded, rf"(?<!\d){way}(?!\d)")
            yield from (Found(*at, FoundAs.BIRTH_DATE, subject_id) for at in at_each)
    street = _Folded.of(known.get("address", "").split(",")[0].strip()).text
    if len(street) > _SHORT:
        yield from (Found(*at, FoundAs.ADDRESS, subject_id) for at in _whole_words(folded, street))


def _whole_words(folded: _Folded, words: str, *, suffix: str = "") -> Iterator[tuple[int, int]]:
    spaced = r"\s+".join(re.escape(word) for word in words.split())
    return _matches(folded, rf"(?<!\w){spaced}{suffix}(?!\w)")


def _matches(folded: _Folded, pattern: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(pattern, folded.text):
        yield folded.places[match.start()], folded.places[match.end() - 1] + 1
