"""The routes of concerns: intake, the police check, a child's underretning, and the persons concerned."""

from datetime import date, datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus import errors
from infohus.authorization.action import Action
from infohus.concerns.model import (
    ChildNotification,
    ClearanceCheck,
    ClearanceOutcome,
    Concern,
    ExtremismWeight,
    ReportChannel,
    Reporter,
    ReporterKind,
    Subject,
)
from infohus.concerns.operations import (
    ClearanceDraft,
    ConcernDraft,
    HandOverDraft,
    hand_over_child_notification,
    record_clearance_check,
    record_concern,
)
from infohus.danish import WARNINGS
from infohus.ground import Case, Infohus
from infohus.unit_of_work import UnitOfWork
from infohus.workplace import Desk

_CONCERN_BY_ID = sa.select(Concern).where(Concern.id == sa.bindparam("id"))
_CHECK_BY_ID = sa.select(ClearanceCheck).where(ClearanceCheck.id == sa.bindparam("id"))
_NOTIFICATION_BY_ID = sa.select(ChildNotification).where(
    ChildNotification.id == sa.bindparam("id"), ChildNotification.case_id == sa.bindparam("case_id")
)
_SUBJECTS = sa.select(Subject).where(Subject.concern_id == sa.bindparam("concern_id")).order_by(Subject.id)
_NOTIFICATIONS = (
    sa.select(ChildNotification)
    .where(ChildNotification.case_id == sa.bindparam("case_id"))
    .order_by(ChildNotification.id)
)
_REPORTER = sa.select(Reporter.id).where(Reporter.concern_id == sa.bindparam("concern_id"))


class SubjectView(msgspec.Struct, frozen=True):
    """A person, the CPR number masked (rule 53)."""

    id: UUID
    name: str | None
    birth_date: date | None
    cpr_number_masked: str | None
    is_under_18_at_receipt: bool
    warnings: list[str]

    @classmethod
    def of(cls, subject: Subject, texts: dict[str, str]) -> "SubjectView":
        """Show a person; `123456-7890` shows as `123456-****`."""
        number, birth_date = texts.get("cpr_number"), texts.get("birth_date")
        warnings = [WARNINGS["cpr-odd"]] if subject.cpr_is_odd else []
        return cls(
            id=subject.id, name=texts.get("name"), birth_date=date.fromisoformat(birth_date) if birth_date else None,
            cpr_number_masked=f"{number[:6]}-****" if number else None,
            is_under_18_at_receipt=subject.is_under_18_at_receipt,
            warnings=warnings if number else [WARNINGS["cpr-missing"]],
        )


class ChildNotificationView(msgspec.Struct, frozen=True):
    """The underretning task and its two clocks."""

    id: UUID
    subject_id: UUID
    assess_by: datetime
    receipt_by: date
    handed_over_at: datetime | None
    receipt_given_on: date | None

    @classmethod
    def of(cls, task: ChildNotification) -> "ChildNotificationView":
        """Show the task."""
        return cls(
            id=task.id, subject_id=task.subject_id, assess_by=task.assess_by, receipt_by=task.receipt_by,
            handed_over_at=task.handed_over_at, receipt_given_on=task.receipt_given_on,
        )


class ConcernView(msgspec.Struct, frozen=True, kw_only=True):
    """A concern without its reporter's identity (rule 29)."""

    id: UUID
    case_id: UUID
    channel: ReportChannel
    received_at: datetime
    recorded_at: datetime
    reporter_kind: ReporterKind
    reporter_is_anonymous: bool
    reporter_id: UUID | None
    extremism_weight: ExtremismWeight
    extremism_form: str
    signs: list[str]
    observation: str
    interpretation: str | None
    told_reporter: str
    subjects: list[SubjectView]
    child_notifications: list[ChildNotificationView]
    warnings: list[str]

    @classmethod
    async def opened(cls, work: UnitOfWork, concern: Concern, *, warnings: list[str] | None = None) -> "ConcernView":
        """Open a concern and those of its persons that the caller may see."""
        texts = (await work.open(concern, reading=Action.READ_CONCERN))[concern.id]
        subjects = await work.rows(Subject, _SUBJECTS, concern_id=concern.id)
        opened = await work.open(*subjects, reading=Action.READ_SUBJECT)
        tasks = await work.rows(ChildNotification, _NOTIFICATIONS, case_id=concern.case_id)
        reporters = await work.values(_REPORTER, concern_id=concern.id)
        return cls(
            id=concern.id, case_id=concern.case_id, channel=concern.channel, received_at=concern.received_at,
            recorded_at=concern.recorded_at, reporter_kind=concern.reporter_kind,
            reporter_is_anonymous=concern.reporter_is_anonymous,
            reporter_id=reporters[0]["id"] if reporters else None,
            extremism_weight=concern.extremism_weight, extremism_form=concern.extremism_form, signs=concern.signs,
            observation=texts["observation"], interpretation=texts.get("interpretation"),
            told_reporter=texts["told_reporter"],
            subjects=[SubjectView.of(subject, opened[subject.id]) for subject in subjects],
            child_notifications=[ChildNotificationView.of(task) for task in tasks],
            warnings=warnings or [],
        )


class RecordedConcern(msgspec.Struct, frozen=True):
    """What a tovholder sees the moment a concern is recorded."""

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


