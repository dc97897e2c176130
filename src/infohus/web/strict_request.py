"""Reads bodies and addresses in their one spelling, instead of Litestar's lenient conversions.

Litestar would take "0" and "true" for a boolean, a number for a moment, the last of two members of one name, and
whatever Content-Type says.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from infohus import errors
from infohus.kernel.requests.asked import asked_now
from infohus.kernel.requests.bodies import IN_ADDRESS, WHOLE, read_body, require_guarded
from infohus.kernel.requests.moments import Day, Moment, can_be_meant

_JSON = re.compile(r'application/json[ \t]*(;[ \t]*charset=("utf-8"|utf-8)[ \t]*)?', re.IGNORECASE)
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)


class StrictRequest(Request[Any, Any, Any]):
    """A request whose body is read as the draft of its route, strictly."""

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            RequestNotUnderstood: the client went away, or the server could not read what it sent.
        """
        try:
            return await super().body()
        except InternalServerException:
            raise errors.RequestNotUnderstood(field=WHOLE) from None

    async def json(self) -> Any:  # noqa: ANN401 - the draft of whatever route it is
        """Read the body as the draft of the request's route.

        Raises:
            UnsupportedMediaType: it is not said to be application/json, in UTF-8.
            RequestNotUnderstood, MomentNotPlausible, ReasonWithoutWords
        """
        if _JSON.fullmatch(self.headers.get("content-type", "").strip()) is None:
            raise errors.UnsupportedMediaType
        body = read_body(await self.body(), draft_of(self.route_handler))
        asked_now().read_body(body)
        return body


def has_unread_body(request: Request[Any, Any, Any]) -> bool:
    """Say whether a body was sent to a route that reads none.

    An answer that streams watches for a client that goes away, and would take a body that breaks off for that.
    """
    if takes_body(request):
        return False
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def takes_body(request: Request[Any, Any, Any]) -> bool:
    """Say whether the route of a request reads a body."""
    return "data" in request.route_handler.parsed_fn_signature.parameters


def draft_of(handler: HTTPRouteHandler) -> type[msgspec.Struct]:
    """Give the type of the body that a route reads."""
    draft: type[msgspec.Struct] = handler.parsed_fn_signature.parameters["data"].annotation
    return draft


def require_guarded_routes(routes: list[Any]) -> None:
    """Refuse routes that would let in what nobody can mean, in a body or in an address.

    Raises:
        UnguardedType: naming draft and field.
    """
    for route in routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if "data" in handler.parsed_fn_signature.parameters:
                    require_guarded(draft_of(handler))


def meant_by_path(request: Request[Any, Any, Any]) -> Iterator[tuple[str, object]]:
    """Give what the path names, by name: a code as its route reads it, where it is one."""
    arguments = request.route_handler.parsed_fn_signature.parameters
    for name, value in request.path_params.items():
        kind = arguments[name].annotation if name in arguments else str
        is_code = isinstance(kind, type) and issubclass(kind, Enum) and value in {one.value for one in kind}
        yield name, kind(value) if is_code else value


def require_canonical_path(request: Request[Any, Any, Any]) -> None:
    """Refuse an id or a number in the path that is not written as this system writes it.

    Raises:
        RequestNotUnderstood: naming the parameter.
    """
    values = request.path_params
    for expected, given in zip(
        request.scope["path_template"].split("/"), request.scope["path"].split("/"), strict=False
    ):
        value = values.get(expected.strip("{}")) if expected.startswith("{") else None
        if isinstance(value, int | UUID) and str(value) != given:
            raise errors.RequestNotUnderstood(field=expected.strip("{}"))


def require_canonical_query(
    request: Request[Any, Any, Any], expected: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    """Give what a query asks for, by name.

    A parameter that is unknown, repeated, `null`, or not written as this system writes it is refused, once all others
    are given: an attempt keeps what it was after.

    `expected` maps the names in the address to those of the route's arguments.

    Raises:
        RequestNotUnderstood: naming the parameter.
        MomentNotPlausible: a moment lies outside what somebody can mean.
    """
    names: set[str] = set()
    refusal: errors.Refused | None = None
    for part in request.scope["query_string"].split(b"&"):
        name, _, value = (_decoded(text) for text in part.partition(b"="))
        if name is None or name not in expected:
            refusal = refusal or errors.RequestNotUnderstood(field=IN_ADDRESS, what="unknown")
            continue
        if name in names or value is None or value.lower() == "null":
            refusal = refusal or errors.RequestNotUnderstood(field=name)
            continue
        names.add(name)
        try:
            for kind in _kinds_of(_field_of(request.route_handler, expected[name])):
                yield name, _meant(kind, value, name)
                _require_canonical(kind, value, name)
        except (errors.RequestNotUnderstood, errors.MomentNotPlausible) as refused:
            refusal = refusal or refused
    if refusal is not None:
        raise refusal


def _field_of(handler: HTTPRouteHandler, argument: str) -> FieldDefinition:
    """Find an argument of a route, or of what the route depends on."""
    own = handler.parsed_fn_signature.parameters
    if argument in own:
        return own[argument]
    needed = (provided for name, provided in handler.resolve_dependencies().items() if name in own)
    return next(
        provided.parsed_fn_signature.parameters[argument]
        for provided in needed if argument in provided.parsed_fn_signature.parameters
    )


def _meant(kind: type, text: str, name: str) -> object:
    """Give the value of a parameter; an id also where it is not written as this system writes it."""
    if kind is str:
        return text
    try:
        return kind(text) if issubclass(kind, UUID | Enum) else msgspec.convert(text, kind, strict=False)
    except (ValueError, msgspec.ValidationError):
        raise errors.RequestNotUnderstood(field=name) from None


def _decoded(text: bytes) -> str | None:
    try:
        decoded = unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in decoded else decoded


@cache
def _kinds_of(field: FieldDefinition) -> tuple[type, ...]:
    inner = [one for one in field.inner_types if not one.is_none_type] if field.is_optional else [field]
    return tuple(one.annotation for one in inner)


def _is_moment_of(kind: Any) -> Callable[[str], bool]:  # noqa: ANN401 - an annotated type
    def is_moment(text: str) -> bool:
        try:
            when = msgspec.convert(text, kind)
        except msgspec.ValidationError:
            return False
        if not can_be_meant(when):
            raise errors.MomentNotPlausible
        return True

    return is_moment


def _is_canonical_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


_SPELLINGS: Mapping[type, Callable[[str], bool]] = {
    bool: lambda text: text in {"true", "false"},
    int: lambda text: _NUMBER.fullmatch(text) is not None,
    UUID: _is_canonical_uuid,
    datetime: _is_moment_of(Moment),
    date: _is_moment_of(Day),
}


def _require_canonical(kind: type, text: str, name: str) -> None:
    spelled = _SPELLINGS.get(kind)
    try:
        if spelled is None or spelled(text):
            return
    except errors.MomentNotPlausible:
        raise errors.MomentNotPlausible(field=name) from None
    raise errors.RequestNotUnderstood(field=name)
