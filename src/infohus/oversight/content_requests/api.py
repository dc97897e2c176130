"""The routes of content on request: ask, read what was asked for, and list what was asked for by whom and why."""

from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.kernel.access.model import Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.not_readable import RecordNotReadable
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.content_requests.model import REVIEWABLE, ContentKind, ContentRequest
from infohus.oversight.content_requests.operations import (
    LISTED,
    ONE,
    ContentRequestDraft,
    request_content,
    require_stated_purpose,
    stand_on_its_track,
    texts_of,
)
from infohus.whole_case.shown_facts import Fact, shown_facts

REQUESTS = "/infohuse/{infohus_id:uuid}/content-requests"


class ContentRequestView(msgspec.Struct, frozen=True):
    """A request for content: by whom, until when, what for and why; that it was read stands in the log."""

    id: UUID
    kind: ContentKind
    record_id: UUID
    requested_at: datetime
    requested_by: UUID
    ends_at: datetime
    purpose: LogReadingPurpose
    reason: str

    @classmethod
    def opened(cls, work: UnitOfWork, asked: ContentRequest) -> Self:
        """Show a request to its authority's supervision."""
        return cls(
            id=asked.id, kind=asked.record_kind, record_id=asked.record_id, requested_at=asked.requested_at,
            requested_by=asked.requested_by, ends_at=asked.ends_at, purpose=asked.purpose,
            reason=work.open_for_supervision(asked, "reason")["reason"],
        )

    @classmethod
    def if_readable(cls, work: UnitOfWork, asked: ContentRequest) -> list[Self]:
        """Show a request; of one that was changed past the system nothing."""
        try:
            return [cls.opened(work, asked)]
        except RecordNotReadable:
            return []


class ContentOnRequest(msgspec.Struct, frozen=True):
    """One record as the caller's authority has it: its texts, and of one that it wrote the clear fields and by whom.

    `facts` are the clear fields. What stands beside the texts of a record that was told
    can name what was not, so nothing of it is here (rule 44).
    """

    kind: ContentKind
    id: UUID
    version: int
    authority: str
    recorded_at: datetime
    recorded_by: UUID | None
    facts: dict[str, Fact]
    texts: dict[str, str]
    told: Told | None


@post(REQUESTS, operation_id="RequestContent")
async def ask(
    infohus_id: FromPath[UUID], data: JSONBody[ContentRequestDraft], idempotent_log_scope: NamedDependency[RequestScope]
) -> ContentRequestView:
    """Ask, as DPO, for the content of one record of the own authority, with a reason; it can be read for 30 minutes.

    The answer is 201 whether or not there is such a record of that kind, and whether or not the authority still has it:
    to ask tells nothing. The reading answers 404 where there is none that the caller's authority wrote or was told.
    """
    async with idempotent_log_scope.begin(Action.REQUEST_CONTENT, Infohus, infohus_id) as work:
        asked = await work.earlier(ContentRequest, ONE)
        if asked is None:
            asked = await request_content(work, data)
            work.done(asked.id)
        return ContentRequestView.opened(work, asked)


@get(REQUESTS, operation_id="ListContentRequests")
async def asked_for(
    infohus_id: FromPath[UUID], log_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50
) -> Page[ContentRequestView]:
    """List what the own authority's DPO asked for, and why: for its supervision, legal staff included."""
    async with log_scope.begin(Action.LIST_CONTENT_REQUESTS, Infohus, infohus_id) as work:
        rows = await work.rows(ContentRequest, LISTED, infohus_id=infohus_id, after=after, limit=limit + 1)
        page = page_of(rows, [row.id for row in rows], limit=limit)
        views = [view for row in page.items for view in ContentRequestView.if_readable(work, row)]
        return Page(views, page.next, list(work.audit_draft.not_readable))


@get("/cases/{case_id:uuid}/content-on-request/{kind:str}/{record_id:uuid}", operation_id="OpenOnRequest")
async def opened(
    case_id: FromPath[UUID], kind: FromPath[ContentKind], record_id: FromPath[UUID],
    log_scope: NamedDependency[RequestScope],
) -> ContentOnRequest:
    """Read one record that the caller, as DPO, asked for, and for what it was: what the own side wrote or was told."""
    async with log_scope.begin(Action.OPEN_ON_REQUEST, REVIEWABLE[kind], record_id, within=case_id) as work:
        record = work.subject(Record)
        await stand_on_its_track(work, record.id, getattr(record, "exchange_id", None))
        await require_stated_purpose(work, kind, record.id)
        is_own = record.authority_id == work.caller.authority_id
        return ContentOnRequest(
            kind=kind, id=record.id, version=record.record_version, authority=record.authority_id,
            recorded_at=record.recorded_at, recorded_by=record.recorded_by if is_own else None,
            facts=shown_facts(record, with_ids=True) if is_own else {}, texts=await texts_of(work, record),
            told=(await told_of(work, record)).get(record.id),
        )


handlers = [ask, asked_for, opened]
