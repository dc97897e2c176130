"""The routes of closures, of what must be finished first, and of a closed case's retention."""

from datetime import date
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.cases.joint_decisions.decision_routes import DecisionKind, routes_of
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.closures.blockers import Blocker, blockers_of_closing
from infohus.whole_case.closures.model import Closure, ClosureContent, ClosureDraft
from infohus.whole_case.closures.operations import RETENTION, amend_closure, propose_closure, sign_closure
from infohus.whole_case.closures.retention import Retention, retention_table

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
    """What stands in the way of closing; with nothing in the way, both tovholdere can sign."""

    is_closed: bool
    blockers: list[Blocker]


@get("/cases/{case_id:uuid}/retention", operation_id="ReadRetention")
async def read_retention(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> list[RetentionView]:
    """Read the caller's authority's own retention period of a closed case; an open case has none."""
    sources = {rule.name: rule.source for rule in retention_table()}
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        return [
            RetentionView(own.authority_id, own.rule, sources[own.rule], own.runs_from, own.erase_after)
            for own in await work.rows(Retention, RETENTION, case_id=case_id)
        ]


@get("/cases/{case_id:uuid}/closing", operation_id="ReadClosing")
async def read_closing(case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope]) -> ClosingView:
    """List what must be finished before the case can close, by which rule, and who can lift it."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        is_closed = work.case.stage is Stage.CLOSED
        return ClosingView(is_closed, [] if is_closed else await blockers_of_closing(work))


handlers = [*routes_of(KIND), read_retention, read_closing]
