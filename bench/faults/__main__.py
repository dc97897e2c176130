"""`make faults`: breaks things thousands of times while clients read and write, and then compares them with the log.

Exit code 1 when an answer with case data has no committed entry in the log, an acknowledged write is lost, a request
that was repeated with its Idempotency-Key acted twice, or the log does not verify.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the benchmarks' installation.py

import asyncpg
import httpx
from clients import MARK, Client, Journal
from installation import EXCHANGE, Installation, concern_draft, create
from machine import LOCK_TIMEOUT_MS, CannotRun, Machine, Proxy, SmallDisk
from reconciliation import Reconciliation, read_log, read_rows, reconcile, statuses
from rich.progress import Progress

from infohus.demo.local_postgres import LocalPostgres
from infohus.demo.people import ISHOJ
from infohus.kernel.audit.storage.log import head_of, log_of

RESULTS = Path(__file__).resolve().parents[2] / "var" / "faults.json"
CASES, CLIENTS = 12, 5
LONGEST_PAUSE_SECONDS = 0.03
OPTIONS = {
    "max_wal_size": "96MB", "min_wal_size": "32MB",
    # So rarely that a commit that no session flushed is lost when PostgreSQL is killed.
    "wal_writer_delay": "10s",
}
SHARES = {
    "request cancelled": 0.48,
    "connection ended by PostgreSQL": 0.18,
    "connection cut by the network": 0.10,
    "answer cut by the network": 0.10,
    "lock held too long": 0.05,
    "clock jumped": 0.05,
    "worker killed": 0.018,
    "a session of PostgreSQL killed": 0.008,
    "PostgreSQL killed": 0.008,
    "PostgreSQL killed between COMMIT and flush": 0.006,
    "disk full": 0.006,
}
"""The share of each kind of fault; at least two of each are tried."""
FLUSH_SLOWLY = ("ALTER SYSTEM SET commit_delay = 100000", "ALTER SYSTEM SET commit_siblings = 0")
FLUSH_AT_ONCE = ("ALTER SYSTEM RESET commit_delay", "ALTER SYSTEM RESET commit_siblings")
LOG = log_of(ISHOJ)
ENTRIES = "SELECT sum(size)::bigint FROM audit.frontier"
MOST_TRIES, LONGEST_WAIT_SECONDS = 8, 5


class FaultInjector:
    """Breaks things, each in its own way, counts what took effect, and starts again what must run."""

    def __init__(self, machine: Machine, proxy: Proxy, disk: SmallDisk, dice: random.Random) -> None:
        """Break `machine`."""
        self._machine, self._proxy, self._disk, self._dice = machine, proxy, disk, dice
        self.took_effect: Counter[str] = Counter()
        self.injections: dict[str, Callable[[], Awaitable[None]]] = {
            "connection ended by PostgreSQL": self._terminate, "connection cut by the network": self._cut,
            "answer cut by the network": self._cut_answer, "lock held too long": self._hold_lock,
            "clock jumped": self._jump, "worker killed": self._kill_worker,
            "a session of PostgreSQL killed": self._kill_session, "PostgreSQL killed": self._kill_postgres,
            "PostgreSQL killed between COMMIT and flush": self._kill_before_flush, "disk full": self._fill_disk,
        }

    async def _terminate(self) -> None:
        async with _Connected(self._machine) as superuser:
            ended = await superuser.fetchval(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'infohus_app'"
                " ORDER BY (state = 'active') DESC, random() LIMIT 1"
            )
        self.took_effect["connection ended by PostgreSQL"] += bool(ended)

    async def _cut(self) -> None:
        self.took_effect["connection cut by the network"] += self._proxy.cut(self._dice)

    async def _cut_answer(self) -> None:
        before = self._proxy.cut_answers
        self._proxy.cut_before_next_answers(1)
        await asyncio.sleep(0.03)
        self.took_effect["answer cut by the network"] += self._proxy.cut_answers <= before

    async def _hold_lock(self) -> None:
        async with _Connected(self._machine) as superuser, superuser.transaction():
            await superuser.execute("SELECT 1 FROM audit.frontier FOR UPDATE")
            await asyncio.sleep(self._dice.random() * 3 * LOCK_TIMEOUT_MS / 1000)
        self.took_effect["lock held too long"] += 1

    async def _jump(self) -> None:
        self._machine.jump(self._dice.choice((3.0, -3.0, 60.0, -60.0, 3600.0, -3600.0, 86_400.0 * 400)))
        await asyncio.sleep(0.15)
        self._machine.jump(0.0)
        self.took_effect["clock jumped"] += 1

    async def _kill_worker(self) -> None:
        self._machine.kill_worker()
        await self._machine.start_worker()
        self.took_effect["worker killed"] += 1

    async def _kill_session(self) -> None:
        async with _Connected(self._machine) as superuser:
            started = await superuser.fetchval("SELECT pg_postmaster_start_time()")
            session = await superuser.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE usename = 'infohus_app' ORDER BY random() LIMIT 1"
            )
        inside = session is not None and self._machine.kill_session(session)
        await asyncio.sleep(0.05)
        async with _Connected(self._machine) as superuser:
            assert started is not None  # noqa: S101 - it was up
            await superuser.fetchval("SELECT 1")
        self.took_effect["a session of PostgreSQL killed"] += inside

    async def _kill_postgres(self) -> None:
        self._machine.kill_postgres()
        await asyncio.sleep(self._dice.random() * 0.2)
        self._machine.start_postgres()
        self.took_effect["PostgreSQL killed"] += 1

    async def _kill_before_flush(self) -> None:
        """Delay each flush, and kill PostgreSQL when an entry is visible that is not flushed.

        Takes effect when that entry is gone afterwards; else tries again.
        """
        for _ in range(MOST_TRIES):
            await self._set(FLUSH_SLOWLY)
            async with _Connected(self._machine) as superuser:
                before = shown = await superuser.fetchval(ENTRIES)
                deadline = time.monotonic() + LONGEST_WAIT_SECONDS
                while shown == before and time.monotonic() < deadline:
                    shown = await superuser.fetchval(ENTRIES)
                self._machine.kill_postgres()
            self._machine.start_postgres()
            async with _Connected(self._machine) as superuser:
                left = await superuser.fetchval(ENTRIES)
            await self._set(FLUSH_AT_ONCE)
            if left < shown:
                self.took_effect["PostgreSQL killed between COMMIT and flush"] += 1
                return
            await self._machine.ensure_worker_runs()

    async def _set(self, settings: tuple[str, ...]) -> None:
        async with _Connected(self._machine) as superuser:
            for setting in (*settings, "SELECT pg_reload_conf()"):
                await superuser.execute(setting)

    async def _fill_disk(self) -> None:
        await asyncio.to_thread(self._disk.fill)
        await asyncio.sleep(0.3 + self._dice.random() * 0.5)
        self._disk.drain()
        async with _Connected(self._machine) as superuser:
            await superuser.execute("CHECKPOINT")
        self.took_effect["disk full"] += 1


class _Connected:
    """A superuser's connection as a context manager; starts PostgreSQL when it is down."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection = await self._machine.superuser()
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._connection.close(timeout=2)


