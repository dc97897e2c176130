"""What may be refused here; the words are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class NothingInPeriod(Refused):
    """Rule 63: the log has no entries in the period, or it lies ahead."""


class NotDrawableYet(Refused):
    """Rule 63: no checkpoint covers the announcement with enough witnesses."""

    status = HTTPStatus.CONFLICT


class SecretNotPromised(Refused):
    """Rule 63: another secret was promised when the check was announced."""


class OwnEntryReviewed(Refused):
    """Rule 63: the reviewer is not the reviewed."""

    status = HTTPStatus.CONFLICT


class FindingNotComplete(Refused):
    """Rule 63: a finding has a text, an owner who is another and a tovholder here, and a deadline ahead."""
