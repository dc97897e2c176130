"""The routes of closures, of what must be finished first, and of a closed case's retention."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.cases.joint_decisions.closing_signatures import take_back_signature
from infohus.cases.joint_decisions.decision_routes import DecisionKind, routes_of
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.blockers import Blocker
from infohus.whole_case.closures.model import Closure, ClosureContent, ClosureDraft
from infohus.whole_case.closures.operations import amend_closure, blockers_of_signing, propose_closure, sign_closure
from infohus.whole_case.closures.retention import own_retention
from infohus.whole_case.closures.side_ends import end_own_side, own_end

KIND = DecisionKind(
    name="Closure", path="closures", model=Closure, draft=ClosureDraft, content=ClosureContent,
    proposing=Action.PROPOSE_CLOSURE, reading=Action.READ_CLOSURE, amending=Action.AMEND_CLOSURE,
    signing=Action.SIGN_CLOSURE, propose=propose_closure, amend=amend_closure, sign=sign_closure,
)


class RetentionView(msgspec.Struct, frozen=True):
    """How long one authority keeps the case, by which rule, and where the rule comes from."""

    authority_id: str
    rule: str
    source: str
    runs_from: date
    erase_after: date


class ClosingView(msgspec.Struct, frozen=True):
    """What of the own side, or joint, stands in the way of closing; with nothing in the way, the caller can sign.

    `side_ended_at` is when the caller's authority ended its own side, unless something has reopened it since.
    """

    is_closed: bool
    blockers: list[Blocker]
    side_ended_at: datetime | None

    @classmethod
    async def of(cls, work: UnitOfWork) -> "ClosingView":
        """Look at the unit's case from the caller's side."""
        if work.case.stage is Stage.CLOSED:
            return cls(is_closed=True, blockers=[], side_ended_at=None)
        return cls(is_closed=False, blockers=await blockers_of_signing(work), side_ended_at=await own_end(work))


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
    async with request_scope.begin(Action.READ_CLOSING, Case, case_id) as work:
        return await ClosingView.of(work)


@delete(
    "/cases/{case_id:uuid}/closures/{decision_id:uuid}/signature", operation_id="TakeBackClosureSignature",
    status_code=204,
)
async def take_back(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope],
) -> None:
    """Take back the caller's authority's signature on a proposed closure, so that its side can open something."""
    async with idempotent_scope.begin(
            Action.TAKE_BACK_CLOSURE_SIGNATURE, Closure, decision_id, within=case_id
    ) as work:
        if not work.is_repetition:
            await take_back_signature(work, work.subject(Closure))


@post(
    "/cases/{case_id:uuid}/closures/{decision_id:uuid}/own-end", operation_id="EndOwnSide", status_code=200,
)
async def end_side(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope],
    other_signs_within_days: NamedDependency[int],
) -> ClosingView:
    """End the caller's own side where the other has not signed in time; the other still sees only who has signed."""
    async with idempotent_scope.begin(Action.END_OWN_SIDE, Closure, decision_id, within=case_id) as work:
        if not work.is_repetition:
            await end_own_side(work, work.subject(Closure), wait_days=other_signs_within_days)
        return await ClosingView.of(work)


handlers = [*routes_of(KIND), read_retention, read_closing, take_back, end_side]