def main() -> None:
    """Break things, compare, print, and write the results."""
    arguments = argparse.ArgumentParser(prog="faults", description=__doc__)
    # Some have no effect, for want of an open connection for example; about ten thousand remain.
    arguments.add_argument("--faults", type=int, default=10_800, help="how many faults are tried")
    arguments.add_argument("--seed", type=int, default=115, help="which faults come when")
    arguments.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="infohus-faults-") as name:
        folder = Path(name)
        try:
            disk = SmallDisk(folder / "disk")
        except CannotRun as refused:
            print(f"NOT RUN: {refused}", file=sys.stderr)
            raise SystemExit(2) from None
        try:
            with LocalPostgres.durable(disk.folder / "postgres", options=OPTIONS) as postgres:
                results = asyncio.run(_run(postgres, disk, folder, faults=asked.faults, seed=asked.seed))
        finally:
            _keep_worker_log(folder, asked.out)
            disk.drain()
            disk.unmount()
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    if not results["is_clean"]:
        raise SystemExit(1)


def _keep_worker_log(folder: Path, out: Path) -> None:
    said = folder / "worker.log"
    if said.exists():
        out.parent.mkdir(exist_ok=True)
        out.with_suffix(".log").write_bytes(said.read_bytes())


async def _run(
    postgres: LocalPostgres, disk: SmallDisk, folder: Path, *, faults: int, seed: int
) -> dict[str, object]:
    installation = await asyncio.to_thread(create, postgres, folder / "infohus")
    machine, journal = Machine(installation, postgres, folder), Journal()
    async with _Connected(machine) as superuser:
        await superuser.execute(f"ALTER ROLE infohus_app SET lock_timeout = '{LOCK_TIMEOUT_MS}ms'")
    started = time.monotonic()
    async with Proxy(machine.proxy_folder, postgres.socket_dir / ".s.PGSQL.5432") as proxy:
        await machine.start_worker()
        cases = await _cases(installation, machine.address)
        injector = FaultInjector(machine, proxy, disk, random.Random(seed))  # noqa: S311 - which fault comes next
        stop = asyncio.Event()
        busy = [
            asyncio.create_task(Client(installation, machine.address, journal, f"{seed}/{n}").work(cases, stop))
            for n in range(CLIENTS)
        ]
        await _inject_all(injector, machine, journal, cases, faults=faults, seed=seed)
        machine.jump(0.0)
        stop.set()
        await asyncio.gather(*busy)
        await _await_signature(machine)
        machine.kill_worker()
    result = await _reconcile(machine, journal)
    return _print(result, journal, injector, machine, seconds=time.monotonic() - started)


