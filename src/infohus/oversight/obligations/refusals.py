"""What may be refused here; the words are in `danish/`."""

from infohus.errors import Refused


class FulfilmentNotPossible(Refused):
    pass


class UnknownAudience(Refused):
    pass
