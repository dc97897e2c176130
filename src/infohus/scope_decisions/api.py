"""The routes of scope decisions."""

from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.answers import IfMatch, require_match
from infohus.authorization.action import Action
from infohus.cases.decision_view import DecisionView, SignatureDraft, answered, decision_view
from infohus.ground import Case
from infohus.identity.caller import Caller
from infohus.scope_decisions.model import ScopeContent, ScopeDecision, ScopeDecisionDraft
from infohus.scope_decisions.operations import BY_ID, amend_scope_decision, propose_scope_decision, sign_scope_decision
from infohus.unit_of_work import Once, UnitOfWork
from infohus.workplace import Workplace

ONE = "/cases/{case_id:uuid}/scope-decisions/{decision_id:uuid}"


async def _answer(work: UnitOfWork, decision: ScopeDecision, *, status: int = 200) -> Response[DecisionView[ScopeContent]]:
    view = await decision_view(work, decision, ScopeContent, reading=Action.READ_SCOPE_DECISION)
    return answered(view, decision, status=status)


@post("/cases/{case_id:uuid}/scope-decisions", operation_id="ProposeScopeDecision")
async def propose(
    case_id: FromPath[UUID], data: JSONBody[ScopeDecisionDraft], caller: NamedDependency[Caller],
    workplace: NamedDependency[Workplace], once: NamedDependency[Once | None],
) -> Response[DecisionView[ScopeContent]]:
    """Propose a scope decision; the proposal discloses, so it is an exchange."""
    async with workplace.begin(caller, Action.PROPOSE_SCOPE_DECISION, Case, case_id, once=once) as work:
        decision = await work.earlier(ScopeDecision, BY_ID) or await propose_scope_decision(work, data)
        return await _answer(work, decision, status=201)


@get(ONE, operation_id="ReadScopeDecision")
async def read(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], caller: NamedDependency[Caller],
    workplace: NamedDependency[Workplace],
) -> Response[DecisionView[ScopeContent]]:
    """Read a scope decision and who has signed it."""
    async with workplace.begin(caller, Action.READ_SCOPE_DECISION, ScopeDecision, decision_id, within=case_id) as work:
        return await _answer(work, work.subject(ScopeDecision))


@put(ONE, operation_id="AmendScopeDecision")
async def amend(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[ScopeDecisionDraft],
    caller: NamedDependency[Caller], workplace: NamedDependency[Workplace], if_match: IfMatch = None,
) -> Response[DecisionView[ScopeContent]]:
    """Change an open proposal; earlier signatures are void (rule 18)."""
    async with workplace.begin(caller, Action.SIGN_SCOPE_DECISION, ScopeDecision, decision_id, within=case_id) as work:
        require_match(if_match, work.subject(ScopeDecision).record_version)
        return await _answer(work, await amend_scope_decision(work, work.subject(ScopeDecision), data))


@post(ONE + "/signatures", operation_id="SignScopeDecision")
async def sign(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[SignatureDraft],
    caller: NamedDependency[Caller], workplace: NamedDependency[Workplace],
) -> Response[DecisionView[ScopeContent]]:
    """Sign exactly the content that was read; both authorities' signatures make the decision."""
    async with workplace.begin(caller, Action.SIGN_SCOPE_DECISION, ScopeDecision, decision_id, within=case_id) as work:
        decision = await sign_scope_decision(work, work.subject(ScopeDecision), bytes.fromhex(data.content_hash))
        return await _answer(work, decision, status=201)


handlers = [propose, read, amend, sign]
