"""The routes of an authority's own journal: its case number, the exported note, and its part of the log."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from infohus.kernel.access.model import Case
from infohus.kernel.answers.etags import VERSIONED, IfMatch, etag
from infohus.kernel.answers.pages import Limit
from infohus.kernel.answers.whole_answers import in_pieces
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.journal.model import (
    CaseLogPage,
    JournalNote,
    JournalReference,
    JournalReferenceDraft,
    JournalReferenceView,
)
from infohus.whole_case.journal.operations import journal_note, own_log, own_reference, set_reference

REFERENCE = "/cases/{case_id:uuid}/journal-reference"


async def _answer(work: UnitOfWork, reference: JournalReference | None) -> Response[JournalReferenceView]:
    if reference is None:
        return Response(JournalReferenceView(None, None))
    texts = await work.open(reference, reading=Action.READ_JOURNAL_REFERENCE)
    view = JournalReferenceView(texts[reference.id]["reference"], reference.set_at)
    return Response(view, headers={"ETag": etag(reference.record_version)})


@put(REFERENCE, operation_id="SetJournalReference", response_headers=VERSIONED)
async def set_own(
    case_id: FromPath[UUID], data: JSONBody[JournalReferenceDraft], idempotent_scope: NamedDependency[RequestScope],
    if_match: IfMatch = None,
) -> Response[JournalReferenceView]:
    """Set where the caller's authority keeps the case in its own journal; the other authority does not see it."""
    async with idempotent_scope.begin(Action.SET_JOURNAL_REFERENCE, Case, case_id) as work:
        stored = await own_reference(work) if work.is_repetition else None
        return await _answer(work, stored or await set_reference(work, data, if_match))


@get(REFERENCE, operation_id="ReadJournalReference", response_headers=VERSIONED)
async def read_own(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> Response[JournalReferenceView]:
    """Read the caller's authority's own reference; until it is set there is none, and no ETag to change it by."""
    async with request_scope.begin(Action.READ_OWN_JOURNAL, Case, case_id) as work:
        return await _answer(work, await own_reference(work))


@post(
    "/cases/{case_id:uuid}/journal-notes", operation_id="ExportJournalNote", status_code=200,
    responses={200: ResponseSpec(JournalNote, description="The note.")},
)
async def export_note(case_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope]) -> Stream:
    """Make a note for the authority's own journal: what was decided and told, with proof and without content."""
    async with idempotent_scope.begin(Action.EXPORT_JOURNAL_NOTE, Case, case_id) as work:
        answer = await journal_note(work)
    return in_pieces(answer, media_type="application/json")


@get("/cases/{case_id:uuid}/log", operation_id="ReadCaseLog")
async def read_log(
    case_id: FromPath[UUID], log_scope: NamedDependency[RequestScope],
    after: Annotated[int, QueryParameter(ge=-1, le=2**53)] = -1, limit: Limit = 50,
) -> CaseLogPage:
    """List what the caller's authority did in the case, tried and refused included; reading this is logged too."""
    async with log_scope.begin(Action.READ_CASE_LOG, Case, case_id) as work:
        return await own_log(work, after=after, limit=limit)


handlers = [set_own, read_own, export_note, read_log]
