"""`make bench`: measures infohus and its peers side by side; prints ratios and writes them to var/bench.json.

All share one durable PostgreSQL, have one worker each, and are driven in turns by wrk. `--quick` only shows that
everything runs; its figures are too short to judge by. `--profile` also samples where a worker's time goes.
`--only` leaves out what is not named, as long as somebody works on one figure.
"""

import argparse
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from background import add_background
from installation import Installation, create, exchange_body, execute, record_cases
from load import Requests, find_wrk
from log_figures import append_against_insert, verify_against_hashlib
from peers import Peer, PeerMissing, bare_limit, django_peer, has_shared_limit
from report import Results
from rounds import Pace, Turns, in_turns
from sampling import profile
from served import DidNotStart, Served

from infohus.demo.local_postgres import LocalPostgres

OURS = "infohus"
LIMIT = "bare_limit"
LIMIT_ON_UVLOOP = "bare_limit on uvloop"
DJANGO = "django_peer"
FLUSH_DELAY_US = 5000
REQUESTS = ("read", "growth", "write", "read_slow_flush", "write_slow_flush")
MEASURES = frozenset({*REQUESTS, "append", "verify"})
RESULTS = Path(__file__).resolve().parents[1] / "var" / "bench.json"


@dataclass(frozen=True, slots=True)
class Scale:
    """How long to measure, and how many cases and entries to make."""

    pace: Pace
    recorded_cases: int
    background_cases: int
    log_entries: int


FULL = Scale(Pace(rounds=5, seconds=4, warm_up_seconds=1), 1_000, 99_000, 100_000)
QUICK = Scale(Pace(rounds=3, seconds=1, warm_up_seconds=0), 100, 1_900, 5_000)


def main() -> None:
    """Measure, print the table, and write the results."""
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="show that it runs, in a minute or so")
    arguments.add_argument("--profile", action="store_true", help="also sample the worker with py-spy")
    arguments.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go")
    arguments.add_argument(
        "--only", nargs="+", choices=sorted(MEASURES), default=MEASURES, metavar="MEASURE",
        help=f"one or several of {', '.join(sorted(MEASURES))}",
    )
    asked = arguments.parse_args()
    results, only = Results(quick=asked.quick), frozenset(asked.only)
    scale = QUICK if asked.quick else FULL
    with (
        tempfile.TemporaryDirectory(prefix="infohus-bench-") as folder,
        LocalPostgres.durable(Path(folder) / "postgres") as server,
    ):
        installation = create(server, Path(folder) / "infohus")
        if only.isdisjoint(REQUESTS):
            pass
        elif find_wrk() is None:
            results.missing("reading, writing and growth, because wrk is missing (apt-get install wrk)")
        else:
            _measure_requests(installation, scale, results, profiled=asked.profile, only=only)
        _measure_log(installation, scale, results, only=only)
    results.write(asked.out)
    print(results.table(), flush=True)


def _measure_requests(
    installation: Installation, scale: Scale, results: Results, *, profiled: bool, only: Collection[str]
) -> None:
    paths = _recorded(installation, scale)
    if "growth" in only:
        large = installation.clone("infohus_large")
        large_cases = len(paths) + add_background(large, cases=scale.background_cases)
    reading = Requests(paths, installation.token())
    writing = Requests(tuple(path.rsplit("/", 1)[0] for path in paths), installation.token(), body=exchange_body())
    cluster = installation.server.data_dir / "cluster"
    with ExitStack() as serving:
        ours = serving.enter_context(installation.served())
        peers = _peers(serving, installation, results)
        if "growth" in only:
            # Before the writes, which make the small database larger.
            databases = {"small": (ours, reading), "large": (serving.enter_context(large.served()), reading)}
            _measure_growth(databases, scale.pace, cluster, results, cases=large_cases)
        measured = [("read", reading), ("write", writing)]
        for work, requests in (one for one in measured if one[0] in only):
            print(f"Measuring: {work} …", flush=True)
            turns = {OURS: (ours, requests), **{p.name: (p.served, getattr(p, work)) for p in peers}}
            _keep_ratios(work, in_turns(turns, pace=scale.pace, cluster=cluster, required=OURS), results)
        with _slow_flush(installation.server):
            for work, requests in (one for one in measured if f"{one[0]}_slow_flush" in only):
                print(f"Measuring: {work}, each flush {FLUSH_DELAY_US / 1000:.0f} ms longer …", flush=True)
                turns = {OURS: (ours, requests), **{p.name: (p.served, p.read) for p in peers if p.name == LIMIT}}
                _keep_slow_ratio(work, in_turns(turns, pace=scale.pace, cluster=cluster, required=OURS), results)
        if profiled:
            results.profiles = {
                name: profile(ours, requests, connections=scale.pace.connections)
                for name, requests in (("read", reading), ("write", writing))
            }


