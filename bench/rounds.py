"""Measures contestants in turns, A B C A B C, so that whatever else the machine does meets all of them alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from load import Load, Requests, drive
from served import Served, processes_in, processor_seconds


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how often; wrk knows whole seconds only. Growth is measured with one connection."""

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
        """The latency that half of the answers stayed under, milliseconds, the median of the rounds."""
        return median(load.p50_ms for load in self.loads)

    def raw(self) -> dict[str, object]:
        """Give all of it for the file of results."""
        speeds = [round(load.per_second, 1) for load in self.loads]
        return {
            "per_second": {
                "median": round(median(speeds), 1), "min": min(speeds), "max": max(speeds), "rounds": speeds,
            },
            "p50_ms": round(self.p50_ms, 3),
            "p99_ms": round(median(load.p99_ms for load in self.loads), 3),
            "worker_processor_ms": round(median(self.worker_ms or [0.0]), 3),
            "database_processor_ms": round(median(self.database_ms or [0.0]), 3),
        }  # fmt: skip


def in_turns(contestants: Mapping[str, tuple[Served, Requests]], *, pace: Pace, cluster: Path) -> dict[str, Series]:
    """Drive each contestant once per round; `cluster` is the folder that the database's processes work in.

    Raises:
        MeasuredErrors: a contestant answered with errors.
    """
    series = {name: Series() for name in contestants}
    for _ in range(pace.rounds):
        for name, (served, requests) in contestants.items():
            if pace.warm_up_seconds:
                drive(served.address, requests, connections=pace.connections, seconds=pace.warm_up_seconds)
            worker, database = served.processor_seconds(), _database_seconds(cluster)
            load = drive(served.address, requests, connections=pace.connections, seconds=pace.seconds)
            series[name].loads.append(load)
            if load.answers == 0:
                continue
            series[name].worker_ms.append((served.processor_seconds() - worker) * 1000 / load.answers)
            series[name].database_ms.append((_database_seconds(cluster) - database) * 1000 / load.answers)
    return series


def _database_seconds(cluster: Path) -> float:
    return sum(processor_seconds(process) for process in processes_in(cluster))
