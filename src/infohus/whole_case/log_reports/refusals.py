"""The refusals of this package; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class ReportNotOnOnePerson(Refused):
    """Rule 64: a report is on one person, by CPR number or by the person's record."""
