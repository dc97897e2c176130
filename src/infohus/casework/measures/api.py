"""The routes of recommendations and measures."""

from datetime import date, datetime
from functools import partial
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.joint_decisions.decision_routes import DecisionKind, routes_of
from infohus.casework.measures.model import (
    FollowUp,
    FollowUpDraft,
    Measure,
    MeasureDraft,
    MeasureKind,
    MeasureOutcome,
    PreventionLevel,
    Recommendation,
    RecommendationContent,
    RecommendationDraft,
)
from infohus.casework.measures.operations import (
    FOLLOW_UPS,
    MEASURE_BY_ID,
    Course,
    amend_recommendation,
    course_of,
    propose_recommendation,
    record_follow_up,
    sign_recommendation,
    start_measure,
)
from infohus.casework.measures.stalled_measures import StalledMeasureView, stalled_measures
from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.answers.etags import VERSIONED, etag
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.listing import page_opened
from infohus.kernel.unit_of_work.unit import UnitOfWork

MEASURE = "/cases/{case_id:uuid}/measures/{measure_id:uuid}"
FIRST_PAGE = 50
"""How many follow-ups a measure shows itself; the rest are listed behind its `next`."""


class FollowUpView(msgspec.Struct, frozen=True):
    """What was found when somebody looked again."""

    id: UUID
    authority_id: str
    recorded_at: datetime
    text: str
    next_follow_up_on: date | None
    outcome: MeasureOutcome | None
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, *follow_ups: FollowUp) -> "list[FollowUpView]":
        """Show follow-ups with their texts, which are opened for it."""
        texts = await work.open(*follow_ups, reading=Action.READ_MEASURE)
        told = await told_of(work, *follow_ups)
        return [
            cls(
                one.id, one.authority_id, one.recorded_at, texts[one.id]["text"], one.next_follow_up_on, one.outcome,
                told.get(one.id),
            )
            for one in follow_ups
        ]


class MeasureView(msgspec.Struct, frozen=True, kw_only=True):
    """A measure, who carries it out, and the first page of the follow-ups that the caller may read."""

    id: UUID
    case_id: UUID
    level: PreventionLevel
    kind: MeasureKind
    responsible_authority: str
    delivered_by: UUID | None
    is_social_support: bool
    description: str
    starts_on: date
    follow_up_on: date
    ended_at: datetime | None
    outcome: MeasureOutcome | None
    follow_ups: Page[FollowUpView]
    about: list[UUID]
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, measure: Measure, course: Course) -> "MeasureView":
        """Open a measure with its first follow-ups."""
        texts = await work.open(measure, reading=Action.READ_MEASURE)
        told = await told_of(work, measure)
        end = course.end
        return cls(
            id=measure.id, case_id=measure.case_id, level=measure.level, kind=measure.kind,
            responsible_authority=measure.responsible_id, delivered_by=measure.delivered_by,
            is_social_support=measure.is_social_support, outcome=end.outcome if end else None,
            description=texts[measure.id]["description"],
            starts_on=measure.starts_on, follow_up_on=course.follow_up_on, ended_at=end.recorded_at if end else None,
            follow_ups=await _follow_ups(work, measure, NIL, FIRST_PAGE), about=work.about(measure),
            told=told.get(measure.id),
        )


async def _follow_ups(work: UnitOfWork, measure: Measure, after: UUID, limit: int) -> Page[FollowUpView]:
    """List follow-ups, oldest first; the last is the one that this unit is about to write."""
    stored = await work.rows(FollowUp, FOLLOW_UPS, measure_id=measure.id, after=after, limit=limit + 1)
    found = [*stored, *work.pending(FollowUp)]
    return await page_opened(work, found, partial(FollowUpView.opened, work), limit=limit)


KIND = DecisionKind(
    name="Recommendation", path="recommendations", model=Recommendation, draft=RecommendationDraft,
    content=RecommendationContent, proposing=Action.PROPOSE_RECOMMENDATION, reading=Action.READ_RECOMMENDATION,
    amending=Action.AMEND_RECOMMENDATION, signing=Action.SIGN_RECOMMENDATION, propose=propose_recommendation,
    amend=amend_recommendation, sign=sign_recommendation,
)


@post("/cases/{case_id:uuid}/measures", operation_id="StartMeasure", response_headers=VERSIONED)
async def start(
    case_id: FromPath[UUID], data: JSONBody[MeasureDraft], idempotent_scope: NamedDependency[RequestScope],
) -> Response[MeasureView]:
    """Record a measure with its one responsible authority and its first follow-up date."""
    async with idempotent_scope.begin(Action.START_MEASURE, Case, case_id) as work:
        measure = await work.earlier(Measure, MEASURE_BY_ID) or await start_measure(work, data)
        return await _measure_answer(work, measure, status=201)


@get(MEASURE, operation_id="ReadMeasure", response_headers=VERSIONED)
async def read_measure(
    case_id: FromPath[UUID], measure_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> Response[MeasureView]:
    """Read a measure and its follow-ups."""
    async with request_scope.begin(Action.READ_MEASURE, Measure, measure_id, within=case_id) as work:
        measure = work.subject(Measure)
        return await _measure_answer(work, measure)


@post(MEASURE + "/follow-ups", operation_id="RecordFollowUp", response_headers=VERSIONED)
async def follow_up(
    case_id: FromPath[UUID], measure_id: FromPath[UUID], data: JSONBody[FollowUpDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> Response[MeasureView]:
    """Record a follow-up; with an outcome the measure ends."""
    async with idempotent_scope.begin(
            Action.RECORD_FOLLOW_UP, Measure, measure_id, within=case_id
    ) as work:
        measure = work.subject(Measure)
        if not work.is_repetition:
            await record_follow_up(work, measure, data)
        return await _measure_answer(work, measure, status=201)


async def _measure_answer(work: UnitOfWork, measure: Measure, *, status: int = 200) -> Response[MeasureView]:
    course = await course_of(work, measure)
    view = await MeasureView.opened(work, measure, course)
    # A follow-up is another version for those who may read it, and for nobody else (rule 44).
    return Response(view, status_code=status, headers={"ETag": etag(measure.record_version + course.follow_ups)})


@get(MEASURE + "/follow-ups", operation_id="ListFollowUps")
async def list_follow_ups(
    case_id: FromPath[UUID], measure_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    after: After = NIL, limit: Limit = FIRST_PAGE,
) -> Page[FollowUpView]:
    """List the follow-ups of a measure that the caller may read, oldest first."""
    async with request_scope.begin(Action.READ_MEASURE, Measure, measure_id, within=case_id) as work:
        return await _follow_ups(work, work.subject(Measure), after, limit)


@get("/infohuse/{infohus_id:uuid}/stalled-measures", operation_id="ListStalledMeasures")
async def list_stalled(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], stalled_after_days: NamedDependency[int],
    after: After = NIL, limit: Limit = 50,
) -> Page[StalledMeasureView]:
    """List measures of the caller's cases in which nothing has happened for a while (rule 77)."""
    async with request_scope.begin(Action.LIST_STALLED_MEASURES, Infohus, infohus_id) as work:
        stalled = await stalled_measures(work, quiet_days=stalled_after_days, after=after, limit=limit + 1)
        return page_of(stalled, [one.measure_id for one in stalled], limit=limit)


handlers = [*routes_of(KIND), start, read_measure, list_follow_ups, follow_up, list_stalled]
