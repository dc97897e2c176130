"""Every error as RFC 9457 problem details: a stable type, Danish words, a correlation id, nothing of what was typed."""

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.enums import HttpMethod
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.routes import HTTPRoute
from litestar.types import ExceptionHandlersMap

from infohus import errors
from infohus.kernel.answers.problems import Problem, problem_response
from infohus.kernel.requests.asked import asked_now
from infohus.kernel.unit_of_work.denials import require_role
from infohus.oversight.supervision.refusals import LogReadWithoutPurpose
from infohus.web.acute import say_112_first
from infohus.web.attempts import RolesOfRoutes
from infohus.web.scopes import READING_A_LOG
from infohus.web.strict_request import (
    has_unread_body,
    meant_by_path,
    require_canonical_path,
    require_canonical_query,
    takes_body,
)

logger = structlog.get_logger()

_BODY = "data"
"""What the argument of a route is called that takes the whole body: named where there is none."""

AnyRequest = Request[Any, Any, Any]


def _answer(
    request: AnyRequest, refusal: errors.Refused, *, headers: dict[str, str] | None = None
) -> Response[Problem]:
    asked_now().problem = refusal.slug
    say_112_first(refusal, request.scope)
    return problem_response(refusal, headers=headers)


def _refused(request: AnyRequest, refusal: errors.Refused) -> Response[Problem]:
    return _answer(request, refusal)


def _not_understood(request: AnyRequest, failure: ValidationException) -> Response[Problem]:
    return _answer(request, errors.RequestNotUnderstood(field=_place_of(failure)))


def _no_such_address(request: AnyRequest, _failure: NotFoundException) -> Response[Problem]:
    return _answer(request, errors.NoSuchAddress())


def _method_not_allowed(request: AnyRequest, _failure: MethodNotAllowedException) -> Response[Problem]:
    """Say which methods the address has. Source: RFC 9110, section 15.5.6."""
    return _answer(request, errors.MethodNotAllowed(), headers={"Allow": _allowed(request)})


def before_each_route(roles: RolesOfRoutes) -> Callable[[AnyRequest], Awaitable[Response[None] | None]]:
    """Make what is done before each route; `roles` are those that can ever call it, by operation id."""

    async def before(request: AnyRequest) -> Response[None] | None:
        if takes_body(request):
            asked_now().sent = await request.body()
        answer = _before(request, roles)
        if answer is None and has_unread_body(request):
            await request.body()
        return answer

    return before


def _before(request: AnyRequest, roles: RolesOfRoutes) -> Response[None] | None:
    """Answer OPTIONS, and refuse an address that is not in its one spelling or has parameters that nobody reads.

    Litestar's own OPTIONS leaves out methods that were added after the first. A filter that is misspelt, repeated or
    `null` must not be answered as if there were none: a reviewer would take every entry for those asked for.

    Raises:
        RequestNotUnderstood, MomentNotPlausible: naming the parameter.
        RoleMayNot, LogReadWithoutPurpose: a log is to be read, and nothing says what for: first, who can read it.
    """
    if request.method == HttpMethod.OPTIONS:
        return Response(None, status_code=HTTPStatus.NO_CONTENT, headers={"Allow": _allowed(request)})
    asked = asked_now()
    asked.read_address(meant_by_path(request))
    require_canonical_path(request)
    if request.scope["query_string"]:
        asked.read_address(require_canonical_query(request, _query_of(request)))
    if asked.purpose is None and not READING_A_LOG.isdisjoint(request.route_handler.parsed_fn_signature.parameters):
        require_role(roles[str(request.route_handler.operation_id)], request.user)
        raise LogReadWithoutPurpose
    return None


def _query_of(request: AnyRequest) -> dict[str, str]:
    """Map the query parameters that the route reads to the names of its arguments."""
    template = request.scope["path_template"]
    routes = (route for route in request.app.routes if isinstance(route, HTTPRoute) and route.path_format == template)
    _, arguments = next(routes).route_handler_map[request.method]
    return {parameter.field_alias: parameter.field_name for parameter in arguments.expected_query_params}


def _allowed(request: AnyRequest) -> str:
    here = request.url.path.rstrip("/")
    methods = {
        method
        for route in request.app.routes
        if isinstance(route, HTTPRoute) and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", route.path_format), here)
        for method in route.methods
    }
    if HttpMethod.GET in methods:
        methods.add(HttpMethod.HEAD)  # strict_http.py answers it
    return ", ".join(sorted(methods))


def _other_http(request: AnyRequest, failure: HTTPException) -> Response[Problem]:
    situations: Mapping[int, type[errors.Refused]] = {
        413: errors.RequestTooLarge, 415: errors.UnsupportedMediaType, 401: errors.NotSignedIn,
    }
    if failure.status_code in situations:
        return _answer(request, situations[failure.status_code]())
    if isinstance(failure, ClientException) or 400 <= failure.status_code < 500:  # noqa: PLR2004
        return _answer(request, errors.RequestNotUnderstood(field=_place_of(failure)))
    return _unexpected(request, failure)


def _unexpected(request: AnyRequest, failure: Exception) -> Response[Problem]:
    logger.error("unexpected", exc_info=failure)
    return _answer(request, errors.UnexpectedFailure())


def _place_of(failure: HTTPException) -> str:
    """Name the field that was not understood, never its value: `$.subjects[0].cpr_number`, or `$` for the whole."""
    extra = failure.extra
    if isinstance(extra, list) and extra and isinstance(extra[0], dict) and isinstance(extra[0].get("key"), str):
        return "$" if extra[0]["key"] == _BODY else _only_a_name(extra[0]["key"])
    text = str(failure.detail)
    _, found, place = text.rpartition("at `")
    return _only_a_name(place.rstrip("`")) if found else "$"


def _only_a_name(place: str) -> str:
    return "".join(sign for sign in place if sign.isalnum() or sign in "$._[]-")[:120] or "$"


exception_handlers: ExceptionHandlersMap = {
    errors.Refused: _refused,
    ValidationException: _not_understood,
    NotFoundException: _no_such_address,
    MethodNotAllowedException: _method_not_allowed,
    HTTPException: _other_http,
    Exception: _unexpected,
}
