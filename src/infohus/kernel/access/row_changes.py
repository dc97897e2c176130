"""Which columns of a row an act changes, and how: for whoever writes rows, and whoever compares them with the logs.

A new column that changes, or a new act that changes one, needs its line here. migrations/row_security/changes.sql says
the same of the application's role, and a test compares the two.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import Enum
from itertools import product
from typing import Any

from infohus.danish_calendar import later
from infohus.kernel.access.model import Stage
from infohus.kernel.access.row_acts import OPERATORS_ACTS
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.row_digests import REVISION


class Change(Enum):
    """How a column changes."""

    ONCE = "once"
    """It is null until an act sets it; a column of a moment is set to that of the act."""
    COUNTED = "counted"
    """Each change of the row counts it up by one."""
    STAGE = "stage"
    """It moves as `STAGES` says."""
    ANY = "any"
    """From anything to anything."""


ONCE, COUNTED, STAGE, ANY = Change

_JOINT = {"exchange_id": ONCE, "decided_at": ONCE}
COLUMNS: Mapping[str, Mapping[str, Change]] = {
    "access_request": {"answered_at": ONCE},
    "assessment": _JOINT,
    "case": {"stage": STAGE, "version": COUNTED, "closed_at": ONCE, "outcome": ONCE, "taken_over_at": ONCE},
    "case_side": {"version": COUNTED, "ended_at": ANY},
    "closure": _JOINT,
    "disclosure": {"withdrawn_at": ONCE},
    "information_request": {"exchange_id": ONCE, "answer": ONCE, "answer_exchange_id": ONCE, "answered_at": ONCE},
    "legal_hold": {"lifted_at": ONCE},
    "log_check": dict.fromkeys(("drawn_at", "announced_size", "note", "seed", "is_steerable", "secret"), ONCE),
    "log_check_entry": {"review": ONCE, "reviewed_by": ONCE, "reviewed_at": ONCE},
    "log_finding": {
        "answer": ONCE, "answered_at": ONCE, "remedy": ONCE, "outcome": ONCE, "ended_at": ONCE, "version": COUNTED,
    },
    "obligation": {"due_on": ANY, "fulfilled_on": ANY, "version": COUNTED},
    "participant": {"ended_at": ONCE},
    "recommendation": _JOINT,
    "restriction": {"lifted_at": ONCE},
    "scope_decision": {**_JOINT, "differed_at": ONCE},
    "screening": _JOINT,
    "signature": {"withdrawn_at": ONCE},
}
"""The columns that acts change after a row was written, `revision` beside them; all others keep their value."""

_TOLD, _SIGNED = frozenset({"exchange_id"}), frozenset({"decided_at"})
_MOVED = frozenset({"stage", "version"})
_LIFTED, _TAKEN_BACK = frozenset({"lifted_at"}), frozenset({"withdrawn_at"})
CHANGED_BY: Mapping[str, Mapping[Action, frozenset[str]]] = {
    "access_request": {Action.EXPORT_ACCESS_PACKAGE: frozenset({"answered_at"})},
    "assessment": {
        Action.OPEN_ASSESSMENT: _TOLD, Action.CONCLUDE_ASSESSMENT: _TOLD, Action.SIGN_ASSESSMENT: _SIGNED,
    },
    "case": {
        Action.RECORD_CLEARANCE_CHECK: _MOVED, Action.SIGN_SCOPE_DECISION: _MOVED,
        Action.DIFFER_ON_SCOPE_DECISION: _MOVED, Action.SIGN_SCREENING: _MOVED, Action.SIGN_ASSESSMENT: _MOVED,
        Action.SIGN_RECOMMENDATION: _MOVED, Action.TAKE_OVER_CASE: _MOVED | {"taken_over_at"},
        Action.SIGN_CLOSURE: _MOVED | {"closed_at", "outcome"},
    },
    "closure": {Action.PROPOSE_CLOSURE: _TOLD, Action.AMEND_CLOSURE: _TOLD, Action.SIGN_CLOSURE: _SIGNED},
    "disclosure": {Action.WITHDRAW_EXCHANGE: _TAKEN_BACK},
    "information_request": {
        Action.REQUEST_INFORMATION: _TOLD,
        Action.ANSWER_INFORMATION_REQUEST: frozenset({"answer", "answer_exchange_id", "answered_at"}),
    },
    "legal_hold": {Action.LIFT_LEGAL_HOLD: _LIFTED},
    "log_check": {Action.DRAW_LOG_CHECK: frozenset(COLUMNS["log_check"])},
    "log_check_entry": {Action.REVIEW_LOG_ENTRY: frozenset(COLUMNS["log_check_entry"])},
    "log_finding": {
        Action.ANSWER_LOG_FINDING: frozenset({"answer", "answered_at", "version"}),
        Action.END_LOG_FINDING: frozenset({"remedy", "outcome", "ended_at", "version"}),
    },
    "obligation": {Action.FULFIL_OBLIGATION: frozenset(COLUMNS["obligation"])},
    "participant": dict.fromkeys((Action.END_PARTICIPATION, Action.LEAVE_CASE), frozenset({"ended_at"})),
    "recommendation": {
        Action.PROPOSE_RECOMMENDATION: _TOLD, Action.AMEND_RECOMMENDATION: _TOLD, Action.SIGN_RECOMMENDATION: _SIGNED,
    },
    "restriction": {Action.LIFT_RESTRICTION: _LIFTED},
    "scope_decision": {
        Action.PROPOSE_SCOPE_DECISION: _TOLD, Action.AMEND_SCOPE_DECISION: _TOLD, Action.SIGN_SCOPE_DECISION: _SIGNED,
        Action.DIFFER_ON_SCOPE_DECISION: _SIGNED | {"differed_at"},
    },
    "screening": {Action.PROPOSE_SCREENING: _TOLD, Action.AMEND_SCREENING: _TOLD, Action.SIGN_SCREENING: _SIGNED},
    "signature": dict.fromkeys((Action.SIGN_CLOSURE, Action.TAKE_BACK_CLOSURE_SIGNATURE), _TAKEN_BACK),
}
"""Which of these columns each act changes. What every act that writes changes, the side's row, is not named here."""

