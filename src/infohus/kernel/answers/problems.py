"""Problem details: what went wrong, as RFC 9457 says it, and the problems that every route documents."""

from http import HTTPStatus
from uuid import uuid4

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from infohus import errors
from infohus.danish import words_for
from infohus.logs import correlation_id

PROBLEM = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, and what to do about it. `type` never changes for a situation."""

    type: str
    title: str
    status: int
    detail: str
    correlation_id: str


def problem_of(refusal: errors.Refused) -> Problem:
    """Describe a refusal. A request that sign-in never saw gets its correlation id here."""
    if correlation_id.get() == "-":
        correlation_id.set(str(uuid4()))
    title, detail = words_for(refusal)
    return Problem(
        type=f"/problems/{refusal.slug}", title=title, status=int(refusal.status), detail=detail,
        correlation_id=correlation_id.get(),
    )


def problem_response(refusal: errors.Refused, *, headers: dict[str, str] | None = None) -> Response[Problem]:
    """Answer a refusal as problem details, with the headers that sign-in adds: an unknown address never gets there."""
    problem = problem_of(refusal)
    return Response(
        problem, status_code=problem.status, media_type=PROBLEM,
        headers={"Cache-Control": "no-store", "X-Correlation-Id": problem.correlation_id, **(headers or {})},
    )


_DESCRIPTIONS = {
    HTTPStatus.BAD_REQUEST: "The request could not be read, or is not said to be application/json",
    HTTPStatus.UNAUTHORIZED: "Not signed in",
    HTTPStatus.FORBIDDEN: "Not for the caller's role, or seen by the caller and somebody else's to do",
    HTTPStatus.NOT_FOUND: "Unknown or forbidden: the same answer for both",
    HTTPStatus.CONFLICT: "Not possible now, or somebody acted at the same time",
    HTTPStatus.PRECONDITION_FAILED: "Changed meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A rule refuses it",
    HTTPStatus.PRECONDITION_REQUIRED: "If-Match is missing",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Failed here; nothing happened",
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "The log or the database is unavailable; nothing happened, unless the type is `unknown-whether-stored`"
    ),
}
_OF_WRITES = {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
"""What only a route that writes answers."""


def documented_problems(*statuses: HTTPStatus) -> dict[int, ResponseSpec]:
    """Document the problems that a route can answer: those of `statuses`, or every one."""
    return {
        int(status): ResponseSpec(
            data_container=Problem, description=_DESCRIPTIONS[status], media_type=PROBLEM, generate_examples=False
        )
        for status in statuses or _DESCRIPTIONS
    }


def guarded(*handlers: HTTPRouteHandler) -> list[HTTPRouteHandler]:
    """Document on each route every problem that it can answer with, beside what it documents itself."""
    for handler in handlers:
        statuses = set(_DESCRIPTIONS)
        if handler.http_methods == {"GET"}:
            statuses -= _OF_WRITES
        if "if_match" not in handler.fn.__annotations__:
            statuses -= {HTTPStatus.PRECONDITION_REQUIRED}
        handler.responses = {**documented_problems(*sorted(statuses)), **(handler.responses or {})}
    return list(handlers)
