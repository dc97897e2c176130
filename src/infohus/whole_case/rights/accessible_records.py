"""The table of each kind of record that a person may be given access to, and its queries."""

from types import MappingProxyType

import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange, Paragraph
from infohus.cases.information import Information
from infohus.cases.persons.custody_releases import CustodyRelease
from infohus.cases.persons.model import AgeStatement, Subject
from infohus.casework.assessments.model import Assessment, Contribution
from infohus.casework.concerns.model import ChildNotification, ChildNotificationStep, ClearanceCheck, Concern, Reporter
from infohus.casework.measures.model import FollowUp, Measure, Recommendation
from infohus.casework.notes.model import Note
from infohus.casework.scope_decisions.first_views import FirstView
from infohus.casework.scope_decisions.model import ScopeDecision, ScopeDisagreement
from infohus.casework.screenings.model import Screening
from infohus.kernel.access.model import RecordKey
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.database.tables import Record
from infohus.whole_case.closures.model import Closure
from infohus.whole_case.rights.model import THIRD_PARTIES, AccessKind

ACCESSIBLE: MappingProxyType[AccessKind, type[Record]] = MappingProxyType({
    AccessKind.CONCERN: Concern,
    AccessKind.REPORTER: Reporter,
    AccessKind.SUBJECT: Subject,
    AccessKind.AGE_STATEMENT: AgeStatement,
    AccessKind.CLEARANCE_CHECK: ClearanceCheck,
    AccessKind.CHILD_NOTIFICATION: ChildNotification,
    AccessKind.CHILD_NOTIFICATION_STEP: ChildNotificationStep,
    AccessKind.INFORMATION: Information,
    AccessKind.NOTE: Note,
    AccessKind.CUSTODY_RELEASE: CustodyRelease,
    AccessKind.EXCHANGE: Exchange,
    AccessKind.FIRST_VIEW: FirstView,
    AccessKind.SCOPE_DECISION: ScopeDecision,
    AccessKind.SCOPE_DISAGREEMENT: ScopeDisagreement,
    AccessKind.SCREENING: Screening,
    AccessKind.ASSESSMENT: Assessment,
    AccessKind.CONTRIBUTION: Contribution,
    AccessKind.RECOMMENDATION: Recommendation,
    AccessKind.MEASURE: Measure,
    AccessKind.FOLLOW_UP: FollowUp,
    AccessKind.CLOSURE: Closure,
})
_SHOWN: MappingProxyType[type[Record], sa.ColumnElement[bool]] = MappingProxyType({
    Exchange: Exchange.paragraph != Paragraph.ON_REQUEST_OF_PET,
})
"""Which rows a package can hold, where not all: it shows nothing of what PET asked for (rule 85)."""
BY_ID: MappingProxyType[AccessKind, AnySelect] = MappingProxyType({
    kind: sa.select(model).where(
        model.id == sa.bindparam("id"), model.case_id == sa.bindparam("case_id"), _SHOWN.get(model, sa.true())
    )
    for kind, model in ACCESSIBLE.items()
})
"""Finds one record of a kind by `:id` and `:case_id`."""
_OWN: MappingProxyType[AccessKind, sa.ColumnElement[bool]] = MappingProxyType({
    kind: sa.and_(
        model.case_id == sa.bindparam("case_id"), model.authority_id == sa.bindparam("authority_id"),
        _SHOWN.get(model, sa.true()),
    )
    for kind, model in ACCESSIBLE.items()
})
_ABOUT: MappingProxyType[AccessKind, sa.ColumnElement[bool]] = MappingProxyType({
    kind: sa.exists().where(
        RecordKey.record_id == model.id, RecordKey.authority_id == sa.bindparam("authority_id"),
        RecordKey.person_id == sa.func.any(sa.bindparam("persons", type_=sa.ARRAY(sa.Uuid))),
    )
    for kind, model in ACCESSIBLE.items()
})
"""Which of them concern any of `:persons`, as their key rows say (rule 79)."""
IDS_OF_CASE: MappingProxyType[AccessKind, AnySelect] = MappingProxyType({
    kind: sa.select(model.id, _ABOUT[kind].label("is_about"))
    .where(
        _OWN[kind], sa.true() if kind in THIRD_PARTIES else _ABOUT[kind],
        model.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(model.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    for kind, model in ACCESSIBLE.items()
})
"""Lists the ids of an authority's own records of a kind in a case about a person, `:limit` of them behind `:after`.

Of reporters and persons all, with whether they are about the person: those who are not can be released.
"""
BY_IDS: MappingProxyType[AccessKind, AnySelect] = MappingProxyType({
    kind: sa.select(model).where(_OWN[kind], model.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(model.id)
    for kind, model in ACCESSIBLE.items()
})
"""Finds those of `:ids` that are own records of a kind in a case."""
