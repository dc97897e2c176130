"""Measures contestants in turns, A B C A B C, so that other load on the machine affects all of them alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from load import Load, MeasuredErrors, NoAnswer, Requests, drive
from served import Served, processes_in, processor_seconds

MOST_WARM_UPS = 10
"""How often a contestant that has not answered yet is driven again before it is measured."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how often to measure; wrk takes whole seconds only."""

    rounds: int
    seconds: int
    warm_up_seconds: int
    connections: int = 16


@dataclass(slots=True)
class Series:
    """One contestant's runs: the loads, and the processor milliseconds per answer of its worker and of the database."""

    loads: list[Load] = field(default_factory=list)
    worker_ms: list[float] = field(default_factory=list)
    database_ms: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers per second, the median of the rounds."""
        return median(load.per_second for load in self.loads)

    @property
    def p50_ms(self) -> float:
        """The median latency in milliseconds, the median of the rounds."""
        return median(load.p50_ms for load in self.loads)

    def raw(self) -> dict[str, object]:
        """Give the figures for the file of results."""
        speeds = [round(load.per_second, 1) for load in self.loads]
        return {
            "per_second": {
                "median": round(median(speeds), 1), "min": min(speeds), "max": max(speeds), "rounds": speeds,
            },
            "p50_ms": round(self.p50_ms, 3),
            "p99_ms": round(median(load.p99_ms for load in self.loads), 3),
            "worker_processor_ms": round(median(self.worker_ms), 3),
            "database_processor_ms": round(median(self.database_ms), 3),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turns:
    """A series for each measured contestant, and for each of the others why it was dropped."""

    series: dict[str, Series]
    dropped: dict[str, str]


def in_turns(
    contestants: Mapping[str, tuple[Served, Requests]], *, pace: Pace, cluster: Path, required: str
) -> Turns:
    """Drive each contestant once per round; `cluster` is the working folder of the database's processes.

    A contestant that answers with errors or not at all is dropped, and the others are measured all the same.

    Raises:
        MeasuredErrors: the `required` contestant answered with errors or not at all.
    """
    series = {name: Series() for name in contestants}
    dropped: dict[str, str] = {}
    for _ in range(pace.rounds):
        for name, (served, requests) in contestants.items():
            if name in dropped:
                continue
            try:
                _measure(series[name], served, requests, pace=pace, cluster=cluster)
            except MeasuredErrors as failure:
                if name == required:
                    raise
                dropped[name] = str(failure)
                del series[name]
    return Turns(series, dropped)


def _measure(series: Series, served: Served, requests: Requests, *, pace: Pace, cluster: Path) -> None:
    _warm_up(served, requests, pace)
    worker, database = served.processor_seconds(), _database_seconds(cluster)
    load = drive(served.address, requests, connections=pace.connections, seconds=pace.seconds)
    series.loads.append(load)
    series.worker_ms.append((served.processor_seconds() - worker) * 1000 / load.answers)
    series.database_ms.append((_database_seconds(cluster) - database) * 1000 / load.answers)


def _warm_up(served: Served, requests: Requests, pace: Pace) -> None:
    """Drive it without measuring until it has answered: a slow one needs longer than one run for its first answer."""
    if not pace.warm_up_seconds:
        return
    for _ in range(MOST_WARM_UPS):
        try:
            drive(served.address, requests, connections=pace.connections, seconds=pace.warm_up_seconds)
        except NoAnswer:
            continue
        return


def _database_seconds(cluster: Path) -> float:
    return sum(processor_seconds(process) for process in processes_in(cluster))
