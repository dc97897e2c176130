"""The routes that say where a case stands, and what can be done next."""

from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.cases.api import CaseLine, ParticipantView
from infohus.cases.participants import PARTICIPANTS_OF_CASE
from infohus.cases.procedure.table import WITH_MEASURES
from infohus.casework.measures.stalled_measures import StalledMeasureView, stalled_measures
from infohus.kernel.access.model import Case, Participant, ParticipationKind, Stage
from infohus.kernel.answers.etags import CASE_VERSIONED, case_etag
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.next_steps.operations import NextStep, Waiting, next_steps, waiting_proposals


class CaseView(msgspec.Struct, frozen=True):
    """A case with those who take part in it."""

    case: CaseLine
    participants: list[ParticipantView]
    stalled_measures: list[StalledMeasureView]
    """For tovholdere: measures that they can see and in which nothing has happened for a while (rule 77)."""


@get("/cases/{case_id:uuid}", operation_id="ReadCase", response_headers=CASE_VERSIONED)
async def read_case(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], stalled_after_days: NamedDependency[int],
) -> Response[CaseView]:
    """Read where a case stands and who takes part."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        participants = await work.rows(Participant, PARTICIPANTS_OF_CASE, case_id=case_id)
        is_tovholder = work.participation.kind == ParticipationKind.COORDINATOR
        has_measures = is_tovholder and work.case.stage in WITH_MEASURES
        stalled = await stalled_measures(work, quiet_days=stalled_after_days, case_id=case_id) if has_measures else []
        view = CaseView(CaseLine.of(work.case), await ParticipantView.shown(work, participants), stalled)
        return Response(view, headers={"ETag": case_etag(work.case.version, work.side.version)})


class NextStepsView(msgspec.Struct, frozen=True):
    """What the caller can do next, what not yet, and which proposals wait for a signature."""

    stage: Stage
    steps: list[NextStep]
    proposals: list[Waiting]


@get("/cases/{case_id:uuid}/next-steps", operation_id="ReadNextSteps")
async def read_next_steps(case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope]) -> NextStepsView:
    """Say what the caller can do next; for what is not possible yet: the rule, in Danish, and who can lift it."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        return NextStepsView(work.case.stage, await next_steps(work), await waiting_proposals(work))


handlers = [read_case, read_next_steps]
