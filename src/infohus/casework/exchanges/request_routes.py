"""The routes of requests for information, and of releases from custody."""

from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.persons.custody_releases import CustodyRelease
from infohus.casework.exchanges.custody_releases import (
    CUSTODY_RELEASE_BY_ID,
    CustodyReleaseDraft,
    CustodyReleaseView,
    record_custody_release,
)
from infohus.casework.exchanges.model import Answer, InformationRequest
from infohus.casework.exchanges.requests import (
    REQUEST_BY_ID,
    REQUESTS_OF_CASE,
    AnswerDraft,
    RequestDraft,
    answer_request,
    request_information,
    taken_back_of,
)
from infohus.kernel.access.model import Case
from infohus.kernel.answers.pages import NIL, After, Limit, Page
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.listing import page_opened
from infohus.kernel.unit_of_work.unit import UnitOfWork


class RequestView(msgspec.Struct, frozen=True):
    """A request and how it was answered. Why it was declined is nobody's to ask.

    `is_taken_back`: the exchange that asked was withdrawn from the one asked. `has_lapsed`: who was asked left the case
    without an answer, so none is waited for (rule 86). `under_pet_loven_4`: PET asked, stating
    straffelovens chapters 12–13; it is seen by the asked authority alone, holds its side back from erasure until it is
    answered, and cannot be declined.
    """

    id: UUID
    asked_by: str
    asked_of: str
    asked_at: datetime
    asked_by_name: str | None
    recorded_at: datetime
    under_pet_loven_4: bool
    question: str
    answer: Answer | None
    answer_exchange_id: UUID | None
    answered_at: datetime | None
    is_taken_back: bool
    about: list[UUID]
    has_lapsed: bool
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, *requests: InformationRequest) -> "list[RequestView]":
        """Open requests."""
        texts = await work.open(*requests, reading=Action.READ_INFORMATION_REQUEST)
        told, taken_back = await told_of(work, *requests), await taken_back_of(work, requests)
        return [
            cls(
                id=one.id, asked_by=one.asked_by, asked_of=one.asked_of, asked_at=one.asked_at or one.recorded_at,
                asked_by_name=texts[one.id].get("asked_by_name"), recorded_at=one.recorded_at,
                under_pet_loven_4=one.under_pet_loven_4,
                question=texts[one.id]["question"], answer=one.answer, answer_exchange_id=one.answer_exchange_id,
                answered_at=one.answered_at,
                is_taken_back=one.id in taken_back or (one.id in told and told[one.id].is_withdrawn),
                has_lapsed=one.answer is None and one.exchange_id is not None and one.asked_of not in work.parties,
                about=work.about(one), told=told.get(one.id),
            )
            for one in requests
        ]


@post("/cases/{case_id:uuid}/information-requests", operation_id="RequestInformation")
async def request(
    case_id: FromPath[UUID], data: JSONBody[RequestDraft], idempotent_scope: NamedDependency[RequestScope],
    police_answer_pet: NamedDependency[bool],
) -> RequestView:
    """Ask another authority what it holds, or note that one was asked from outside; PET under its § 4 at any stage."""
    async with idempotent_scope.begin(Action.REQUEST_INFORMATION, Case, case_id) as work:
        asked = await work.earlier(InformationRequest, REQUEST_BY_ID)
        asked = asked or await request_information(work, data, police_answer_pet=police_answer_pet)
        return (await RequestView.opened(work, asked))[0]


@get("/cases/{case_id:uuid}/information-requests", operation_id="ListInformationRequests")
async def requests(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[RequestView]:
    """List the requests that the caller's authority made or got, oldest first."""
    async with request_scope.begin(Action.LIST_EXCHANGES, Case, case_id) as work:
        asked = await work.rows(InformationRequest, REQUESTS_OF_CASE, case_id=case_id, after=after, limit=limit + 1)
        return await page_opened(work, asked, partial(RequestView.opened, work), limit=limit)


@post(
    "/cases/{case_id:uuid}/information-requests/{request_id:uuid}/answer", operation_id="AnswerInformationRequest",
    status_code=200,
)
async def answer(
    case_id: FromPath[UUID], request_id: FromPath[UUID], data: JSONBody[AnswerDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> RequestView:
    """Answer: disclosed or partly, by an exchange; nothing to disclose; or declined, with no reason (§ 115, stk. 4)."""
    async with idempotent_scope.begin(
        Action.ANSWER_INFORMATION_REQUEST, InformationRequest, request_id, within=case_id
    ) as work:
        answered = work.subject(InformationRequest)
        if not work.is_repetition:
            await answer_request(work, answered, data)
        return (await RequestView.opened(work, answered))[0]


@post("/cases/{case_id:uuid}/custody-releases", operation_id="RecordCustodyRelease")
async def release(
    case_id: FromPath[UUID], data: JSONBody[CustodyReleaseDraft], idempotent_scope: NamedDependency[RequestScope],
) -> CustodyReleaseView:
    """Record that the subject was released from custody and judged radicalised or at risk (stk. 1, nr. 3, litra c)."""
    async with idempotent_scope.begin(Action.RECORD_CUSTODY_RELEASE, Case, case_id) as work:
        recorded = await work.earlier(CustodyRelease, CUSTODY_RELEASE_BY_ID) or await record_custody_release(work, data)
        return await _release_view(work, recorded)


@get("/cases/{case_id:uuid}/custody-releases/{release_id:uuid}", operation_id="ReadCustodyRelease")
async def read_release(
    case_id: FromPath[UUID], release_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> CustodyReleaseView:
    """Read a release: the recording authority's own until it is disclosed."""
    async with request_scope.begin(Action.READ_CUSTODY_RELEASE, CustodyRelease, release_id, within=case_id) as work:
        return await _release_view(work, work.subject(CustodyRelease))


async def _release_view(work: UnitOfWork, recorded: CustodyRelease) -> CustodyReleaseView:
    texts = (await work.open(recorded, reading=Action.READ_CUSTODY_RELEASE))[recorded.id]
    told = (await told_of(work, recorded)).get(recorded.id)
    return CustodyReleaseView(
        recorded.id, recorded.released_on, recorded.judgement, texts["basis"], work.about(recorded), told
    )


handlers = [request, requests, answer, release, read_release]
