"""The routes of the data subject's rights."""

from datetime import date, datetime
from functools import partial
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.answers.whole_answers import in_pieces
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.listing import page_opened
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.rights.model import (
    AccessItem,
    AccessKind,
    AccessRequest,
    AccessRequestDraft,
    PackageDraft,
    PersonReleaseDraft,
    Release,
    Restriction,
    RestrictionBasis,
    RestrictionDraft,
)
from infohus.whole_case.rights.operations import (
    OVERDUE,
    RELEASE_BY_ID,
    REQUEST_BY_ID,
    REQUESTS,
    RESTRICTION_BY_ID,
    RESTRICTIONS,
    lift,
    record_request,
    release,
    restrict,
)
from infohus.whole_case.rights.packing import make_package

REQUESTS_PATH = "/cases/{case_id:uuid}/access-requests"
RESTRICTIONS_PATH = "/cases/{case_id:uuid}/restrictions"


class AccessRequestView(msgspec.Struct, frozen=True):
    """A request for access: until when it is to be answered, and whether it was."""

    id: UUID
    subject: UUID | None
    received_on: date
    answer_by: date
    answered_at: datetime | None
    is_overdue: bool
    asked: str

    @classmethod
    async def opened(cls, work: UnitOfWork, *requests: AccessRequest) -> "list[AccessRequestView]":
        """Show requests with what they ask, which is opened for it."""
        texts = await work.open(*requests, reading=Action.READ_ACCESS_REQUEST)
        return [
            cls(
                one.id, one.subject_id, one.received_on, one.answer_by, one.answered_at,
                one.answered_at is None and one.answer_by < danish_day(work.now), texts[one.id]["asked"],
            )
            for one in requests
        ]


class RestrictionView(msgspec.Struct, frozen=True, kw_only=True):
    """One item withheld: by which provision, why, who decided, and when somebody looks again."""

    id: UUID
    item: AccessItem
    basis: RestrictionBasis
    reason: str
    decided_by: UUID
    decided_at: datetime
    review_on: date
    review_is_overdue: bool
    lifted_at: datetime | None

    @classmethod
    async def opened(cls, work: UnitOfWork, *restrictions: Restriction) -> "list[RestrictionView]":
        """Show restrictions with their reasons, which are opened for it."""
        texts = await work.open(*restrictions, reading=Action.READ_RESTRICTION)
        return [
            cls(
                id=one.id, item=AccessItem(one.record_kind, one.record_id), basis=one.basis,
                reason=texts[one.id]["reason"], decided_by=one.recorded_by, decided_at=one.recorded_at,
                review_on=one.review_on, lifted_at=one.lifted_at,
                review_is_overdue=one.lifted_at is None and one.review_on < danish_day(work.now),
            )
            for one in restrictions
        ]


class OverdueReview(msgspec.Struct, frozen=True):
    """A restriction that somebody should have looked at again; its reason stays in the case."""

    restriction_id: UUID
    case_id: UUID
    kind: AccessKind
    basis: RestrictionBasis
    review_on: date


class PersonReleaseView(msgspec.Struct, frozen=True):
    """Another person of the case who may be handed out."""

    id: UUID
    item: AccessItem
    reason: str


@post(REQUESTS_PATH, operation_id="RecordAccessRequest")
async def ask(
    case_id: FromPath[UUID], data: JSONBody[AccessRequestDraft], idempotent_scope: NamedDependency[RequestScope],
) -> AccessRequestView:
    """Record that somebody asks for access to what the caller's authority holds in this case."""
    async with idempotent_scope.begin(Action.RECORD_ACCESS_REQUEST, Case, case_id) as work:
        request = await work.earlier(AccessRequest, REQUEST_BY_ID) or await record_request(work, data)
        return (await AccessRequestView.opened(work, request))[0]


