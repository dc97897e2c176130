"""The routes of closures."""

from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.answers import IfMatch, require_match
from infohus.authorization.action import Action
from infohus.cases.decision_view import DecisionView, SignatureDraft, answered, decision_view
from infohus.ground import Case
from infohus.identity.caller import Caller
from infohus.closures.model import ClosureContent, Closure, ClosureDraft
from infohus.closures.operations import BY_ID, amend_closure, propose_closure, sign_closure
from infohus.unit_of_work import Once, UnitOfWork
from infohus.workplace import Workplace

ONE = "/cases/{case_id:uuid}/closures/{decision_id:uuid}"


async def _answer(work: UnitOfWork, decision: Closure, *, status: int = 200) -> Response[DecisionView[ClosureContent]]:
    view = await decision_view(work, decision, ClosureContent, reading=Action.READ_CLOSURE)
    return answered(view, decision, status=status)


@post("/cases/{case_id:uuid}/closures", operation_id="ProposeClosure")
async def propose(
    case_id: FromPath[UUID], data: JSONBody[ClosureDraft], caller: NamedDependency[Caller],
    workplace: NamedDependency[Workplace], once: NamedDependency[Once | None],
) -> Response[DecisionView[ClosureContent]]:
    """Propose a closure; the proposal discloses, so it is an exchange."""
    async with workplace.begin(caller, Action.PROPOSE_CLOSURE, Case, case_id, once=once) as work:
        decision = await work.earlier(Closure, BY_ID) or await propose_closure(work, data)
        return await _answer(work, decision, status=201)


@get(ONE, operation_id="ReadClosure")
async def read(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], caller: NamedDependency[Caller],
    workplace: NamedDependency[Workplace],
) -> Response[DecisionView[ClosureContent]]:
    """Read a closure and who has signed it."""
    async with workplace.begin(caller, Action.READ_CLOSURE, Closure, decision_id, within=case_id) as work:
        return await _answer(work, work.subject(Closure))


@put(ONE, operation_id="AmendClosure")
async def amend(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[ClosureDraft],
    caller: NamedDependency[Caller], workplace: NamedDependency[Workplace], if_match: IfMatch = None,
) -> Response[DecisionView[ClosureContent]]:
    """Change an open proposal; earlier signatures are void (rule 18)."""
    async with workplace.begin(caller, Action.SIGN_CLOSURE, Closure, decision_id, within=case_id) as work:
        require_match(if_match, work.subject(Closure).record_version)
        return await _answer(work, await amend_closure(work, work.subject(Closure), data))


@post(ONE + "/signatures", operation_id="SignClosure")
async def sign(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[SignatureDraft],
    caller: NamedDependency[Caller], workplace: NamedDependency[Workplace],
) -> Response[DecisionView[ClosureContent]]:
    """Sign exactly the content that was read; both authorities' signatures make the decision."""
    async with workplace.begin(caller, Action.SIGN_CLOSURE, Closure, decision_id, within=case_id) as work:
        decision = await sign_closure(work, work.subject(Closure), bytes.fromhex(data.content_hash))
        return await _answer(work, decision, status=201)


handlers = [propose, read, amend, sign]
