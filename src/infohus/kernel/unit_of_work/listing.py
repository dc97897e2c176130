"""Lists of records with their texts. One that does not open takes the others with it neither way.

Each record's texts are bound to its own row alone, so that one row was changed says nothing of the others: they are
shown, for otherwise one changed column, or one key that is gone, would stop all work in the case. Which were left out
stands in the answer, lest somebody take the list for whole.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from infohus import errors
from infohus.kernel.answers.pages import NIL, Page, page_of
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.not_readable import RecordNotReadable, not_readable
from infohus.kernel.unit_of_work.unit import UnitOfWork

AnyRecord = TypeVar("AnyRecord", bound=Record)
View = TypeVar("View")


async def page_opened(
    work: UnitOfWork, records: Sequence[AnyRecord], view: Callable[..., Awaitable[list[View]]], *, limit: int
) -> Page[View]:
    """Make a page of up to `limit` records as `view` shows them; the caller fetched one more than the limit."""
    page = page_of(records, [record.id for record in records], limit=limit)
    if page.items:
        work.audit_draft.narrow()
    try:
        views = await view(*page.items)
    except (RecordNotReadable, errors.NotAvailable) as refused:
        _require_unreadable(refused)
        views = [one for record in page.items for one in await _shown(work, record, view)]
    return Page(views, page.next, list(work.audit_draft.not_readable))


async def in_turn(
    work: UnitOfWork, model: type[AnyRecord], statement: AnySelect, *, at_once: int, **values: object
) -> AsyncIterator[list[AnyRecord]]:
    """Fetch all records of a list, some at a time; `statement` has them in the order of their ids, behind `:after`."""
    after, may_be_more = NIL, True
    while may_be_more and (some := await work.rows(model, statement, after=after, limit=at_once, **values)):
        yield some
        after, may_be_more = some[-1].id, len(some) == at_once


async def _shown(work: UnitOfWork, record: Record, view: Callable[..., Awaitable[list[View]]]) -> list[View]:
    try:
        return await view(record)
    except (RecordNotReadable, errors.NotAvailable) as refused:
        _require_unreadable(refused)
        if isinstance(refused, errors.NotAvailable):
            not_readable(record, work.audit_draft)
        return []


def _require_unreadable(refused: errors.Refused) -> None:
    """Go on where a record does not open; what the policies forbid they forbid for the whole list."""
    if isinstance(refused, errors.NotAvailable) and not refused.without_key:
        raise refused
