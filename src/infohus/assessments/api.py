"""The routes of the assessment tool."""

from datetime import date
from uuid import UUID

import msgspec
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.answers import VERSIONED, IfMatch, etag, require_match
from infohus.assessments.model import (
    Answer,
    Assessment,
    Conclusion,
    ConclusionDraft,
    Contribution,
    ContributionsDraft,
    OpeningDraft,
)
from infohus.assessments.operations import (
    BY_ID,
    CONTRIBUTIONS,
    conclude_assessment,
    contribute,
    open_assessment,
    sign_assessment,
)
from infohus.assessments.template import Template, current_template
from infohus.authorization.action import Action
from infohus.cases.decision_view import DecisionView, SignatureDraft, decision_view
from infohus.cases.information import Origin
from infohus.ground import Case
from infohus.unit_of_work import UnitOfWork
from infohus.workplace import Desk

ONE = "/cases/{case_id:uuid}/assessments/{assessment_id:uuid}"


class ContributionView(msgspec.Struct, frozen=True):
    """A contribution with its source."""

    id: UUID
    authority_id: str
    dimension: str
    answer: Answer
    origin: Origin
    is_first_hand: bool
    dated_on: date
    text: str | None
    source: str

    @classmethod
    def of(cls, one: Contribution, texts: dict[str, str]) -> "ContributionView":
        """Show a contribution."""
        return cls(
            id=one.id, authority_id=one.authority_id, dimension=one.dimension, answer=one.answer, origin=one.origin,
            is_first_hand=one.is_first_hand, dated_on=one.dated_on, text=texts.get("text"), source=texts["source"],
        )


class AssessmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment: the contributions the caller may read, and the conclusion. No number anywhere (rule 38)."""

    version: int
    template: Template
    users_are_trained: bool
    contributions: list[ContributionView]
    decision: DecisionView[Conclusion]


async def _answer(work: UnitOfWork, assessment: Assessment, *, status: int = 200) -> Response[AssessmentView]:
    stored = await work.rows(Contribution, CONTRIBUTIONS, assessment_id=assessment.id)
    contributions = [*stored, *work.pending(Contribution)]
    opened = await work.open(*contributions, reading=Action.READ_ASSESSMENT)
    view = AssessmentView(
        version=assessment.version, template=current_template(), users_are_trained=assessment.users_are_trained,
        contributions=[ContributionView.of(one, opened[one.id]) for one in contributions],
        decision=await decision_view(work, assessment, Conclusion, reading=Action.READ_ASSESSMENT),
    )
    return Response(view, status_code=status, headers={"ETag": etag(assessment.record_version)})


@post("/cases/{case_id:uuid}/assessments", operation_id="OpenAssessment", response_headers=VERSIONED)
async def open_tool(
    case_id: FromPath[UUID], data: JSONBody[OpeningDraft], recording_desk: NamedDependency[Desk],
) -> Response[AssessmentView]:
    """Open the tool in a case that both agreed to qualify further (rule 35)."""
    async with recording_desk.begin(Action.OPEN_ASSESSMENT, Case, case_id) as work:
        assessment = await work.earlier(Assessment, BY_ID) or await open_assessment(work, data)
        return await _answer(work, assessment, status=201)


@get(ONE, operation_id="ReadAssessment", response_headers=VERSIONED)
async def read(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], desk: NamedDependency[Desk],
) -> Response[AssessmentView]:
    """Read an assessment."""
    async with desk.begin(Action.READ_ASSESSMENT, Assessment, assessment_id, within=case_id) as work:
        return await _answer(work, work.subject(Assessment))


@post(ONE + "/contributions", operation_id="ContributeToAssessment", response_headers=VERSIONED)
async def bring(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], data: JSONBody[ContributionsDraft],
    recording_desk: NamedDependency[Desk],
) -> Response[AssessmentView]:
    """Bring what the caller's authority knows, dimension by dimension."""
    async with recording_desk.begin(
            Action.CONTRIBUTE_TO_ASSESSMENT, Assessment, assessment_id, within=case_id
    ) as work:
        if await work.acted_before() is None:
            await contribute(work, work.subject(Assessment), data)
        return await _answer(work, work.subject(Assessment), status=201)


@put(ONE + "/conclusion", operation_id="ConcludeAssessment", response_headers=VERSIONED)
async def conclude(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], data: JSONBody[ConclusionDraft],
    desk: NamedDependency[Desk], if_match: IfMatch = None,
) -> Response[AssessmentView]:
    """Write the conclusion: problems and resources, both sides (rule 37)."""
    async with desk.begin(Action.CONCLUDE_ASSESSMENT, Assessment, assessment_id, within=case_id) as work:
        require_match(if_match, work.subject(Assessment).record_version)
        return await _answer(work, await conclude_assessment(work, work.subject(Assessment), data))


@post(ONE + "/signatures", operation_id="SignAssessment", response_headers=VERSIONED)
async def sign(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], data: JSONBody[SignatureDraft],
    recording_desk: NamedDependency[Desk],
) -> Response[AssessmentView]:
    """Sign exactly the conclusion that was read."""
    async with recording_desk.begin(
            Action.SIGN_ASSESSMENT, Assessment, assessment_id, within=case_id
    ) as work:
        assessment = work.subject(Assessment)
        if await work.acted_before() is None:
            await sign_assessment(work, assessment, bytes.fromhex(data.content_hash))
            work.done(assessment.id)
        return await _answer(work, assessment, status=201)


handlers = [open_tool, read, bring, conclude, sign]
