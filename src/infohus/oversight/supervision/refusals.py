"""The refusals of this package; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class LogReadWithoutPurpose(Refused):
    """Rule 104: a log is read for one of four purposes, and the request says for which."""
