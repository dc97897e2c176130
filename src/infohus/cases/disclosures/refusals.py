"""The refusals of this package; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class PetIsAnsweredByItself(Refused):
    """Rule 85: a proposal, a measure or a question is never shown by an exchange at PET's request."""