@get(REQUESTS_PATH, operation_id="ListAccessRequests")
async def requests(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[AccessRequestView]:
    """List the requests for access to what the caller's authority holds."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        asked = await work.rows(AccessRequest, REQUESTS, case_id=case_id, after=after, limit=limit + 1)
        return await page_opened(work, asked, partial(AccessRequestView.opened, work), limit=limit)


@post(
    REQUESTS_PATH + "/{request_id:uuid}/package", operation_id="ExportAccessPackage", status_code=200,
    media_type="application/x-tar",
)
async def package(
    case_id: FromPath[UUID], request_id: FromPath[UUID], data: JSONBody[PackageDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> Stream:
    """Make the package: a letter and own records, each of which is included or restricted by somebody who looked."""
    async with idempotent_scope.begin(Action.EXPORT_ACCESS_PACKAGE, AccessRequest, request_id, within=case_id) as work:
        answer = await make_package(work, work.subject(AccessRequest), data)
    return in_pieces(answer, media_type="application/x-tar", name="indsigt.tar")


@post(RESTRICTIONS_PATH, operation_id="RestrictAccess")
async def restrict_item(
    case_id: FromPath[UUID], data: JSONBody[RestrictionDraft], idempotent_scope: NamedDependency[RequestScope],
) -> RestrictionView:
    """Withhold one item, by a provision, with a reason and a date for looking again."""
    async with idempotent_scope.begin(Action.RESTRICT_ACCESS, Case, case_id) as work:
        restriction = await work.earlier(Restriction, RESTRICTION_BY_ID) or await restrict(work, data)
        return (await RestrictionView.opened(work, restriction))[0]


@get(RESTRICTIONS_PATH, operation_id="ListRestrictions")
async def restrictions(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[RestrictionView]:
    """List what the caller's authority withholds, and what it withheld once."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        made = await work.rows(Restriction, RESTRICTIONS, case_id=case_id, after=after, limit=limit + 1)
        return await page_opened(work, made, partial(RestrictionView.opened, work), limit=limit)


@post(RESTRICTIONS_PATH + "/{restriction_id:uuid}/lift", operation_id="LiftRestriction", status_code=200)
async def lift_restriction(
    case_id: FromPath[UUID], restriction_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope],
) -> RestrictionView:
    """End a restriction; that it stood remains."""
    async with idempotent_scope.begin(Action.LIFT_RESTRICTION, Restriction, restriction_id, within=case_id) as work:
        restriction = work.subject(Restriction)
        if not work.is_repetition:
            await lift(work, restriction)
        return (await RestrictionView.opened(work, restriction))[0]


@get("/infohuse/{infohus_id:uuid}/overdue-reviews", operation_id="ListOverdueReviews")
async def overdue(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[OverdueReview]:
    """List the caller's authority's restrictions whose review date has passed."""
    async with request_scope.begin(Action.LIST_OVERDUE_REVIEWS, Infohus, infohus_id) as work:
        restrictions = await work.rows(
            Restriction, OVERDUE, infohus_id=infohus_id, today=danish_day(work.now), after=after, limit=limit + 1
        )
        lines = [OverdueReview(row.id, row.case_id, row.record_kind, row.basis, row.review_on) for row in restrictions]
        return page_of(lines, [line.restriction_id for line in lines], limit=limit)


@post("/cases/{case_id:uuid}/releases", operation_id="ReleaseWithheld")
async def release_withheld(
    case_id: FromPath[UUID], data: JSONBody[PersonReleaseDraft], idempotent_scope: NamedDependency[RequestScope],
) -> PersonReleaseView:
    """Let another person of the case be handed out, with a reason; needs a fresh sign-in."""
    async with idempotent_scope.begin(Action.RELEASE_WITHHELD, Case, case_id) as work:
        released = await work.earlier(Release, RELEASE_BY_ID) or await release(work, data)
        texts = await work.open(released, reading=Action.READ_RELEASE)
        return PersonReleaseView(
            released.id, AccessItem(released.record_kind, released.record_id), texts[released.id]["reason"]
        )


handlers = [
    ask, requests, package, restrict_item, restrictions, lift_restriction, overdue, release_withheld,
]
