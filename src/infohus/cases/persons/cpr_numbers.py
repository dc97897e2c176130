"""CPR numbers: accepted without modulus 11, refused only when the date cannot be (rule 74). Pure.

Source: CPR-kontoret: since 2007 numbers are given out that do not satisfy modulus 11, and they are fully valid. A
replacement number (erstatningspersonnummer: the day + 60) is made up where somebody has none, so two persons may have
the same one, and one person several.
"""

from datetime import date
from typing import Annotated, NamedTuple

from msgspec import Meta
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError

from infohus import errors

_REPLACEMENT = 60
"""What is added to the day of birth in a replacement number."""

CprText = Annotated[str, Meta(pattern=r"^[0-9]{6}[- ]?[0-9]{4}$")]
"""Ten digits, with or without a dash or a space after the date."""


def as_digits(text: str) -> str:
    """Give the ten digits of a number as people write it, possible or not."""
    digits: str = cpr.compact(text)
    return digits


class CprNumber(NamedTuple):
    """A number that can be somebody's. `digits` are ten, without a dash."""

    digits: str
    birth_date: date
    is_odd: bool
    """It does not satisfy modulus 11: worth a second look, and valid all the same. Never so of a replacement."""
    is_replacement: bool
    """It was made up for want of a number, and identifies nobody alone."""

    @property
    def masked(self) -> str:
        """Show `123456-****`."""
        return f"{self.digits[:6]}-****"


def read_cpr_number(text: str) -> CprNumber:
    """Read a number as people write it.

    Raises:
        CprNumberNotPossible: the date in the number does not exist or lies ahead.
    """
    digits = as_digits(text)
    is_replacement = int(digits[:2]) > _REPLACEMENT
    born_in = f"{int(digits[:2]) - _REPLACEMENT:02}{digits[2:]}" if is_replacement else digits
    try:
        cpr.validate(born_in)
    except ValidationError:
        raise errors.CprNumberNotPossible from None
    is_odd = not is_replacement and cpr.checksum(digits) != 0
    return CprNumber(digits, cpr.get_birth_date(born_in), is_odd, is_replacement)


def read_identifying_number(text: str) -> CprNumber:
    """Read a number by which somebody is looked for.

    Raises:
        CprNumberNotPossible: the date in the number does not exist or lies ahead.
        CprNumberIdentifiesNobody: it is a replacement number.
    """
    number = read_cpr_number(text)
    if number.is_replacement:
        raise errors.CprNumberIdentifiesNobody
    return number
