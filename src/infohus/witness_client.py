"""How the signer's requests reach the witnesses: HTTP, briefly patient, never following a redirect."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx

from infohus.audit.cosigning import Witnesses, WitnessPolicy, WitnessUnreachable

_SECONDS = 5
_LARGEST_ANSWER = 20_000


class HttpSender:
    """Posts to witnesses. Its client is made when the first is asked: setting TLS up takes longer than asking."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, url: str, body: bytes) -> tuple[int, str]:
        """Post an add-checkpoint request; give the status and the text.

        Raises:
            WitnessUnreachable: no answer in time, or one that no witness gives.
        """
        if self._client is None:
            # No connection is kept: a minute passes between two rounds, longer than servers keep one open.
            limits = httpx.Limits(max_keepalive_connections=0)
            self._client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False, limits=limits)
        try:
            answer = await self._client.post(url, content=body, headers={"Content-Type": "text/plain; charset=utf-8"})
        except (httpx.HTTPError, httpx.InvalidURL):
            raise WitnessUnreachable from None
        if len(answer.content) > _LARGEST_ANSWER:
            raise WitnessUnreachable
        return answer.status_code, answer.text


def witnesses_in(file: Path | None, clock: Callable[[], datetime]) -> Witnesses:
    """Give the witnesses that a file names, their clocks held against `clock`; none without a file.

    Raises:
        WitnessesNotUsable: the file cannot be used.
    """
    return Witnesses(None if file is None else WitnessPolicy.read(file), HttpSender(), clock)
