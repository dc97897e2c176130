"""The procedure: a row for every act. The policies say who may do an act; this table says when it is possible.

A case moves only by the police check, by a decision that both tovholdere signed, or when they differ on the scope. The
acts stand in the order in which a case meets them, and next steps are offered in that order. `completeness.py` checks
the table at start.
"""

from collections.abc import Mapping
from types import MappingProxyType

from infohus.cases.procedure.outcomes import (
    AssessmentOutcome,
    ClearanceOutcome,
    ClosureOutcome,
    RecommendationOutcome,
    ScopeOutcome,
    ScreeningOutcome,
)
from infohus.cases.procedure.row import (
    CHILD_NOTIFICATION_HANDED_OVER,
    NOT_STATED,
    OF_AUTHORITY,
    OF_EXCHANGE,
    OF_KEYS,
    OF_PLAN,
    OF_REPORT,
    OF_SEARCH,
    OF_YEAR,
    ProcedureRow,
    deciding,
    done_by_the_owner,
    reading,
    recording,
)
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.procedure import FixedPurpose

RECEIVED, CLEARED, ACCEPTED = Stage.RECEIVED, Stage.CLEARED, Stage.ACCEPTED
QUALIFYING, RECOMMENDING, ACTING = Stage.QUALIFYING, Stage.RECOMMENDING, Stage.ACTING
WAY = (RECEIVED, CLEARED, ACCEPTED, QUALIFYING, RECOMMENDING, ACTING)
"""The stages of a case that the infohus handles, in their order."""
SHARED = frozenset(WAY)
"""The same stages as a set: in these the parties may exchange."""
EVERY = frozenset(Stage)
OPEN = EVERY - {Stage.CLOSED}
WITH_MEASURES = frozenset({ACTING, RECOMMENDING})
"""Stages in which measures may be under way: after a re-assessment the case recommends anew while they go on."""

