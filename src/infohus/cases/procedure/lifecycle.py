"""What is possible now, and where it leads: two tables that the code interprets.

Who may do it is the policies' to say. A case moves only by a clearance check or by a decision that both signed.
"""

from types import MappingProxyType
from typing import NamedTuple

from infohus import errors
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.lookup import Lock

RECEIVED, CLEARED, HINDERED = Stage.RECEIVED, Stage.CLEARED, Stage.HINDERED
ACCEPTED, QUALIFYING, RECOMMENDING, ACTING = Stage.ACCEPTED, Stage.QUALIFYING, Stage.RECOMMENDING, Stage.ACTING
EVERY = frozenset(Stage)
OPEN = EVERY - {Stage.CLOSED}
SHARED = frozenset({RECEIVED, CLEARED, ACCEPTED, QUALIFYING, RECOMMENDING, ACTING})
"""Stages in which the infohus handles the concern, so that the parties may exchange."""
WITH_MEASURES = frozenset({ACTING, RECOMMENDING})
"""Stages in which measures may be under way: after a re-assessment the case recommends anew while they go on."""


class Step(NamedTuple):
    """When an act is possible, and how it holds the case meanwhile."""

    stages: frozenset[Stage]
    lock: Lock


def _reading() -> Step:
    return Step(EVERY, Lock.NONE)


def _recording(stages: frozenset[Stage]) -> Step:
    return Step(stages, Lock.RECORDING)


def _deciding(*stages: Stage) -> Step:
    return Step(frozenset(stages), Lock.DECIDING)


POSSIBLE: MappingProxyType[Action, Step] = MappingProxyType({
    Action.RECORD_CONCERN: _recording(EVERY),
    Action.RECORD_CLEARANCE_CHECK: _deciding(RECEIVED),
    Action.HAND_OVER_CHILD_NOTIFICATION: _deciding(*OPEN),
    Action.INVITE_PARTICIPANT: _deciding(*SHARED),
    Action.EXTEND_PARTICIPATION: _deciding(*SHARED),
    Action.STOP_CHILD_NOTIFICATION_CLOCK: _deciding(*EVERY),
    Action.ADD_CONCERN: _deciding(*OPEN),
    Action.CONFIRM_EARLIER_CONCERNS: _recording(OPEN),
    Action.RELEASE_REPORTER_IDENTITY: _recording(EVERY),
    Action.END_PARTICIPATION: _recording(OPEN),
    Action.LEAVE_CASE: _recording(EVERY),
    Action.NOTE_INFORMATION: _recording(OPEN),
    Action.RECORD_EXCHANGE: _recording(SHARED),
    Action.CORRECT_EXCHANGE: _recording(OPEN),
    Action.ACKNOWLEDGE_EXCHANGE: _recording(EVERY),
    Action.WITHDRAW_EXCHANGE: _deciding(*EVERY),
    Action.REQUEST_INFORMATION: _recording(SHARED),
    Action.ANSWER_INFORMATION_REQUEST: _deciding(*OPEN),
    Action.RECORD_CUSTODY_RELEASE: _recording(OPEN),
    Action.STATE_FIRST_VIEW: _recording(frozenset({CLEARED})),
    Action.REVEAL_FIRST_VIEW: _deciding(*SHARED),
    Action.PROPOSE_SCOPE_DECISION: _deciding(CLEARED),
    Action.SIGN_SCOPE_DECISION: _deciding(CLEARED),
    Action.PROPOSE_SCREENING: _deciding(ACCEPTED),
    Action.SIGN_SCREENING: _deciding(ACCEPTED),
    Action.OPEN_ASSESSMENT: _deciding(QUALIFYING, ACTING),
    Action.CONTRIBUTE_TO_ASSESSMENT: _recording(frozenset({QUALIFYING, ACTING})),
    Action.CONCLUDE_ASSESSMENT: _deciding(QUALIFYING, ACTING),
    Action.SIGN_ASSESSMENT: _deciding(QUALIFYING, ACTING),
    Action.PROPOSE_RECOMMENDATION: _deciding(RECOMMENDING),
    Action.SIGN_RECOMMENDATION: _deciding(RECOMMENDING),
    Action.START_MEASURE: _recording(frozenset({ACTING})),
    Action.RECORD_FOLLOW_UP: _recording(WITH_MEASURES),
    Action.PROPOSE_CLOSURE: _deciding(*OPEN),
    Action.SIGN_CLOSURE: _deciding(*OPEN),
    Action.WRITE_NOTE: _recording(EVERY),
    Action.SET_JOURNAL_REFERENCE: _recording(EVERY),
    Action.EXPORT_JOURNAL_NOTE: _recording(EVERY),
    **{
        act: _recording(EVERY) for act in (
            # Rights and archives do not end with the case; erasure itself asks whether it is due.
            Action.RECORD_ACCESS_REQUEST, Action.EXPORT_ACCESS_PACKAGE, Action.RESTRICT_ACCESS, Action.LIFT_RESTRICTION,
            Action.RELEASE_WITHHELD, Action.SET_LEGAL_HOLD, Action.LIFT_LEGAL_HOLD, Action.RECORD_ARCHIVE_CLEARANCE,
            Action.ERASE_CASE,
        )
    },
    Action.SIGN_IN: _recording(EVERY),
    Action.RELEASE_YEARLY_STATUS: _recording(EVERY),
    Action.FULFIL_OBLIGATION: _recording(EVERY),
    Action.RUN_LOG_CHECK: _recording(EVERY),
    Action.ANSWER_LOG_FINDING: _recording(EVERY),
    Action.ACKNOWLEDGE_LOG_NOTICE: _recording(EVERY),
    Action.ADD_NETWORK_MATERIAL: _recording(EVERY),
})
"""Acts that are not named here read, and reading is possible at every stage."""

LEADS_TO: MappingProxyType[tuple[str, str], Stage] = MappingProxyType({
    ("clearance_check", "nothing_hinders"): CLEARED,
    ("clearance_check", "hindered"): HINDERED,
    ("scope_decision", "within"): ACCEPTED,
    ("scope_decision", "outside"): Stage.NOT_TAKEN_IN,
    ("scope_decision", "disagreed"): Stage.NOT_TAKEN_IN,
    ("scope_decision", "police_alone"): Stage.POLICE_ALONE,
    ("screening", "qualify_further"): QUALIFYING,
    ("screening", "recommend"): RECOMMENDING,
    ("screening", "nothing_further"): ACCEPTED,
    ("assessment", "concluded"): RECOMMENDING,
    ("recommendation", "recommended"): ACTING,
})
"""Where the outcome of a check or of a decision signed by both leads; every closure leads to CLOSED."""


def step_of(action: Action) -> Step:
    """Give the step of an act."""
    return POSSIBLE.get(action) or _reading()


def lock_for(action: Action) -> Lock:
    """Say how an act holds its case."""
    return step_of(action).lock


def require_possible(action: Action, case: Case) -> None:
    """Refuse an act that the case's stage does not allow.

    Raises:
        NotPossibleNow: naming the stage.
        ScreeningAwaitsChildNotification: the child's underretning is not handed over yet (rule 32).
    """
    if case.stage not in step_of(action).stages:
        raise errors.NotPossibleNow(stage=case.stage.value)
    if action is Action.PROPOSE_SCREENING and case.awaits_child_notification:
        raise errors.ScreeningAwaitsChildNotification


def next_stage(kind: str, outcome: str) -> Stage:
    """Say where an outcome leads."""
    return Stage.CLOSED if kind == "closure" else LEADS_TO[kind, outcome]
