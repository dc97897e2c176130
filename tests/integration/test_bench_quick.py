"""The benchmark runs from beginning to end. What it measures in a hurry, beside other tests, is judged by nobody."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
RATIOS = {
    "read_vs_limit", "write_vs_limit", "read_vs_django", "write_vs_django", "append_vs_insert", "verify_vs_hashlib",
    "growth_100k", "read_vs_limit_slow_flush", "write_vs_limit_slow_flush",
}  # fmt: skip


ANSWERS_AFTER = """
import asyncio, sys
async def answer(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            await asyncio.sleep(float(sys.argv[2]))
            writer.write(f"HTTP/1.1 {sys.argv[3]} Said\\r\\nContent-Length: 2\\r\\n\\r\\nok".encode())
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def serve():
    await (await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]))).serve_forever()
asyncio.run(serve())
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """Import the benchmark's modules as it imports them itself, and remove them from `sys.modules` again."""
    path, before = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(REPOSITORY / "bench"))
    try:
        yield {name: importlib.import_module(name) for name in ("load", "rounds", "served")}
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if not name.startswith("infohus"):
                del sys.modules[name]


class WhenAPeerIsSlow:
    def test_the_others_are_measured_and_one_that_never_answers_well_is_left_out(
        self, bench: dict[str, ModuleType], tmp_path: Path
    ) -> None:
        if bench["load"].find_wrk() is None:
            pytest.skip("NOT CHECKED: wrk, which sends the load, is missing (apt-get install wrk)")

        def served(seconds: float, status: int) -> Any:
            command = [sys.executable, "-c", ANSWERS_AFTER, "{port}", str(seconds), str(status)]
            return bench["served"].Served(command, environment={}, folder=tmp_path)

        requests = bench["load"].Requests(("/",))
        with served(0, 200) as quick, served(1.4, 200) as slow, served(0, 500) as broken, served(60, 200) as silent:
            contestants = {"quick": quick, "slow": slow, "broken": broken, "silent": silent}
            turns = bench["rounds"].in_turns(
                {name: (one, requests) for name, one in contestants.items()},
                pace=bench["rounds"].Pace(rounds=1, seconds=2, warm_up_seconds=1, connections=2), cluster=tmp_path,
                required="quick",
            )
            assert (set(turns.series), set(turns.dropped)) == ({"quick", "slow"}, {"broken", "silent"})
            assert turns.series["slow"].per_second > 0
            with pytest.raises(bench["load"].MeasuredErrors):
                bench["rounds"].in_turns(
                    {"broken": (broken, requests)}, pace=bench["rounds"].Pace(1, 1, 0, 2), cluster=tmp_path,
                    required="broken",
                )


class WhenTheBenchmarkRunsInAHurry:
    def test_it_leaves_every_ratio_or_says_what_was_not_measured(self, tmp_path: Path) -> None:
        out = tmp_path / "bench.json"
        run = subprocess.run(
            [sys.executable, "bench", "--quick", "--out", str(out)],
            cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        results = json.loads(out.read_text())
        assert results.keys() >= RATIOS | {"raw", "versions", "machine"}
        missing = {key for key in RATIOS if results[key] is None}
        assert bool(missing) <= bool(results["not_measured"])
        assert all(results[key] > 0 for key in RATIOS - missing)
        assert all(key in run.stdout for key in RATIOS)
