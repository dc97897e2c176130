"""How a concern is shown: its persons and its underretning, and never who raised it (rule 29)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.cases.disclosures.told import Told, ToldPart, told_of, told_parts_of
from infohus.cases.persons.cpr_numbers import read_cpr_number
from infohus.cases.persons.model import AgeStatement, ProtectedAddress, Subject
from infohus.casework.concerns.ages import STATEMENTS, AgeView, Known
from infohus.casework.concerns.child_notifications import owed_among, steps_of
from infohus.casework.concerns.clocks import Clocks, clocks_of
from infohus.casework.concerns.deadlines import age_at
from infohus.casework.concerns.model import (
    ChildNotification,
    ChildNotificationStep,
    ChildStep,
    Concern,
    ExtremismWeight,
    ReportChannel,
    Reporter,
    ReporterKind,
)
from infohus.danish import WARNINGS
from infohus.danish_calendar import danish_day
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.unit import UnitOfWork

_SUBJECTS = sa.select(Subject).where(Subject.concern_id == sa.bindparam("concern_id")).order_by(Subject.id)
_PROTECTED = (
    sa.select(ProtectedAddress.id, ProtectedAddress.subject_id)
    .join(Subject, Subject.id == ProtectedAddress.subject_id)
    .where(Subject.concern_id == sa.bindparam("concern_id"))
)
_NOTIFICATIONS = (
    sa.select(ChildNotification)
    .where(
        ChildNotification.case_id == sa.bindparam("case_id"),
        ChildNotification.subject_id.not_in(
            sa.select(Subject.id).where(
                Subject.case_id == sa.bindparam("case_id"), Subject.concern_id != sa.bindparam("concern_id")
            )
        ),
    )
    .order_by(ChildNotification.id)
)
"""Those of the concern's persons; one that was told without its person is none of another concern's either."""
_REPORTER = sa.select(Reporter.id).where(Reporter.concern_id == sa.bindparam("concern_id"))


class SubjectView(msgspec.Struct, frozen=True, kw_only=True):
    """A person, the CPR number masked (rule 53); a protected address is not here, only where it is revealed (54)."""

    id: UUID
    name: str | None
    birth_date: date | None
    cpr_number_masked: str | None
    is_under_18_at_receipt: bool
    age: AgeView
    age_at_receipt: int | None
    age_now: int | None
    address: str | None
    protected_address_id: UUID | None
    warnings: list[str]
    told: Told | None

    @classmethod
    def of(
        cls, known: Known, told: Told | None, *, protected_address_id: UUID | None, received_at: datetime,
        now: datetime,
    ) -> "SubjectView":
        """Show a person; `123456-7890` shows as `123456-****`. The ages are null when no date is known."""
        subject, texts = known.subject, known.texts
        number = read_cpr_number(texts["cpr_number"]) if "cpr_number" in texts else None
        stated = date.fromisoformat(texts["birth_date"]) if "birth_date" in texts else None
        born = number.birth_date if number else stated
        warnings = [WARNINGS["cpr-odd"]] if subject.cpr_is_odd else []
        if number and number.is_replacement:
            warnings.append(WARNINGS["cpr-replacement"])
        age = known.view(danish_day(received_at))
        return cls(
            id=subject.id, name=texts.get("name"), birth_date=stated,
            cpr_number_masked=number.masked if number else None,
            is_under_18_at_receipt=subject.is_under_18_at_receipt, age=age,
            age_at_receipt=age_at(born, received_at) if born else None, age_now=age_at(born, now) if born else None,
            address=texts.get("address"), protected_address_id=protected_address_id,
            warnings=[*(warnings if number else [WARNINGS["cpr-missing"]]), *age.warnings], told=told,
        )


class ChildNotificationStepView(msgspec.Struct, frozen=True):
    """A step that somebody recorded: an exchange can disclose it by its id."""

    id: UUID
    authority_id: str
    step: ChildStep
    told: Told | None


class ChildNotificationView(msgspec.Struct, frozen=True, kw_only=True):
    """The underretning task and its two clocks: each runs until it is stopped, and shows when it ran over.

    What was done is what the steps tell that the caller's side recorded or was told.
    """

    id: UUID
    subject_id: UUID
    assess_by: datetime | None
    assessed_at: datetime | None
    assessment_is_overdue: bool
    receipt_by: date | None
    receipt_given_on: date | None
    receipt_is_not_possible: bool
    receipt_is_overdue: bool
    handed_over_at: datetime | None
    is_owed: bool
    steps: list[ChildNotificationStepView]
    told: Told | None

    @classmethod
    def of(  # noqa: PLR0913 - all that is known of a task, mostly by name
        cls, task: ChildNotification, steps: Sequence[ChildNotificationStep], told: Mapping[UUID, Told], *,
        is_owed: bool, clocks: Clocks | None, now: datetime,
    ) -> "ChildNotificationView":
        """Show the task as it stands `now` by the steps of it among `steps`; of two alike the first counts.

        Nothing runs over of a task that is not owed, because the person is a proven adult; without `clocks` none run.
        """
        taken = [one for one in steps if one.notification_id == task.id]
        first = {one.step: one for one in reversed(taken)}
        handed_over, assessed = first.get(ChildStep.HANDED_OVER), first.get(ChildStep.ASSESSED)
        given, not_possible = first.get(ChildStep.RECEIPT_GIVEN), first.get(ChildStep.RECEIPT_NOT_POSSIBLE)
        receipt = given or not_possible
        assessed_at = assessed.taken_at if assessed else None
        receipt_on = receipt.taken_on if receipt else None
        runs = clocks if is_owed else None
        return cls(
            id=task.id, subject_id=task.subject_id, assess_by=clocks and clocks.assess_by, assessed_at=assessed_at,
            assessment_is_overdue=runs is not None and (assessed_at or now) > runs.assess_by,
            receipt_by=clocks and clocks.receipt_by, receipt_given_on=given.taken_on if given else None,
            receipt_is_not_possible=not_possible is not None,
            receipt_is_overdue=runs is not None and (receipt_on or danish_day(now)) > runs.receipt_by,
            handed_over_at=handed_over.taken_at if handed_over else None, is_owed=is_owed,
            steps=[ChildNotificationStepView(one.id, one.authority_id, one.step, told.get(one.id)) for one in taken],
            told=told.get(task.id),
        )


class ConcernLine(msgspec.Struct, frozen=True):
    """A concern as the list shows it: nothing about anyone."""

    id: UUID
    kind: str
    channel: ReportChannel
    received_at: datetime
    recorded_at: datetime
    owner: str

    @classmethod
    def of(cls, concern: Concern) -> "ConcernLine":
        """Show a concern's facts."""
        return cls(
            concern.id, concern.kind, concern.channel, concern.received_at, concern.recorded_at, concern.authority_id
        )