async def _inject_all(  # noqa: PLR0913 - who breaks what, for whom
    injector: FaultInjector, machine: Machine, journal: Journal, cases: list[tuple[str, str, str]], *, faults: int,
    seed: int,
) -> None:
    dice = random.Random(f"{seed}/order")  # noqa: S311 - the order of faults
    order = [name for name, share in SHARES.items() for _ in range(max(2, round(share * faults)))]
    dice.shuffle(order)
    canceller = Client(machine.installation, machine.address, journal, f"{seed}/cancel")
    with Progress(transient=True) as progress:
        task = progress.add_task("Breaking things", total=len(order))
        for name in order:
            if name == "request cancelled":
                await canceller.cancel_one("127.0.0.1", machine.port, cases)
                injector.took_effect[name] += 1
            else:
                await _with_retries(injector.injections[name])
            await machine.ensure_worker_runs()
            await asyncio.sleep(dice.random() * LONGEST_PAUSE_SECONDS)
            progress.advance(task)


async def _with_retries(injection: Callable[[], Awaitable[None]]) -> None:
    """Try again when an earlier fault still prevents this one, such as a PostgreSQL that is recovering."""
    for attempt in range(20):
        try:
            await injection()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if attempt == 19:  # noqa: PLR2004 - the last one
                raise
            await asyncio.sleep(0.1)
        else:
            return


async def _cases(installation: Installation, address: str) -> list[tuple[str, str, str]]:
    """Record some cases to read; give each one's id, its concern's id, and its exchange's path."""
    headers = {"Authorization": f"Bearer {installation.token()}"}
    recorded = []
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
        for number in range(CASES):
            draft = concern_draft(number)
            draft["observation"] = f"{MARK} {draft['observation']}"
            answer = await client.post(f"/infohuse/{installation.infohus_id}/concerns", json=draft)
            concern = answer.raise_for_status().json()
            case = concern["case_id"]
            body = {**EXCHANGE, "summary": f"{MARK} {EXCHANGE['summary']}"}
            exchange = (await client.post(f"/cases/{case}/exchanges", json=body)).raise_for_status().json()["id"]
            recorded.append((case, concern["id"], f"/cases/{case}/exchanges/{exchange}"))
    return recorded


async def _await_signature(machine: Machine) -> None:
    """Wait until the whole log is signed: the signer then has looked for every acknowledged entry."""
    for _ in range(100):
        await machine.ensure_worker_runs()
        async with _Connected(machine) as superuser:
            signed = await superuser.fetchval("SELECT max(size) FROM audit.checkpoint WHERE log_id = $1", LOG)
            if signed == (await head_of(superuser, LOG)).size:
                return
        await asyncio.sleep(0.2)
    message = "the log was not signed to its end"
    raise CannotRun(message)


async def _reconcile(machine: Machine, journal: Journal) -> Reconciliation:
    async with _Connected(machine) as superuser:
        entries, faults = await read_log(superuser, LOG)
        result = reconcile(journal, entries, await read_rows(superuser))
    result.faults_in_log.extend(faults)
    said = machine.output.read_text(encoding="utf-8", errors="replace")
    result.faults_in_log.extend(
        f"the signer said {word}" for word in ("acknowledged_entries_are_missing", "log_not_as_signed") if word in said
    )
    return result


def _print(
    result: Reconciliation, journal: Journal, injector: FaultInjector, machine: Machine, *, seconds: float
) -> dict[str, object]:
    total = sum(injector.took_effect.values())
    print(f"{'fault':<42} {'took effect':>11}")
    for name in SHARES:
        print(f"{name:<42} {injector.took_effect[name]:>11}")
    print(f"{'together':<42} {total:>11}   in {seconds:.0f} s; worker started {machine.starts} times, "
          f"PostgreSQL {machine.postgres_starts}")
    print(f"\nrequests sent {journal.sent + journal.cancelled}, answered {len(journal.answers)}, without an answer "
          f"{journal.unanswered}, repeated with their key {journal.repeated}; {statuses(journal)}")
    wrong = {
        "answers with case data and no committed entry": result.without_leaf,
        "acknowledged writes that are lost": result.lost,
        "requests that acted twice": result.written_twice,
        "entries whose rows are not there": result.leaves_without_rows,
        "faults in the log": result.faults_in_log,
    }
    print(f"answers with case data {result.answers_with_data}, acknowledged writes {result.acknowledged}, "
          f"entries in the log {result.leaves}\n")
    for name, cases in wrong.items():
        print(f"{len(cases):>6}  {name}" + (f": {cases[:3]}" if cases else ""))
    return {
        "faults": dict(injector.took_effect), "total": total, "seconds": round(seconds), "sent": journal.sent,
        "answers_with_data": result.answers_with_data, "acknowledged": result.acknowledged, "leaves": result.leaves,
        "wrong": wrong, "is_clean": result.is_clean,
    }


if __name__ == "__main__":
    main()
