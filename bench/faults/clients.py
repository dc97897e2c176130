"""Clients that read and write while things break, and note every answer."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx
from installation import EXCHANGE, Installation, concern_draft, now

from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import demo_keys

MARK = "MÆRKE"
"""Is in the texts of all cases: an answer that contains it holds case data."""
_TOKENS = ("kommune",)


@dataclass
class Answer:
    """The answer to one attempt; `record` is the id of an acknowledged write, `key` its Idempotency-Key."""

    correlation: str
    method: str
    path: str
    status: int
    has_data: bool
    record: str | None = None
    key: str | None = None


@dataclass
class Journal:
    """Everything that was sent and what came back."""

    answers: list[Answer] = field(default_factory=list)
    sent: int = 0
    unanswered: int = 0
    cancelled: int = 0
    repeated: int = 0

    def of_status(self, least: int, most: int) -> int:
        """Count answers by status."""
        return sum(least <= one.status <= most for one in self.answers)


def fresh_correlation() -> str:
    """Make a correlation id: the service keeps a UUID."""
    return str(uuid4())


def _earlier() -> datetime:
    return now() - timedelta(hours=3)


class Client:
    """One user: reads cases, concerns and exchanges, and records concerns, information and exchanges."""

    def __init__(self, installation: Installation, address: str, journal: Journal, seed: str) -> None:
        """Write into `journal`."""
        self._dice = random.Random(seed)  # noqa: S311 - which request comes next is no secret
        self._installation, self._address, self._journal = installation, address, journal
        # Issued three hours ago, so that they are valid while the worker's clock is an hour off in either direction.
        issuers = DemoIssuers(demo_keys(installation.folder / "issuer-keys"), _earlier, url="http://127.0.0.1:9")
        self._tokens = {name: issuers.token(name) for name in _TOKENS}

    async def work(self, cases: list[tuple[str, str, str]], stop: asyncio.Event) -> None:
        """Send requests until `stop` is set."""
        async with httpx.AsyncClient(base_url=self._address, timeout=15, trust_env=False) as client:
            while not stop.is_set():
                if self._dice.random() < 0.6:  # noqa: PLR2004 - a little more reading than writing
                    await self._read(client, cases)
                else:
                    await self._write(client, cases)

    async def _read(self, client: httpx.AsyncClient, cases: list[tuple[str, str, str]]) -> None:
        case, concern, exchange = self._dice.choice(cases)
        path = self._dice.choice((f"/cases/{case}", f"/cases/{case}/concerns/{concern}", exchange))
        await self._send(client, "GET", path, None, None)

    async def _write(self, client: httpx.AsyncClient, cases: list[tuple[str, str, str]]) -> None:
        case, _, _ = self._dice.choice(cases)
        path, body = self._dice.choice((
            (f"/infohuse/{self._installation.infohus_id}/concerns", _marked(concern_draft(self._dice.randrange(999)))),
            (f"/cases/{case}/information", {"text": f"{MARK} Moren er bekymret.", "source": "samtale"}),
            (f"/cases/{case}/exchanges", _marked(EXCHANGE)),
        ))
        key = uuid4().hex
        for attempt in range(4):
            self._journal.repeated += attempt > 0
            answer = await self._send(client, "POST", path, body, key)
            if answer is not None and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return
            await asyncio.sleep(0.1 * self._dice.random())

    async def _send(
        self, client: httpx.AsyncClient, method: str, path: str, body: Any, key: str | None  # noqa: ANN401 - JSON
    ) -> Answer | None:
        correlation = fresh_correlation()
        headers = {"Authorization": f"Bearer {self._tokens['kommune']}", "X-Correlation-Id": correlation}
        if key is not None:
            headers["Idempotency-Key"] = key
        self._journal.sent += 1
        try:
            response = await client.request(method, path, json=body, headers=headers)
        except httpx.HTTPError:
            self._journal.unanswered += 1
            await asyncio.sleep(0.1)
            return None
        record = response.json().get("id") if method == "POST" and response.is_success else None
        answer = Answer(
            correlation, method, path, response.status_code, MARK in response.text, record, key
        )
        self._journal.answers.append(answer)
        return answer

    async def cancel_one(self, host: str, port: int, cases: list[tuple[str, str, str]]) -> None:
        """Send a request and close the connection at a random moment; what came until then counts as received."""
        case, concern, exchange = self._dice.choice(cases)
        correlation, path = fresh_correlation(), self._dice.choice((f"/cases/{case}/concerns/{concern}", exchange))
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            return
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {self._tokens['kommune']}\r\n"
            f"X-Correlation-Id: {correlation}\r\nConnection: close\r\n\r\n".encode()
        )
        received = b""
        try:
            async with asyncio.timeout(self._dice.random() * 0.012):
                while chunk := await reader.read(65_536):
                    received += chunk
        except (TimeoutError, OSError):
            pass
        writer.transport.abort()
        self._journal.cancelled += 1
        status = int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else 0
        self._journal.answers.append(Answer(correlation, "GET", path, status, MARK.encode() in received))


def _marked(draft: dict[str, Any]) -> dict[str, Any]:
    """Put the mark into the texts of a draft."""
    texts = {"necessity", "proportionality", "subsidiarity", "strict_necessity", "summary", "observation"}
    return {name: f"{MARK} {value}" if name in texts else value for name, value in draft.items()}
