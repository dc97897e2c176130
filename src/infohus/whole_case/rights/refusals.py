"""What may be refused here; the words are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class BlanketRestriction(Refused):
    """Rule 65: a restriction names one item."""


class RestrictionOfAnotherRegime(Refused):
    """Rules 42 and 65: an authority restricts by the provisions of its own regime."""


class ReviewInThePast(Refused):
    """Rule 65: a restriction is looked at again later."""


class NothingToRelease(Refused):
    """Rule 67: only a reporter or a third party is withheld by default."""


class WithheldUnlessReleased(Refused):
    """Rule 67."""


class ItemIsRestricted(Refused):
    """Rule 65."""

    status = HTTPStatus.CONFLICT


class ItemsNotConsidered(Refused):
    """Rule 65: no item is left out by oversight."""
