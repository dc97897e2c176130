"""The refusals of this package; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class FulfilmentNotPossible(Refused):
    pass


class UnknownAudience(Refused):
    pass
