"""The routes of screenings."""

from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.answers import IfMatch, require_match
from infohus.authorization.action import Action
from infohus.cases.decision_view import DecisionView, SignatureDraft, answered, decision_view
from infohus.ground import Case
from infohus.identity.caller import Caller
from infohus.screenings.model import ScreeningContent, Screening, ScreeningDraft
from infohus.screenings.operations import BY_ID, amend_screening, propose_screening, sign_screening
from infohus.unit_of_work import Once, UnitOfWork
from infohus.workplace import Workplace

ONE = "/cases/{case_id:uuid}/screenings/{decision_id:uuid}"


async def _answer(work: UnitOfWork, decision: Screening, *, status: int = 200) -> Response[DecisionView[ScreeningContent]]:
    view = await decision_view(work, decision, ScreeningContent, reading=Action.READ_SCREENING)
    return answered(view, decision, status=status)


@post("/cases/{case_id:uuid}/screenings", operation_id="ProposeScreening")
async def propose(
    case_id: FromPath[UUID], data: JSONBody[ScreeningDraft], caller: NamedDependency[Caller],
    workplace: NamedDependency[Workplace], once: NamedDependency[Once | None],
) -> Response[DecisionView[ScreeningContent]]:
    """Propose a screening; the proposal discloses, so it is an exchange."""
    async with workplace.begin(caller, Action.PROPOSE_SCREENING, Case, case_id, once=once) as work:
        decision = await work.earlier(Screening, BY_ID) or await propose_screening(work, data)
        return await _answer(work, decision, status=201)


@get(ONE, operation_id="ReadScreening")
async def read(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], caller: NamedDependency[Caller],
    workplace: NamedDependency[Workplace],
) -> Response[DecisionView[ScreeningContent]]:
    """Read a screening and who has signed it."""
    async with workplace.begin(caller, Action.READ_SCREENING, Screening, decision_id, within=case_id) as work:
        return await _answer(work, work.subject(Screening))


@put(ONE, operation_id="AmendScreening")
async def amend(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[ScreeningDraft],
    caller: NamedDependency[Caller], workplace: NamedDependency[Workplace], if_match: IfMatch = None,
) -> Response[DecisionView[ScreeningContent]]:
    """Change an open proposal; earlier signatures are void (rule 18)."""
    async with workplace.begin(caller, Action.SIGN_SCREENING, Screening, decision_id, within=case_id) as work:
        require_match(if_match, work.subject(Screening).record_version)
        return await _answer(work, await amend_screening(work, work.subject(Screening), data))


@post(ONE + "/signatures", operation_id="SignScreening")
async def sign(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[SignatureDraft],
    caller: NamedDependency[Caller], workplace: NamedDependency[Workplace],
) -> Response[DecisionView[ScreeningContent]]:
    """Sign exactly the content that was read; both authorities' signatures make the decision."""
    async with workplace.begin(caller, Action.SIGN_SCREENING, Screening, decision_id, within=case_id) as work:
        decision = await sign_screening(work, work.subject(Screening), bytes.fromhex(data.content_hash))
        return await _answer(work, decision, status=201)


handlers = [propose, read, amend, sign]
