"""The route of searches."""

from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.kernel.access.model import Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.earlier_concerns.appearances import Appearance
from infohus.whole_case.searches.operations import SearchDraft, search_person


class SearchResult(msgspec.Struct, frozen=True):
    """A page of where the person appears, by the records' order; empty says nothing of what the caller may not see."""

    appearances: Page[Appearance]


@post("/infohuse/{infohus_id:uuid}/searches", operation_id="SearchPerson", status_code=200)
async def search(
    infohus_id: FromPath[UUID], data: JSONBody[SearchDraft], request_scope: NamedDependency[RequestScope],
    after: After = NIL, limit: Limit = 50,
) -> SearchResult:
    """Find one person by CPR number, with a purpose; the search stands in the log (rule 52)."""
    async with request_scope.begin(Action.SEARCH_PERSONS, Infohus, infohus_id) as work:
        return SearchResult(await search_person(work, data, after=after, limit=limit))


handlers = [search]
