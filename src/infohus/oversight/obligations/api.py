"""The routes of the plan's obligations."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus import errors
from infohus.kernel.access.model import Infohus
from infohus.kernel.answers.etags import VERSIONED, IfMatch, etag, require_match
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.oversight.obligations.operations import (
    FulfilmentDraft,
    FulfilmentView,
    ObligationView,
    fulfilments_of,
    obligation_owed,
    obligation_view,
    obligations_owed,
    record_fulfilment,
    was_recorded,
)

OBLIGATIONS = "/infohuse/{infohus_id:uuid}/obligations"


@get(OBLIGATIONS, operation_id="ListObligations")
async def list_obligations(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[ObligationView]:
    """List what the plan promises: who owns it, when it is due, and what is overdue."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        owed = await obligations_owed(work, after=after, limit=limit + 1)
        return page_of(owed, [obligation.id for obligation in owed], limit=limit)


@get(OBLIGATIONS + "/{obligation_id:uuid}", operation_id="ReadObligation", response_headers=VERSIONED)
async def read_obligation(
    infohus_id: FromPath[UUID], obligation_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> Response[ObligationView]:
    """Read one obligation; its ETag is what a fulfilment must name."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        view = await obligation_view(work, await obligation_owed(work, obligation_id))
        return Response(view, headers={"ETag": etag(view.version)})


@get(OBLIGATIONS + "/{obligation_id:uuid}/fulfilments", operation_id="ListFulfilments")
async def list_fulfilments(
    infohus_id: FromPath[UUID], obligation_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    after: After = NIL, limit: Limit = 50,
) -> Page[FulfilmentView]:
    """List each time an obligation was met, in the order in which that was recorded."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        obligation = await obligation_owed(work, obligation_id)
        return await fulfilments_of(work, obligation, after=after, limit=limit)


@post(
    OBLIGATIONS + "/{obligation_id:uuid}/fulfilments", operation_id="RecordFulfilment", response_headers=VERSIONED
)
async def fulfil(
    infohus_id: FromPath[UUID], obligation_id: FromPath[UUID], data: JSONBody[FulfilmentDraft],
    idempotent_scope: NamedDependency[RequestScope], if_match: IfMatch = None,
) -> Response[ObligationView]:
    """Record that an obligation was met; one that comes back gets its next due date."""
    async with idempotent_scope.begin(Action.FULFIL_OBLIGATION, Infohus, infohus_id) as work:
        obligation = await obligation_owed(work, obligation_id)
        if if_match is None:
            raise errors.VersionNotStated
        if not await was_recorded(work, obligation):
            require_match(if_match, obligation.version)
            await record_fulfilment(work, obligation, data)
        view = await obligation_view(work, obligation)
        return Response(view, status_code=201, headers={"ETag": etag(view.version)})


handlers = [list_obligations, read_obligation, list_fulfilments, fulfil]
