"""The refusals of joint decisions; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class NotShownToTheOther(Refused):
    """Rules 17 and 44: what both sign, and each change of it, is shown to the other tovholder."""
