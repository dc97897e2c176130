"""Every verb the system knows. The Cedar schema must hold exactly these; the application checks that at start."""

from enum import StrEnum


class Action(StrEnum):
    """One deed of one caller on one subject; its value is the Cedar action's id and stands in the log."""

    # on the installation
    SIGN_IN = "signIn"
    LIST_INFOHUSE = "listInfohuse"
    LIST_CASES = "listCases"

    # on an infohus
    READ_INFOHUS = "readInfohus"
    RECORD_CONCERN = "recordConcern"
    SUPERVISE_EXCHANGES = "superviseExchanges"
    VERIFY_LOG = "verifyLog"
    PROVE_LOG_ENTRY = "proveLogEntry"
    EXPORT_LOG = "exportLog"
    LOAD_PLAN = "loadPlan"
    REGISTER_COORDINATOR = "registerCoordinator"

    # on a case
    READ_CASE = "readCase"
    RECORD_CLEARANCE_CHECK = "recordClearanceCheck"
    HAND_OVER_CHILD_NOTIFICATION = "handOverChildNotification"
    INVITE_PARTICIPANT = "inviteParticipant"
    END_PARTICIPATION = "endParticipation"
    NOTE_INFORMATION = "noteInformation"
    RECORD_EXCHANGE = "recordExchange"
    LIST_EXCHANGES = "listExchanges"
    PROPOSE_SCOPE_DECISION = "proposeScopeDecision"
    PROPOSE_SCREENING = "proposeScreening"
    OPEN_ASSESSMENT = "openAssessment"
    PROPOSE_RECOMMENDATION = "proposeRecommendation"
    START_MEASURE = "startMeasure"
    PROPOSE_CLOSURE = "proposeClosure"

    # on a record in a case
    READ_CONCERN = "readConcern"
    READ_REPORTER = "readReporter"
    READ_SUBJECT = "readSubject"
    REVEAL_CPR_NUMBER = "revealCprNumber"
    READ_CLEARANCE_CHECK = "readClearanceCheck"
    READ_CHILD_NOTIFICATION = "readChildNotification"
    READ_INFORMATION = "readInformation"
    READ_EXCHANGE = "readExchange"
    CORRECT_EXCHANGE = "correctExchange"
    READ_SCOPE_DECISION = "readScopeDecision"
    SIGN_SCOPE_DECISION = "signScopeDecision"
    READ_SCREENING = "readScreening"
    SIGN_SCREENING = "signScreening"
    READ_ASSESSMENT = "readAssessment"
    CONTRIBUTE_TO_ASSESSMENT = "contributeToAssessment"
    CONCLUDE_ASSESSMENT = "concludeAssessment"
    SIGN_ASSESSMENT = "signAssessment"
    READ_RECOMMENDATION = "readRecommendation"
    SIGN_RECOMMENDATION = "signRecommendation"
    READ_MEASURE = "readMeasure"
    RECORD_FOLLOW_UP = "recordFollowUp"
    READ_CLOSURE = "readClosure"
    SIGN_CLOSURE = "signClosure"
