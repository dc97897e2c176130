"""The routes of earlier concerns: reading the timeline, and confirming it; each is an action of its own in the log."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from infohus.kernel.access.model import Case
from infohus.kernel.answers.pages import NIL, After, Limit
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.earlier_concerns.model import Timeline
from infohus.whole_case.earlier_concerns.operations import FIRST_PAGE, confirm_earlier_concerns, timeline_of


class ConfirmationDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `shown` of the timeline that was read."""

    shown: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


@get("/cases/{case_id:uuid}/earlier-concerns", operation_id="ReadEarlierConcerns")
async def read_earlier_concerns(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL,
    limit: Limit = FIRST_PAGE,
) -> Timeline:
    """Read what was known of the case's persons before: by CPR number, so a misspelt name hides nothing (rule 78).

    Where the moment `after` is not there any more, it begins anew, so that no moment is passed over.
    """
    async with request_scope.begin(Action.READ_EARLIER_CONCERNS, Case, case_id) as work:
        return await timeline_of(work, after=after, limit=limit)


@post(
    "/cases/{case_id:uuid}/earlier-concerns/confirmations", operation_id="ConfirmEarlierConcerns", status_code=200
)
async def confirm(
    case_id: FromPath[UUID], data: JSONBody[ConfirmationDraft], idempotent_scope: NamedDependency[RequestScope],
) -> Timeline:
    """Confirm that the timeline was seen; a closure is signed only by who has (rule 78)."""
    async with idempotent_scope.begin(Action.CONFIRM_EARLIER_CONCERNS, Case, case_id) as work:
        if work.is_repetition:
            return await timeline_of(work)
        return await confirm_earlier_concerns(work, bytes.fromhex(data.shown))


handlers = [read_earlier_concerns, confirm]
