"""The route that looks through what is about to be told (rule 109)."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.casework.exchanges.disclosable import DisclosableRecords
from infohus.casework.exchanges.look_through import LookedThrough, LookThroughDraft, look_through
from infohus.kernel.access.model import Case
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope


@post("/cases/{case_id:uuid}/look-through", operation_id="LookThrough", status_code=200)
async def looked_through(
    case_id: FromPath[UUID], data: JSONBody[LookThroughDraft], request_scope: NamedDependency[RequestScope],
    disclosable_records: NamedDependency[DisclosableRecords],
) -> LookedThrough:
    """Say whom something would name that is about to be told, by whatever act, whose identity does not go along.

    It tells nobody, and stops nothing: what is sent afterwards is sent as it is.
    """
    async with request_scope.begin(Action.LOOK_THROUGH, Case, case_id) as work:
        return await look_through(work, data, disclosable_records)


handlers = [looked_through]
