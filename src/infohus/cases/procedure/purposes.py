"""What acts are for, as the log's entries state it: a closed list of codes (rule 57). Their Danish words: `danish/`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from infohus.kernel.access.model import Stage
from infohus.kernel.unit_of_work.procedure import FixedPurpose, PurposeByStage, StatedPurpose


class LogPurpose(StrEnum):
    """Every purpose that an entry can state; exchanges and searches name theirs by the same codes."""

    ACCESS_CONTROL = "access_control"
    ADMINISTRATION = "administration"
    OVERVIEW = "overview"
    NETWORK = "network"
    OBLIGATIONS = "obligations"
    STATISTICS = "statistics"
    LOG_RETENTION = "log_retention"
    LOG_NOTICE = "log_notice"
    LOG_SUPERVISION = "log_supervision"
    """Of a look into the log that was refused before it said which of the four purposes it has."""
    LAWFULNESS = "lawfulness"
    SELF_MONITORING = "self_monitoring"
    INTEGRITY_AND_SECURITY = "integrity_and_security"
    CRIMINAL_PROCEEDINGS = "criminal_proceedings"
    NEW_CONCERN = "new_concern"
    CASEWORK = "casework"
    SUBJECT_ACCESS = "subject_access"
    SUBJECT_ACCESS_REPORT = "subject_access_report"
    INTAKE = "intake"
    EARLIER_CONCERNS = "earlier_concerns"
    CLEARANCE_CHECK = "clearance_check"
    CHILD_NOTIFICATION = "child_notification"
    SCOPE_DECISION = "scope_decision"
    SCREENING = "screening"
    ASSESSMENT = "assessment"
    RECOMMENDATION = "recommendation"
    MEASURE = "measure"
    FOLLOW_UP = "follow_up"
    CLOSURE = "closure"
    CLOSED_CASE = "closed_case"
    OWN_HANDLING = "own_handling"
    EXCHANGE = "exchange"
    DANGER = "danger"
    PARTICIPATION = "participation"
    JOURNAL = "journal"
    DATA_SUBJECT_RIGHTS = "data_subject_rights"
    ARCHIVE_AND_ERASURE = "archive_and_erasure"


class LogReadingPurpose(StrEnum):
    """What a log may be read for (rule 104). Source: LED art. 25, stk. 2; retshåndhævelsesloven § 24, stk. 2."""

    LAWFULNESS = "lawfulness"
    SELF_MONITORING = "self_monitoring"
    INTEGRITY_AND_SECURITY = "integrity_and_security"
    CRIMINAL_PROCEEDINGS = "criminal_proceedings"


_AT_STAGE: Mapping[Stage, str] = MappingProxyType({
    Stage.RECEIVED: LogPurpose.INTAKE.value, Stage.CLEARED: LogPurpose.SCOPE_DECISION.value,
    Stage.ACCEPTED: LogPurpose.SCREENING.value, Stage.QUALIFYING: LogPurpose.ASSESSMENT.value,
    Stage.RECOMMENDING: LogPurpose.RECOMMENDATION.value, Stage.ACTING: LogPurpose.FOLLOW_UP.value,
    Stage.HINDERED: LogPurpose.OWN_HANDLING.value, Stage.NOT_TAKEN_IN: LogPurpose.OWN_HANDLING.value,
    Stage.POLICE_ALONE: LogPurpose.OWN_HANDLING.value, Stage.CLOSED: LogPurpose.CLOSED_CASE.value,
})
OF_STAGE: Final = PurposeByStage(at=_AT_STAGE, otherwise=LogPurpose.CASEWORK.value)
"""What the case is at: an act that every stage has serves the step that is due."""

OF_SEARCH: Final = StatedPurpose("the purpose of the search", otherwise=LogPurpose.CASEWORK.value)
OF_REPORT: Final = StatedPurpose(
    "whether the report is asked for or given", otherwise=LogPurpose.SUBJECT_ACCESS_REPORT.value
)
OF_LOG_READING: Final = StatedPurpose(
    "which of the four purposes the log is read for", otherwise=LogPurpose.LOG_SUPERVISION.value
)
EXCHANGED_AT: Mapping[Stage, str] = MappingProxyType({
    **dict.fromkeys(Stage, LogPurpose.FOLLOW_UP.value), Stage.RECEIVED: LogPurpose.CLEARANCE_CHECK.value,
    Stage.CLEARED: LogPurpose.SCOPE_DECISION.value, Stage.ACCEPTED: LogPurpose.SCREENING.value,
    Stage.QUALIFYING: LogPurpose.ASSESSMENT.value, Stage.RECOMMENDING: LogPurpose.RECOMMENDATION.value,
})
"""What an exchange is for that leaves that to the stage: one of the purposes under § 115."""
OF_EXCHANGE: Final = StatedPurpose("the purpose under § 115 of the exchange", otherwise=LogPurpose.EXCHANGE.value)

OF_RECORDED_EXCHANGE: Final = StatedPurpose(OF_EXCHANGE.of_what, otherwise=OF_EXCHANGE.otherwise, at=EXCHANGED_AT)
"""Of an exchange that is recorded by itself: what was said aloud can leave its purpose to the stage."""


def of(purpose: LogPurpose) -> FixedPurpose:
    """Make the purpose of an act that always has this one."""
    return FixedPurpose(purpose.value)


def of_exchange_else(purpose: LogPurpose) -> StatedPurpose:
    """Make the purpose of an act that may make an exchange: that one's, and `purpose` where it makes none."""
    return StatedPurpose(OF_EXCHANGE.of_what, otherwise=purpose.value)
