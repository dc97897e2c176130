"""`make bench-log`: the cost of a proof, a checkpoint and a verification in a log of millions of entries.

The rows are computed here, without tallies, and copied into the database; verification, signing and proofs are the
product's own. A smaller `--entries` makes it quick to try.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg
from log_figures import reading_entry
from msgspec import UNSET
from msgspec.structs import replace
from rich.progress import Progress

from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.entry import Entry, decode, encode
from infohus.kernel.audit.formats.merkle import Frontier, inclusion_ranges, leaf_hash
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.storage.export import export_log, prove
from infohus.kernel.audit.storage.log import APPEND, head_of
from infohus.kernel.audit.verification.exported_log import verify_export
from infohus.kernel.audit.verification.stored_log import verify_log
from infohus.kernel.audit.witness.cosigning import Witnesses
from infohus.kernel.database.schema import migrate

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "var" / "bench-log.json"
KEY = SigningKey(b"bench-log-signing-key-invented!!")
PASSWORD = "bench"  # noqa: S105 - of a server that lives for minutes
ROUNDS = 3
PROOFS = 2_000
BETWEEN_CHECKPOINTS = 100
_AT_ONCE = 50_000

Figures = dict[str, Any]


class NotWhole(Exception):  # noqa: N818 - names the situation
    """The generated log does not verify, so the time means nothing."""


def main() -> None:
    """Measure, print, and write the results."""
    arguments = argparse.ArgumentParser(prog="bench-log", description=__doc__)
    arguments.add_argument("--entries", type=int, default=10_000_000, help="of the long log, in which is proved")
    arguments.add_argument("--verify", type=int, default=1_000_000, help="of the log that is verified")
    arguments.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go")
    asked = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="infohus-bench-") as folder,
        LocalPostgres.durable(Path(folder) / "postgres") as server,
    ):
        figures = asyncio.run(_measure(server, Path(folder), long=asked.entries, verified=asked.verify))
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    _print(figures)


async def _measure(server: LocalPostgres, folder: Path, *, long: int, verified: int) -> Figures:
    await _create(server)
    owner = await asyncpg.connect(server.superuser_dsn("log"))
    signer_dsn = server.dsn(user="infohus_signer", database="log", password=PASSWORD)
    reader = await asyncpg.connect(signer_dsn)
    try:
        short_log, verified_log, long_log = (UUID(int=number) for number in (1, 2, 3))
        await _fill(owner, short_log, 1_000, b"x" * 100, "Making a short log")
        await _fill(owner, verified_log, verified, None, "Making the log that is verified")
        verification = await _verification(reader, signer_dsn, verified_log, folder)
        await _fill(owner, long_log, long, b"x" * 100, "Making the long log")
        await owner.execute("VACUUM (ANALYZE, FREEZE) audit.leaf")
        proofs = await _proofs(reader, long_log)
        signer = Signer(KEY, CheckpointStore(folder / "signed"), witnesses=Witnesses(), clock=_now)
        checkpoints = {
            name: await _checkpoints(reader, owner, signer, log)
            for name, log in (("short", short_log), ("long", long_log))
        }
        return {"entries": long, "verification": verification, "proofs": proofs, "checkpoints": checkpoints}
    finally:
        await reader.close()
        await owner.close()


async def _verification(reader: asyncpg.Connection, address: str, log: UUID, folder: Path) -> Figures:
    head = await head_of(reader, log)
    note = KEY.sign(Checkpoint(head.origin, head.size, head.root()))
    key, out, cores = KEY.verifier(head.origin), folder / "export", os.cpu_count() or 1
    await export_log(reader, log, note, out, key=key)
    contents = [row["entry"] async for row in _entries(reader, log)]
    content_bytes = sum(map(len, contents))
    seconds: dict[str, list[float]] = {}

    async def timed(name: str, work: Callable[[], Awaitable[bool]]) -> None:
        started = time.perf_counter()
        if not await work():
            raise NotWhole(name)
        seconds.setdefault(name, []).append(time.perf_counter() - started)

    async def hashlib_loop() -> bool:
        return len([sha256(content).digest() for content in contents]) == head.size

    async def export(on: int) -> bool:
        return verify_export(out, [key], cores=on).is_whole

    async def database(on: int) -> bool:
        result = await verify_log(
            reader, log, key=None, witnesses=Witnesses(), database=address, cores=on
        )
        return result.verification.is_whole

    # The loop runs first: after a fork the kernel copies each page it touches, which would make it slower.
    for _ in range(ROUNDS):
        await timed("hashlib loop", hashlib_loop)
    del contents[:]
    for _ in range(ROUNDS):
        await timed("export, one core", lambda: export(1))
        await timed(f"export, {cores} cores", lambda: export(cores))
        await timed("database, one core", lambda: database(1))
        await timed(f"database, {cores} cores", lambda: database(cores))
    plain = median(seconds["hashlib loop"])
    return {
        "entries": head.size, "bytes": content_bytes,
        "seconds": {name: round(median(runs), 3) for name, runs in seconds.items()},
        "ratios": {name: round(median(runs) / plain, 2) for name, runs in seconds.items()},
    }


async def _proofs(reader: asyncpg.Connection, log: UUID) -> Figures:
    head = await head_of(reader, log)
    note = KEY.sign(Checkpoint(head.origin, head.size, head.root()))
    dice = random.Random(115)  # noqa: S311 - places to measure at
    places = [dice.randrange(head.size) for _ in range(PROOFS)]
    took, largest = [], 0
    for index in places:
        started = time.perf_counter()
        proof = await prove(reader, log, index, note)
        took.append((time.perf_counter() - started) * 1000)
        largest = max(largest, len(proof.encode()))
    nodes = {node for nodes in inclusion_ranges(places[0], head.size) for node in nodes}
    rows = sorted({((index + 1) << level) - 1 for level, index in nodes})
    explained = await reader.fetch(
        "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF)"
        " SELECT index, hashes FROM audit.leaf WHERE log_id = $1 AND index = ANY ($2::bigint[])", log, rows
    )
    percent = quantiles(took, n=100)
    return {
        "p50_ms": round(percent[49], 2), "p99_ms": round(percent[98], 2), "rows_read": len(rows),
        "largest_bytes": largest, "explain": [row[0] for row in explained],
    }


async def _checkpoints(
    reader: asyncpg.Connection, owner: asyncpg.Connection, signer: Signer, log: UUID
) -> Figures:
    """Sign after each hundred entries; the first signature, which hashes the whole log, is timed apart."""
    started = time.perf_counter()
    await signer.sign(reader, log)
    first, took = time.perf_counter() - started, []
    for _ in range(30):
        for number in range(BETWEEN_CHECKPOINTS):
            await owner.execute(APPEND, log, encode(replace(reading_entry(log), nonce=f"growth-{number}")))
        started = time.perf_counter()
        await signer.sign(reader, log)
        took.append((time.perf_counter() - started) * 1000)
    return {"first_seconds": round(first, 2), "p50_ms": round(median(took), 2)}


async def _fill(owner: asyncpg.Connection, log: UUID, size: int, content: bytes | None, label: str) -> None:
    await owner.execute("SELECT audit.open_log($1, $2)", log, f"bench.invalid/{log.int}")
    frontier = Frontier()
    with Progress(transient=True) as progress:
        task = progress.add_task(label, total=size)
        for first in range(0, size, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, size))
            await owner.copy_records_to_table(
                "leaf", schema_name="audit", columns=("log_id", "index", "entry", "hashes"),
                records=_rows(log, numbers, content, frontier),
            )  # fmt: skip
            progress.update(task, completed=numbers.stop)
    await owner.execute(
        "UPDATE audit.frontier SET size = $1, hashes = $2 WHERE log_id = $3", size, frontier.stored, log
    )


def _rows(
    log: UUID, numbers: range, content: bytes | None, frontier: Frontier
) -> Iterator[tuple[UUID, int, bytes, bytes]]:
    for number in numbers:
        entry = encode(_uncounted(reading_entry(log) if content is None else decode(content), log, number))
        yield log, number, entry, frontier.append(leaf_hash(entry))


def _uncounted(entry: Entry, log: UUID, number: int) -> Entry:
    """Make an entry of the same size in this log that names nobody, since nobody counts here."""
    return replace(entry, log=log, persons=[], tally=UNSET, nonce=f"{number:022d}")


async def _entries(reader: asyncpg.Connection, log: UUID) -> Any:  # noqa: ANN401 - a cursor's rows
    async with reader.transaction():
        statement = "SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index"
        async for row in reader.cursor(statement, log, prefetch=5000):
            yield row


async def _create(server: LocalPostgres) -> None:
    roles = (REPOSITORY / "deploy" / "postgresql" / "roles.sql").read_text(encoding="utf-8")
    for address, *statements in (
        (server.superuser_dsn(), "CREATE DATABASE log TEMPLATE template0"),
        (server.superuser_dsn("log"), roles, *(
            f"ALTER ROLE infohus_{role} PASSWORD '{PASSWORD}'" for role in ("owner", "signer")
        )),
    ):
        connection = await asyncpg.connect(address)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()
    await asyncio.to_thread(migrate, server.dsn(user="infohus_owner", database="log", password=PASSWORD))


def _now() -> Any:  # noqa: ANN401 - a moment
    from installation import now  # noqa: PLC0415 - the benchmarks' one clock

    return now()


def _print(figures: Figures) -> None:
    verification, proofs, checkpoints = figures["verification"], figures["proofs"], figures["checkpoints"]
    print(f"Verifying {verification['entries']} entries ({verification['bytes'] >> 20} MB):")
    for name, ratio in verification["ratios"].items():
        print(f"  {name:<22} {verification['seconds'][name]:>8.2f} s  {ratio:>5.2f} times a plain hashlib loop")
    print(f"A proof in {figures['entries']} entries: p50 {proofs['p50_ms']} ms, p99 {proofs['p99_ms']} ms, "
          f"{proofs['rows_read']} rows read, at most {proofs['largest_bytes']} bytes:")
    print("  " + "\n  ".join(proofs["explain"]))
    for name, size in (("short", 1_000), ("long", figures["entries"])):
        one = checkpoints[name]
        print(f"A checkpoint after {BETWEEN_CHECKPOINTS} more entries in a log of {size}: p50 {one['p50_ms']} ms "
              f"(the first, over the whole log: {one['first_seconds']} s)")


if __name__ == "__main__":
    main()
