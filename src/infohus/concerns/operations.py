"""Record a concern, the police check of it, and the hand-over of a child's underretning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError

from infohus import errors
from infohus.cases.disclosure import CLOCK_TOLERANCE, LongText
from infohus.cases.lifecycle import next_stage
from infohus.concerns.deadlines import ADULT_AGE, DENMARK, YOUNG_ADULT_UNTIL, age_at, assess_by, receipt_by
from infohus.concerns.model import (
    AgeGroup,
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
from infohus.ground import Case, Coordinator, Participant, ParticipationKind, Stage
from infohus.tables import new_id
from infohus.unit_of_work import UnitOfWork

ShortText = Annotated[str, Meta(min_length=1, max_length=400)]
Moment = Annotated[datetime, Meta(tz=True)]


class ReporterIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who raised the concern; left out for an anonymous one."""

    name: ShortText
    contact: ShortText | None = None


class SubjectDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person the concern is about. Everything may be missing; a CPR number is ten digits, with or without a dash."""

    name: ShortText | None = None
    cpr_number: Annotated[str, Meta(pattern=r"^[0-9]{6}[- ]?[0-9]{4}$")] | None = None
    birth_date: date | None = None
    is_under_18: bool | None = None


class ConcernDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A henvendelse as the tovholder writes it down."""

    channel: ReportChannel
    received_at: Moment
    reporter_kind: ReporterKind
    observation: Annotated[LongText, Meta(min_length=1)]
    told_reporter: LongText
    reporter_is_anonymous: bool = False
    reporter: ReporterIdentity | None = None
    interpretation: LongText | None = None
    signs: Annotated[list[Annotated[str, Meta(pattern="^(individual|social)-[0-9]{1,2}$")]], Meta(max_length=40)] = []
    extremism_weight: ExtremismWeight = ExtremismWeight.UNKNOWN
    extremism_form: Annotated[str, Meta(pattern="^[a-z]{1,30}$")] = "unknown"
    subjects: Annotated[list[SubjectDraft], Meta(max_length=20)] = []
    is_acute: bool = False


class ClearanceDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the police found."""

    outcome: ClearanceOutcome
    note: LongText | None = None


class HandOverDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To whom the underretning was handed over, and when."""

    handed_over_at: Moment
    handed_over_to: ShortText


_COORDINATORS = sa.select(Coordinator.person_id, Coordinator.authority_id).where(
    Coordinator.infohus_id == sa.bindparam("infohus_id")
)
_NEXT_NUMBER = sa.select(sa.func.nextval("infohus.case_number").label("number"))
_OPEN_NOTIFICATIONS = sa.select(ChildNotification.id).where(
    ChildNotification.case_id == sa.bindparam("case_id"),
    ChildNotification.handed_over_at.is_(None),
    ChildNotification.id != sa.bindparam("besides"),
)


async def record_concern(work: UnitOfWork, draft: ConcernDraft) -> Concern:
    """Open a case on a concern; both tovholdere take part, and each authority has its own key from the start.

    Raises:
        AnonymousReporterHasIdentity, TellingTheReporterNotRecorded, CprNumberNotPossible, InTheFuture
    """
    if draft.reporter_is_anonymous and draft.reporter is not None:
        raise errors.AnonymousReporterHasIdentity
    if not draft.told_reporter.strip():
        raise errors.TellingTheReporterNotRecorded
    if draft.received_at > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field="received_at")
    people = [_person(work, subject, draft.received_at) for subject in draft.subjects]
    await _open_case(work, people)
    concern = work.create(
        Concern,
        sealed={
            "observation": draft.observation, "interpretation": draft.interpretation,
            "told_reporter": draft.told_reporter,
        },
        channel=draft.channel, received_at=draft.received_at, reporter_kind=draft.reporter_kind,
        reporter_is_anonymous=draft.reporter_is_anonymous, extremism_weight=draft.extremism_weight,
        extremism_form=draft.extremism_form, signs=list(draft.signs),
    )
    if draft.reporter is not None:
        work.create(
            Reporter, sealed={"identity": draft.reporter.name, "contact": draft.reporter.contact},
            concern_id=concern.id, reporter_is_anonymous=False,
        )
    for person in people:
        _record_subject(work, concern, person)
    work.done(concern.id)
    return concern


async def record_clearance_check(work: UnitOfWork, draft: ClearanceDraft) -> ClearanceCheck:
    """Record the police check; the case goes on, or stops with each authority's own duties left (rule 19)."""
    check = work.create(ClearanceCheck, sealed={"note": draft.note}, outcome=draft.outcome, checked_at=work.now)
    work.change(work.case, stage=next_stage("clearance_check", draft.outcome.value))
    work.done(check.id)
    return check


