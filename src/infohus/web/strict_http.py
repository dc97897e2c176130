"""Reads HTTP strictly before anything else looks at it: what two readers could read in two ways is answered 400.

It wraps the whole application, so that routing and sign-in see one spelling only. HEAD becomes GET here and loses its
body on the way out. What the server answers or changes before us is named in docs/architecture.md.
"""

import re

from litestar import Request
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from infohus import errors
from infohus.kernel.answers.problems import problem_response

ADDRESS = "adressen"
"""How the answer names the path: every other fault is in a header, which it names."""
_ONCE = frozenset({b"authorization", b"content-length", b"content-type", b"host", b"idempotency-key"})
_LISTS = frozenset({b"if-match", b"if-none-match"})
"""Lists that may be spread over several lines. Source: RFC 9110, section 5.3."""
_PATH = re.compile(rb"/|(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
"""No address here needs a percent sign, an empty segment or a slash at the end."""
_DOTS = re.compile(rb"/\.{1,2}(/|\Z)")
_QUERY = re.compile(rb"(?:[!$-;=?-Z_a-z~\[\]]|%[0-9A-Fa-f]{2})*")
"""Source: RFC 3986, section 3.4; brackets are not in it, and sent unescaped everywhere."""


class StrictHttp:
    """An ASGI application around another one."""

    def __init__(self, application: ASGIApp) -> None:
        """Take the application that answers what is read."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on in its one spelling, or answer 400 and close the connection.

        Source: RFC 9112, sections 3.2 ("A server MUST respond with a 400 … to any HTTP/1.1 request message that lacks a
        Host header field and to any request message that contains more than one") and 6.1 ("the server MUST close the
        connection after responding").
        """
        if scope["type"] != ScopeType.HTTP:
            await self._application(scope, receive, send)
            return
        fault = fault_in(scope)
        if fault is not None:
            refused = problem_response(errors.RequestNotUnderstood(field=fault), headers={"Connection": "close"})
            await refused.to_asgi_response(None, Request(scope))(scope, receive, _for(scope, send))
            return
        scope["headers"] = _joined(list(scope["headers"]))
        outgoing = _for(scope, send)
        if scope.get("method") == HttpMethod.HEAD:
            scope["method"] = HttpMethod.GET
        await self._application(scope, receive, outgoing)


def fault_in(scope: Scope) -> str | None:
    """Name the header, or `adressen`, that can be read in two ways; `None` for a request in one spelling."""
    given = [name.lower() for name, _ in scope["headers"]]
    if len(set(given)) < len(given) and (twice := sorted(name for name in _ONCE if given.count(name) > 1)):
        return twice[0].decode()
    # The server takes Content-Length away where both are sent, and says so to nobody; then where the next request on
    # the connection begins is a matter of opinion. Nothing that calls us needs chunks.
    if b"transfer-encoding" in given:
        return "transfer-encoding"
    if scope.get("http_version") == "1.1" and not any(value for name, value in scope["headers"] if name == b"host"):
        return "host"
    # Some servers leave the query in, against ASGI's text.
    path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    if _PATH.fullmatch(path) is None or _DOTS.search(path) or _QUERY.fullmatch(scope["query_string"]) is None:
        return ADDRESS
    return None


def _joined(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Join the lines of a list into one. Source: RFC 9110, section 5.3."""
    if len({name.lower() for name, _ in headers}) == len(headers):
        return headers
    lists = {name: [value for given, value in headers if given.lower() == name] for name in _LISTS}
    several = {name for name, values in lists.items() if len(values) > 1}
    if not several:
        return headers
    rest = [(name, value) for name, value in headers if name.lower() not in several]
    return [*rest, *((name, b", ".join(lists[name])) for name in sorted(several))]


def _for(scope: Scope, send: Send) -> Send:
    """Answer HEAD with all that GET says before its body, and no body. Source: RFC 9110, section 9.3.2."""
    if scope.get("method") != HttpMethod.HEAD:
        return send

    async def send_without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_without_body


