"""What reads a whole log, asked of a service that may use 512 MiB while the log has 224,000 entries (B3).

Each request is answered, the export has its end, and the service takes no more memory than for a short log.
Leaves var/long-log.json.
"""

import argparse
import asyncio
import hashlib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from installation import create, now
from rich.console import Console
from served import Served

from infohus.demo.local_postgres import LocalPostgres
from infohus.demo.people import ISHOJ
from infohus.kernel.audit.formats.entry import Entry, Opened, Outcome, encode
from infohus.kernel.audit.storage.log import log_of

LIMIT = 512 * 2**20
RESULTS = Path(__file__).resolve().parents[1] / "var" / "long-log.json"
FOR = "purpose=self_monitoring"
_APPEND = "SELECT audit.append($1, $2)"


def entry(number: int, person: str) -> bytes:
    """Write an entry of a reading, as long as the product's are."""
    return encode(Entry(
        at=now() - timedelta(days=150) + timedelta(seconds=30 * number), log=log_of(ISHOJ),
        caller=UUID(int=number % 40), authority=ISHOJ, role="municipal_coordinator", assurance="high",
        action="readConcern", subject_kind="concern", subject=uuid4(), case=UUID(int=number % 500),
        outcome=Outcome.ALLOWED, reason=None, policies=["read-record"], policy_set="0" * 16, justification=None,
        purpose="case_work", recipients=[], persons=[person] if number % 50 == 0 else [secrets.token_urlsafe(16)],
        opened=[Opened("concern", column, uuid4()) for column in ("observation", "interpretation", "told_reporter")],
        wrote=[], correlation=str(uuid4()), nonce=secrets.token_urlsafe(16),
    ))


async def append(address: str, entries: int) -> None:
    """Append some entries in transactions of thousands."""
    connection = await asyncpg.connect(address, statement_cache_size=10)
    person = secrets.token_urlsafe(16)
    try:
        for first in range(0, entries, 4000):
            async with connection.transaction():
                numbers = range(first, min(first + 4000, entries))
                await connection.executemany(_APPEND, [(log_of(ISHOJ), entry(number, person)) for number in numbers])
    finally:
        await connection.close()


class _Asked:
    """The service, asked as the municipality's DPO."""

    def __init__(self, served: Served, token: str) -> None:
        self._served = served
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, str, int, bytes]:
        """Send a request; give the status, the SHA-256 and the length of the answer, and its end."""
        digest, size, end = hashlib.sha256(), 0, b""
        with httpx.stream(
            method, f"{self._served.address}{path}", json=body, timeout=900, headers=self._headers
        ) as answer:
            for piece in answer.iter_bytes():
                digest.update(piece)
                size += len(piece)
                end = (end + piece)[-4096:]
        return answer.status_code, digest.hexdigest(), size, end

    def peak(self) -> int:
        """Give the most memory that a process of the service had, in bytes."""
        peaks = []
        for process in self._served.processes():
            status = Path(f"/proc/{process}/status").read_text()
            peaks += [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")]
        return max(peaks, default=0)


def drawing(service: _Asked) -> Callable[[], tuple[int, str, int, bytes]]:
    """Announce a check of the whole period, and give what draws it."""
    secret = secrets.token_hex(32)
    body = {
        "commitment": hashlib.sha256(secret.encode()).hexdigest(), "sample": 25, "leaves_gap": True,
        "period_from": f"{now() - timedelta(days=160):%Y-%m-%d}", "period_until": f"{now():%Y-%m-%d}",
    }
    status, _, _, end = service.ask("POST", f"/log/checks?{FOR}", body)
    if status != HTTPStatus.CREATED:
        message = f"the check was not announced: {status} {end[:300]!r}"
        raise SystemExit(message)
    check = json.loads(end)["id"]
    service.ask("GET", f"/log?{FOR}")  # signs
    return lambda: service.ask("POST", f"/log/checks/{check}/draw?{FOR}", {"secret": secret})


def measure(service: _Asked, say: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """Ask for everything that reads a whole log; say what each took, and whether all was answered."""
    service.ask("GET", f"/log/entries?limit=1&{FOR}")
    began, all_is_well, results = service.peak(), True, {"peak at first": service.peak()}
    asked: dict[str, Callable[[], tuple[int, str, int, bytes]]] = {
        "verify": lambda: service.ask("GET", f"/log?{FOR}"),
        "export": lambda: service.ask("POST", f"/log/export?{FOR}"),
        "readers of the notice": lambda: service.ask("GET", f"/log/notice/acknowledgements?{FOR}"),
        "draw": drawing(service),
        "checks": lambda: service.ask("GET", f"/log/checks?{FOR}"),
    }
    for name, ask in asked.items():
        start = time.monotonic()
        status, _, size, end = ask()
        is_whole = status == HTTPStatus.OK and (name != "export" or end.endswith(bytes(1024)))
        all_is_well &= is_whole
        results[name] = {
            "status": status, "bytes": size, "seconds": round(time.monotonic() - start, 1), "peak": service.peak(),
            "is_whole": is_whole,
        }
        say(f"{name:24} {status} {size / 1e6:9.1f} MB {results[name]['seconds']:7.1f} s  "
            f"peak {service.peak() / 2**20:5.0f} MiB (at first {began / 2**20:.0f})")
    return results, all_is_well


def main() -> int:
    """Fill the log, start the service, and ask."""
    parser = argparse.ArgumentParser(prog="make long-log")
    parser.add_argument("--entries", type=int, default=224_000)
    entries = parser.parse_args().entries
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder, LocalPostgres.throwaway(Path(folder) / "postgres") as server:
        installation = create(server, Path(folder) / "installation")
        start = time.monotonic()
        asyncio.run(append(server.superuser_dsn(installation.database), entries))
        console.print(f"{entries} entries appended in {time.monotonic() - start:.0f} s")
        with installation.whole_service(memory=LIMIT) as served:
            service = _Asked(served, installation.issuers.token("dpo"))
            results, all_is_well = measure(service, console.print)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"entries": entries, "limit": LIMIT, **results}, indent=1), encoding="utf-8")
    return 0 if all_is_well else 1


if __name__ == "__main__":
    sys.exit(main())
