"""The four routes of every joint decision: propose, read, amend, sign. A `DecisionKind` says what differs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath, JSONBody

from infohus.cases.joint_decisions.decision_view import DecisionView, SignatureDraft, Warn, decision_view
from infohus.cases.joint_decisions.model import JointDecision
from infohus.kernel.access.model import Case
from infohus.kernel.answers.etags import VERSIONED, IfMatch, etag, require_match
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork

Decision = TypeVar("Decision", bound=JointDecision)
Draft = TypeVar("Draft", bound=msgspec.Struct)


@dataclass(frozen=True, kw_only=True)
class DecisionKind(Generic[Decision, Draft]):
    """One kind of joint decision: its table, its document, its actions and its operations."""

    name: str
    path: str
    model: type[Decision]
    draft: type[Draft]
    content: type[msgspec.Struct]
    proposing: Action
    reading: Action
    amending: Action
    signing: Action
    propose: Callable[[UnitOfWork, Draft], Awaitable[Decision]]
    amend: Callable[[UnitOfWork, Decision, Draft], Awaitable[Decision]]
    sign: Callable[[UnitOfWork, Decision, bytes], Awaitable[Decision]]
    warn: Warn | None = None

    async def answer(self, work: UnitOfWork, decision: Decision, *, status: int = 200) -> Response[Any]:
        """Show a decision with its version as ETag."""
        view = await decision_view(work, decision, self.content, reading=self.reading, warn=self.warn)
        return Response(view, status_code=status, headers={"ETag": etag(decision.record_version)})


_BY_ID: dict[type[JointDecision], AnySelect] = {}


def decision_by_id(model: type[JointDecision]) -> AnySelect:
    """Give the statement that finds a decision by `:id`; it is built once for each kind."""
    if model not in _BY_ID:
        _BY_ID[model] = sa.select(model).where(model.id == sa.bindparam("id"))
    return _BY_ID[model]


def routes_of(kind: DecisionKind[Any, Any]) -> list[HTTPRouteHandler]:
    """Make the four routes of a kind of decision."""
    every = f"/cases/{{case_id:uuid}}/{kind.path}"
    one = every + "/{decision_id:uuid}"

    async def propose(case_id: FromPath[UUID], data: Any, idempotent_scope: NamedDependency[RequestScope]) -> Any:  # noqa: ANN401
        """Propose it to the other authority: the proposal discloses, so it is an exchange."""
        async with idempotent_scope.begin(kind.proposing, Case, case_id) as work:
            decision = await work.earlier(kind.model, decision_by_id(kind.model)) or await kind.propose(work, data)
            return await kind.answer(work, decision, status=201)

    async def read(
        case_id: FromPath[UUID], decision_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    ) -> Any:  # noqa: ANN401
        """Read it, and who has signed."""
        async with request_scope.begin(kind.reading, kind.model, decision_id, within=case_id) as work:
            return await kind.answer(work, work.subject(kind.model))

    async def amend(
        case_id: FromPath[UUID], decision_id: FromPath[UUID], data: Any,  # noqa: ANN401
        idempotent_scope: NamedDependency[RequestScope], if_match: IfMatch = None,
    ) -> Any:  # noqa: ANN401
        """Change an open proposal: earlier signatures are void, and the new content is disclosed anew (rule 18)."""
        async with idempotent_scope.begin(kind.amending, kind.model, decision_id, within=case_id) as work:
            decision = work.subject(kind.model)
            if not work.is_repetition:
                require_match(if_match, decision.record_version)
                decision = await kind.amend(work, decision, data)
            return await kind.answer(work, decision)

    async def sign(
        case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[SignatureDraft],
        idempotent_scope: NamedDependency[RequestScope],
    ) -> Any:  # noqa: ANN401
        """Sign exactly the content that was read; both authorities' signatures make the decision (rule 17)."""
        async with idempotent_scope.begin(kind.signing, kind.model, decision_id, within=case_id) as work:
            decision = work.subject(kind.model)
            if not work.is_repetition:
                decision = await kind.sign(work, decision, bytes.fromhex(data.content_hash))
                work.done(decision.id)
            return await kind.answer(work, decision, status=201)

    # Litestar reads the annotations when it registers a route; `Any` above stands for the kind's own types.
    view: Any = DecisionView[kind.content]  # type: ignore[name-defined]
    for route in (propose, read, amend, sign):
        route.__annotations__["return"] = Response[view]
        if route in {propose, amend}:
            route.__annotations__["data"] = Annotated[kind.draft, Body()]
    return [
        post(every, operation_id=f"Propose{kind.name}", response_headers=VERSIONED)(propose),
        get(one, operation_id=f"Read{kind.name}", response_headers=VERSIONED)(read),
        put(one, operation_id=f"Amend{kind.name}", response_headers=VERSIONED)(amend),
        post(one + "/signatures", operation_id=f"Sign{kind.name}", response_headers=VERSIONED)(sign),
    ]
