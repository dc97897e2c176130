"""The refusals of this package; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class NothingInPeriod(Refused):
    """Rule 63: the log has no entries in the period, or it lies ahead."""


class NotDrawableYet(Refused):
    """Rule 63: no checkpoint covers the announcement with enough witnesses."""

    status = HTTPStatus.CONFLICT


class SecretNotPromised(Refused):
    """Rule 63: the commitment of the announcement is of another secret."""


class OwnEntryReviewed(Refused):
    """Rule 63: nobody reviews an entry of their own action."""

    status = HTTPStatus.CONFLICT


class FindingNotComplete(Refused):
    """Rule 63: a finding has a text, an owner who is another and a tovholder here, and a deadline ahead."""