OBLIGATION = "obligation"
"""Its days are set anew each time it is met; what they were before is looked for among all that they can have been."""
EARLIEST, ADOPTED_LATER = date(2000, 1, 1), timedelta(days=366)
"""No obligation was met before this day; a plan may be adopted some time after the day on which one was met."""
_OF_EVERY_ACT = frozenset({"case_side"})
_OPEN = frozenset(Stage) - {Stage.CLOSED}
_HANDLED = _OPEN - {Stage.HINDERED, Stage.NOT_TAKEN_IN, Stage.POLICE_ALONE}
_REASSESSED = frozenset({Stage.QUALIFYING, Stage.ACTING})
STAGES: Mapping[Action, Mapping[Stage, frozenset[Stage]]] = {
    Action.RECORD_CLEARANCE_CHECK: dict.fromkeys((Stage.CLEARED, Stage.HINDERED), frozenset({Stage.RECEIVED})),
    Action.SIGN_SCOPE_DECISION: dict.fromkeys(
        (Stage.ACCEPTED, Stage.NOT_TAKEN_IN, Stage.POLICE_ALONE), frozenset({Stage.CLEARED})
    ),
    Action.DIFFER_ON_SCOPE_DECISION: {Stage.NOT_TAKEN_IN: frozenset({Stage.CLEARED})},
    Action.TAKE_OVER_CASE: {Stage.POLICE_ALONE: _HANDLED},
    Action.SIGN_SCREENING: dict.fromkeys(
        (Stage.ACCEPTED, Stage.QUALIFYING, Stage.RECOMMENDING), frozenset({Stage.ACCEPTED})
    ),
    Action.SIGN_ASSESSMENT: {Stage.RECOMMENDING: _REASSESSED},
    Action.SIGN_RECOMMENDATION: {Stage.ACTING: frozenset({Stage.RECOMMENDING})},
    Action.SIGN_CLOSURE: {Stage.CLOSED: _OPEN},
}
"""To which stage of a case each act leads, and from where: as the procedure says, which lies above. None leads back."""


def may_change(action: Action, table: str, columns: frozenset[str]) -> bool:
    """Say whether an act changes these columns of a table's rows."""
    if table in _OF_EVERY_ACT:
        return columns <= COLUMNS[table].keys()
    return columns <= CHANGED_BY.get(table, {}).get(action, frozenset())


def states_before(action: str, table: str, stored: Mapping[str, Any]) -> Iterator[Mapping[str, Any]] | None:
    """Give each state from which an act can have led to this one; `None` where it can have been any."""
    if action in OPERATORS_ACTS:
        return None
    changed = CHANGED_BY[table].get(Action(action), frozenset())
    if changed and table == OBLIGATION:
        return _unmet(stored)
    kinds = {name: COLUMNS[table][name] for name in sorted(changed)}
    values = [_values_before(Action(action), kind, stored[name]) for name, kind in kinds.items()]
    revision = {REVISION: stored[REVISION] - 1}
    return ({**stored, **dict(zip(kinds, combined, strict=True)), **revision} for combined in product(*values))


def _unmet(obligation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give each state in which an obligation can have been before it was met: on no later day, due as a plan says.

    Before it is met first, it is due by the day on which the plan was adopted, which is in no column.
    """
    every, year, met_on = obligation["every"], obligation["due_year"], obligation["fulfilled_on"]
    before = {**obligation, REVISION: obligation[REVISION] - 1, "version": obligation["version"] - 1}
    for due_on in (None, None if year is None else date(year, 12, 31)) if every is None else ():
        yield {**before, "fulfilled_on": None, "due_on": due_on}
        for day in _days_to(met_on):
            yield {**before, "fulfilled_on": day, "due_on": due_on}
    for day in _days_to(met_on + ADOPTED_LATER) if every is not None else ():
        due_on = later(day, every)
        yield {**before, "fulfilled_on": None, "due_on": due_on}
        if day <= met_on:
            yield {**before, "fulfilled_on": day, "due_on": due_on}


def _days_to(last: date) -> Iterator[date]:
    return (last - timedelta(days=ago) for ago in range((last - EARLIEST).days + 1))


def _values_before(action: Action, kind: Change, value: Any) -> list[Any]:  # noqa: ANN401 - any column's
    if kind is COUNTED:
        return [value - 1]
    if kind is STAGE:
        come_from = STAGES[action].get(value)
        return [] if come_from is None else [Stage(value), *sorted(come_from - {Stage(value)})]
    return [None] if value is None else [None, value]
