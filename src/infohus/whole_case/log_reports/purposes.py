"""What an entry of the log was for, in the Danish words of a log report."""

from infohus.cases.procedure.purposes import LogPurpose, LogReadingPurpose
from infohus.danish.purposes import PURPOSES
from infohus.kernel.audit.formats.entry import Outcome

_CONTROL = PURPOSES[LogPurpose.LOG_SUPERVISION]
_IN_LETTERS: dict[str, str] = {**PURPOSES, **dict.fromkeys(LogReadingPurpose, _CONTROL)}
"""A letter does not tell which of the four purposes the log was read for: one of them is a criminal case."""
_NOT_DONE = " (et forsøg, som systemet ikke lod gennemføre)"


def purpose_of(code: str | None, outcome: Outcome) -> str:
    """Give an entry's purpose in Danish; unless it was allowed, the text says that it was only tried."""
    return _IN_LETTERS.get(code or "", _CONTROL) + ("" if outcome is Outcome.ALLOWED else _NOT_DONE)
