"""Every table of records that an authority owns in a case: what the report of erasure counts."""

from infohus.cases.disclosures.model import Exchange
from infohus.cases.disclosures.onward_notices import OnwardNotice
from infohus.cases.information import Information
from infohus.cases.persons.custody_releases import CustodyRelease
from infohus.cases.persons.model import AgeStatement, ProtectedAddress, Subject
from infohus.casework.assessments.model import Assessment, Contribution
from infohus.casework.concerns.model import (
    ChildNotification,
    ChildNotificationStep,
    ClearanceCheck,
    Concern,
    Reporter,
    ReporterRelease,
)
from infohus.casework.exchanges.kept_marks import KeptMark
from infohus.casework.exchanges.model import InformationRequest
from infohus.casework.exchanges.withdrawals import Withdrawal
from infohus.casework.measures.model import FollowUp, Measure, Recommendation
from infohus.casework.notes.model import Note
from infohus.casework.scope_decisions.first_views import FirstView
from infohus.casework.scope_decisions.model import ScopeDecision, ScopeDisagreement
from infohus.casework.screenings.model import Screening
from infohus.kernel.access.model import Invitation, Participant
from infohus.kernel.database.tables import Record
from infohus.whole_case.closures.model import Closure
from infohus.whole_case.erasure.model import ArchiveClearance, LegalHold
from infohus.whole_case.journal.model import JournalReference
from infohus.whole_case.rights.model import AccessRequest, Release, Restriction

OWN_RECORDS: tuple[type[Record], ...] = (
    AccessRequest, AgeStatement, ArchiveClearance, Assessment, ChildNotification, ChildNotificationStep, ClearanceCheck,
    Closure, Concern, Contribution, CustodyRelease, Exchange, FirstView, FollowUp, Information, InformationRequest,
    Invitation, JournalReference, KeptMark, LegalHold, Measure, Note, OnwardNotice, Participant, ProtectedAddress,
    Recommendation, Release, Reporter, ReporterRelease, Restriction, ScopeDecision, ScopeDisagreement, Screening,
    Subject, Withdrawal,
)
