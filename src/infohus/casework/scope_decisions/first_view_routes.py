"""The routes of first views: state one's own, reveal it, and see what there is."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.casework.scope_decisions.first_views import (
    FIRST_VIEW_BY_ID,
    FirstView,
    FirstViewDraft,
    FirstViews,
    FirstViewView,
    RevelationDraft,
    first_views,
    opened,
    reveal_first_view,
    state_first_view,
)
from infohus.kernel.access.model import Case
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope

EVERY = "/cases/{case_id:uuid}/first-views"


@post(EVERY, operation_id="StateFirstView")
async def state(
    case_id: FromPath[UUID], data: JSONBody[FirstViewDraft], idempotent_scope: NamedDependency[RequestScope],
) -> FirstViewView:
    """State the view of the caller's authority before seeing the other's: once, and sealed until it is revealed."""
    async with idempotent_scope.begin(Action.STATE_FIRST_VIEW, Case, case_id) as work:
        first_view = await work.earlier(FirstView, FIRST_VIEW_BY_ID) or await state_first_view(work, data)
        return (await opened(work, first_view))[0]


@get(EVERY, operation_id="ListFirstViews")
async def every(case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope]) -> FirstViews:
    """List the views that the caller's authority stated or was told."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        return await first_views(work)


@post(EVERY + "/{first_view_id:uuid}/revelation", operation_id="RevealFirstView")
async def reveal(
    case_id: FromPath[UUID], first_view_id: FromPath[UUID], data: JSONBody[RevelationDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> FirstViewView:
    """Tell the other tovholder's authority one's own view: an exchange."""
    async with idempotent_scope.begin(
            Action.REVEAL_FIRST_VIEW, FirstView, first_view_id, within=case_id
    ) as work:
        first_view = work.subject(FirstView)
        if not work.is_repetition:
            await reveal_first_view(work, first_view, data)
        return (await opened(work, first_view))[0]


handlers = [state, every, reveal]