class ReporterView(msgspec.Struct, frozen=True):
    """Who raised a concern."""

    id: UUID
    name: str
    contact: str | None


class CprNumberView(msgspec.Struct, frozen=True):
    """A full CPR number, shown by an act of its own."""

    cpr_number: str | None


@post("/infohuse/{infohus_id:uuid}/concerns", operation_id="RecordConcern")
async def record(
    infohus_id: FromPath[UUID], data: JSONBody[ConcernDraft], recording_desk: NamedDependency[Desk],
) -> RecordedConcern:
    """Record a concern and open a case on it. Acute danger answers with the 112 instruction at once (rule 31)."""
    async with recording_desk.begin(Action.RECORD_CONCERN, Infohus, infohus_id) as work:
        concern = await work.earlier(Concern, _CONCERN_BY_ID) or await record_concern(work, data)
        number = await work.case_number(concern.case_id)
        warnings = [WARNINGS["acute"]] if data.is_acute else []
        return RecordedConcern(id=concern.id, case_id=concern.case_id, number=number, warnings=warnings)


@get("/cases/{case_id:uuid}/concerns/{concern_id:uuid}", operation_id="ReadConcern")
async def read(
    case_id: FromPath[UUID], concern_id: FromPath[UUID], desk: NamedDependency[Desk],
) -> ConcernView:
    """Read a concern, observation apart from interpretation, without the reporter's identity."""
    async with desk.begin(Action.READ_CONCERN, Concern, concern_id, within=case_id) as work:
        return await ConcernView.opened(work, work.subject(Concern))


@get("/cases/{case_id:uuid}/reporters/{reporter_id:uuid}", operation_id="ReadReporter")
async def read_reporter(
    case_id: FromPath[UUID], reporter_id: FromPath[UUID], desk: NamedDependency[Desk],
) -> ReporterView:
    """Read who raised a concern: its own permission, and a fresh sign-in (rules 29 and 48)."""
    async with desk.begin(Action.READ_REPORTER, Reporter, reporter_id, within=case_id) as work:
        texts = (await work.open(work.subject(Reporter)))[reporter_id]
        return ReporterView(id=reporter_id, name=texts["identity"], contact=texts.get("contact"))


@post("/cases/{case_id:uuid}/subjects/{subject_id:uuid}/cpr-number", operation_id="RevealCprNumber", status_code=200)
async def reveal_cpr_number(
    case_id: FromPath[UUID], subject_id: FromPath[UUID], desk: NamedDependency[Desk],
) -> CprNumberView:
    """Show a full CPR number: an act of its own, logged as such (rule 53)."""
    async with desk.begin(Action.REVEAL_CPR_NUMBER, Subject, subject_id, within=case_id) as work:
        texts = (await work.open(work.subject(Subject)))[subject_id]
        return CprNumberView(cpr_number=texts.get("cpr_number"))


@post("/cases/{case_id:uuid}/clearance-checks", operation_id="RecordClearanceCheck")
async def record_clearance(
    case_id: FromPath[UUID], data: JSONBody[ClearanceDraft], recording_desk: NamedDependency[Desk],
) -> ClearanceView:
    """Record the police check; only the police tovholder can."""
    async with recording_desk.begin(Action.RECORD_CLEARANCE_CHECK, Case, case_id) as work:
        check = await work.earlier(ClearanceCheck, _CHECK_BY_ID) or await record_clearance_check(work, data)
        return await _clearance_view(work, check)


@get("/cases/{case_id:uuid}/clearance-checks/{check_id:uuid}", operation_id="ReadClearanceCheck")
async def read_clearance(
    case_id: FromPath[UUID], check_id: FromPath[UUID], desk: NamedDependency[Desk],
) -> ClearanceView:
    """Read the police check: the police's own until they disclose it; the case's stage shows the outcome."""
    async with desk.begin(Action.READ_CLEARANCE_CHECK, ClearanceCheck, check_id, within=case_id) as work:
        return await _clearance_view(work, work.subject(ClearanceCheck))


async def _clearance_view(work: UnitOfWork, check: ClearanceCheck) -> ClearanceView:
    texts = (await work.open(check, reading=Action.READ_CLEARANCE_CHECK))[check.id]
    return ClearanceView(id=check.id, outcome=check.outcome, checked_at=check.checked_at, note=texts.get("note"))


@post(
    "/cases/{case_id:uuid}/child-notifications/{notification_id:uuid}/hand-over",
    operation_id="HandOverChildNotification", status_code=200,
)
async def hand_over(
    case_id: FromPath[UUID], notification_id: FromPath[UUID], data: JSONBody[HandOverDraft],
    desk: NamedDependency[Desk],
) -> ChildNotificationView:
    """Record that the underretning was handed over; screening waits for it (rule 32)."""
    async with desk.begin(Action.HAND_OVER_CHILD_NOTIFICATION, Case, case_id) as work:
        notification = await work.row(ChildNotification, _NOTIFICATION_BY_ID, id=notification_id, case_id=case_id)
        if notification is None:
            raise errors.NotAvailable
        return ChildNotificationView.of(await hand_over_child_notification(work, notification, data))


handlers = [record, read, read_reporter, reveal_cpr_number, record_clearance, read_clearance, hand_over]
