"""Two figures of the audit log alone: how many entries it appends per second, and what it costs to verify it.

Appending is driven by pgbench, a C program that comes with PostgreSQL, so that the client is not the bottleneck: one
log with eight clients, against a bare INSERT and COMMIT with one client.
"""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
from installation import Installation, execute, now
from rounds import Pace

from infohus.demo.local_postgres import find_binaries
from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.entry import Entry, Opened, Outcome, encode
from infohus.kernel.audit.storage.export import export_log
from infohus.kernel.audit.storage.log import APPEND, head_of, log_of, rows_of
from infohus.kernel.audit.verification.exported_log import verify_export
from infohus.kernel.audit.verification.log_rows import verify_database
from infohus.kernel.audit.verification.tally import tally_faults

CLIENTS = 8
APPENDED_TOGETHER = 200
APPENDING = "bench-kommune"
"""Whose log is appended to, and for whom the application's role acts."""
ORIGIN = "bench.invalid/log"
READ_FIELDS = ("necessity", "strict_necessity", "summary")

Figures = dict[str, Any]


class NotWhole(Exception):  # noqa: N818 - names the situation
    """The generated log does not verify, so the time means nothing."""


def append_against_insert(installation: Installation, *, pace: Pace) -> Figures:
    """Append to one log with eight clients, and insert the same bytes into a bare table with one, in turns."""
    print("Appending to the log …", flush=True)
    log = log_of(APPENDING)
    execute(
        installation.server.superuser_dsn(installation.database),
        f"SELECT audit.open_log('{log}', '{ORIGIN}/append', '{APPENDING}')",
        "CREATE SCHEMA bench CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entry bytea)",
        "GRANT USAGE ON SCHEMA bench TO infohus_app",
        "GRANT INSERT ON bench.bare TO infohus_app",
        # So that no background work of earlier measurements disturbs these.
        "VACUUM (ANALYZE)", "CHECKPOINT",
    )
    speeds: dict[str, list[float]] = {"append": [], "insert": []}
    for _ in range(pace.rounds):
        # Made anew each time: the log takes none that is minutes old.
        entry = encode(msgspec.structs.replace(reading_entry(log), authority=APPENDING)).hex()
        append = f"SELECT audit.append('{log}'::uuid, '\\x{entry}'::bytea);"
        insert = f"INSERT INTO bench.bare (entry) VALUES ('\\x{entry}'::bytea);"  # noqa: S608 - hexadecimal digits
        turns: dict[str, tuple[str, int]] = {"append": (append, CLIENTS), "insert": (insert, 1)}
        for name, (statement, clients) in turns.items():
            speeds[name].append(_transactions_per_second(installation, statement, clients, pace.seconds))
    return {
        "append_per_second": spread(speeds["append"]), "insert_per_second": spread(speeds["insert"]),
        "append_clients": CLIENTS, "insert_clients": 1, "entry_bytes": len(entry) // 2, "client": "pgbench",
        "ratio": median(speeds["append"]) / median(speeds["insert"]),
    }  # fmt: skip


def verify_against_hashlib(installation: Installation, *, entries: int, rounds: int) -> Figures:
    """Verify a log of `entries` entries, exported and in the database, and hash the same entries in a plain loop."""
    print(f"Verifying a log of {entries} entries …", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_verify(installation, entries, rounds, Path(folder) / "log"))


def reading_entry(log: UUID) -> Entry:
    """Make the entry of a read exchange, as the application writes it."""
    exchange = uuid4()
    return Entry(
        at=now(), log=log, caller=uuid4(), authority=None, role="municipal_coordinator", assurance="high",
        action="readExchange", subject_kind="exchange", subject=exchange, case=uuid4(), outcome=Outcome.ALLOWED,
        reason=None, policies=["parties-read-their-exchanges"], policy_set="0" * 16, justification=None, purpose=None,
        recipients=[], persons=["A" * 22], wrote=[], correlation=uuid4().hex, nonce="A" * 22,
        opened=[Opened(table="exchange", column=column, row=exchange) for column in READ_FIELDS],
    )  # fmt: skip


def spread(values: Sequence[float]) -> Figures:
    """Give the median, minimum and maximum of some runs."""
    return {"median": round(median(values), 4), "min": round(min(values), 4), "max": round(max(values), 4)}


async def _verify(installation: Installation, entries: int, rounds: int, folder: Path) -> Figures:
    key = SigningKey.load(installation.folder / "keys" / "log-signing.key")
    trusted = [key.verifier(ORIGIN)]
    owner = await asyncpg.connect(installation.dsn("owner"))
    verifier = await asyncpg.connect(installation.dsn("verifier"))
    try:
        log = uuid4()
        await owner.execute("SELECT audit.open_log($1, $2)", log, ORIGIN)
        contents = [encode(reading_entry(log)) for _ in range(entries)]
        # Many small transactions: within one, each append reads past all earlier versions of the frontier's row.
        for start in range(0, entries, APPENDED_TOGETHER):
            together = contents[start : start + APPENDED_TOGETHER]
            await owner.executemany(APPEND, [(log, content) for content in together])
        head = await head_of(verifier, log)
        # As stored, each with its tally.
        contents = [row["entry"] async for rows in rows_of(verifier, log, start=0, stop=head.size) for row in rows]
        note = key.sign(Checkpoint(ORIGIN, head.size, head.root()))
        await export_log(verifier, log, note, folder, key=trusted[0])
        seconds: dict[str, list[float]] = {"hashlib": [], "export": [], "tally": [], "database": []}
        for _ in range(rounds):
            seconds["hashlib"].append(_seconds(lambda: [sha256(content).digest() for content in contents]))
            seconds["export"].append(_seconds(lambda: _require_whole(verify_export(folder, trusted), entries)))
            seconds["tally"].append(_seconds(lambda: _require_counted(folder, entries)))
            started = time.perf_counter()
            _require_whole(await verify_database(verifier, log), entries)
            seconds["database"].append(time.perf_counter() - started)
    finally:
        await owner.close()
        await verifier.close()
    plain = median(seconds["hashlib"])
    return {
        "entries": entries, "bytes": sum(map(len, contents)),
        "hashlib_seconds": spread(seconds["hashlib"]), "export_seconds": spread(seconds["export"]),
        "database_seconds": spread(seconds["database"]), "tally_seconds": spread(seconds["tally"]),
        "ratio": median(seconds["export"]) / plain, "database_ratio": median(seconds["database"]) / plain,
        "tally_ratio": median(seconds["tally"]) / plain,
    }  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _require_whole(verification: Any, entries: int) -> None:  # noqa: ANN401 - either kind of verification
    if verification.entries != entries or not verification.is_whole:
        raise NotWhole(verification)


def _require_counted(folder: Path, entries: int) -> None:
    if tally_faults(folder, entries):
        raise NotWhole(folder)


def _transactions_per_second(installation: Installation, statement: str, clients: int, seconds: int) -> float:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath), "PGHOST": str(installation.server.socket_dir), "PGPORT": "5432",
        "PGUSER": "infohus_app", "PGPASSWORD": installation.passwords["app"], "PGDATABASE": installation.database,
        "PGOPTIONS": f"-c infohus.authority={APPENDING}",
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(statement)
        script.flush()
        output = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [find_binaries() / "pgbench", "--no-vacuum", f"--client={clients}", "--jobs=1", "--protocol=simple",
             f"--time={seconds}", f"--file={script.name}"],
            env=environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    return next(float(line.split()[2]) for line in output.splitlines() if line.startswith("tps ="))