async def hand_over_child_notification(
    work: UnitOfWork, notification: ChildNotification, draft: HandOverDraft
) -> ChildNotification:
    """Record that the underretning was handed over; with the last one, screening may begin (rule 32).

    Raises:
        AlreadyRecorded: it was handed over before.
    """
    if notification.handed_over_at is not None:
        raise errors.AlreadyRecorded
    if draft.handed_over_at > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field="handed_over_at")
    await work.rewrite(
        notification, sealed={"handed_over_to": draft.handed_over_to}, handed_over_at=draft.handed_over_at
    )
    others = await work.values(_OPEN_NOTIFICATIONS, case_id=work.case.id, besides=notification.id)
    if not others:
        work.change(work.case, awaits_child_notification=False)
    return notification


async def _open_case(work: UnitOfWork, people: Sequence["_Person"]) -> None:
    number = (await work.values(_NEXT_NUMBER))[0]["number"]
    case = Case(
        id=new_id(), infohus_id=work.infohus_id, number=f"{work.now.astimezone(DENMARK).year}-{number:05d}",
        stage=Stage.RECEIVED, version=1, opened_at=work.now, closed_at=None, outcome=None,
        subject_pseudonyms=[work.pseudonym(person.identity) for person in people],
        awaits_child_notification=any(person.is_child for person in people),
    )
    work.enter(case)
    coordinators = await work.values(_COORDINATORS, infohus_id=work.infohus_id)
    work.new_case_keys(case.id, *sorted({row["authority_id"] for row in coordinators}))
    for row in coordinators:
        work.add(Participant(
            case_id=case.id, authority_id=work.caller.authority_id, regime=work.regime, record_version=1,
            recorded_at=work.now, recorded_by=work.caller.person_id, person_id=row["person_id"],
            acts_for=row["authority_id"], kind=ParticipationKind.COORDINATOR, scope=[], begins_at=work.now,
            ends_at=None, reason=None, public_task_confirmed=False,
        ))


@dataclass(frozen=True, slots=True)
class _Person:
    """A subject with what follows from the CPR number: the identity is the same in every case on the same person."""

    draft: SubjectDraft
    subject_id: UUID
    identity: UUID
    age_group: AgeGroup
    cpr_number: str | None
    cpr_index: bytes | None

    @property
    def is_child(self) -> bool:
        """Say whether the person was under 18 at receipt."""
        return self.age_group is AgeGroup.UNDER_18


def _person(work: UnitOfWork, draft: SubjectDraft, received_at: datetime) -> _Person:
    subject_id = new_id()
    age_group = _age_group(draft, received_at)
    if draft.cpr_number is None:
        return _Person(draft, subject_id, subject_id, age_group, None, None)
    number = cpr.compact(draft.cpr_number)
    index = work.lookup_index("cpr", number)
    return _Person(draft, subject_id, UUID(bytes=index[:16]), age_group, number, index)


def _record_subject(work: UnitOfWork, concern: Concern, person: _Person) -> None:
    number, birth_date = person.cpr_number, person.draft.birth_date
    subject = work.create(
        Subject,
        sealed={
            "name": person.draft.name, "cpr_number": number,
            "birth_date": birth_date.isoformat() if birth_date else None,
        },
        id=person.subject_id, concern_id=concern.id, is_under_18_at_receipt=person.is_child,
        age_group=person.age_group, cpr_index=person.cpr_index,
        cpr_is_odd=number is not None and cpr.checksum(number) != 0,
    )
    if person.is_child:
        work.create(
            ChildNotification, sealed={"handed_over_to": None}, subject_id=subject.id, receipt_given_on=None,
            assess_by=assess_by(concern.received_at), receipt_by=receipt_by(concern.received_at), handed_over_at=None,
        )


def _age_group(draft: SubjectDraft, received_at: datetime) -> AgeGroup:
    """Judge age by CPR number, else by birth date, else by what the caller was told.

    Raises:
        CprNumberNotPossible: the date in the number does not exist or lies ahead (rule 74).
    """
    birth_date = draft.birth_date
    if draft.cpr_number:
        try:
            cpr.validate(draft.cpr_number)
        except ValidationError:
            raise errors.CprNumberNotPossible from None
        birth_date = cpr.get_birth_date(draft.cpr_number)
    if birth_date is None:
        return AgeGroup.UNDER_18 if draft.is_under_18 else AgeGroup.UNKNOWN
    age = age_at(birth_date, received_at)
    if age < ADULT_AGE:
        return AgeGroup.UNDER_18
    return AgeGroup.FROM_18_TO_24 if age < YOUNG_ADULT_UNTIL else AgeGroup.FROM_25
