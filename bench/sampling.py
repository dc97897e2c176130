"""Samples with py-spy where a worker's time goes while wrk drives it (`make bench ARGS=--profile`).

py-spy reads the worker's memory from outside, so it hardly slows it down. It is installed in a venv in var/bench.
"""

import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from load import Requests, drive
from served import Served

VENV = Path(__file__).resolve().parents[1] / "var" / "bench" / "sampler"
SECONDS = 8
PER_SECOND = 250
LONGEST_LIST = 40
START = ("(granian/", "(click/", "(multiprocessing/", "<frozen runpy>", "(contextlib.py)")
"""Frames that every stack begins with; they are left out."""


def sampler() -> Path | None:
    """Give the path of py-spy, installing it when missing; print a message and give `None` when that fails."""
    program = VENV / "bin" / "py-spy"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)  # noqa: S603 - a new folder of ours
        pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "py-spy"]
        if subprocess.run(pip, check=False).returncode:  # noqa: S603 - our own arguments
            print("NO PROFILE: py-spy could not be installed.", flush=True)
            return None
    return program


def profile(served: Served, requests: Requests, *, connections: int) -> str:
    """Sample the busiest process of a server under load; give a table of functions by share of samples."""
    program = sampler()
    if program is None:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks"
        command = [
            str(program), "record", "--pid", str(served.processes()[0]), "--duration", str(SECONDS), "--format", "raw",
            "--rate", str(PER_SECOND), "--gil", "--output", str(stacks),
        ]  # fmt: skip
        load = threading.Thread(
            target=drive, args=(served.address, requests), kwargs={"connections": connections, "seconds": SECONDS + 2}
        )
        load.start()
        sampled = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
        load.join()
        if not stacks.exists():
            return f"py-spy: {sampled.stderr[-500:]}"
        return table(stacks.read_text(encoding="utf-8"))


def table(stacks: str) -> str:
    """Count collapsed stacks (lines of `outer;inner 12`) by function: with what it calls, and alone."""
    cumulative: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    total = 0
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        functions = [_without_line(frame) for frame in stack.split(";")]
        functions = [name for name in functions if not any(part in name for part in START)] or functions[-1:]
        total += int(count)
        alone[functions[-1]] += int(count)
        for function in set(functions):
            cumulative[function] += int(count)
    return "\n".join(
        [f"{total} samples", "  cumulative", *_lines(cumulative, total), "  alone", *_lines(alone, total)]
    )


def _lines(counts: Counter[str], total: int) -> list[str]:
    return [f"  {count / total:6.1%}  {function}" for function, count in counts.most_common(LONGEST_LIST)]


def _without_line(frame: str) -> str:
    return frame.rsplit(":", 1)[0] + ")" if ":" in frame else frame
