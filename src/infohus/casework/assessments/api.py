"""The routes of the assessment tool."""

from collections.abc import Collection
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
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
    BROUGHT,
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
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.listing import page_opened
from infohus.kernel.unit_of_work.unit import UnitOfWork

ASSESSMENT = "/cases/{case_id:uuid}/assessments/{assessment_id:uuid}"
FIRST_PAGE = 50
"""How many contributions an assessment shows itself; the rest are listed behind its `next`."""


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
    about: list[UUID]
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, *contributions: Contribution) -> "list[ContributionView]":
        """Show contributions with their texts, which are opened for it."""
        texts = await work.open(*contributions, reading=Action.READ_ASSESSMENT)
        told = await told_of(work, *contributions)
        return [
            cls(
                id=one.id, authority_id=one.authority_id, dimension=one.dimension, answer=one.answer,
                origin=one.origin, is_first_hand=one.is_first_hand, dated_on=one.dated_on, brought_by=one.recorded_by,
                text=texts[one.id].get("text"), source=texts[one.id]["source"], about=work.about(one),
                told=told.get(one.id),
            )
            for one in contributions
        ]


class Brought(NamedTuple):
    """That a person of an authority brought something to a dimension."""

    person_id: UUID
    authority_id: str
    dimension: str


class AtTheTableView(msgspec.Struct, frozen=True):
    """Somebody who took part while the assessment was open, and the dimensions they brought something to."""

    person_id: UUID
    authority_id: str
    kind: ParticipationKind
    dimensions: list[str]

    @classmethod
    def of(cls, participant: Participant, brought: Collection[Brought]) -> "AtTheTableView":
        """Show a participant with the dimensions of their contributions, which the caller may read."""
        mine = (participant.person_id, participant.acts_for)
        dimensions = sorted({one.dimension for one in brought if (one.person_id, one.authority_id) == mine})
        return cls(participant.person_id, participant.acts_for, participant.kind, dimensions)


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
    """An assessment with its conclusion, and the first page of the contributions that the caller may read.

    No number anywhere (rule 38).
    """

    version: int
    template: Template
    users_are_trained: bool
    at_the_table: list[AtTheTableView]
    contributions: Page[ContributionView]
    previous_id: UUID | None
    changes: list[DimensionChange]
    """Since the previous version, from texts that both sides may read."""
    decision: DecisionView[Conclusion]


async def _participants_of(
    work: UnitOfWork, assessment: Assessment, brought: Collection[Brought]
) -> list[Participant]:
    """List who could contribute at some time while the assessment was open, as far as the caller may know that."""
    until = assessment.decided_at or work.now
    then = [
        one for one in await work.rows(Participant, PARTICIPANTS_OF_CASE, case_id=assessment.case_id)
        if one.begins_at <= until and (one.until is None or one.until > assessment.opened_at)
    ]
    invitations = await invitations_of(work, [one.id for one in then if one.kind is ParticipationKind.INVITED])
    drawn_in = {key for key, invitation in invitations.items() if Area.ASSESSMENT in invitation.scope}
    contributors = {(one.person_id, one.authority_id) for one in brought}
    return [
        one for one in then
        if one.kind is ParticipationKind.COORDINATOR or one.id in drawn_in
        or (one.person_id, one.acts_for) in contributors
    ]


async def _contributions(work: UnitOfWork, assessment: Assessment, after: UUID, limit: int) -> Page[ContributionView]:
    """List contributions, oldest first; the last are those that this unit is about to write."""
    stored = await work.rows(
        Contribution, CONTRIBUTIONS, assessment_id=assessment.id, after=after, limit=limit + 1
    )
    found = [*stored, *work.pending(Contribution)]
    return await page_opened(work, found, partial(ContributionView.opened, work), limit=limit)


async def _brought(work: UnitOfWork, assessment: Assessment) -> set[Brought]:
    stored = await work.values(BROUGHT, assessment_id=assessment.id)
    return {
        *(Brought(row["recorded_by"], row["authority_id"], row["dimension"]) for row in stored),
        *(Brought(one.recorded_by, one.authority_id, one.dimension) for one in work.pending(Contribution)),
    }


async def _answer(work: UnitOfWork, assessment: Assessment, *, status: int = 200) -> Response[AssessmentView]:
    contributions = await _contributions(work, assessment, NIL, FIRST_PAGE)
    brought = await _brought(work, assessment)
    template = await template_of(work, assessment)
    previous_id, changes = await changes_since(work, assessment, [one.id for one in template.dimension])
    view = AssessmentView(
        version=assessment.version, template=template, previous_id=previous_id, changes=changes,
        at_the_table=[
            AtTheTableView.of(one, brought) for one in await _participants_of(work, assessment, brought)
        ],
        users_are_trained=assessment.users_are_trained, contributions=contributions,
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
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[AssessmentLine]:
    """List every version of the assessment that the caller may read, oldest first (rule 40)."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        found = await work.rows(Assessment, ASSESSMENTS_OF_CASE, case_id=case_id, after=after, limit=limit + 1)
        return page_of([AssessmentLine.of(row) for row in found], [row.id for row in found], limit=limit)


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


@get(ASSESSMENT + "/contributions", operation_id="ListContributions")
async def list_contributions(
    case_id: FromPath[UUID], assessment_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    after: After = NIL, limit: Limit = FIRST_PAGE,
) -> Page[ContributionView]:
    """List the contributions that the caller may read, oldest first."""
    async with request_scope.begin(Action.READ_ASSESSMENT, Assessment, assessment_id, within=case_id) as work:
        return await _contributions(work, work.subject(Assessment), after, limit)


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


handlers = [
    open_tool, list_assessments, read_assessment_template, read, list_contributions, bring, conclude, sign,
]
