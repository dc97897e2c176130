"""Lists are answered in pages: some items, and where the next ones begin."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

Item = TypeVar("Item")

NIL = UUID(int=0)

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="At most this many items.")]
After = Annotated[UUID, QueryParameter(description="The `next` of the page before; leave out for the first page.")]


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Some items, and where the next ones begin: pass `next` as `after`. `None` is the end.

    `not_readable` are ids of records that stand here and were changed past the system, so that they do not open.
    """

    items: list[Item]
    next: UUID | None
    not_readable: list[UUID] = []


def page_of(items: Sequence[Item], ids: Sequence[UUID], *, limit: int) -> Page[Item]:
    """Make a page of up to `limit` items; the caller fetched one more, to know whether others follow."""
    more = len(items) > limit
    return Page(items=list(items[:limit]), next=ids[limit - 1] if more else None)
