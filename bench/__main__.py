"""`make bench`: every contestant side by side in one run; prints ratios and leaves them in var/bench.json.

One durable PostgreSQL for all, one worker each, driven in turns by wrk. `--quick` only shows that all of it runs: its
figures mean little. `--profile` also says where a worker's time goes.
"""

import argparse
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from background import add_background
from installation import Installation, create, exchange_body, record_cases
from load import Requests, find_wrk
from log_figures import append_against_insert, verify_against_hashlib
from peers import Peer, PeerMissing, bare_limit, django_peer, has_shared_limit
from report import Results
from rounds import Pace, Series, in_turns
from sampling import profile
from served import Served

from infohus.demo.local_postgres import LocalPostgres

OURS = "infohus"
LIMIT = "bare_limit"
LIMIT_ON_UVLOOP = "bare_limit on uvloop"
DJANGO = "django_peer"
_KEYS = {LIMIT: "vs_limit", DJANGO: "vs_django"}
RESULTS = Path(__file__).resolve().parents[1] / "var" / "bench.json"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything one run takes."""

    pace: Pace
    recorded_cases: int
    background_cases: int
    log_entries: int


FULL = Scale(Pace(rounds=5, seconds=4, warm_up_seconds=1), 1_000, 99_000, 100_000)
QUICK = Scale(Pace(rounds=3, seconds=1, warm_up_seconds=0), 100, 1_900, 5_000)


def main() -> None:
    """Measure, print, and write the file of results."""
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="show that it runs, in a minute or so")
    arguments.add_argument("--profile", action="store_true", help="also sample the worker with py-spy")
    arguments.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go")
    asked = arguments.parse_args()
    results = Results(quick=asked.quick)
    scale = QUICK if asked.quick else FULL
    with (
        tempfile.TemporaryDirectory(prefix="infohus-bench-") as folder,
        LocalPostgres.durable(Path(folder) / "postgres") as server,
    ):
        installation = create(server, Path(folder) / "infohus")
        if find_wrk() is None:
            results.missing("reading, writing and growth, because wrk is missing (apt-get install wrk)")
        else:
            _measure_requests(installation, scale, results, profiled=asked.profile)
        _measure_log(installation, scale, results)
    results.write(asked.out)
    print(results.table(), flush=True)


def _measure_requests(installation: Installation, scale: Scale, results: Results, *, profiled: bool) -> None:
    paths = _recorded(installation, scale)
    large = installation.clone("infohus_large")
    large_cases = len(paths) + add_background(large, cases=scale.background_cases)
    reading = Requests(paths, installation.token())
    writing = Requests(tuple(path.rsplit("/", 1)[0] for path in paths), installation.token(), body=exchange_body())
    cluster = installation.server.data_dir / "cluster"
    with ExitStack() as serving:
        ours = serving.enter_context(installation.served())
        peers = _peers(serving, installation, results)
        for work, requests in (("read", reading), ("write", writing)):
            if work == "write":
                # Before the small database grows by what is written to it.
                grown = {"small": (ours, reading), "large": (serving.enter_context(large.served()), reading)}
                _measure_growth(grown, scale.pace, cluster, results, cases=large_cases)
            print(f"Measuring: {work} …", flush=True)
            turns = {OURS: (ours, requests), **{p.name: (p.served, getattr(p, work)) for p in peers}}
            _keep_ratios(work, in_turns(turns, pace=scale.pace, cluster=cluster), results)
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
    """Start the peers. The limit runs as its README says, and once more on our event loop, so that both are known."""
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
    for peer in peers:
        serving.enter_context(peer.served)
    return peers


def _measure_growth(
    turns: Mapping[str, tuple[Served, Requests]], pace: Pace, cluster: Path, results: Results, *, cases: int
) -> None:
    print(f"Measuring: reading in a database of {cases} cases …", flush=True)
    series = in_turns(turns, pace=replace(pace, connections=1), cluster=cluster)
    results.keep("growth_100k", series["large"].p50_ms / series["small"].p50_ms)
    results.raw["growth"] = {"cases": cases, **{name: one.raw() for name, one in series.items()}}


def _keep_ratios(work: str, series: Mapping[str, Series], results: Results) -> None:
    ours = series[OURS].per_second
    results.raw[work] = {name: one.raw() for name, one in series.items()}
    for name, one in series.items():
        if one.per_second == 0:
            results.missing(f"{work} against {name}, which gave no answer in most rounds")
        elif name in _KEYS:
            results.keep(f"{work}_{_KEYS[name]}", ours / one.per_second)
        elif name == LIMIT_ON_UVLOOP:
            results.raw[f"{work}_vs_limit_on_uvloop"] = round(ours / one.per_second, 3)


def _measure_log(installation: Installation, scale: Scale, results: Results) -> None:
    appending = append_against_insert(installation, pace=scale.pace)
    results.keep("append_vs_insert", appending["ratio"])
    verifying = verify_against_hashlib(installation, entries=scale.log_entries, rounds=scale.pace.rounds)
    results.keep("verify_vs_hashlib", verifying["ratio"])
    results.raw |= {"append": appending, "verify": verifying}


if __name__ == "__main__":
    main()
