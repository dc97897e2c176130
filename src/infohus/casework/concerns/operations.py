"""Record a concern, in a new case or in an open one; the police check; the release of a reporter's identity."""

from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.operations import CLOCK_TOLERANCE
from infohus.cases.joint_decisions.closing_signatures import require_no_closure_signed
from infohus.cases.persons.about import About, persons_named
from infohus.cases.procedure.outcomes import ClearanceOutcome
from infohus.cases.procedure.table import next_stage
from infohus.casework.concerns.model import (
    ClearanceCheck,
    Concern,
    ConcernForm,
    ExtremismWeight,
    ReportChannel,
    Reporter,
    ReporterKind,
    ReporterRelease,
)
from infohus.casework.concerns.refusals import NotInThePlan, PlanWithoutSigns
from infohus.casework.concerns.subjects import Person, SubjectDraft, doubts_about, record_subject
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Case, Coordinator, Participant, ParticipationKind, Stage
from infohus.kernel.database.tables import new_id
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import AnswerToRule, Label, OptionalReason, Reason, has_words
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.in_force import ConcernCodes, FormCode, KindCode, SignCode, concern_codes, plan_in_force


class ReporterIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who raised the concern; left out for an anonymous one."""

    name: Label
    contact: Label | None = None


class ConcernDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A henvendelse as the tovholder writes it down.

    It concerns its `subjects`, and whom of those known already `about` names; without either, see `persons_named`.
    """

    channel: ReportChannel
    received_at: Moment
    reporter_kind: ReporterKind
    observation: Reason
    told_reporter: AnswerToRule
    kind: KindCode = "person"
    reporter_is_anonymous: bool = False
    reporter: ReporterIdentity | None = None
    interpretation: OptionalReason | None = None
    signs: Annotated[list[SignCode], Meta(max_length=40)] = []
    extremism_weight: ExtremismWeight = ExtremismWeight.UNKNOWN
    extremism_form: FormCode = "unknown"
    subjects: Annotated[list[SubjectDraft], Meta(max_length=20)] = []
    about: About | None = None
    is_acute: bool = False


class ClearanceDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the police found."""

    outcome: ClearanceOutcome
    note: OptionalReason | None = None


class ReleaseDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why the subject may learn who raised the concern."""

    reason: Reason


_COORDINATORS = (
    sa.select(Coordinator.person_id, Coordinator.authority_id)
    .where(Coordinator.infohus_id == sa.bindparam("infohus_id"))
    .order_by(Coordinator.authority_id, Coordinator.person_id)
)
_NEXT_NUMBER = sa.select(
    sa.func.infohus.next_case_number(sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("year")).label("number")
)
_RELEASED = sa.select(ReporterRelease.id).where(ReporterRelease.reporter_id == sa.bindparam("reporter_id"))


async def record_concern(work: UnitOfWork, draft: ConcernDraft, *, saturday_counts: bool) -> Concern:
    """Open a case on a concern; both tovholdere take part.

    Raises:
        AnonymousReporterHasIdentity, TellingTheReporterNotRecorded, CprNumberNotPossible, InTheFuture,
        NotInThePlan, PlanWithoutSigns, ProtectedAddressMissing, BirthDateNotPossible
    """
    people = await _checked_persons(work, draft)
    await _open_case(work)
    return await _write_concern(work, draft, people, saturday_counts=saturday_counts)


async def add_concern(work: UnitOfWork, draft: ConcernDraft, *, saturday_counts: bool) -> Concern:
    """Record one more concern in the case; with a child among its persons, screening waits for the underretning again.

    Raises:
        PersonsNotNamed, NoPersonOfTheSide: it names nobody, and the side knows several; or somebody unknown to it.
        ClosureIsSigned: there is a child, and the caller's authority has signed a closure.
        The same as `record_concern`.
    """
    people = await _checked_persons(work, draft)
    if any(person.is_child for person in people):
        await require_no_closure_signed(work)
    work.side.change()
    return await _write_concern(work, draft, people, saturday_counts=saturday_counts)


def warnings_about(draft: ConcernDraft) -> Iterator[str]:
    """Give the keys of the warnings that the answer must show, acute danger first (rule 31)."""
    if draft.is_acute:
        yield "acute"
    yield from doubts_about(draft.subjects, draft.received_at)


