"""Find CPR numbers, case numbers and ids in a text, however they are usually written (rule 25). Pure.

Names of persons are not found.
"""

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
    """What a text identifies a person, a case or a record by."""

    CPR_NUMBER = "cpr_number"
    IDENTIFIER = "identifier"
    """The id of a case, a person or a record, as it stands in an address."""
    CASE_NUMBER = "case_number"


def named_in(text: str) -> set[Named]:
    """Say what stands in `text` that identifies a person, a case or a record."""
    return set(_kinds_in(_plain(text)))


def _plain(text: str) -> str:
    """Write every digit as 0–9 and leave out invisible characters and combining marks, which could hide a number."""
    folded = unicodedata.normalize("NFKC", text)
    visible = (character for character in folded if unicodedata.category(character) not in {"Cf", "Mn"})
    return "".join(
        str(unicodedata.digit(character)) if character.isdecimal() else character for character in visible
    )


def _kinds_in(text: str) -> Iterator[Named]:
    without_identifiers = _IDENTIFIER.sub(" … ", text)
    if without_identifiers != text:
        yield Named.IDENTIFIER
    if _CASE_NUMBER.search(without_identifiers):
        yield Named.CASE_NUMBER
    if any(_is_birthday(int(day), int(month)) for day, month, *_ in _CPR.findall(without_identifiers)):
        yield Named.CPR_NUMBER


def _is_birthday(day: int, month: int) -> bool:
    """Say whether a CPR number can begin so; a replacement number (erstatnings-CPR) carries the day plus 60."""
    born = day - (_FIRST_REPLACEMENT_DAY - 1) if day >= _FIRST_REPLACEMENT_DAY else day
    return 1 <= born <= _LAST_DAY and 1 <= month <= _LAST_MONTH
