"""What may be refused here; the words are in `danish/`."""

from infohus.errors import Refused


class ReportNotOnOnePerson(Refused):
    """Rule 64: a report is on one person, by CPR number or by the person's record."""
