"""`make fuzz`: sends odd bytes to a real server, as valid requests of every operation that were changed.

Exit code 1 when an answer is a server error, a refusal is no problem details or shows a stack trace, a whole request
gets no answer, the service stops answering, a list of a case no longer answers 200, or the service's own log has an
unexpected failure. `--seed` and `--only` repeat what a finding names.
"""

import argparse
import asyncio
import json
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the benchmarks' installation.py

import httpx
from installation import EXCHANGE, Installation, concern_draft, create
from judgement import faults_of
from mutations import Draft, mutated, noise
from odd_tokens import odd_tokens
from raw_client import Received, Sent, exchange
from served import DidNotStart, Served
from valid_requests import Known, ValidRequests

from infohus.demo.keys import demo_keys
from infohus.demo.local_postgres import LocalPostgres

RESULTS = Path(__file__).resolve().parents[2] / "var" / "fuzz.json"
HOST = "127.0.0.1"
CLIENTS, CASES = 4, 6
PEOPLE = ("kommune", "politi", "dpo", "raadgiver")
LARGE_BYTES = 16_000
"""From here on the server may answer and close before it has read all; the rest in its buffer takes the answer away."""
ELSEWHERE = {"address", "request line", "framing", "noise"}
"""Ways after which a request may be another operation's, or none."""
MOST_FINDINGS = 100
"""Enough to mend: no more are looked for."""
LISTS_EVERY = 400
"""After so many requests the lists of the newest cases are read again; at the end those of all."""


@dataclass
class Account:
    """What was sent, how it was answered, and what was found."""

    statuses: Counter[int] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    """How many requests of each operation were answered whose address was its own; 0 for one that was never tried."""
    accepted: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, str]] = field(default_factory=list)
    lists: int = 0
    answered: set[str] = field(default_factory=set)
    """The lists that answered 200 once, and so must for ever."""

    @property
    def never(self) -> list[str]:
        """Name the operations that were never tried."""
        return sorted(name for name, count in self.tried.items() if not count)

    def find(self, seed: str, what: str, sent: bytes, answer: bytes = b"") -> None:
        """Note a finding, with what repeats it."""
        self.findings.append({
            "seed": seed, "what": what, "sent": repr(sent[:600]), "answer": repr(answer[:400]),
        })
        print(f"FOUND {what}; repeat with --only {seed}\n  {sent[:300]!r}", flush=True)


