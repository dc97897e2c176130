"""How the signer's requests reach the witnesses: HTTP, briefly patient, never following a redirect."""

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
    """Posts to witnesses. Its client is made when the first is asked: setting TLS up takes longer than asking."""

    def __init__(self, *, patience_seconds: float = _SECONDS) -> None:
        """Make nothing yet; each request is over within its time, whatever the witness sends how slowly."""
        self._client: httpx.AsyncClient | None = None
        self._patience_seconds = patience_seconds

    async def __call__(self, url: str, body: bytes) -> tuple[int, str]:
        """Post an add-checkpoint request; give the status and the text.

        Raises:
            WitnessUnreachable: no answer in time, or one that no witness gives.
        """
        try:
            # httpx' own time limits start anew with each byte.
            async with (
                asyncio.timeout(self._patience_seconds),
                self._open_client().stream("POST", url, content=body, headers=_HEADERS) as answer,
            ):
                return answer.status_code, await _text_of(answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError):
            raise WitnessUnreachable from None

    def _open_client(self) -> httpx.AsyncClient:
        if self._client is None:
            # No connection is kept: a minute passes between two rounds, longer than servers keep one open.
            limits = httpx.Limits(max_keepalive_connections=0)
            # Nor a cookie: a witness could send new ones for ever, and get them back.
            cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            self._client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False, limits=limits, cookies=cookies)
        return self._client


async def _text_of(answer: httpx.Response) -> str:
    """Read the text as it was sent: a few compressed bytes could become any number.

    Raises:
        WitnessUnreachable: it is compressed, or too long.
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
    """Give the witnesses that a file names, their clocks held against `clock`; none without a file.

    Raises:
        WitnessesNotUsable: the file cannot be used.
    """
    return Witnesses(None if file is None else WitnessPolicy.read(file), HttpSender(), clock)
