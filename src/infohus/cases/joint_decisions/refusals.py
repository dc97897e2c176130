"""The refusals of joint decisions; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class NotShownToTheOther(Refused):
    """Rules 17 and 44: what both sign, and each change of it, is shown to the other tovholder."""


class RevealedToTheOtherOnly(Refused):
    """A first view is for the other tovholder's authority."""