async def record_clearance_check(work: UnitOfWork, draft: ClearanceDraft) -> ClearanceCheck:
    """Record the police check; the case goes on, or stops, and each authority keeps its own duties (rule 19)."""
    check = work.create(ClearanceCheck, sealed={"note": draft.note}, outcome=draft.outcome, checked_at=work.now)
    work.change(work.case, stage=next_stage(work.action, draft.outcome))
    work.done(check.id)
    return check


async def release_reporter_identity(work: UnitOfWork, reporter: Reporter, draft: ReleaseDraft) -> ReporterRelease:
    """Record that the subject may learn who raised the concern; the act itself tells nobody (rule 67).

    Raises:
        AlreadyRecorded: it was released before.
    """
    if await work.values(_RELEASED, reporter_id=reporter.id):
        raise errors.AlreadyRecorded
    release = work.create(
        ReporterRelease, sealed={"reason": draft.reason}, reporter_id=reporter.id, about=await work.whom(reporter)
    )
    work.done(release.id)
    return release


async def _checked_persons(work: UnitOfWork, draft: ConcernDraft) -> list[Person]:
    if draft.reporter_is_anonymous and draft.reporter is not None:
        raise errors.AnonymousReporterHasIdentity
    if not has_words(draft.told_reporter):
        raise errors.TellingTheReporterNotRecorded
    if draft.received_at > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field="received_at")
    plan = await plan_in_force(work)
    _require_codes(draft, concern_codes(None if plan is None else plan.document))
    return [
        Person.of(work, subject, draft.received_at, field=f"subjects[{place}]")
        for place, subject in enumerate(draft.subjects)
    ]


def _require_codes(draft: ConcernDraft, codes: ConcernCodes) -> None:
    if draft.signs and not codes.signs:
        raise PlanWithoutSigns(field="signs")
    named = [("kind", draft.kind, codes.kinds), ("extremism_form", draft.extremism_form, codes.extremism_forms)]
    named += [(f"signs[{place}]", sign, codes.signs) for place, sign in enumerate(draft.signs)]
    for field, code, known in named:
        if code not in known:
            raise NotInThePlan(field=field, known=", ".join(known))


async def _write_concern(
    work: UnitOfWork, draft: ConcernDraft, people: Sequence[Person], *, saturday_counts: bool
) -> Concern:
    known = frozenset[UUID]() if people and draft.about is None else await persons_named(work, draft.about)
    about = [*known, *(person.id for person in people)]
    concern = work.create(
        Concern,
        sealed={
            "observation": draft.observation, "interpretation": draft.interpretation,
            "told_reporter": draft.told_reporter, "extremism_weight": draft.extremism_weight.value,
            "extremism_form": draft.extremism_form, "signs": ",".join(draft.signs) or None,
        },
        kind=draft.kind, channel=draft.channel, received_at=draft.received_at, reporter_kind=draft.reporter_kind,
        reporter_is_anonymous=draft.reporter_is_anonymous, is_acute=draft.is_acute, about=about,
    )
    work.add(ConcernForm.of(
        concern_id=concern.id, case_id=concern.case_id, authority_id=concern.authority_id,
        extremism_form=draft.extremism_form,
    ))
    if draft.reporter is not None:
        work.create(
            Reporter, sealed={"identity": draft.reporter.name, "contact": draft.reporter.contact},
            concern_id=concern.id, reporter_is_anonymous=False, about=about,
        )
    for person in people:
        record_subject(work, concern, person, saturday_counts=saturday_counts)
    work.done(concern.id)
    return concern


async def _open_case(work: UnitOfWork) -> None:
    year = danish_day(work.now).year
    number = (await work.values(_NEXT_NUMBER, infohus_id=work.infohus_id, year=year))[0]["number"]
    case = Case(
        id=new_id(), infohus_id=work.infohus_id, number=f"{year}-{number:05d}",
        stage=Stage.RECEIVED, version=1, opened_at=work.now, closed_at=None, outcome=None,
        taken_over_at=None,
    )
    work.enter(case)
    coordinators = await work.values(_COORDINATORS, infohus_id=work.infohus_id)
    for row in coordinators:
        work.add(Participant(
            case_id=case.id, authority_id=work.caller.authority_id, regime=work.regime, record_version=1,
            recorded_at=work.now, recorded_by=work.caller.person_id, person_id=row["person_id"],
            acts_for=row["authority_id"], kind=ParticipationKind.COORDINATOR, begins_at=work.now, ends_at=None,
            ended_at=None,
        ))
