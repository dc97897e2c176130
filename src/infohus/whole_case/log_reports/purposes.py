"""For which purpose each action uses personal data, in the Danish words of a log report."""

from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.authorization.action import Action

_INTAKE = "Modtagelse og behandling af en henvendelse"
_OF_THE_SYSTEM = "Tilsyn, egenkontrol og drift"
_PURPOSES: dict[str, tuple[Action, ...]] = {
    _INTAKE: (
        Action.RECORD_CONCERN, Action.ADD_CONCERN, Action.READ_CONCERN, Action.READ_REPORTER,
        Action.RELEASE_REPORTER_IDENTITY, Action.READ_SUBJECT, Action.REVEAL_CPR_NUMBER, Action.REVEAL_ADDRESS,
        Action.RECORD_CLEARANCE_CHECK, Action.READ_CLEARANCE_CHECK,
    ),
    "Underretning om et barn": (
        Action.HAND_OVER_CHILD_NOTIFICATION, Action.STOP_CHILD_NOTIFICATION_CLOCK, Action.READ_CHILD_NOTIFICATION,
    ),
    "Søgning efter tidligere henvendelser": (
        Action.SEARCH_PERSONS, Action.READ_EARLIER_CONCERNS, Action.CONFIRM_EARLIER_CONCERNS,
    ),
    "Behandling af sagen i infohuset": (
        Action.READ_CASE, Action.READ_CASE_LOG, Action.LIST_CASES, Action.INVITE_PARTICIPANT, Action.END_PARTICIPATION,
        Action.EXTEND_PARTICIPATION, Action.LEAVE_CASE, Action.NOTE_INFORMATION, Action.READ_INFORMATION,
        Action.RECORD_CUSTODY_RELEASE, Action.READ_CUSTODY_RELEASE,
    ),
    "Udveksling af oplysninger mellem myndigheder (retsplejelovens § 115)": (
        Action.RECORD_EXCHANGE, Action.LIST_EXCHANGES, Action.READ_EXCHANGE, Action.CORRECT_EXCHANGE,
        Action.ACKNOWLEDGE_EXCHANGE, Action.WITHDRAW_EXCHANGE, Action.KEEP_DISCLOSED, Action.REQUEST_INFORMATION,
        Action.READ_INFORMATION_REQUEST, Action.ANSWER_INFORMATION_REQUEST,
    ),
    "Vurdering af bekymringen": (
        Action.STATE_FIRST_VIEW, Action.READ_FIRST_VIEW, Action.REVEAL_FIRST_VIEW, Action.PROPOSE_SCOPE_DECISION,
        Action.READ_SCOPE_DECISION, Action.SIGN_SCOPE_DECISION, Action.PROPOSE_SCREENING, Action.READ_SCREENING,
        Action.SIGN_SCREENING, Action.OPEN_ASSESSMENT, Action.READ_ASSESSMENT, Action.CONTRIBUTE_TO_ASSESSMENT,
        Action.CONCLUDE_ASSESSMENT, Action.SIGN_ASSESSMENT, Action.PROPOSE_RECOMMENDATION, Action.READ_RECOMMENDATION,
        Action.SIGN_RECOMMENDATION,
    ),
    "Støtte og tiltag": (
        Action.START_MEASURE, Action.READ_MEASURE, Action.RECORD_FOLLOW_UP, Action.LIST_STALLED_MEASURES,
    ),
    "Afslutning af sagen": (Action.PROPOSE_CLOSURE, Action.READ_CLOSURE, Action.SIGN_CLOSURE),
    "Notater og journalisering": (
        Action.WRITE_NOTE, Action.READ_NOTE, Action.SET_JOURNAL_REFERENCE, Action.READ_JOURNAL_REFERENCE,
        Action.EXPORT_JOURNAL_NOTE,
    ),
    "Den registreredes rettigheder, arkiv og sletning": (
        Action.RECORD_ACCESS_REQUEST, Action.READ_ACCESS_REQUEST, Action.EXPORT_ACCESS_PACKAGE, Action.RESTRICT_ACCESS,
        Action.READ_RESTRICTION, Action.LIFT_RESTRICTION, Action.LIST_OVERDUE_REVIEWS, Action.RELEASE_WITHHELD,
        Action.READ_RELEASE, Action.SET_LEGAL_HOLD, Action.READ_LEGAL_HOLD, Action.LIFT_LEGAL_HOLD,
        Action.RECORD_ARCHIVE_CLEARANCE, Action.READ_ARCHIVE_CLEARANCE, Action.ERASE_CASE, Action.REPORT_ERASURE,
        Action.REPORT_SUBJECT_LOG,
    ),
    _OF_THE_SYSTEM: (
        Action.SIGN_IN, Action.LIST_INFOHUSE, Action.READ_INFOHUS, Action.LOAD_PLAN, Action.LOAD_TEMPLATE,
        Action.REGISTER_COORDINATOR, Action.MAKE_INTAKE_KEYS, Action.ADD_NETWORK_MATERIAL, Action.FULFIL_OBLIGATION,
        Action.READ_YEARLY_STATUS,
        Action.RELEASE_YEARLY_STATUS, Action.SUPERVISE_EXCHANGES, Action.REVIEW_ANSWERS, Action.VERIFY_LOG,
        Action.PROVE_LOG_ENTRY, Action.EXPORT_LOG, Action.READ_INSTALLATION_LOG, Action.REVIEW_LOG_ENTRY,
        Action.OPEN_ACTOR, Action.READ_LOG_CHECKS, Action.RUN_LOG_CHECK, Action.ANSWER_LOG_FINDING,
        Action.ACKNOWLEDGE_LOG_NOTICE,
    ),
}
PURPOSE_OF = {action.value: purpose for purpose, actions in _PURPOSES.items() for action in actions}
"""The purpose by the action's name in the log; every action has one."""
_NOT_DONE = " (et forsøg, som systemet ikke lod gennemføre)"


def purpose_of(action: str, outcome: Outcome) -> str:
    """Give an action's purpose in Danish; unless it was allowed, the text says that it was only tried."""
    return PURPOSE_OF.get(action, _OF_THE_SYSTEM) + ("" if outcome is Outcome.ALLOWED else _NOT_DONE)
