"""By which acts the rows of each table are written, for whoever compares them with the logs: another's word is none.

A new act or a new table needs its line here: an entry on a row by an act that is not listed is named as a forged one.
"""

from collections.abc import Mapping

from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import AuthorityKind, Role

INSERT, UPDATE, WITHDRAW, DELETE = "insert", "update", "withdraw", "delete"
RETENTION = "retention"
"""The table of the schema `audit` that says how long a log is kept."""

READING = (
    "exportInstallationLog", "exportLog", "list", "lookThrough", "openActor", "openOnRequest", "prove", "read",
    "replaceSigner", "reportErasure", "reportSubjectLog", "revealAddress", "revealCprNumber", "reviewAnswers",
    "search", "serve", "supervise", "verify", "withdrawKeysAgain",
)
"""How the names of acts begin that write no row but those of whom they meet."""
OPERATORS_ACTS = frozenset({
    Action.LOAD_PLAN, Action.LOAD_TEMPLATE, Action.MAKE_INTAKE_KEYS, Action.REGISTER_COORDINATOR,
    Action.REMOVE_COORDINATOR, Action.SET_LOG_RETENTION,
})
"""What the command line does as the database's owner, told by the installation's log."""
BY_ANY = frozenset({
    ("case_side", INSERT), ("case_side", UPDATE), ("exchange_key", UPDATE), ("record_key", INSERT),
    ("side_person", INSERT), ("side_secret", INSERT),
})
"""What each act that writes may write beside: the side and its secret, keys of new records, and taking in what came."""

_INTAKE = frozenset({Action.RECORD_CONCERN, Action.ADD_CONCERN})
_SIGNING = frozenset({
    Action.SIGN_SCOPE_DECISION, Action.SIGN_SCREENING, Action.SIGN_ASSESSMENT, Action.SIGN_RECOMMENDATION,
    Action.SIGN_CLOSURE,
})
_PROPOSING = frozenset({
    Action.PROPOSE_SCOPE_DECISION, Action.PROPOSE_SCREENING, Action.CONCLUDE_ASSESSMENT, Action.PROPOSE_RECOMMENDATION,
    Action.PROPOSE_CLOSURE,
})
_AMENDING = frozenset({
    Action.AMEND_SCOPE_DECISION, Action.AMEND_SCREENING, Action.AMEND_RECOMMENDATION, Action.AMEND_CLOSURE,
})
_DISCLOSING = _PROPOSING | _AMENDING | {
    Action.RECORD_EXCHANGE, Action.CORRECT_EXCHANGE, Action.REQUEST_INFORMATION, Action.OPEN_ASSESSMENT,
    Action.CONTRIBUTE_TO_ASSESSMENT, Action.START_MEASURE, Action.RECORD_FOLLOW_UP, Action.REVEAL_FIRST_VIEW,
    Action.DIFFER_ON_SCOPE_DECISION,
}
_TELLING = _DISCLOSING | {Action.REPORT_DANGER, Action.DISCLOSE_OUTSIDE, Action.HAND_OVER_CHILD_NOTIFICATION}
"""What tells somebody something; outside § 115 nothing is passed on that another owns."""
_WITHDRAWING = frozenset({Action.WITHDRAW_EXCHANGE})
_PLAN = frozenset({Action.LOAD_PLAN})


