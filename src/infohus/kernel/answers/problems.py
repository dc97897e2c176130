"""How the API answers: problem details, pages, entity tags, and the statuses every route documents.

Sources: RFC 9457 (problem details), RFC 9110 section 8.8.3 (ETag) and 13.1.1 (If-Match).
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Generic, TypeVar
from uuid import UUID, uuid4

import msgspec
from litestar import Response
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter

from infohus import errors
from infohus.danish import words_for
from infohus.logs import correlation_id

Item = TypeVar("Item")

PROBLEM = "application/problem+json"
NIL = UUID(int=0)

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="At most this many items.")]
After = Annotated[UUID, QueryParameter(description="The `next` of the page before; leave out for the first page.")]
IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", description="The ETag that was fetched.", pattern=r'^"[0-9]{1,9}"$')
]
VERSIONED = [
    ResponseHeader(
        name="ETag", documentation_only=True, required=True, value='"1"',
        description="The version answered; send it as If-Match to change exactly that.",
    )
]
"""For the `response_headers` of a route that answers with an entity tag: documents it, sets nothing."""


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, and what to do about it. `type` never changes for a situation."""

    type: str
    title: str
    status: int
    detail: str
    correlation_id: str


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Some items, and where the next ones begin: pass `next` as `after`. `None` is the end."""

    items: list[Item]
    next: UUID | None


def page_of(items: Sequence[Item], ids: Sequence[UUID], *, limit: int) -> Page[Item]:
    """Make a page of up to `limit` items; one more than `limit` was asked for, to know whether there are others."""
    more = len(items) > limit
    return Page(items=list(items[:limit]), next=ids[limit - 1] if more else None)


def problem_of(refusal: errors.Refused) -> Problem:
    """Describe a refusal. A request that was refused before sign-in gets its correlation id here."""
    if correlation_id.get() == "-":
        correlation_id.set(uuid4().hex)
    title, detail = words_for(refusal)
    return Problem(
        type=f"/problems/{refusal.slug}", title=title, status=int(refusal.status), detail=detail,
        correlation_id=correlation_id.get(),
    )


def problem_response(refusal: errors.Refused, *, headers: dict[str, str] | None = None) -> Response[Problem]:
    """Answer a refusal as problem details; sign-in sets the same headers, but an unknown address never gets there."""
    problem = problem_of(refusal)
    return Response(
        problem, status_code=problem.status, media_type=PROBLEM,
        headers={"Cache-Control": "no-store", "X-Correlation-Id": problem.correlation_id, **(headers or {})},
    )


def etag(version: int) -> str:
    """Give the entity tag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, version: int) -> None:
    """Refuse a change of a version that the caller has not seen.

    Raises:
        VersionNotStated: there is no If-Match.
        ChangedMeanwhile: it names another version.
    """
    if if_match is None:
        raise errors.VersionNotStated
    if if_match != etag(version):
        raise errors.ChangedMeanwhile


_DESCRIPTIONS = {
    HTTPStatus.BAD_REQUEST: "The request could not be read",
    HTTPStatus.UNAUTHORIZED: "Not signed in",
    HTTPStatus.NOT_FOUND: "Unknown or forbidden: the same answer for both",
    HTTPStatus.CONFLICT: "Not possible now, or somebody acted at the same time",
    HTTPStatus.PRECONDITION_FAILED: "Changed meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Not application/json",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A rule refuses it",
    HTTPStatus.PRECONDITION_REQUIRED: "If-Match is missing",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Failed here; nothing happened",
    HTTPStatus.SERVICE_UNAVAILABLE: "The log or the database is unavailable; nothing happened",
}


def documented_problems(*statuses: HTTPStatus) -> dict[int, ResponseSpec]:
    """Document the problems that a route can answer: these, or every one."""
    return {
        int(status): ResponseSpec(
            data_container=Problem, description=_DESCRIPTIONS[status], media_type=PROBLEM, generate_examples=False
        )
        for status in statuses or _DESCRIPTIONS
    }


def guarded(*handlers: HTTPRouteHandler) -> list[HTTPRouteHandler]:
    """Document on each route every problem it can answer."""
    for handler in handlers:
        handler.responses = {**documented_problems(), **(handler.responses or {})}
    return list(handlers)
