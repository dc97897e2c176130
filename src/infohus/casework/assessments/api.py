"""The routes of the assessment tool."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.information import Origin
from infohus.cases.joint_decisions.decision_view import DecisionView, SignatureDraft, decision_view
from infohus.cases.participants import PARTICIPANTS_OF_CASE, Area, invitations_of
from infohus.casework.assessments.changes import DimensionChange, changes_since
from infohus.casework.assessments.model import (
    Answer,
    Assessment,
    Conclusion,
    ConclusionDraft,
    Contribution,
    ContributionsDraft,
    OpeningDraft,
)
from infohus.casework.assessments.operations import (
    ASSESSMENTS_OF_CASE,
    BY_ID,
    CONTRIBUTIONS,
    conclude_assessment,
    contribute,
    open_assessment,
    sign_assessment,
)
from infohus.casework.assessments.template import Template
from infohus.casework.assessments.templates import TemplateView, template_in_force, template_of
from infohus.kernel.access.model import Case, Infohus, Participant, ParticipationKind
from infohus.kernel.answers.etags import VERSIONED, IfMatch, etag, require_match
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork

ASSESSMENT = "/cases/{case_id:uuid}/assessments/{assessment_id:uuid}"


class ContributionView(msgspec.Struct, frozen=True):
    """A contribution with its source."""

    id: UUID
    authority_id: str
    dimension: str
    answer: Answer
    origin: Origin
    is_first_hand: bool
    dated_on: date
    brought_by: UUID
    text: str | None
    source: str
    told: Told | None

    @classmethod
    def of(cls, contribution: Contribution, texts: dict[str, str], told: Told | None) -> "ContributionView":
        """Show a contribution."""
        return cls(
            id=contribution.id, authority_id=contribution.authority_id, dimension=contribution.dimension,
            answer=contribution.answer, origin=contribution.origin, is_first_hand=contribution.is_first_hand,
            dated_on=contribution.dated_on, brought_by=contribution.recorded_by,
            text=texts.get("text"), source=texts["source"], told=told,
        )


class AtTheTableView(msgspec.Struct, frozen=True):
    """Somebody who took part while the assessment was open, and the dimensions they brought something to."""

    person_id: UUID
    authority_id: str
    kind: ParticipationKind
    dimensions: list[str]

    @classmethod
    def of(cls, participant: Participant, contributions: list[Contribution]) -> "AtTheTableView":
        """Show a participant with the dimensions of their contributions, which the caller may read."""
        dimensions = {
            one.dimension for one in contributions
            if (one.recorded_by, one.authority_id) == (participant.person_id, participant.acts_for)
        }
        return cls(participant.person_id, participant.acts_for, participant.kind, sorted(dimensions))


class AssessmentLine(msgspec.Struct, frozen=True):
    """A version of the assessment, as the list shows it."""

    id: UUID
    version: int
    template_id: str
    template_digest: str
    users_are_trained: bool
    opened_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, assessment: Assessment) -> "AssessmentLine":
        """Show an assessment without its texts."""
        return cls(
            assessment.id, assessment.version, assessment.template_id, assessment.template_digest.hex(),
            assessment.users_are_trained, assessment.opened_at, assessment.decided_at,
        )


class AssessmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment: the contributions the caller may read, and the conclusion. No number anywhere (rule 38)."""

    version: int
    template: Template
    users_are_trained: bool
    at_the_table: list[AtTheTableView]
    contributions: list[ContributionView]
    previous_id: UUID | None
    changes: list[DimensionChange]
    """Since the previous version, from texts that both sides may read."""
    decision: DecisionView[Conclusion]


async def _participants_of(
    work: UnitOfWork, assessment: Assessment, contributions: Sequence[Contribution]
) -> list[Participant]:
    """List who could contribute at some time while the assessment was open, as far as the caller may know that."""
    until = assessment.decided_at or work.now
    then = [
        one for one in await work.rows(Participant, PARTICIPANTS_OF_CASE, case_id=assessment.case_id)
        if one.begins_at <= until and (one.until is None or one.until > assessment.opened_at)
    ]
    invitations = await invitations_of(work, [one.id for one in then if one.kind is ParticipationKind.INVITED])
    drawn_in = {key for key, invitation in invitations.items() if Area.ASSESSMENT in invitation.scope}
    brought = {(one.recorded_by, one.authority_id) for one in contributions}
    return [
        one for one in then
        if one.kind is ParticipationKind.COORDINATOR or one.id in drawn_in or (one.person_id, one.acts_for) in brought
    ]