def _recorded(installation: Installation, scale: Scale) -> tuple[str, ...]:
    print(f"Recording {scale.recorded_cases} cases through the API …", flush=True)
    with installation.served() as served:
        return record_cases(installation, served.address, cases=scale.recorded_cases)


def _peers(serving: ExitStack, installation: Installation, results: Results) -> list[Peer]:
    """Start the peers that can be started. The limit runs on its README's event loop, and once more on ours."""
    folder, server = installation.folder, installation.server
    peers = [
        bare_limit(server, folder, name=LIMIT, loop="asyncio"),
        bare_limit(server, folder, name=LIMIT_ON_UVLOOP, loop="uvloop"),
    ]
    if not has_shared_limit():
        results.missing("the shared limit, because its folder is missing; bench/limit.py stands in for it")
    try:
        peers.append(django_peer(server, folder, may_install=not results.quick))
    except PeerMissing as missing:
        results.missing(str(missing))
    return [peer for peer in peers if _is_up(serving, peer, results)]


def _is_up(serving: ExitStack, peer: Peer, results: Results) -> bool:
    try:
        serving.enter_context(peer.served)
    except DidNotStart as failure:
        results.missing(f"{peer.name}, because it did not start: {failure}")
        return False
    return True


def _measure_growth(
    turns: Mapping[str, tuple[Served, Requests]], pace: Pace, cluster: Path, results: Results, *, cases: int
) -> None:
    print(f"Measuring: reading in a database of {cases} cases …", flush=True)
    measured = in_turns(turns, pace=replace(pace, connections=1), cluster=cluster, required="small")
    _note_dropped("growth", measured, results)
    series = measured.series
    if "large" in series:
        results.keep("growth_100k", series["large"].p50_ms / series["small"].p50_ms)
    results.raw["growth"] = {"cases": cases, **{name: one.raw() for name, one in series.items()}}


@contextmanager
def _slow_flush(server: LocalPostgres) -> Iterator[None]:
    """Make each flush of the write-ahead log 5 ms longer, as on a slower disk."""
    address = server.superuser_dsn()
    _set(address, f"SET commit_delay = {FLUSH_DELAY_US}", "SET commit_siblings = 0")
    try:
        yield
    finally:
        _set(address, "RESET commit_delay", "RESET commit_siblings")


def _set(address: str, *changes: str) -> None:
    execute(address, *(f"ALTER SYSTEM {change}" for change in changes), "SELECT pg_reload_conf()")
    time.sleep(0.5)  # until every session has reloaded it


def _keep_ratios(work: str, measured: Turns, results: Results) -> None:
    series, ours = measured.series, measured.series[OURS].per_second
    _note_dropped(work, measured, results)
    for key, name in (("limit", LIMIT), ("django", DJANGO)):
        if name in series:
            results.keep(f"{work}_vs_{key}", ours / series[name].per_second)
    results.raw[work] = {name: one.raw() for name, one in series.items()}
    if LIMIT_ON_UVLOOP in series:
        results.raw[f"{work}_vs_limit_on_uvloop"] = round(ours / series[LIMIT_ON_UVLOOP].per_second, 3)


def _keep_slow_ratio(work: str, measured: Turns, results: Results) -> None:
    _note_dropped(f"{work} with a slow flush", measured, results)
    series = measured.series
    if LIMIT in series:
        results.keep(f"{work}_vs_limit_slow_flush", series[OURS].per_second / series[LIMIT].per_second)
    results.raw[f"{work}_slow_flush"] = {name: one.raw() for name, one in series.items()}


def _note_dropped(work: str, measured: Turns, results: Results) -> None:
    for name, why in measured.dropped.items():
        results.missing(f"{work} of {name}: {why}")


def _measure_log(installation: Installation, scale: Scale, results: Results, *, only: Collection[str]) -> None:
    if "append" in only:
        results.raw["append"] = appending = append_against_insert(installation, pace=scale.pace)
        results.keep("append_vs_insert", appending["ratio"])
    if "verify" in only:
        verifying = verify_against_hashlib(installation, entries=scale.log_entries, rounds=scale.pace.rounds)
        results.keep("verify_vs_hashlib", verifying["ratio"])
        results.raw["verify"] = verifying


if __name__ == "__main__":
    main()
