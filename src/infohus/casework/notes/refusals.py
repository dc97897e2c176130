"""The refusals of notes; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class DocumentWithoutSubject(Refused):
    """A document needs a short subject (rule 69)."""
