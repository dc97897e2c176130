"""`make attack`: a superuser of the database attacks the log at random places; prints who noticed, and how fast.

Each run makes a new log, signs it, attacks it once, appends a few entries, and then does what an installation does each
minute: the signer's round, and `audit watch`. The last column counts what is noticed with the log's public key and the
database alone, without witnesses and without the signer's checkpoint store.

Rows of cases are attacked too, and noticed by `audit verify --rows`, which needs the logs alone: one for each authority
and the installation's.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the benchmarks' installation.py

import asyncpg
import structlog
from attacked_log import KEY, LOG, ORIGIN, AttackedLog, Run
from attacked_rows import ROW_ATTACKS, AttackedRows, RowAttack
from classes import ATTACKS, Attack
from forged_words import FORGED_WORDS, FORGERIES, with_its_own_entry
from installation import execute
from rich.progress import Progress

from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.audit.verification.exported_log import Fault
from infohus.kernel.audit.verification.stored_log import LogVerification, tally_faults_of, verify_log
from infohus.kernel.audit.witness.cosigning import Witnesses
from infohus.kernel.database.schema import migrate

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "var" / "attack.json"
ROUND_SECONDS = 60
APPENDED_AFTER = 3
ALL_ROW_ATTACKS = ROW_ATTACKS | FORGED_WORDS


@dataclass
class ClassResult:
    """The result of one class of attacks: who noticed how often, the slowest check, and what an outsider noticed."""

    runs: int = 0
    noticed: int = 0
    by: Counter[str] = field(default_factory=Counter)
    outsider: int = 0
    slowest_ms: float = 0.0
    missed: list[int] = field(default_factory=list)


def main() -> None:
    """Attack, print the table, and end with code 1 when an attack went unnoticed."""
    arguments = argparse.ArgumentParser(prog="attack", description=__doc__)
    arguments.add_argument("--runs", type=int, default=100, help="attacks of each class")
    arguments.add_argument("--seed", type=int, default=None, help="repeat the run of this number")
    arguments.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go")
    asked = arguments.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    # Alarms are counted here and not printed: there are thousands.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with (
        tempfile.TemporaryDirectory(prefix="infohus-attack-") as folder,
        LocalPostgres.throwaway(Path(folder) / "postgres") as server,
    ):
        results = asyncio.run(_attack_all(server, Path(folder) / "stores", runs=asked.runs, seed=seed))
    _print(results, seed)
    asked.out.parent.mkdir(exist_ok=True)
    classes = {name: {**vars(result), "by": dict(result.by)} for name, result in results.items()}
    asked.out.write_text(json.dumps({"seed": seed, "classes": classes}, indent=1), encoding="utf-8")
    if any(result.missed for result in results.values()):
        raise SystemExit(1)


async def _attack_all(server: LocalPostgres, folder: Path, *, runs: int, seed: int) -> dict[str, ClassResult]:
    await asyncio.to_thread(execute, server.superuser_dsn(), "CREATE DATABASE attack TEMPLATE template0")
    roles = (REPOSITORY / "deploy" / "postgresql" / "roles.sql").read_text(encoding="utf-8")
    passwords = [f"ALTER ROLE infohus_{role} PASSWORD 'a'" for role in ("owner", "app", "keys", "signer", "verifier")]
    await asyncio.to_thread(execute, server.superuser_dsn("attack"), roles, *passwords)
    await asyncio.to_thread(migrate, server.dsn(user="infohus_owner", database="attack", password="a"))  # noqa: S106
    await asyncio.to_thread(execute, server.superuser_dsn(), "CREATE DATABASE attack_rows TEMPLATE attack")
    app = await asyncpg.connect(server.dsn(user="infohus_app", database="attack", password="a"))  # noqa: S106
    signing = await asyncpg.connect(server.dsn(user="infohus_signer", database="attack", password="a"))  # noqa: S106
    superuser = await asyncpg.connect(server.superuser_dsn("attack"))
    verifier = await asyncpg.connect(server.dsn(user="infohus_verifier", database="attack", password="a"))  # noqa: S106
    try:
        attacked = AttackedLog(
            app=app, signing=signing, superuser=superuser, verifier=verifier, folder=folder
        )
        await attacked.prepare()
        results = {name: ClassResult() for name in ATTACKS}
        with Progress(transient=True) as progress:
            task = progress.add_task("Attacking", total=runs * (len(ATTACKS) + len(ALL_ROW_ATTACKS)))
            for number in range(runs):
                for name, attack in ATTACKS.items():
                    dice = random.Random(f"{seed}/{name}/{number}")  # noqa: S311 - an attack is no secret
                    await _attack(attacked, attack, dice, results[name], number)
                    progress.advance(task)
            await _attack_rows(server, results, runs=runs, seed=seed, advance=lambda: progress.advance(task))
        return results
    finally:
        await app.close()
        await signing.close()
        await verifier.close()
        await superuser.close()


async def _attack(attacked: AttackedLog, attack: Attack, dice: random.Random, result: ClassResult, number: int) -> None:
    run = await attacked.make(dice)
    if not await _passes_before(attacked, run):
        message = "the log was not whole before it was attacked"
        raise AssertionError(message)
    await attack(attacked, run)
    started = time.perf_counter()
    by = await _who_noticed(attacked, run)
    result.runs += 1
    result.slowest_ms = max(result.slowest_ms, (time.perf_counter() - started) * 1000)
    result.by.update(by)
    result.noticed += bool(by)
    if not by:
        result.missed.append(number)
    _, faults = await _verify(attacked, Witnesses())
    result.outsider += bool(faults)


async def _attack_rows(
    server: LocalPostgres, results: dict[str, ClassResult], *, runs: int, seed: int, advance: Callable[[], None]
) -> None:
    superuser = await asyncpg.connect(server.superuser_dsn("attack_rows"))
    try:
        rows = AttackedRows(superuser, random.Random(f"{seed}/rows"))  # noqa: S311 - an attack is no secret
        await rows.prepare()
        if await rows.faults():
            message = "the rows were not as the logs say before they were attacked"
            raise AssertionError(message)
        await _pass_with_their_own_entries(rows)
        for number in range(runs):
            for name, attack in ALL_ROW_ATTACKS.items():
                rows.dice = random.Random(f"{seed}/{name}/{number}")  # noqa: S311 - as above
                await _attack_one_row(rows, attack, results.setdefault(name, ClassResult()), number)
                advance()
    finally:
        await superuser.close()


async def _pass_with_their_own_entries(rows: AttackedRows) -> None:
    """Show that only whose word an entry is gives forged rows away: each passes with an entry as it should be."""
    for forgery in FORGERIES:
        transaction = rows.superuser.transaction()
        await transaction.start()
        await with_its_own_entry(rows, forgery)
        found = await rows.faults()
        await transaction.rollback()
        if found:
            message = f"a row with an entry as it should be is named: {found}"
            raise AssertionError(message)


async def _attack_one_row(rows: AttackedRows, attack: RowAttack, result: ClassResult, number: int) -> None:
    transaction = rows.superuser.transaction()
    await transaction.start()
    try:
        await attack(rows)
        started = time.perf_counter()
        found = await rows.faults()
        result.slowest_ms = max(result.slowest_ms, (time.perf_counter() - started) * 1000)
    finally:
        await transaction.rollback()
    result.runs += 1
    result.noticed += bool(found)
    result.outsider += bool(found)
    result.by.update({"rows and logs"} if found else ())
    if not found:
        result.missed.append(number)


async def _passes_before(attacked: AttackedLog, run: Run) -> bool:
    """Say whether the log passes before the attack: a check that always fails would notice nothing."""
    found, faults = await _verify(attacked, attacked.witnesses())
    return not faults and found.cosigned == run.signed


async def _verify(attacked: AttackedLog, witnesses: Witnesses) -> tuple[LogVerification, list[Fault]]:
    """Do what `infohus audit verify` does."""
    found = await verify_log(attacked.verifier, LOG, key=KEY.verifier(ORIGIN), witnesses=witnesses)
    return found, [*found.verification.faults, *await tally_faults_of(attacked.verifier, LOG)]


async def _who_noticed(attacked: AttackedLog, run: Run) -> set[str]:
    by = set()
    try:
        await attacked.append(APPENDED_AFTER, run.signer)
    except asyncpg.PostgresError:
        by.add("application")  # it answers 503 from then on
    try:
        await run.signer.sign(attacked.signing, LOG)
    except LogNotAsSigned:
        by.add("signer")
    else:
        alarm = run.signer.alarm(LOG)
        if alarm is not None:
            by.add("signer" if alarm == "archive" else "witnesses")
    _, faults = await _verify(attacked, attacked.witnesses())
    return by | {_noticing(fault) for fault in faults}


def _noticing(fault: Fault) -> str:
    if fault.what.startswith("tæller"):
        return "count"
    if "vidne" in fault.what:
        return "witnesses"
    if fault.place in {"audit.leaf", "audit.frontier"}:
        return "rows"
    return "archive" if fault.place == "audit.checkpoint" else "catalogue"


def _print(results: dict[str, ClassResult], seed: int) -> None:
    print(f"{'attack':<42} {'runs':>4} {'noticed':>7}  {'by':<58} {'look ms':>7}  {'outsider':>8}")
    for name, result in results.items():
        by = ", ".join(f"{who} {count}" for who, count in result.by.most_common())
        counts = f"{result.runs:>4} {result.noticed:>7}  {by:<58} {result.slowest_ms:>7.0f}  {result.outsider:>8}"
        print(f"{name:<42} {counts}")
    runs, noticed = sum(result.runs for result in results.values()), sum(result.noticed for result in results.values())
    print(f"\n{noticed} of {runs} attacks noticed; seed {seed}. The signer's round and `audit watch` come each")
    print(f"{ROUND_SECONDS} seconds: noticed within {ROUND_SECONDS} s and the look. The outsider has the log's key and")
    print("the database, and neither witnesses nor the signer's checkpoint store.")
    for name, result in results.items():
        if result.missed:
            print(f"UNNOTICED: {name}: runs {result.missed}")


if __name__ == "__main__":
    main()