PROCEDURE: Mapping[Action, ProcedureRow] = MappingProxyType({
    # --- on the installation ---
    Action.SIGN_IN: recording("sign-in", EVERY, NOT_STATED),
    Action.LIST_INFOHUSE: reading("list-infohuse", NOT_STATED),
    Action.LIST_CASES: reading("list-cases", NOT_STATED),
    Action.LOAD_PLAN: done_by_the_owner("load-plan", OF_PLAN),
    Action.REGISTER_COORDINATOR: done_by_the_owner("register-coordinator", OF_AUTHORITY),
    Action.LOAD_TEMPLATE: done_by_the_owner("load-template", OF_PLAN),
    Action.MAKE_INTAKE_KEYS: done_by_the_owner("make-intake-keys", OF_KEYS),

    # --- on an infohus: its plan, and what is due ---
    Action.READ_INFOHUS: reading("read-infohus", NOT_STATED),
    Action.ADD_NETWORK_MATERIAL: recording("add-network-material", EVERY, NOT_STATED),
    Action.FULFIL_OBLIGATION: recording("fulfil-obligation", EVERY, NOT_STATED),
    Action.READ_YEARLY_STATUS: reading("read-yearly-status", NOT_STATED),
    Action.RELEASE_YEARLY_STATUS: recording("release-yearly-status", EVERY, OF_YEAR),
    Action.LIST_STALLED_MEASURES: reading("list-stalled-measures", NOT_STATED),
    Action.LIST_OVERDUE_REVIEWS: reading("list-overdue-reviews", NOT_STATED),
    Action.REPORT_ERASURE: reading("report-erasure", NOT_STATED),

    # --- supervision of an infohus, and the own authority's log ---
    Action.SUPERVISE_EXCHANGES: reading("supervise-exchanges", NOT_STATED),
    Action.REVIEW_ANSWERS: reading("review-answers", NOT_STATED),
    Action.VERIFY_LOG: reading("verify-log", NOT_STATED),
    Action.PROVE_LOG_ENTRY: reading("prove-log-entry", NOT_STATED),
    Action.EXPORT_LOG: reading("export-log", NOT_STATED),
    Action.READ_INSTALLATION_LOG: reading("read-installation-log", NOT_STATED),
    Action.OPEN_ACTOR: reading("open-actor", NOT_STATED),
    Action.READ_LOG_CHECKS: reading("read-log-checks", NOT_STATED),
    Action.RUN_LOG_CHECK: recording("run-log-check", EVERY, NOT_STATED),
    Action.REVIEW_LOG_ENTRY: recording("review-log-entry", EVERY, NOT_STATED),
    Action.ANSWER_LOG_FINDING: recording("answer-log-finding", EVERY, NOT_STATED),
    Action.ACKNOWLEDGE_LOG_NOTICE: recording("acknowledge-log-notice", EVERY, NOT_STATED),
    Action.REPORT_SUBJECT_LOG: reading("report-subject-log", OF_REPORT),

    # --- intake ---
    Action.SEARCH_PERSONS: reading("search-persons", OF_SEARCH),
    Action.RECORD_CONCERN: recording("record-concern", EVERY, NOT_STATED),
    Action.READ_CASE: reading("read-case", NOT_STATED),
    Action.READ_CASE_LOG: reading("read-case-log", NOT_STATED),
    Action.READ_CONCERN: reading("read-concern", NOT_STATED),
    Action.READ_SUBJECT: reading("read-subject", NOT_STATED),
    Action.REVEAL_CPR_NUMBER: reading("reveal-cpr-number", NOT_STATED),
    Action.REVEAL_ADDRESS: reading("reveal-address", NOT_STATED),
    Action.READ_REPORTER: reading("read-reporter", NOT_STATED),
    Action.RELEASE_REPORTER_IDENTITY: recording("release-reporter-identity", EVERY, NOT_STATED),
    Action.READ_EARLIER_CONCERNS: reading("read-earlier-concerns", NOT_STATED),
    Action.CONFIRM_EARLIER_CONCERNS: recording("confirm-earlier-concerns", OPEN, NOT_STATED),
    Action.READ_CLEARANCE_CHECK: reading("read-clearance-check", NOT_STATED),
    Action.RECORD_CLEARANCE_CHECK: deciding(
        "record-clearance-check", {RECEIVED}, NOT_STATED, rule=19,
        leads_to={ClearanceOutcome.NOTHING_HINDERS: CLEARED, ClearanceOutcome.HINDERED: Stage.HINDERED},
    ),
    Action.ADD_CONCERN: deciding("add-concern", OPEN, NOT_STATED, rule=26),
    Action.READ_CHILD_NOTIFICATION: reading("read-child-notification", NOT_STATED),
    Action.HAND_OVER_CHILD_NOTIFICATION: deciding("hand-over-child-notification", OPEN, NOT_STATED, rule=32),
    Action.STOP_CHILD_NOTIFICATION_CLOCK: deciding("stop-child-notification-clock", EVERY, NOT_STATED),

    # --- the scope ---
    Action.STATE_FIRST_VIEW: recording("state-first-view", {CLEARED}, NOT_STATED, rule=17),
    Action.READ_FIRST_VIEW: reading("read-first-view", NOT_STATED),
    Action.REVEAL_FIRST_VIEW: deciding("reveal-first-view", SHARED, OF_EXCHANGE),
    Action.PROPOSE_SCOPE_DECISION: deciding("propose-scope-decision", {CLEARED}, OF_EXCHANGE, rule=17),
    Action.READ_SCOPE_DECISION: reading("read-scope-decision", NOT_STATED),
    Action.SIGN_SCOPE_DECISION: deciding(
        "sign-scope-decision", {CLEARED}, OF_EXCHANGE,
        leads_to={
            ScopeOutcome.WITHIN: ACCEPTED, ScopeOutcome.OUTSIDE: Stage.NOT_TAKEN_IN,
            ScopeOutcome.DISAGREED: Stage.NOT_TAKEN_IN, ScopeOutcome.POLICE_ALONE: Stage.POLICE_ALONE,
        },
    ),

    # --- screening and assessment ---
    Action.PROPOSE_SCREENING: deciding(
        "propose-screening", {ACCEPTED}, OF_EXCHANGE, rule=35, conditions=(CHILD_NOTIFICATION_HANDED_OVER,),
    ),
    Action.READ_SCREENING: reading("read-screening", NOT_STATED),
    Action.SIGN_SCREENING: deciding(
        "sign-screening", {ACCEPTED}, OF_EXCHANGE, conditions=(CHILD_NOTIFICATION_HANDED_OVER,),
        leads_to={
            ScreeningOutcome.QUALIFY_FURTHER: QUALIFYING, ScreeningOutcome.RECOMMEND: RECOMMENDING,
            ScreeningOutcome.NOTHING_FURTHER: ACCEPTED,
        },
    ),
    Action.OPEN_ASSESSMENT: deciding("open-assessment", {QUALIFYING, ACTING}, OF_EXCHANGE, rule=35),
    Action.READ_ASSESSMENT: reading("read-assessment", NOT_STATED),
    Action.CONTRIBUTE_TO_ASSESSMENT: recording("contribute-to-assessment", {QUALIFYING, ACTING}, OF_EXCHANGE),
    Action.CONCLUDE_ASSESSMENT: deciding("conclude-assessment", {QUALIFYING, ACTING}, OF_EXCHANGE),
    Action.SIGN_ASSESSMENT: deciding(
        "sign-assessment", {QUALIFYING, ACTING}, NOT_STATED, leads_to={AssessmentOutcome.CONCLUDED: RECOMMENDING},
    ),

    # --- recommendation and measures ---
    Action.PROPOSE_RECOMMENDATION: deciding("propose-recommendation", {RECOMMENDING}, OF_EXCHANGE, rule=23),
    Action.READ_RECOMMENDATION: reading("read-recommendation", NOT_STATED),
    Action.SIGN_RECOMMENDATION: deciding(
        "sign-recommendation", {RECOMMENDING}, OF_EXCHANGE, leads_to={RecommendationOutcome.RECOMMENDED: ACTING},
    ),
    Action.START_MEASURE: recording("start-measure", {ACTING}, OF_EXCHANGE, rule=23),
    Action.READ_MEASURE: reading("read-measure", NOT_STATED),
    Action.RECORD_FOLLOW_UP: recording("record-follow-up", WITH_MEASURES, OF_EXCHANGE),

    # --- at many stages: information, notes, exchanges, requests, and participants ---
    Action.NOTE_INFORMATION: recording("note-information", OPEN, NOT_STATED, rule=44),
    Action.READ_INFORMATION: reading("read-information", NOT_STATED),
    Action.WRITE_NOTE: recording("write-note", EVERY, NOT_STATED, rule=68),
    Action.READ_NOTE: reading("read-note", NOT_STATED),
    Action.RECORD_EXCHANGE: recording("record-exchange", SHARED, OF_EXCHANGE, rule=1),
    Action.LIST_EXCHANGES: reading("list-exchanges", NOT_STATED),
    Action.READ_EXCHANGE: reading("read-exchange", NOT_STATED),
    Action.CORRECT_EXCHANGE: recording("correct-exchange", OPEN, OF_EXCHANGE),
    Action.ACKNOWLEDGE_EXCHANGE: recording("acknowledge-exchange", EVERY, NOT_STATED),
    Action.WITHDRAW_EXCHANGE: deciding("withdraw-exchange", EVERY, NOT_STATED),
    Action.KEEP_DISCLOSED: recording("keep-disclosed", EVERY, NOT_STATED),
    Action.REQUEST_INFORMATION: recording("request-information", SHARED, OF_EXCHANGE, rule=8),
    Action.READ_INFORMATION_REQUEST: reading("read-information-request", NOT_STATED),
    Action.ANSWER_INFORMATION_REQUEST: deciding("answer-information-request", OPEN, NOT_STATED),
    Action.RECORD_CUSTODY_RELEASE: recording("record-custody-release", OPEN, NOT_STATED),
    Action.READ_CUSTODY_RELEASE: reading("read-custody-release", NOT_STATED),
    Action.INVITE_PARTICIPANT: deciding("invite-participant", SHARED, NOT_STATED, rule=22),
    Action.EXTEND_PARTICIPATION: deciding("extend-participation", SHARED, NOT_STATED),
    Action.END_PARTICIPATION: recording("end-participation", OPEN, NOT_STATED),
    Action.LEAVE_CASE: recording("leave-case", EVERY, NOT_STATED),

    # --- the end of a case ---
    Action.PROPOSE_CLOSURE: deciding("propose-closure", OPEN, OF_EXCHANGE, rule=70),
    Action.READ_CLOSURE: reading("read-closure", NOT_STATED),
    Action.SIGN_CLOSURE: deciding(
        "sign-closure", OPEN, OF_EXCHANGE, leads_to=dict.fromkeys(ClosureOutcome, Stage.CLOSED),
    ),

    # --- journal, rights, archive and erasure do not end with the case; erasure itself asks whether it is due ---
    Action.SET_JOURNAL_REFERENCE: recording("set-journal-reference", EVERY, NOT_STATED),
    Action.READ_JOURNAL_REFERENCE: reading("read-journal-reference", NOT_STATED),
    Action.EXPORT_JOURNAL_NOTE: recording("export-journal-note", EVERY, FixedPurpose("journal-note")),
    Action.RECORD_ACCESS_REQUEST: recording("record-access-request", EVERY, NOT_STATED),
    Action.READ_ACCESS_REQUEST: reading("read-access-request", NOT_STATED),
    Action.EXPORT_ACCESS_PACKAGE: recording("export-access-package", EVERY, FixedPurpose("subject-access")),
    Action.RESTRICT_ACCESS: recording("restrict-access", EVERY, NOT_STATED),
    Action.READ_RESTRICTION: reading("read-restriction", NOT_STATED),
    Action.LIFT_RESTRICTION: recording("lift-restriction", EVERY, NOT_STATED),
    Action.RELEASE_WITHHELD: recording("release-withheld", EVERY, NOT_STATED),
    Action.READ_RELEASE: reading("read-release", NOT_STATED),
    Action.SET_LEGAL_HOLD: recording("set-legal-hold", EVERY, NOT_STATED),
    Action.READ_LEGAL_HOLD: reading("read-legal-hold", NOT_STATED),
    Action.LIFT_LEGAL_HOLD: recording("lift-legal-hold", EVERY, NOT_STATED),
    Action.RECORD_ARCHIVE_CLEARANCE: recording("record-archive-clearance", EVERY, NOT_STATED),
    Action.READ_ARCHIVE_CLEARANCE: reading("read-archive-clearance", NOT_STATED),
    Action.ERASE_CASE: recording("erase-case", EVERY, NOT_STATED),
})


def next_stage(action: Action, outcome: str) -> Stage:
    """Give the stage that an outcome brings the case to, when `action` is the act that settles the step."""
    return {settled.value: stage for settled, stage in PROCEDURE[action].leads_to.items()}[outcome]