class Fuzzer:
    """Sends to one server until the time is over."""

    def __init__(self, installation: Installation, server: Served, *, seed: str, seconds: float) -> None:
        """Fuzz `server`."""
        self._installation, self._server, self._seed = installation, server, seed
        self._seconds, self._ends, self._is_served = seconds, 0.0, True
        self._known = Known(installation.infohus_id)
        self._tokens = {person: installation.issuers.token(person) for person in PEOPLE}
        self._odd = odd_tokens(installation.issuers, demo_keys(installation.folder / "issuer-keys")["kommune"])
        self._numbers = iter(range(sys.maxsize))
        self.account = Account()

    async def run(self, only: str | None) -> Account:
        """Fuzz for the time that was given, or repeat one request."""
        requests = await self._prepared()
        if only is not None:
            await self._one(requests, only)
            return self.account
        await self._look(requests, self._seed)
        self._ends = time.monotonic() + self._seconds
        await asyncio.gather(*(self._client(requests) for _ in range(CLIENTS)))
        await self._look(requests, self._seed, most=200)
        return self.account

    async def _prepared(self) -> ValidRequests:
        """Record some cases, and read the description."""
        async with httpx.AsyncClient(base_url=self._server.address, timeout=30, trust_env=False) as client:
            description = (await client.get("/docs/openapi.json")).raise_for_status().json()
            headers = {"Authorization": f"Bearer {self._tokens['kommune']}"}
            for number in range(CASES):
                path = f"/infohuse/{self._installation.infohus_id}/concerns"
                answer = await client.post(path, json=concern_draft(number), headers=headers)
                case = answer.raise_for_status().json()["case_id"]
                self._known.learn("RecordConcern", path, answer.json())
                told = await client.post(f"/cases/{case}/exchanges", json=EXCHANGE, headers=headers)
                self._known.learn("RecordExchange", f"/cases/{case}/exchanges", told.raise_for_status().json())
        requests = ValidRequests(description, self._known, self._tokens)
        self.account.tried.update(dict.fromkeys(requests.operations, 0))
        return requests

    async def _client(self, requests: ValidRequests) -> None:
        while self._goes_on():
            number = next(self._numbers)
            await self._one(requests, f"{self._seed}:{number}")
            if number % LISTS_EVERY == LISTS_EVERY - 1:
                await self._look(requests, f"{self._seed}:{number}")

    def _goes_on(self) -> bool:
        """Say whether there is time left, or an operation was never tried."""
        if not self._is_served or len(self.account.findings) >= MOST_FINDINGS:
            return False
        return time.monotonic() < self._ends or bool(self.account.never)

    async def _one(self, requests: ValidRequests, seed: str) -> None:
        dice = random.Random(seed)  # noqa: S311 - which bytes come next
        valid = requests.make(int(seed.rpartition(":")[2]), dice)
        sent, draft, ways = mutated(valid, dice, self._odd)
        may_stay_silent = draft.may_stay_silent
        if dice.random() < 0.05:  # noqa: PLR2004 - one in twenty
            sent, ways, may_stay_silent = noise(dice, sent.content), ["noise"], True
        # The server answers without reading a body to its end, and what is still on its way resets the connection: the
        # answer may be lost with it. The proxy in front of it takes bodies in whole.
        may_stay_silent |= len(sent.content) > LARGE_BYTES
        received = await self._exchange(sent, draft, seed)
        self.account.tried[valid.operation] += received.status > 0 and not ELSEWHERE & set(ways)
        self.account.ways.update(ways or ["none"])
        self.account.statuses[received.status] += 1
        for fault in faults_of(received, must_answer=not may_stay_silent):
            self.account.find(seed, f"{valid.operation}, changed in {', '.join(ways) or 'nothing'}: {fault}",
                              sent.content, received.body)
        if 200 <= received.status < 300 and received.headers.get("content-type") == "application/json":  # noqa: PLR2004
            self.account.accepted[valid.operation] += 1
            self._known.learn(valid.operation, valid.path, _json_of(received))

    async def _exchange(self, sent: Sent, draft: Draft, seed: str) -> Received:
        try:
            return await exchange(HOST, self._server.port, sent, is_head=draft.method == b"HEAD")
        except OSError:
            self.account.find(seed, "the service takes no connection", sent.content)
            self._is_served = False
            return Received(0, {}, b"")

    async def _look(self, requests: ValidRequests, seed: str, *, most: int = 8) -> None:
        """Read every list of the `most` newest cases again: they must answer, and the service be ready."""
        async with httpx.AsyncClient(base_url=self._server.address, timeout=60, trust_env=False) as client:
            for path in ("/health", "/ready"):
                answer = await client.get(path)
                if answer.status_code != 200:  # noqa: PLR2004
                    self.account.find(seed, f"{path} answers {answer.status_code}", b"", answer.content)
            for one in requests.lists(most=most):
                answer = await client.get(one.path, headers={"Authorization": one.headers[1][1].decode()})
                self.account.lists += 1
                if answer.status_code == 200:  # noqa: PLR2004
                    self.account.answered.add(one.path)
                # 403 and 404: what another role reads.
                elif answer.status_code not in {403, 404} or one.path in self.account.answered:
                    self.account.find(seed, f"{one.operation} answers {answer.status_code}", one.path.encode(),
                                      answer.content)


def unexpected(log: Path) -> list[str]:
    """List the failures that the service itself did not expect, from its log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if '"unexpected"' in line or "Traceback" in line]


def _json_of(received: Received) -> Any:  # noqa: ANN401 - any JSON there is
    try:
        return json.loads(received.body)
    except ValueError:
        return None


def main() -> None:
    """Fuzz, print the account, and write it."""
    arguments = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3_600, help="how long")
    arguments.add_argument("--seed", default=None, help="which requests come; drawn when not given")
    arguments.add_argument("--only", default=None, metavar="SEED:NUMBER", help="repeat one request")
    arguments.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go")
    asked = arguments.parse_args()
    seed = asked.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="infohus-fuzz-") as name,
        LocalPostgres.throwaway(Path(name) / "postgres") as postgres,
    ):
        installation = create(postgres, Path(name) / "infohus")
        server = installation.whole_service()
        try:
            with server:
                fuzzer = Fuzzer(installation, server, seed=seed, seconds=asked.seconds)
                account = asyncio.run(fuzzer.run(asked.only))
        except DidNotStart as failure:
            print(failure, file=sys.stderr)
            raise SystemExit(2) from None
        for line in unexpected(server.output):
            account.find(seed, "the service's log has an unexpected failure", line.encode())
    _print(account, seed=seed, out=asked.out)
    if account.findings:
        raise SystemExit(1)


def _print(account: Account, *, seed: str, out: Path) -> None:
    total = sum(account.statuses.values())
    print(f"{total} requests; {dict(sorted(account.statuses.items()))}")
    print(f"changed in: {dict(account.ways.most_common())}")
    print(f"operations tried: {len(account.tried) - len(account.never)} of {len(account.tried)}, "
          f"the least often {min(account.tried.values(), default=0)} times; never: {account.never}")
    print(f"operations that accepted one: {len(account.accepted)}; lists read {account.lists}; findings "
          f"{len(account.findings)}")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({
        "seed": seed, "requests": total, "statuses": dict(sorted(account.statuses.items())),
        "ways": dict(account.ways), "tried": dict(account.tried), "accepted": dict(account.accepted),
        "lists": account.lists, "findings": account.findings,
    }, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
