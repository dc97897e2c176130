"""The refusals of this package; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class NothingInPeriod(Refused):
    """Rule 63: the log has no entries in the period, or it lies ahead."""


class NotDrawableYet(Refused):
    """Rule 63: no checkpoint covers the announcement with enough witnesses."""

    status = HTTPStatus.CONFLICT


class EntriesNotAsAnnounced(Refused):
    """Rules 63 and 90: what is shown of an institution's log is not what the check was announced on."""

    status = HTTPStatus.CONFLICT


class SecretNotPromised(Refused):
    """Rule 63: the commitment of the announcement is of another secret."""


class SecretToldTooEarly(Refused):
    """Rule 63: the secret was told before a checkpoint was there, so whoever runs the log could choose one to it."""

    status = HTTPStatus.CONFLICT


class SecretPromisedBefore(Refused):
    """Rule 63: an earlier check has the same secret, which may be known."""


class SampleTooSmall(Refused):
    """Rule 63: fewer entries than the installation's least."""


class PeriodLeavesGap(Refused):
    """Rule 63: entries since the last complete check would be looked at by no check, and that is not stated."""


class OwnEntryReviewed(Refused):
    """Rule 63: nobody reviews an entry of their own action."""

    status = HTTPStatus.CONFLICT


class FindingNotComplete(Refused):
    """Rule 63: a finding has a text, an owner who is another and a tovholder here, and a deadline ahead."""
