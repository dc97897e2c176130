"""Does a text name a person or a case? Pure; a number is found however it is usually written (rule 25)."""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

_FIRST_REPLACEMENT_DAY = 61
_LAST_DAY, _LAST_MONTH = 31, 12
_GAP = r"[\s./\-‐‑‒–—_]{0,3}"
_CPR = re.compile(rf"(?<!\d)(\d\d){_GAP}(\d\d){_GAP}(?:(?:18|19|20)?)(\d\d){_GAP}(\d\d){_GAP}(\d\d)(?!\d)")
"""Day, month, year with or without its century, and four digits; the last four may stand in pairs."""
_IDENTIFIER = re.compile(r"(?i)(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])")
_CASE_NUMBER = re.compile(rf"(?<!\d)20\d\d{_GAP}\d{{5,}}(?!\d)")


class Named(StrEnum):
    """What a text names."""

    CPR_NUMBER = "cpr_number"
    IDENTIFIER = "identifier"
    """The id of a case, a person or a record, as it stands in an address."""
    CASE_NUMBER = "case_number"


def named_in(text: str) -> set[Named]:
    """Say which kinds of names stand in `text`."""
    return set(_found(_plain(text)))


def _plain(text: str) -> str:
    """Write every digit as 0–9 and leave out signs that take no room, which would hide a number from us."""
    folded = unicodedata.normalize("NFKC", text)
    seen = (sign for sign in folded if unicodedata.category(sign) not in {"Cf", "Mn"})
    return "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in seen)


def _found(text: str) -> Iterator[Named]:
    without_identifiers = _IDENTIFIER.sub(" … ", text)
    if without_identifiers != text:
        yield Named.IDENTIFIER
    if _CASE_NUMBER.search(without_identifiers):
        yield Named.CASE_NUMBER
    if any(_is_a_birthday(int(day), int(month)) for day, month, *_ in _CPR.findall(without_identifiers)):
        yield Named.CPR_NUMBER


def _is_a_birthday(day: int, month: int) -> bool:
    """Replacement numbers (erstatnings-CPR) carry the day plus 60."""
    born = day - (_FIRST_REPLACEMENT_DAY - 1) if day >= _FIRST_REPLACEMENT_DAY else day
    return 1 <= born <= _LAST_DAY and 1 <= month <= _LAST_MONTH
