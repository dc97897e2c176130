"""The route of notices of onward disclosure: what others passed on that the caller's authority owns (rule 16)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.cases.disclosures.model import Channel, Paragraph, Purpose
from infohus.cases.disclosures.onward_notices import OnwardNotice
from infohus.kernel.access.model import Case
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope


class PassedOn(msgspec.Struct, frozen=True):
    """One record that was passed on."""

    kind: str
    id: UUID


class NoticeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """That `discloser` passed on what `owner` owns: `records`, to whom, when and for what purpose."""

    id: UUID
    case_id: UUID
    discloser: str
    owner: str
    recipients: list[str]
    paragraph: Paragraph
    purpose: Purpose
    channel: Channel
    exchanged_at: datetime
    recorded_at: datetime
    records: list[PassedOn]


class NoticeView(NoticeFacts, frozen=True, kw_only=True):
    """A notice as its owner reads it, with the reason that the discloser wrote for it."""

    reason: str


def notice_facts(notice: OnwardNotice) -> dict[str, Any]:
    """Give the facts of a notice by the field names of `NoticeFacts`."""
    return {
        "id": notice.id, "case_id": notice.case_id, "discloser": notice.authority_id, "owner": notice.owner_id,
        "recipients": notice.recipients, "paragraph": notice.paragraph, "purpose": notice.purpose,
        "channel": notice.channel, "exchanged_at": notice.exchanged_at, "recorded_at": notice.recorded_at,
        "records": [
            PassedOn(kind, record_id) for kind, record_id in zip(notice.record_kinds, notice.record_ids, strict=True)
        ],
    }


_OF_CASE = (
    sa.select(OnwardNotice)
    .where(
        OnwardNotice.case_id == sa.bindparam("case_id"), OnwardNotice.owner_id == sa.bindparam("authority_id"),
        OnwardNotice.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(OnwardNotice.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


@get("/cases/{case_id:uuid}/onward-notices", operation_id="ListOnwardNotices")
async def of_case(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[NoticeView]:
    """List what others passed on that the caller's authority owns, oldest first: to whom and why, and nothing else."""
    async with request_scope.begin(Action.LIST_EXCHANGES, Case, case_id) as work:
        notices = await work.rows(
            OnwardNotice, _OF_CASE, case_id=case_id, authority_id=work.caller.authority_id, after=after, limit=limit + 1
        )
        texts = await work.open(*notices, reading=Action.READ_EXCHANGE)
        views = [NoticeView(**notice_facts(one), reason=texts[one.id]["reason"]) for one in notices]
        return page_of(views, [one.id for one in notices], limit=limit)


handlers = [of_case]