class ConcernView(msgspec.Struct, frozen=True, kw_only=True):
    """A concern without its reporter's identity (rule 29), in the `parts` that the caller's authority has (rule 87).

    Weight, form and signs are of the interpretation. `told_parts` says of each part that others told what became of it.
    `is_acute`: whoever recorded it was told to call 112.
    """

    id: UUID
    case_id: UUID
    kind: str
    channel: ReportChannel
    received_at: datetime
    recorded_at: datetime
    reporter_kind: ReporterKind
    reporter_is_anonymous: bool
    reporter_id: UUID | None
    extremism_weight: ExtremismWeight | None
    extremism_form: str | None
    signs: list[str]
    is_acute: bool
    observation: str | None
    interpretation: str | None
    told_reporter: str | None
    parts: list[str]
    subjects: list[SubjectView]
    child_notifications: list[ChildNotificationView]
    warnings: list[str]
    about: list[UUID]
    told: Told | None
    told_parts: list[ToldPart]

    @classmethod
    async def opened(cls, work: UnitOfWork, concern: Concern, *, saturday_counts: bool) -> "ConcernView":
        """Open a concern and those of its persons that the caller may see."""
        texts = (await work.open(concern, reading=Action.READ_CONCERN))[concern.id]
        subjects = await work.rows(Subject, _SUBJECTS, concern_id=concern.id)
        places = {person: place for place, person in enumerate(work.side.persons)}
        subjects.sort(key=lambda subject: places.get(subject.id, len(places)))
        opened = await work.open(*subjects, reading=Action.READ_SUBJECT)
        addresses = await work.values(_PROTECTED, concern_id=concern.id) if subjects else []
        protected = {row["subject_id"]: row["id"] for row in addresses}
        later = await work.rows(AgeStatement, STATEMENTS, subject_ids=[one.id for one in subjects]) if subjects else []
        statements = await work.open(*later, reading=Action.READ_SUBJECT)
        known = [
            Known(one, opened[one.id], [(say, statements[say.id]) for say in later if say.subject_id == one.id])
            for one in subjects
        ]
        tasks = await work.rows(ChildNotification, _NOTIFICATIONS, case_id=concern.case_id, concern_id=concern.id)
        tasks.sort(key=lambda task: (places.get(task.subject_id, len(places)), task.recorded_at))
        clocks = await clocks_of(work, *tasks, saturday_counts=saturday_counts)
        owed, steps = await owed_among(work, *tasks), await steps_of(work, *tasks)
        told = await told_of(work, concern, *subjects, *tasks, *steps)
        reporters = await work.values(_REPORTER, concern_id=concern.id)
        return cls(
            id=concern.id, case_id=concern.case_id, kind=concern.kind, channel=concern.channel,
            received_at=concern.received_at, recorded_at=concern.recorded_at, reporter_kind=concern.reporter_kind,
            reporter_is_anonymous=concern.reporter_is_anonymous,
            reporter_id=reporters[0]["id"] if reporters else None,
            is_acute=concern.is_acute,
            extremism_weight=ExtremismWeight(texts["extremism_weight"]) if "extremism_weight" in texts else None,
            extremism_form=texts.get("extremism_form"), signs=texts["signs"].split(",") if "signs" in texts else [],
            observation=texts.get("observation"), interpretation=texts.get("interpretation"),
            told_reporter=texts.get("told_reporter"), parts=await work.parts_of(concern),
            subjects=[
                SubjectView.of(
                    one, told.get(one.subject.id), protected_address_id=protected.get(one.subject.id),
                    received_at=concern.received_at, now=work.now,
                )
                for one in known
            ],
            child_notifications=[
                ChildNotificationView.of(
                    task, steps, told, is_owed=task.id in owed, clocks=clocks.get(task.id), now=work.now
                )
                for task in tasks
            ],
            warnings=[], about=work.about(concern), told=told.get(concern.id),
            told_parts=await told_parts_of(work, concern),
        )
