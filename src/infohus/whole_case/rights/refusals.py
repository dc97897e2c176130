"""The refusals of this package; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class NoSubjectOfThisCase(Refused):
    """Rule 67: who asks is a person that the case is about, and that the authority knows; nobody else is exempt."""


class BlanketRestriction(Refused):
    """Rule 65: a restriction names one item."""


class RestrictionOfAnotherRegime(Refused):
    """Rules 42 and 65: an authority restricts by the provisions of its own regime."""


class ReviewInThePast(Refused):
    """Rule 65: a restriction is reviewed on a later day."""


class NothingToRelease(Refused):
    """Rule 67: only another person of the case can be released here."""


class WithheldUnlessReleased(Refused):
    """Rule 67: a reporter or another person is withheld unless released."""


class ItemIsRestricted(Refused):
    """Rule 65: an included item has a standing restriction."""

    status = HTTPStatus.CONFLICT


class ItemsNotConsidered(Refused):
    """Rule 65: every item is either included or restricted."""
