"""Sign-in of every request: it gets a correlation id, and reaches a route only with a verified token."""

import re
from collections.abc import Mapping
from hashlib import sha256
from uuid import uuid4

import structlog
from cachetools import FIFOCache, TTLCache
from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from infohus import errors
from infohus.kernel.answers.problems import problem_response
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import Caller
from infohus.kernel.identity.tokens import TokenGate, TokenRefused
from infohus.kernel.requests.asked import begin_request
from infohus.kernel.unit_of_work.actors import Actors
from infohus.kernel.unit_of_work.begin import UnitsOfWork
from infohus.logs import correlation_id
from infohus.web.acute import say_112_first
from infohus.web.attempts import log_attempt

logger = structlog.get_logger()

OPEN_TO_ALL = ("/health", "/ready", "/docs", "/problems")
_BELOW_THEM = tuple(f"{path}/" for path in OPEN_TO_ALL)
REMEMBERED_SIGN_INS = 4096
REFUSED_TOKEN_SECONDS = 3600
"""How long a refused token has one entry: sent again and again, it would fill the log."""
_REFUSED, _FAILED = 400, 500
_WITHOUT = "no_bearer_token"
UUID_TEXT = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""What a correlation id looks like. It stands in logs that nobody can correct, so nothing else is taken from a caller:
a name or a CPR number could be written through it (rules 28, 53 and 60)."""


class AuthenticationMiddleware(ASGIMiddleware):
    """Signs callers in (rule 56).

    A sign-in stands in the log of the caller's authority, a refused token that an issuer did sign in the log of that
    issuer's authority, once an hour for each reason. Any other refusal is counted.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, gate: TokenGate, units: UnitsOfWork, actors: Actors, acts: Mapping[str, Action]) -> None:
        """Take what verifies tokens, the units of work, what stores who signs in, and each operation's act."""
        self._acts = acts
        self._gate = gate
        self._units = units
        self._actors = actors
        self._seen: FIFOCache[bytes, None] = FIFOCache(REMEMBERED_SIGN_INS)
        self._refused: TTLCache[tuple[bytes, str], None, float] = TTLCache(REMEMBERED_SIGN_INS, REFUSED_TOKEN_SECONDS)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Give the request its correlation id; pass it on, or answer 401 (503 where the sign-in cannot be logged)."""
        given = _header(scope, b"x-correlation-id")
        correlation_id.set(given if re.fullmatch(UUID_TEXT, given) else str(uuid4()))
        begin_request()
        answered: list[int] = []

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])
                outgoing = MutableScopeHeaders(message)
                outgoing["X-Correlation-Id"] = correlation_id.get()
                outgoing.setdefault("Cache-Control", "no-store")
            await send(message)

        if is_open(scope["path"]):
            await next_app(scope, receive, send_with_id)
        else:
            token = _header(scope, b"authorization")
            await self._pass_if_signed_in(token, scope, receive, send_with_id, next_app)
        logger.info(
            "request", method=scope.get("method"), route=scope.get("path_template", "-"),
            status=answered[0] if answered else 0,
        )

    async def _pass_if_signed_in(
        self, authorization: str, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        try:
            caller = await self._admitted(authorization)
            if caller.token_digest not in self._seen:
                await self._sign_in(caller)
        except errors.Refused as refused:
            headers = {"WWW-Authenticate": "Bearer"} if isinstance(refused, errors.NotSignedIn) else None
            say_112_first(refused, scope)
            answer = problem_response(refused, headers=headers).to_asgi_response(None, Request(scope))
            await answer(scope, receive, send)
        else:
            scope["user"] = caller
            asked = begin_request()

            async def send_once_logged(message: Message) -> None:
                if message["type"] == "http.response.start" and _REFUSED <= message["status"] < _FAILED:
                    await log_attempt(self._units, self._acts, caller, scope, asked)
                await send(message)

            await next_app(scope, receive, send_once_logged)

    async def _sign_in(self, caller: Caller) -> None:
        """Log the sign-in and store, sealed, who it is; no act comes before that is committed (rule 60)."""
        try:
            async with self._units.begin(caller, Action.SIGN_IN) as work:
                fingerprint = await self._actors.keep(work)
        except errors.UnknownWhetherStored as unknown:
            # Of the sign-in; what was asked for has not begun.
            raise errors.LogUnavailable from unknown
        self._actors.remember(fingerprint)
        self._seen[caller.token_digest] = None

    async def _admitted(self, authorization: str) -> Caller:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            self._units.count_refusal(_WITHOUT)
            raise errors.NotSignedIn
        try:
            return await self._gate.admit(token.strip())
        except TokenRefused as refused:
            logger.info("token_refused", reason=refused.reason.value)
            this = sha256(token.strip().encode()).digest(), refused.reason.value
            if refused.of is None or this in self._refused:
                self._units.count_refusal(refused.reason.value)
            else:
                self._refused[this] = None
                try:
                    await self._units.log_refused_token(refused.of, refused.reason.value)
                except errors.Refused:
                    self._refused.pop(this, None)
                    raise
            raise errors.NotSignedIn from None


def _header(scope: Scope, name: bytes) -> str:
    """Give the first header of that name, or "". A scan is cheaper than Litestar's index of headers for two of them."""
    return next((value.decode("latin-1") for given, value in scope["headers"] if given.lower() == name), "")


def is_open(path: str) -> bool:
    """Say whether a path needs no caller: health, documentation and the list of problems."""
    return path in OPEN_TO_ALL or path.startswith(_BELOW_THEM)
