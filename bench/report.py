"""What came out: seven ratios with their goals, the figures behind them, and the machine they were measured on."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from peers import django_versions

from infohus.demo.local_postgres import find_binaries

LIBRARIES = ("litestar", "granian", "uvloop", "asyncpg", "sqlalchemy", "msgspec", "cryptography", "cedarpy")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio should be: at least or at most a number, and what it compares."""

    key: str
    says: str
    least: float | None = None
    most: float | None = None

    def is_met(self, ratio: float) -> bool:
        """Say whether a ratio is where it should be."""
        return ratio >= self.least if self.least is not None else ratio <= (self.most or 0)

    def __str__(self) -> str:
        """Write the goal as the table shows it."""
        return f"≥ {self.least:.2f}" if self.least is not None else f"≤ {self.most:.2f}"


GOALS = (
    Goal("read_vs_limit", "read an exchange / bare limit", least=0.45),
    Goal("write_vs_limit", "record an exchange / bare limit", least=0.25),
    Goal("read_vs_django", "read an exchange / Django peer", least=3.0),
    Goal("write_vs_django", "record an exchange / Django peer", least=3.0),
    Goal("append_vs_insert", "log append, 8 clients / INSERT + COMMIT, 1 client", least=0.6),
    Goal("verify_vs_hashlib", "time to verify the log / hashlib over its bytes", most=2.5),
    Goal("growth_100k", "read latency in a large database / in a small one", most=1.3),
)


@dataclass(slots=True)
class Results:
    """Everything measured in one run. A ratio that could not be measured is None."""

    quick: bool
    ratios: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys((goal.key for goal in GOALS), None))
    raw: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    not_measured: list[str] = field(default_factory=list)

    def keep(self, key: str, ratio: float) -> None:
        """Keep a ratio under its key in the file of results."""
        self.ratios[key] = round(ratio, 3)

    def missing(self, what: str) -> None:
        """Say loudly, now and at the end, that something was not measured."""
        self.not_measured.append(what)
        print(f"NOT MEASURED: {what}", flush=True)

    def write(self, file: Path) -> None:
        """Leave everything in a file, JSON."""
        content = {
            **self.ratios, "quick": self.quick, "not_measured": self.not_measured, "raw": self.raw,
            "versions": _versions(), "machine": _machine(), "profiles": self.profiles,
        }  # fmt: skip
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")

    def table(self) -> str:
        """Write the table: goals first, then the speeds behind them."""
        lines = ["", f"{'':54}{'ratio':>8}{'goal':>10}", *(self._line(goal) for goal in GOALS)]
        for work in ("read", "write"):
            for name, series in self.raw.get(work, {}).items():
                speed = series["per_second"]
                lines.append(
                    f"  {work:6}{name:22}{speed['median']:8.0f}/s  ({speed['min']:.0f}–{speed['max']:.0f})"
                    f"  processor ms per answer: worker {series['worker_processor_ms']:.2f},"
                    f" database {series['database_processor_ms']:.2f}"
                )
        if "verify" in self.raw:
            ratio = self.raw["verify"]["database_ratio"]
            lines.append(f"  verifying the log in the database: {ratio:.2f} times hashlib")
            counted = self.raw["verify"]["tally_ratio"]
            lines.append(f"  counting each person's entries again: {counted:.2f} times hashlib more")
        lines += [f"  NOT MEASURED: {what}" for what in self.not_measured]
        lines += [f"\nWhere the worker's time goes, {name}: {profile}" for name, profile in self.profiles.items()]
        if self.quick:
            lines.append("  --quick: too short to judge by, and the large database is a small one")
        return "\n".join(lines)

    def _line(self, goal: Goal) -> str:
        ratio = self.ratios[goal.key]
        if ratio is None:
            return f"{goal.key:18}{goal.says:52}       –{goal!s:>10}"
        return f"{goal.key:18}{goal.says:52}{ratio:8.2f}{goal!s:>10}{'' if goal.is_met(ratio) else '  NOT MET'}"


def _versions() -> dict[str, Any]:
    postgres = subprocess.run(  # noqa: S603 - our own binaries
        [find_binaries() / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    ours = {name: version(name) for name in LIBRARIES}
    return {
        "python": platform.python_version(), "postgres": postgres, "infohus": ours, "django_peer": django_versions(),
    }  # fmt: skip


def _machine() -> dict[str, Any]:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "processors": os.cpu_count(), "model": models[0].partition(":")[2].strip() if models else platform.machine(),
        "system": platform.platform(), "load_average_before_report": [round(load, 2) for load in os.getloadavg()],
    }  # fmt: skip
