"""The routes of closures, of what must be finished first, and of a closed case's retention."""

from datetime import date
from uuid import UUID

import msgspec
from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.cases.joint_decisions.closing_signatures import take_back_signature
from infohus.cases.joint_decisions.decision_routes import DecisionKind, routes_of
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.closures.blockers import Blocker, blockers_of_closing
from infohus.whole_case.closures.model import Closure, ClosureContent, ClosureDraft
from infohus.whole_case.closures.operations import amend_closure, propose_closure, sign_closure
from infohus.whole_case.closures.retention import own_retention

KIND = DecisionKind(
    name="Closure", path="closures", model=Closure, draft=ClosureDraft, content=ClosureContent,
    proposing=Action.PROPOSE_CLOSURE, reading=Action.READ_CLOSURE, signing=Action.SIGN_CLOSURE,
    propose=propose_closure, amend=amend_closure, sign=sign_closure,
)


class RetentionView(msgspec.Struct, frozen=True):
    """How long one authority keeps the case, by which rule, and where the rule comes from."""

    authority_id: str
    rule: str
    source: str
    runs_from: date
    erase_after: date


class ClosingView(msgspec.Struct, frozen=True):
    """What of the own side, or joint, stands in the way of closing; with nothing in the way, the caller can sign."""

    is_closed: bool
    blockers: list[Blocker]


@get("/cases/{case_id:uuid}/retention", operation_id="ReadRetention")
async def read_retention(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> list[RetentionView]:
    """Read the caller's authority's own retention period of a closed case; an open case has none."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        own = await own_retention(work)
        if own is None:
            return []
        rule, authority_id = own.rule, work.caller.authority_id
        return [RetentionView(authority_id, rule.name, rule.source, own.runs_from, own.erase_after)]


@get("/cases/{case_id:uuid}/closing", operation_id="ReadClosing")
async def read_closing(case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope]) -> ClosingView:
    """List what must be finished before the caller can sign a closure, by which rule, and who can lift it.

    Nothing of the other side is listed: of that one learns only that it has not signed.
    """
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        work.require(Action.PROPOSE_CLOSURE)
        is_closed = work.case.stage is Stage.CLOSED
        return ClosingView(is_closed, [] if is_closed else await blockers_of_closing(work))


@delete(
    "/cases/{case_id:uuid}/closures/{decision_id:uuid}/signature", operation_id="TakeBackClosureSignature",
    status_code=204,
)
async def take_back(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope],
) -> None:
    """Take back the caller's authority's signature on a proposed closure, so that its side can open something."""
    async with idempotent_scope.begin(Action.SIGN_CLOSURE, Closure, decision_id, within=case_id) as work:
        if not work.is_repetition:
            await take_back_signature(work, work.subject(Closure))


handlers = [*routes_of(KIND), read_retention, read_closing, take_back]