WRITTEN_BY: Mapping[str, Mapping[str, frozenset[Action]]] = {
    "access_request": {
        INSERT: frozenset({Action.RECORD_ACCESS_REQUEST}),
        UPDATE: frozenset({Action.EXPORT_ACCESS_PACKAGE}),
    },
    "actor": {INSERT: frozenset({Action.SIGN_IN})},
    "archive_clearance": {INSERT: frozenset({Action.RECORD_ARCHIVE_CLEARANCE})},
    "assessment": dict.fromkeys(
        (INSERT, UPDATE), frozenset({Action.OPEN_ASSESSMENT, Action.CONCLUDE_ASSESSMENT, Action.SIGN_ASSESSMENT})
    ),
    "assessment_template": {INSERT: frozenset({Action.LOAD_TEMPLATE})},
    "authority": dict.fromkeys((INSERT, UPDATE), _PLAN),
    "case": {INSERT: frozenset({Action.RECORD_CONCERN}), UPDATE: _SIGNING | {
        Action.RECORD_CLEARANCE_CHECK, Action.DIFFER_ON_SCOPE_DECISION, Action.TAKE_OVER_CASE,
    }},
    "age_statement": {INSERT: frozenset({Action.STATE_AGE})},
    "child_notification": {INSERT: _INTAKE | {Action.STATE_AGE}},
    "child_notification_step": {
        INSERT: frozenset({
            Action.HAND_OVER_CHILD_NOTIFICATION, Action.RECORD_ASSESSMENT_OF_CHILD, Action.RECORD_RECEIPT_TO_REPORTER,
        }),
    },
    "clearance_check": {INSERT: frozenset({Action.RECORD_CLEARANCE_CHECK})},
    "closure": dict.fromkeys(
        (INSERT, UPDATE), frozenset({Action.PROPOSE_CLOSURE, Action.AMEND_CLOSURE, Action.SIGN_CLOSURE})
    ),
    "concern": {INSERT: _INTAKE},
    "concern_form": {INSERT: _INTAKE},
    "content_request": {INSERT: frozenset({Action.REQUEST_CONTENT})},
    "contribution": {INSERT: frozenset({Action.CONTRIBUTE_TO_ASSESSMENT})},
    "coordinator": {
        INSERT: frozenset({Action.REGISTER_COORDINATOR}), DELETE: frozenset({Action.REMOVE_COORDINATOR}),
    },
    "custody_release": {INSERT: frozenset({Action.RECORD_CUSTODY_RELEASE})},
    "disclosed_key": {INSERT: _TELLING, DELETE: _WITHDRAWING},
    "disclosure": {INSERT: _TELLING, WITHDRAW: _WITHDRAWING},
    "earlier_concerns_seen": {INSERT: frozenset({Action.CONFIRM_EARLIER_CONCERNS})},
    "exchange": {INSERT: _TELLING},
    "exchange_key": {INSERT: _TELLING, DELETE: _WITHDRAWING},
    "first_view": {INSERT: frozenset({Action.STATE_FIRST_VIEW})},
    "follow_up": {INSERT: frozenset({Action.RECORD_FOLLOW_UP})},
    "fulfilment": {INSERT: frozenset({Action.FULFIL_OBLIGATION})},
    "information": {INSERT: frozenset({Action.NOTE_INFORMATION, Action.RECORD_EXCHANGE})},
    "information_request": {
        INSERT: frozenset({Action.REQUEST_INFORMATION}),
        UPDATE: frozenset({Action.REQUEST_INFORMATION, Action.ANSWER_INFORMATION_REQUEST}),
    },
    "infohus": dict.fromkeys((INSERT, UPDATE), _PLAN),
    "infohus_authority": dict.fromkeys((INSERT, DELETE), _PLAN),
    "intake_key": {INSERT: frozenset({Action.MAKE_INTAKE_KEYS})},
    "intake_secret": {INSERT: frozenset({Action.MAKE_INTAKE_KEYS})},
    "invitation": {INSERT: frozenset({Action.INVITE_PARTICIPANT, Action.EXTEND_PARTICIPATION})},
    "journal_reference": {INSERT: frozenset({Action.SET_JOURNAL_REFERENCE})},
    "kept_key": {INSERT: frozenset({Action.KEEP_DISCLOSED})},
    "kept_mark": {INSERT: frozenset({Action.KEEP_DISCLOSED})},
    "legal_hold": {INSERT: frozenset({Action.SET_LEGAL_HOLD}), UPDATE: frozenset({Action.LIFT_LEGAL_HOLD})},
    "log_check": {INSERT: frozenset({Action.ANNOUNCE_LOG_CHECK}), UPDATE: frozenset({Action.DRAW_LOG_CHECK})},
    "log_check_entry": {INSERT: frozenset({Action.DRAW_LOG_CHECK}), UPDATE: frozenset({Action.REVIEW_LOG_ENTRY})},
    "log_finding": {
        INSERT: frozenset({Action.REVIEW_LOG_ENTRY}),
        UPDATE: frozenset({Action.ANSWER_LOG_FINDING, Action.END_LOG_FINDING}),
    },
    "log_notice_receipt": {INSERT: frozenset({Action.ACKNOWLEDGE_LOG_NOTICE})},
    "measure": {INSERT: frozenset({Action.START_MEASURE})},
    "network_material": {INSERT: frozenset({Action.ADD_NETWORK_MATERIAL})},
    "note": {INSERT: frozenset({Action.WRITE_NOTE, Action.TAKE_OVER_CASE})},
    "obligation": {INSERT: _PLAN, UPDATE: _PLAN | {Action.FULFIL_OBLIGATION}},
    "onward_notice": {INSERT: _DISCLOSING},
    "participant": {
        INSERT: frozenset({Action.RECORD_CONCERN, Action.INVITE_PARTICIPANT, Action.EXTEND_PARTICIPATION}),
        UPDATE: frozenset({Action.END_PARTICIPATION, Action.LEAVE_CASE}),
    },
    "plan": {INSERT: _PLAN},
    "protected_address": {INSERT: _INTAKE},
    "receipt": {INSERT: _SIGNING | {Action.ACKNOWLEDGE_EXCHANGE}},
    "recommendation": dict.fromkeys(
        (INSERT, UPDATE),
        frozenset({Action.PROPOSE_RECOMMENDATION, Action.AMEND_RECOMMENDATION, Action.SIGN_RECOMMENDATION}),
    ),
    "release": {INSERT: frozenset({Action.RELEASE_WITHHELD})},
    "reporter": {INSERT: _INTAKE},
    "reporter_release": {INSERT: frozenset({Action.RELEASE_REPORTER_IDENTITY})},
    "restriction": {INSERT: frozenset({Action.RESTRICT_ACCESS}), UPDATE: frozenset({Action.LIFT_RESTRICTION})},
    RETENTION: dict.fromkeys((INSERT, UPDATE), frozenset({Action.SET_LOG_RETENTION})),
    "scope_decision": dict.fromkeys(
        (INSERT, UPDATE), frozenset({
            Action.PROPOSE_SCOPE_DECISION, Action.AMEND_SCOPE_DECISION, Action.SIGN_SCOPE_DECISION,
            Action.DIFFER_ON_SCOPE_DECISION,
        })
    ),
    "scope_disagreement": {INSERT: frozenset({Action.DIFFER_ON_SCOPE_DECISION})},
    "screening": dict.fromkeys(
        (INSERT, UPDATE), frozenset({Action.PROPOSE_SCREENING, Action.AMEND_SCREENING, Action.SIGN_SCREENING})
    ),
    "signature": {
        INSERT: _PROPOSING | _AMENDING | _SIGNING,
        UPDATE: frozenset({Action.SIGN_CLOSURE, Action.TAKE_BACK_CLOSURE_SIGNATURE}),
    },
    "subject": {INSERT: _INTAKE},
    "withdrawal": {INSERT: _WITHDRAWING},
    "yearly_status": {INSERT: frozenset({Action.RELEASE_YEARLY_STATUS})},
}
"""The acts that write rows of a table, by what they do with it; beside what each act that writes does."""

