"""CPR numbers: accepted without modulus 11, refused only when the date cannot be (rule 74). Pure.

Source: CPR-kontoret: since 2007 numbers are given out that do not satisfy modulus 11, and they are fully valid.
"""

from datetime import date
from typing import Annotated, NamedTuple

from msgspec import Meta
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError

from infohus import errors

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
    """It does not satisfy modulus 11: worth a second look, and valid all the same."""

    @property
    def masked(self) -> str:
        """Show `123456-****`."""
        return f"{self.digits[:6]}-****"


def read_cpr_number(text: str) -> CprNumber:
    """Read a number as people write it.

    Raises:
        CprNumberNotPossible: the date in the number does not exist or lies ahead.
    """
    try:
        cpr.validate(text)
    except ValidationError:
        raise errors.CprNumberNotPossible from None
    digits = as_digits(text)
    return CprNumber(digits, cpr.get_birth_date(digits), cpr.checksum(digits) != 0)
