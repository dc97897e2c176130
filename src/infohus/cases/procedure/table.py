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
    TakeoverOutcome,
)
from infohus.cases.procedure.purposes import (
    OF_EXCHANGE,
    OF_LOG_READING,
    OF_RECORDED_EXCHANGE,
    OF_REPORT,
    OF_SEARCH,
    OF_STAGE,
    LogPurpose,
    of,
    of_exchange_else,
)
from infohus.cases.procedure.row import (
    CHILD_NOTIFICATION_HANDED_OVER,
    ProcedureRow,
    deciding,
    done_by_the_owner,
    reading,
    recording,
)
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action

P = LogPurpose
RECEIVED, CLEARED, ACCEPTED = Stage.RECEIVED, Stage.CLEARED, Stage.ACCEPTED
QUALIFYING, RECOMMENDING, ACTING = Stage.QUALIFYING, Stage.RECOMMENDING, Stage.ACTING
WAY = (RECEIVED, CLEARED, ACCEPTED, QUALIFYING, RECOMMENDING, ACTING)
"""The stages of a case that the infohus handles, in their order."""
SHARED = frozenset(WAY)
"""The same stages as a set: in these the parties may exchange."""
EVERY = frozenset(Stage)
OPEN = EVERY - {Stage.CLOSED}
WITH_MEASURES = frozenset({ACTING, RECOMMENDING, Stage.POLICE_ALONE})
"""Stages in which measures may be under way: after a re-assessment the case recommends anew while they go on, and who
carries one out ends it where the police have taken the case over."""

