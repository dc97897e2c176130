"""The tables of the records that an exchange can disclose: the steps' own, and those of cases/.

The steps do not import each other, so the list stands above them, and the application hands it to exchanges.
Not here: a reporter (rule 29), and what is disclosed by an act of its own, such as proposals and first views.
"""

from types import MappingProxyType

from infohus.cases.information import Information
from infohus.cases.persons.custody_releases import CustodyRelease
from infohus.cases.persons.model import Subject
from infohus.casework.assessments.model import Contribution
from infohus.casework.concerns.model import ChildNotification, ChildNotificationStep, ClearanceCheck, Concern
from infohus.casework.exchanges.disclosable import DisclosableKind, DisclosableRecords
from infohus.casework.measures.model import FollowUp, Measure
from infohus.casework.notes.model import Note
from infohus.kernel.database.tables import Record

DISCLOSABLE: MappingProxyType[DisclosableKind, type[Record]] = MappingProxyType({
    DisclosableKind.CONCERN: Concern,
    DisclosableKind.SUBJECT: Subject,
    DisclosableKind.CLEARANCE_CHECK: ClearanceCheck,
    DisclosableKind.INFORMATION: Information,
    DisclosableKind.CONTRIBUTION: Contribution,
    DisclosableKind.MEASURE: Measure,
    DisclosableKind.FOLLOW_UP: FollowUp,
    DisclosableKind.CHILD_NOTIFICATION: ChildNotification,
    DisclosableKind.CHILD_NOTIFICATION_STEP: ChildNotificationStep,
    DisclosableKind.CUSTODY_RELEASE: CustodyRelease,
    DisclosableKind.NOTE: Note,
})
DISCLOSABLE_RECORDS = DisclosableRecords(DISCLOSABLE)