_ACTS = frozenset(one.value for one in Action)
_ROLES = {one.value: one for one in Role}

_MUNICIPAL, _POLICE = frozenset({Role.MUNICIPAL_COORDINATOR}), frozenset({Role.POLICE_COORDINATOR})
_GUEST, _DPO = frozenset({Role.INVITED_PROFESSIONAL}), frozenset({Role.DATA_PROTECTION_OFFICER})
TOVHOLDERE = _MUNICIPAL | _POLICE
OTHER_ROLES: Mapping[Action, frozenset[Role]] = {
    **dict.fromkeys((Action.SIGN_IN, Action.ANSWER_LOG_FINDING, Action.ACKNOWLEDGE_LOG_NOTICE), frozenset(Role)),
    **dict.fromkeys(
        (Action.ANNOUNCE_LOG_CHECK, Action.DRAW_LOG_CHECK, Action.END_LOG_FINDING, Action.REQUEST_CONTENT), _DPO
    ),
    Action.REVIEW_LOG_ENTRY: _DPO | {Role.LEGAL},
    **dict.fromkeys((Action.RECORD_CLEARANCE_CHECK, Action.TAKE_OVER_CASE), _POLICE),
    **dict.fromkeys((Action.RECORD_ASSESSMENT_OF_CHILD, Action.RECORD_RECEIPT_TO_REPORTER), _MUNICIPAL),
    Action.LEAVE_CASE: _GUEST,
    **dict.fromkeys((
        Action.NOTE_INFORMATION, Action.ACKNOWLEDGE_EXCHANGE, Action.KEEP_DISCLOSED, Action.CONTRIBUTE_TO_ASSESSMENT,
        Action.RECORD_FOLLOW_UP, Action.ANSWER_INFORMATION_REQUEST, Action.REPORT_DANGER,
    ), TOVHOLDERE | _GUEST),
}
"""In which roles an act that writes rows is done, where not by the two tovholdere: as the policies say."""
KIND_OF_TOVHOLDER: Mapping[Role, AuthorityKind] = {
    Role.MUNICIPAL_COORDINATOR: AuthorityKind.MUNICIPALITY, Role.POLICE_COORDINATOR: AuthorityKind.POLICE,
}
"""Of which kind of authority a tovholder is."""


def writes_rows(action: str, *, authority: str | None) -> bool:
    """Say whether an act of an authority, or with `None` of the operator, writes rows at all."""
    if action not in _ACTS:
        return False
    if action in OPERATORS_ACTS:
        return authority is None
    return authority is not None and not action.startswith(READING)


def writes(action: str, table: str, verb: str, *, authority: str | None) -> bool:
    """Say whether an act of an authority, or with `None` of the operator, does this with rows of a table."""
    if not writes_rows(action, authority=authority):
        return False
    return (table, verb) in BY_ANY or action in WRITTEN_BY.get(table, {}).get(verb, ())


def is_done_by(action: str, role: str | None, kind: str) -> bool:
    """Say whether an act that writes rows is done in this role, and the role is one that this kind of authority has."""
    acts_in = _ROLES.get(role or "")
    if acts_in is None or action not in _ACTS:
        return False
    has_it = KIND_OF_TOVHOLDER.get(acts_in, kind) == kind
    return has_it and (action.startswith(READING) or acts_in in OTHER_ROLES.get(Action(action), TOVHOLDERE))
