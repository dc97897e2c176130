"""The routes of concerns: intake, further concerns, the police check, and a child's underretning."""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus import errors
from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.persons.model import AgeStatement, Subject
from infohus.cases.procedure.outcomes import ClearanceOutcome
from infohus.casework.concerns.ages import AgeStatementDraft, AgeView, age_view, state_age
from infohus.casework.concerns.child_notifications import (
    AssessmentOfChildDraft,
    HandOverDraft,
    ReceiptToReporterDraft,
    hand_over_child_notification,
    owed_among,
    record_assessment_of_child,
    record_receipt_to_reporter,
    steps_of,
)
from infohus.casework.concerns.child_routes import handlers as child_handlers
from infohus.casework.concerns.clocks import Clocks, clocks_of
from infohus.casework.concerns.kept_apart_routes import handlers as kept_apart_handlers
from infohus.casework.concerns.model import ChildNotification, ClearanceCheck, Concern
from infohus.casework.concerns.operations import (
    ClearanceDraft,
    ConcernDraft,
    add_concern,
    record_clearance_check,
    record_concern,
    warnings_about,
)
from infohus.casework.concerns.views import ChildNotificationView, ConcernLine, ConcernView
from infohus.danish import WARNINGS
from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork

_CASE_BY_ID = sa.select(Case).where(Case.id == sa.bindparam("id"))
_CONCERN_BY_ID = sa.select(Concern).where(Concern.id == sa.bindparam("id"))
_CONCERNS = (
    sa.select(Concern)
    .where(Concern.case_id == sa.bindparam("case_id"), Concern.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(Concern.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_CHECK_BY_ID = sa.select(ClearanceCheck).where(ClearanceCheck.id == sa.bindparam("id"))
_NOTIFICATION_BY_ID = sa.select(ChildNotification).where(
    ChildNotification.id == sa.bindparam("id"), ChildNotification.case_id == sa.bindparam("case_id")
)
_SUBJECT_BY_ID = sa.select(Subject).where(
    Subject.id == sa.bindparam("id"), Subject.case_id == sa.bindparam("case_id")
)
_AGE_BY_ID = sa.select(AgeStatement).where(AgeStatement.id == sa.bindparam("id"))

CHILD_NOTIFICATION = "/cases/{case_id:uuid}/child-notifications/{notification_id:uuid}"


class RecordedConcern(msgspec.Struct, frozen=True):
    """What a tovholder sees the moment a concern is recorded; acute danger is the first of the warnings."""

    id: UUID
    case_id: UUID
    number: str
    warnings: list[str]


class ClearanceView(msgspec.Struct, frozen=True):
    """The police check."""

    id: UUID
    outcome: ClearanceOutcome
    checked_at: datetime
    note: str | None
    told: Told | None


@post("/infohuse/{infohus_id:uuid}/concerns", operation_id="RecordConcern")
async def record(
    infohus_id: FromPath[UUID], data: JSONBody[ConcernDraft], idempotent_scope: NamedDependency[RequestScope],
    saturday_counts: NamedDependency[bool],
) -> RecordedConcern:
    """Record a concern and open a case on it. Acute danger answers with the 112 instruction at once (rule 31)."""
    async with idempotent_scope.begin(Action.RECORD_CONCERN, Infohus, infohus_id) as work:
        concern = await work.earlier(Concern, _CONCERN_BY_ID) or await record_concern(
            work, data, saturday_counts=saturday_counts
        )
        return await _recorded(work, concern, data)


@post("/cases/{case_id:uuid}/concerns", operation_id="AddConcern")
async def add(
    case_id: FromPath[UUID], data: JSONBody[ConcernDraft], idempotent_scope: NamedDependency[RequestScope],
    saturday_counts: NamedDependency[bool],
) -> RecordedConcern:
    """Record one more concern in a case that is open."""
    async with idempotent_scope.begin(Action.ADD_CONCERN, Case, case_id) as work:
        concern = await work.earlier(Concern, _CONCERN_BY_ID) or await add_concern(
            work, data, saturday_counts=saturday_counts
        )
        return await _recorded(work, concern, data)


async def _recorded(work: UnitOfWork, concern: Concern, draft: ConcernDraft) -> RecordedConcern:
    # A repeated request finds what an earlier unit of work recorded, in a case that this unit has not entered.
    case = work.resolved.case or await work.row(Case, _CASE_BY_ID, id=concern.case_id)
    if case is None:
        raise errors.NotAvailable
    return RecordedConcern(
        id=concern.id, case_id=concern.case_id, number=case.number,
        warnings=[WARNINGS[key] for key in warnings_about(draft)],
    )


@get("/cases/{case_id:uuid}/concerns", operation_id="ListConcerns")
async def list_concerns(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[ConcernLine]:
    """List a case's concerns that the caller's authority owns or was told, in the order they were recorded."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        concerns = await work.rows(Concern, _CONCERNS, case_id=case_id, after=after, limit=limit + 1)
        return page_of([ConcernLine.of(one) for one in concerns], [one.id for one in concerns], limit=limit)


@get("/cases/{case_id:uuid}/concerns/{concern_id:uuid}", operation_id="ReadConcern")
async def read(
    case_id: FromPath[UUID], concern_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    saturday_counts: NamedDependency[bool],
) -> ConcernView:
    """Read a concern, observation apart from interpretation, without the reporter's identity."""
    async with request_scope.begin(Action.READ_CONCERN, Concern, concern_id, within=case_id) as work:
        return await ConcernView.opened(work, work.subject(Concern), saturday_counts=saturday_counts)


@post("/cases/{case_id:uuid}/clearance-checks", operation_id="RecordClearanceCheck")
async def record_clearance(
    case_id: FromPath[UUID], data: JSONBody[ClearanceDraft], idempotent_scope: NamedDependency[RequestScope],
) -> ClearanceView:
    """Record the police check; only the police tovholder can."""
    async with idempotent_scope.begin(Action.RECORD_CLEARANCE_CHECK, Case, case_id) as work:
        check = await work.earlier(ClearanceCheck, _CHECK_BY_ID) or await record_clearance_check(work, data)
        return await _clearance_view(work, check)


@get("/cases/{case_id:uuid}/clearance-checks/{check_id:uuid}", operation_id="ReadClearanceCheck")
async def read_clearance(
    case_id: FromPath[UUID], check_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> ClearanceView:
    """Read the police check: the police's own until they disclose it; the case's stage shows the outcome."""
    async with request_scope.begin(Action.READ_CLEARANCE_CHECK, ClearanceCheck, check_id, within=case_id) as work:
        return await _clearance_view(work, work.subject(ClearanceCheck))


async def _clearance_view(work: UnitOfWork, check: ClearanceCheck) -> ClearanceView:
    texts = (await work.open(check, reading=Action.READ_CLEARANCE_CHECK))[check.id]
    return ClearanceView(
        id=check.id, outcome=check.outcome, checked_at=check.checked_at, note=texts.get("note"),
        told=(await told_of(work, check)).get(check.id),
    )


@post(CHILD_NOTIFICATION + "/hand-over", operation_id="HandOverChildNotification", status_code=200)
async def hand_over(
    case_id: FromPath[UUID], notification_id: FromPath[UUID], data: JSONBody[HandOverDraft],
    idempotent_scope: NamedDependency[RequestScope], saturday_counts: NamedDependency[bool],
) -> ChildNotificationView:
    """Record that the underretning was handed over; screening waits for it (rule 32)."""
    async with idempotent_scope.begin(Action.HAND_OVER_CHILD_NOTIFICATION, Case, case_id) as work:
        notification = await _notification(work, notification_id)
        clocks = await _clocks(work, notification, saturday_counts=saturday_counts)
        if not work.is_repetition:
            await hand_over_child_notification(work, notification, data, clocks)
        return await _notification_view(work, notification, clocks)


@post(CHILD_NOTIFICATION + "/assessment", operation_id="RecordAssessmentOfChild", status_code=200)
async def record_assessment(
    case_id: FromPath[UUID], notification_id: FromPath[UUID], data: JSONBody[AssessmentOfChildDraft],
    idempotent_scope: NamedDependency[RequestScope], saturday_counts: NamedDependency[bool],
) -> ChildNotificationView:
    """Record when the underretning was assessed: within 24 hours, or it shows as overdue."""
    async with idempotent_scope.begin(Action.RECORD_ASSESSMENT_OF_CHILD, Case, case_id) as work:
        notification = await _notification(work, notification_id)
        clocks = await _clocks(work, notification, saturday_counts=saturday_counts)
        if not work.is_repetition:
            await record_assessment_of_child(work, notification, data, clocks)
        return await _notification_view(work, notification, clocks)


@post(CHILD_NOTIFICATION + "/receipt", operation_id="RecordReceiptToReporter", status_code=200)
async def record_receipt(
    case_id: FromPath[UUID], notification_id: FromPath[UUID], data: JSONBody[ReceiptToReporterDraft],
    idempotent_scope: NamedDependency[RequestScope], saturday_counts: NamedDependency[bool],
) -> ChildNotificationView:
    """Record when the reporter got a receipt: within six hverdage, or it shows as overdue."""
    async with idempotent_scope.begin(Action.RECORD_RECEIPT_TO_REPORTER, Case, case_id) as work:
        notification = await _notification(work, notification_id)
        clocks = await _clocks(work, notification, saturday_counts=saturday_counts)
        if not work.is_repetition:
            await record_receipt_to_reporter(work, notification, data, clocks)
        return await _notification_view(work, notification, clocks)


@post("/cases/{case_id:uuid}/subjects/{subject_id:uuid}/ages", operation_id="StateAge")
async def state(
    case_id: FromPath[UUID], subject_id: FromPath[UUID], data: JSONBody[AgeStatementDraft],
    idempotent_scope: NamedDependency[RequestScope], saturday_counts: NamedDependency[bool],
) -> AgeView:
    """State or correct a person's age: a child, or in doubt, brings the underretning; a proven adult owes none."""
    async with idempotent_scope.begin(Action.STATE_AGE, Case, case_id) as work:
        subject = await work.row(Subject, _SUBJECT_BY_ID, id=subject_id, case_id=case_id)
        if subject is None:
            raise errors.NotAvailable
        work.audit_draft.is_about([subject_id])
        earlier = await work.earlier(AgeStatement, _AGE_BY_ID)
        recorded = earlier or await state_age(work, subject, data, saturday_counts=saturday_counts)
        return await age_view(work, subject, recorded)


async def _clocks(work: UnitOfWork, notification: ChildNotification, *, saturday_counts: bool) -> Clocks | None:
    return (await clocks_of(work, notification, saturday_counts=saturday_counts)).get(notification.id)


async def _notification_view(
    work: UnitOfWork, notification: ChildNotification, clocks: Clocks | None
) -> ChildNotificationView:
    steps, owed = await steps_of(work, notification), await owed_among(work, notification)
    told = await told_of(work, notification, *steps)
    return ChildNotificationView.of(notification, steps, told, is_owed=bool(owed), clocks=clocks, now=work.now)


async def _notification(work: UnitOfWork, notification_id: UUID) -> ChildNotification:
    notification = await work.row(ChildNotification, _NOTIFICATION_BY_ID, id=notification_id, case_id=work.case.id)
    if notification is None:
        raise errors.NotAvailable
    work.audit_draft.is_about([notification.subject_id])
    return notification


handlers = [
    record, add, list_concerns, read, record_clearance, read_clearance, hand_over, record_assessment, record_receipt,
    *kept_apart_handlers, state, *child_handlers,
]