async def _answer(work: UnitOfWork, assessment: Assessment, *, status: int = 200) -> Response[AssessmentView]:
    stored = await work.rows(Contribution, CONTRIBUTIONS, assessment_id=assessment.id)
    contributions = [*stored, *work.pending(Contribution)]
    opened = await work.open(*contributions, reading=Action.READ_ASSESSMENT)
    told = await told_of(work, *contributions)
    template = await template_of(work, assessment)
    previous_id, changes = await changes_since(work, assessment, [one.id for one in template.dimension])
    view = AssessmentView(
        version=assessment.version, template=template, previous_id=previous_id, changes=changes,
        at_the_table=[
            AtTheTableView.of(one, contributions)
            for one in await _participants_of(work, assessment, contributions)
        ],
        users_are_trained=assessment.users_are_trained,
        contributions=[ContributionView.of(one, opened[one.id], told.get(one.id)) for one in contributions],
        decision=await decision_view(work, assessment, Conclusion, reading=Action.READ_ASSESSMENT),
    )
    return Response(view, status_code=status, headers={"ETag": etag(assessment.record_version)})


@post("/cases/{case_id:uuid}/assessments", operation_id="OpenAssessment", response_headers=VERSIONED)
async def open_tool(
    case_id: FromPath[UUID], data: JSONBody[OpeningDraft], idempotent_scope: NamedDependency[RequestScope],
) -> Response[AssessmentView]:
    """Open the tool in a case that both agreed to qualify further (rule 35)."""
    async with idempotent_scope.begin(Action.OPEN_ASSESSMENT, Case, case_id) as work:
        assessment = await work.earlier(Assessment, BY_ID) or await open_assessment(work, data)
        return await _answer(work, assessment, status=201)


@get("/cases/{case_id:uuid}/assessments", operation_id="ListAssessments")
async def list_assessments(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> list[AssessmentLine]:
    """List every version of the assessment that the caller may read, oldest first (rule 40)."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        return [AssessmentLine.of(row) for row in await work.rows(Assessment, ASSESSMENTS_OF_CASE, case_id=case_id)]


@get("/infohuse/{infohus_id:uuid}/assessment-template", operation_id="ReadAssessmentTemplate")
async def read_assessment_template(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> TemplateView:
    """Read the template that the infohus opens the tool with; what is loaded for it stands with version and digest."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        return await template_in_force(work)


@get(ASSESSMENT, operation_id="ReadAssessment", response_headers=VERSIONED)
async def read(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> Response[AssessmentView]:
    """Read an assessment."""
    async with request_scope.begin(Action.READ_ASSESSMENT, Assessment, assessment_id, within=case_id) as work:
        return await _answer(work, work.subject(Assessment))


@post(ASSESSMENT + "/contributions", operation_id="ContributeToAssessment", response_headers=VERSIONED)
async def bring(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], data: JSONBody[ContributionsDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> Response[AssessmentView]:
    """Bring what the caller's authority knows, dimension by dimension."""
    async with idempotent_scope.begin(
            Action.CONTRIBUTE_TO_ASSESSMENT, Assessment, assessment_id, within=case_id
    ) as work:
        if not work.is_repetition:
            await contribute(work, work.subject(Assessment), data)
        return await _answer(work, work.subject(Assessment), status=201)


@put(ASSESSMENT + "/conclusion", operation_id="ConcludeAssessment", response_headers=VERSIONED)
async def conclude(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], data: JSONBody[ConclusionDraft],
    idempotent_scope: NamedDependency[RequestScope], if_match: IfMatch = None,
) -> Response[AssessmentView]:
    """Write the conclusion: problems and resources, both sides (rule 37)."""
    async with idempotent_scope.begin(Action.CONCLUDE_ASSESSMENT, Assessment, assessment_id, within=case_id) as work:
        assessment = work.subject(Assessment)
        if not work.is_repetition:
            require_match(if_match, assessment.record_version)
            await conclude_assessment(work, assessment, data)
        return await _answer(work, assessment)


@post(ASSESSMENT + "/signatures", operation_id="SignAssessment", response_headers=VERSIONED)
async def sign(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], data: JSONBody[SignatureDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> Response[AssessmentView]:
    """Sign exactly the conclusion that was read."""
    async with idempotent_scope.begin(
            Action.SIGN_ASSESSMENT, Assessment, assessment_id, within=case_id
    ) as work:
        assessment = work.subject(Assessment)
        if not work.is_repetition:
            await sign_assessment(work, assessment, bytes.fromhex(data.content_hash))
            work.done(assessment.id)
        return await _answer(work, assessment, status=201)


handlers = [open_tool, list_assessments, read_assessment_template, read, bring, conclude, sign]
