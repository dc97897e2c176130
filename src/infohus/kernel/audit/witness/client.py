"""Sends requests to the witnesses over HTTP, with a short time limit. Follows no redirect; judges no answer."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from infohus.kernel.audit.witness.cosigning import Witnesses, WitnessPolicy, WitnessUnreachable

_SECONDS = 5
_LARGEST_ANSWER = 20_000
_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Accept-Encoding": "identity"}


class HttpSender:
    """Posts to witnesses. Its HTTP client is made at the first request, because setting TLS up takes long."""

    def __init__(self, *, patience_seconds: float = _SECONDS) -> None:
        """Limit each whole request to `patience_seconds`, however slowly the witness answers."""
        self._client: httpx.AsyncClient | None = None
        self._patience_seconds = patience_seconds

    async def __call__(self, url: str, body: bytes) -> tuple[int, str]:
        """Post an add-checkpoint request; give the status and the text.

        Raises:
            WitnessUnreachable: no answer in time, or one that no witness gives.
        """
        try:
            # httpx' own time limits start again with each byte.
            async with (
                asyncio.timeout(self._patience_seconds),
                self._open_client().stream("POST", url, content=body, headers=_HEADERS) as answer,
            ):
                return answer.status_code, await _text_of(answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError):
            raise WitnessUnreachable from None

    def _open_client(self) -> httpx.AsyncClient:
        if self._client is None:
            # No connection is kept: servers close an idle one before the next round, a minute later.
            limits = httpx.Limits(max_keepalive_connections=0)
            # No cookie is kept: a witness could send ever more of them.
            cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            self._client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False, limits=limits, cookies=cookies)
        return self._client


async def _text_of(answer: httpx.Response) -> str:
    """Read the text, refusing compression: a few compressed bytes could expand to any number.

    Raises:
        WitnessUnreachable: it is compressed, or longer than 20,000 bytes.
        UnicodeError: it is no UTF-8.
    """
    if "Content-Encoding" in answer.headers:
        raise WitnessUnreachable
    text = bytearray()
    async for piece in answer.aiter_raw():
        text += piece
        if len(text) > _LARGEST_ANSWER:
            raise WitnessUnreachable
    return text.decode()


def witnesses_in(file: Path | None, clock: Callable[[], datetime]) -> Witnesses:
    """Read the witnesses from a TOML file, or give none without a file; their timestamps are compared with `clock`.

    Raises:
        WitnessesNotUsable: the file cannot be used.
    """
    return Witnesses(None if file is None else WitnessPolicy.read(file), HttpSender(), clock)
