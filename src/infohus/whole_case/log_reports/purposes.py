"""What an entry of the log was for, in the Danish words of a log report."""

from infohus.cases.procedure.purposes import LogPurpose, LogReadingPurpose
from infohus.danish.purposes import OF_CONTENT_BY_ANOTHER, OF_CONTENT_ON_REQUEST, PURPOSES
from infohus.kernel.audit.formats.entry import Entry, Outcome
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import Role

_CONTROL = PURPOSES[LogPurpose.LOG_SUPERVISION]
_IN_LETTERS: dict[str, str] = {**PURPOSES, **dict.fromkeys(LogReadingPurpose, _CONTROL)}
"""A letter does not tell which of the four purposes the log was read for: one of them is a criminal case."""
_ON_CONTENT = frozenset({Action.REQUEST_CONTENT.value, Action.OPEN_ON_REQUEST.value})
"""Acts with the same four purposes that are no look at the log: a DPO reads what a record says."""
_OF_CONTENT_BY = {Role.DATA_PROTECTION_OFFICER.value: OF_CONTENT_ON_REQUEST}
_NOT_DONE = " (et forsøg, som systemet ikke lod gennemføre)"


def purpose_of(entry: Entry) -> str:
    """Give an entry's purpose in Danish; unless it was allowed, the text says that it was only tried."""
    code = entry.purpose or ""
    words = _IN_LETTERS.get(code, _CONTROL)
    if entry.action in _ON_CONTENT:
        words = _OF_CONTENT_BY.get(entry.role or "", OF_CONTENT_BY_ANOTHER)
    return words + ("" if entry.outcome is Outcome.ALLOWED else _NOT_DONE)
