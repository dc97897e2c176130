"""The route of supervision of onward disclosures: of what the authority owns, and what it passed on (rules 16, 90)."""

from uuid import UUID

import sqlalchemy as sa
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.cases.disclosures.onward_notices import OnwardNotice
from infohus.casework.exchanges.onward_routes import NoticeFacts, notice_facts
from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope

_OF_INFOHUS = (
    sa.select(OnwardNotice)
    .join(Case, Case.id == OnwardNotice.case_id)
    .where(Case.infohus_id == sa.bindparam("infohus_id"), OnwardNotice.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(OnwardNotice.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


@get("/infohuse/{infohus_id:uuid}/onward-notices", operation_id="SuperviseOnwardNotices")
async def notices(
    infohus_id: FromPath[UUID], log_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[NoticeFacts]:
    """List what was passed on of other authorities' own: by the caller's authority, or of what it owns; no text."""
    async with log_scope.begin(Action.SUPERVISE_EXCHANGES, Infohus, infohus_id) as work:
        rows = await work.rows(OnwardNotice, _OF_INFOHUS, infohus_id=infohus_id, after=after, limit=limit + 1)
        await work.side.look_at(*(row.case_id for row in rows))
        return page_of([NoticeFacts(**notice_facts(one)) for one in rows], [one.id for one in rows], limit=limit)


handlers = [notices]