PROCEDURE: Mapping[Action, ProcedureRow] = MappingProxyType({
    # --- on the installation ---
    Action.SIGN_IN: recording("sign-in", EVERY, of(P.ACCESS_CONTROL)),
    Action.LIST_INFOHUSE: reading("list-infohuse", of(P.OVERVIEW)),
    Action.LIST_CASES: reading("list-cases", of(P.OVERVIEW)),
    Action.LOAD_PLAN: done_by_the_owner("load-plan", of(P.ADMINISTRATION)),
    Action.REGISTER_COORDINATOR: done_by_the_owner("register-coordinator", of(P.ADMINISTRATION)),
    Action.REMOVE_COORDINATOR: done_by_the_owner("remove-coordinator", of(P.ADMINISTRATION)),
    Action.LOAD_TEMPLATE: done_by_the_owner("load-template", of(P.ADMINISTRATION)),
    Action.MAKE_INTAKE_KEYS: done_by_the_owner("make-intake-keys", of(P.ADMINISTRATION)),
    Action.WITHDRAW_KEYS_AGAIN: done_by_the_owner("withdraw-keys-again", of(P.ADMINISTRATION)),
    Action.REPLACE_SIGNER: done_by_the_owner("replace-signer", of(P.ADMINISTRATION)),
    Action.SET_LOG_RETENTION: done_by_the_owner("set-log-retention", of(P.ADMINISTRATION)),

    # --- on an infohus: its plan, and what is due ---
    Action.READ_INFOHUS: reading("read-infohus", of(P.ADMINISTRATION)),
    Action.ADD_NETWORK_MATERIAL: recording("add-network-material", EVERY, of(P.NETWORK)),
    Action.FULFIL_OBLIGATION: recording("fulfil-obligation", EVERY, of(P.OBLIGATIONS)),
    Action.READ_YEARLY_STATUS: reading("read-yearly-status", of(P.STATISTICS)),
    Action.RELEASE_YEARLY_STATUS: recording("release-yearly-status", EVERY, of(P.STATISTICS)),
    Action.LIST_STALLED_MEASURES: reading("list-stalled-measures", of(P.OVERVIEW)),
    Action.LIST_OVERDUE_REVIEWS: reading("list-overdue-reviews", of(P.OVERVIEW)),
    Action.REPORT_ERASURE: reading("report-erasure", of(P.ARCHIVE_AND_ERASURE)),

    # --- supervision of an infohus, and the own authority's log ---
    Action.SUPERVISE_EXCHANGES: reading("supervise-exchanges", OF_LOG_READING),
    Action.REVIEW_ANSWERS: reading("review-answers", OF_LOG_READING),
    Action.REQUEST_CONTENT: recording("request-content", EVERY, OF_LOG_READING),
    Action.LIST_CONTENT_REQUESTS: reading("list-content-requests", OF_LOG_READING),
    Action.OPEN_ON_REQUEST: reading("open-on-request", OF_LOG_READING),
    Action.VERIFY_LOG: reading("verify-log", OF_LOG_READING),
    Action.LIST_LOG_ENTRIES: reading("list-log-entries", OF_LOG_READING),
    Action.PROVE_LOG_ENTRY: reading("prove-log-entry", OF_LOG_READING),
    Action.LIST_CHECKPOINTS: reading("list-checkpoints", OF_LOG_READING),
    Action.SERVE_CHECKPOINT: reading("serve-checkpoint", OF_LOG_READING),
    Action.SERVE_TILE: reading("serve-tile", OF_LOG_READING),
    Action.EXPORT_LOG: reading("export-log", OF_LOG_READING),
    Action.VERIFY_INSTALLATION_LOG: reading("verify-installation-log", OF_LOG_READING),
    Action.LIST_INSTALLATION_LOG_ENTRIES: reading("list-installation-log-entries", OF_LOG_READING),
    Action.PROVE_INSTALLATION_LOG_ENTRY: reading("prove-installation-log-entry", OF_LOG_READING),
    Action.EXPORT_INSTALLATION_LOG: reading("export-installation-log", OF_LOG_READING),
    Action.LIST_INSTITUTION_LOG_ENTRIES: reading("list-institution-log-entries", OF_LOG_READING),
    Action.VERIFY_INSTITUTION_LOG: reading("verify-institution-log", OF_LOG_READING),
    Action.PROVE_INSTITUTION_LOG_ENTRY: reading("prove-institution-log-entry", OF_LOG_READING),
    Action.OPEN_ACTOR: reading("open-actor", OF_LOG_READING),
    Action.LIST_LOG_CHECKS: reading("list-log-checks", OF_LOG_READING),
    Action.READ_LOG_CHECK: reading("read-log-check", OF_LOG_READING),
    Action.ANNOUNCE_LOG_CHECK: recording("announce-log-check", EVERY, OF_LOG_READING),
    Action.DRAW_LOG_CHECK: recording("draw-log-check", EVERY, OF_LOG_READING),
    Action.REVIEW_LOG_ENTRY: recording("review-log-entry", EVERY, OF_LOG_READING),
    Action.LIST_LOG_FINDINGS: reading("list-log-findings", OF_LOG_READING),
    Action.ANSWER_LOG_FINDING: recording("answer-log-finding", EVERY, OF_LOG_READING),
    Action.END_LOG_FINDING: recording("end-log-finding", EVERY, OF_LOG_READING),
    Action.READ_LOG_NOTICE: reading("read-log-notice", of(P.LOG_NOTICE)),
    Action.ACKNOWLEDGE_LOG_NOTICE: recording("acknowledge-log-notice", EVERY, of(P.LOG_NOTICE)),
    Action.LIST_LOG_NOTICE_READERS: reading("list-log-notice-readers", OF_LOG_READING),
    Action.REPORT_SUBJECT_LOG: reading("report-subject-log", OF_REPORT),

    # --- intake ---
    Action.SEARCH_PERSONS: reading("search-persons", OF_SEARCH),
    Action.RECORD_CONCERN: recording("record-concern", EVERY, of(P.INTAKE)),
    Action.READ_CASE: reading("read-case", OF_STAGE),
    Action.READ_CASE_LOG: reading("read-case-log", OF_LOG_READING),
    Action.READ_CONCERN: reading("read-concern", of(P.INTAKE)),
    Action.READ_SUBJECT: reading("read-subject", OF_STAGE),
    Action.REVEAL_CPR_NUMBER: reading("reveal-cpr-number", OF_STAGE),
    Action.REVEAL_ADDRESS: reading("reveal-address", OF_STAGE),
    Action.READ_REPORTER: reading("read-reporter", of(P.INTAKE)),
    Action.RELEASE_REPORTER_IDENTITY: recording("release-reporter-identity", EVERY, of(P.INTAKE)),
    Action.READ_EARLIER_CONCERNS: reading("read-earlier-concerns", of(P.EARLIER_CONCERNS)),
    Action.CONFIRM_EARLIER_CONCERNS: recording("confirm-earlier-concerns", OPEN, of(P.EARLIER_CONCERNS)),
    Action.READ_CLEARANCE_CHECK: reading("read-clearance-check", of(P.CLEARANCE_CHECK)),
    Action.RECORD_CLEARANCE_CHECK: deciding(
        "record-clearance-check", {RECEIVED}, of(P.CLEARANCE_CHECK), rule=19,
        leads_to={ClearanceOutcome.NOTHING_HINDERS: CLEARED, ClearanceOutcome.HINDERED: Stage.HINDERED},
    ),
    Action.ADD_CONCERN: deciding("add-concern", OPEN, of(P.INTAKE), rule=26),
    Action.STATE_AGE: deciding("state-age", EVERY, of(P.CHILD_NOTIFICATION)),
    Action.READ_CHILD_NOTIFICATION: reading("read-child-notification", of(P.CHILD_NOTIFICATION)),
    Action.HAND_OVER_CHILD_NOTIFICATION: deciding(
        "hand-over-child-notification", EVERY, of_exchange_else(P.CHILD_NOTIFICATION), rule=32,
    ),
    Action.RECORD_ASSESSMENT_OF_CHILD: deciding("record-assessment-of-child", EVERY, of(P.CHILD_NOTIFICATION)),
    Action.RECORD_RECEIPT_TO_REPORTER: deciding("record-receipt-to-reporter", EVERY, of(P.CHILD_NOTIFICATION)),

    # --- the scope ---
    Action.STATE_FIRST_VIEW: recording("state-first-view", {CLEARED}, of(P.SCOPE_DECISION), rule=17),
    Action.READ_FIRST_VIEW: reading("read-first-view", of(P.SCOPE_DECISION)),
    Action.REVEAL_FIRST_VIEW: deciding("reveal-first-view", SHARED, of_exchange_else(P.SCOPE_DECISION)),
    Action.PROPOSE_SCOPE_DECISION: deciding(
        "propose-scope-decision", {CLEARED}, of_exchange_else(P.SCOPE_DECISION), rule=17,
    ),
    Action.READ_SCOPE_DECISION: reading("read-scope-decision", of(P.SCOPE_DECISION)),
    Action.AMEND_SCOPE_DECISION: deciding("amend-scope-decision", {CLEARED}, of_exchange_else(P.SCOPE_DECISION)),
    Action.SIGN_SCOPE_DECISION: deciding(
        "sign-scope-decision", {CLEARED}, of(P.SCOPE_DECISION),
        leads_to={
            ScopeOutcome.WITHIN: ACCEPTED, ScopeOutcome.OUTSIDE: Stage.NOT_TAKEN_IN,
            ScopeOutcome.POLICE_ALONE: Stage.POLICE_ALONE,
        },
    ),
    Action.DIFFER_ON_SCOPE_DECISION: deciding(
        "differ-on-scope-decision", {CLEARED}, of_exchange_else(P.SCOPE_DECISION),
        leads_to={ScopeOutcome.DISAGREED: Stage.NOT_TAKEN_IN},
    ),

    Action.TAKE_OVER_CASE: deciding(
        "take-over-case", SHARED, of(P.SCOPE_DECISION), rule=84,
        leads_to={TakeoverOutcome.TAKEN_OVER: Stage.POLICE_ALONE},
    ),

    # --- screening and assessment ---
    Action.PROPOSE_SCREENING: deciding(
        "propose-screening", {ACCEPTED}, of_exchange_else(P.SCREENING), rule=35,
        conditions=(CHILD_NOTIFICATION_HANDED_OVER,),
    ),
    Action.READ_SCREENING: reading("read-screening", of(P.SCREENING)),
    Action.AMEND_SCREENING: deciding(
        "amend-screening", {ACCEPTED}, of_exchange_else(P.SCREENING), conditions=(CHILD_NOTIFICATION_HANDED_OVER,),
    ),
    Action.SIGN_SCREENING: deciding(
        "sign-screening", {ACCEPTED}, of(P.SCREENING), conditions=(CHILD_NOTIFICATION_HANDED_OVER,),
        leads_to={
            ScreeningOutcome.QUALIFY_FURTHER: QUALIFYING, ScreeningOutcome.RECOMMEND: RECOMMENDING,
            ScreeningOutcome.NOTHING_FURTHER: ACCEPTED,
        },
    ),
    Action.OPEN_ASSESSMENT: deciding("open-assessment", {QUALIFYING, ACTING}, of_exchange_else(P.ASSESSMENT), rule=35),
    Action.READ_ASSESSMENT: reading("read-assessment", of(P.ASSESSMENT)),
    Action.CONTRIBUTE_TO_ASSESSMENT: recording(
        "contribute-to-assessment", {QUALIFYING, ACTING}, of_exchange_else(P.ASSESSMENT),
    ),
    Action.CONCLUDE_ASSESSMENT: deciding("conclude-assessment", {QUALIFYING, ACTING}, of_exchange_else(P.ASSESSMENT)),
    Action.SIGN_ASSESSMENT: deciding(
        "sign-assessment", {QUALIFYING, ACTING}, of(P.ASSESSMENT), leads_to={AssessmentOutcome.CONCLUDED: RECOMMENDING},
    ),

    # --- recommendation and measures ---
    Action.PROPOSE_RECOMMENDATION: deciding(
        "propose-recommendation", {RECOMMENDING}, of_exchange_else(P.RECOMMENDATION), rule=23,
    ),
    Action.READ_RECOMMENDATION: reading("read-recommendation", of(P.RECOMMENDATION)),
    Action.AMEND_RECOMMENDATION: deciding(
        "amend-recommendation", {RECOMMENDING}, of_exchange_else(P.RECOMMENDATION),
    ),
    Action.SIGN_RECOMMENDATION: deciding(
        "sign-recommendation", {RECOMMENDING}, of(P.RECOMMENDATION),
        leads_to={RecommendationOutcome.RECOMMENDED: ACTING},
    ),
    Action.START_MEASURE: recording("start-measure", {ACTING}, of_exchange_else(P.MEASURE), rule=23),
    Action.READ_MEASURE: reading("read-measure", of(P.MEASURE)),
    Action.RECORD_FOLLOW_UP: recording("record-follow-up", WITH_MEASURES, of_exchange_else(P.FOLLOW_UP)),

    # --- at many stages: information, notes, exchanges, requests, and participants ---
    Action.NOTE_INFORMATION: recording("note-information", OPEN, OF_STAGE, rule=44),
    Action.READ_INFORMATION: reading("read-information", OF_STAGE),
    Action.WRITE_NOTE: recording("write-note", EVERY, of(P.JOURNAL), rule=68),
    Action.READ_NOTE: reading("read-note", of(P.JOURNAL)),
    Action.RECORD_EXCHANGE: recording(
        "record-exchange", SHARED, OF_RECORDED_EXCHANGE, for_pet_also=EVERY - SHARED, rule=1,
    ),
    Action.DISCLOSE_OUTSIDE: recording("disclose-outside", EVERY, of_exchange_else(P.OWN_HANDLING), rule=105),
    Action.REPORT_DANGER: recording("report-danger", EVERY, of_exchange_else(P.DANGER), rule=84),
    Action.LIST_EXCHANGES: reading("list-exchanges", of(P.EXCHANGE)),
    Action.LOOK_THROUGH: reading("look-through", of(P.EXCHANGE)),
    Action.READ_EXCHANGE: reading("read-exchange", of(P.EXCHANGE)),
    Action.CORRECT_EXCHANGE: recording("correct-exchange", EVERY, OF_EXCHANGE),
    Action.ACKNOWLEDGE_EXCHANGE: recording("acknowledge-exchange", EVERY, of(P.EXCHANGE)),
    Action.WITHDRAW_EXCHANGE: deciding("withdraw-exchange", EVERY, of(P.EXCHANGE)),
    Action.KEEP_DISCLOSED: recording("keep-disclosed", EVERY, of(P.EXCHANGE)),
    Action.REQUEST_INFORMATION: recording(
        "request-information", SHARED, OF_EXCHANGE, for_pet_also=EVERY - SHARED, rule=8,
    ),
    Action.READ_INFORMATION_REQUEST: reading("read-information-request", of(P.EXCHANGE)),
    Action.ANSWER_INFORMATION_REQUEST: deciding(
        "answer-information-request", OPEN, of(P.EXCHANGE), for_pet_also={Stage.CLOSED},
    ),
    Action.RECORD_CUSTODY_RELEASE: recording("record-custody-release", OPEN, OF_STAGE),
    Action.READ_CUSTODY_RELEASE: reading("read-custody-release", OF_STAGE),
    Action.INVITE_PARTICIPANT: deciding("invite-participant", SHARED, of(P.PARTICIPATION), rule=22),
    Action.EXTEND_PARTICIPATION: deciding("extend-participation", SHARED, of(P.PARTICIPATION)),
    Action.END_PARTICIPATION: recording("end-participation", OPEN, of(P.PARTICIPATION)),
    Action.LEAVE_CASE: recording("leave-case", EVERY, of(P.PARTICIPATION)),

    # --- the end of a case ---
    Action.PROPOSE_CLOSURE: deciding("propose-closure", OPEN, of_exchange_else(P.CLOSURE), rule=70),
    Action.READ_CLOSING: reading("read-closing", of(P.CLOSURE)),
    Action.READ_CLOSURE: reading("read-closure", of(P.CLOSURE)),
    Action.AMEND_CLOSURE: deciding("amend-closure", OPEN, of_exchange_else(P.CLOSURE)),
    Action.SIGN_CLOSURE: deciding(
        "sign-closure", OPEN, of(P.CLOSURE), leads_to=dict.fromkeys(ClosureOutcome, Stage.CLOSED),
    ),
    Action.TAKE_BACK_CLOSURE_SIGNATURE: deciding("take-back-closure-signature", OPEN, of(P.CLOSURE)),
    Action.END_OWN_SIDE: deciding("end-own-side", OPEN, of(P.CLOSURE)),

    # --- journal, rights, archive and erasure do not end with the case; erasure itself asks whether it is due ---
    Action.SET_JOURNAL_REFERENCE: recording("set-journal-reference", EVERY, of(P.JOURNAL)),
    Action.READ_OWN_JOURNAL: reading("read-own-journal", of(P.JOURNAL)),
    Action.READ_JOURNAL_REFERENCE: reading("read-journal-reference", of(P.JOURNAL)),
    Action.EXPORT_JOURNAL_NOTE: recording("export-journal-note", EVERY, of(P.JOURNAL)),
    Action.RECORD_ACCESS_REQUEST: recording("record-access-request", EVERY, of(P.DATA_SUBJECT_RIGHTS)),
    Action.READ_ACCESS_REQUEST: reading("read-access-request", of(P.DATA_SUBJECT_RIGHTS)),
    Action.EXPORT_ACCESS_PACKAGE: recording("export-access-package", EVERY, of(P.SUBJECT_ACCESS)),
    Action.RESTRICT_ACCESS: recording("restrict-access", EVERY, of(P.DATA_SUBJECT_RIGHTS)),
    Action.READ_RESTRICTION: reading("read-restriction", of(P.DATA_SUBJECT_RIGHTS)),
    Action.LIFT_RESTRICTION: recording("lift-restriction", EVERY, of(P.DATA_SUBJECT_RIGHTS)),
    Action.RELEASE_WITHHELD: recording("release-withheld", EVERY, of(P.DATA_SUBJECT_RIGHTS)),
    Action.READ_RELEASE: reading("read-release", of(P.DATA_SUBJECT_RIGHTS)),
    Action.SET_LEGAL_HOLD: recording("set-legal-hold", EVERY, of(P.ARCHIVE_AND_ERASURE)),
    Action.READ_LEGAL_HOLD: reading("read-legal-hold", of(P.ARCHIVE_AND_ERASURE)),
    Action.LIFT_LEGAL_HOLD: recording("lift-legal-hold", EVERY, of(P.ARCHIVE_AND_ERASURE)),
    Action.RECORD_ARCHIVE_CLEARANCE: recording("record-archive-clearance", EVERY, of(P.ARCHIVE_AND_ERASURE)),
    Action.READ_ARCHIVE_CLEARANCE: reading("read-archive-clearance", of(P.ARCHIVE_AND_ERASURE)),
    Action.ERASE_CASE: recording("erase-case", EVERY, of(P.ARCHIVE_AND_ERASURE)),
})


def next_stage(action: Action, outcome: str) -> Stage:
    """Give the stage that an outcome brings the case to, when `action` is the act that settles the step."""
    return {settled.value: stage for settled, stage in PROCEDURE[action].leads_to.items()}[outcome]
