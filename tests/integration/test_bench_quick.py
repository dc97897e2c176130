"""The benchmark runs from beginning to end. What it measures in a hurry, beside other tests, is judged by nobody."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
RATIOS = {
    "read_vs_limit", "write_vs_limit", "read_vs_django", "write_vs_django", "append_vs_insert", "verify_vs_hashlib",
    "growth_100k",
}  # fmt: skip


class WhenTheBenchmarkRunsInAHurry:
    def test_it_leaves_every_ratio_or_says_what_was_not_measured(self, tmp_path: Path) -> None:
        out = tmp_path / "bench.json"
        run = subprocess.run(
            [sys.executable, "bench", "--quick", "--out", str(out)],
            cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        results = json.loads(out.read_text())
        assert results.keys() >= RATIOS | {"raw", "versions", "machine"}
        missing = {key for key in RATIOS if results[key] is None}
        assert bool(missing) <= bool(results["not_measured"])
        assert all(results[key] > 0 for key in RATIOS - missing)
        assert all(key in run.stdout for key in RATIOS)


SILENT = """
import socket, sys
from pathlib import Path
sys.path.insert(0, "bench")
from load import Requests, find_wrk
from rounds import Pace, in_turns

class Silent:
    address = f"http://127.0.0.1:{sys.argv[1]}"
    def processor_seconds(self): return 0.0

if find_wrk() is None:
    sys.exit(77)
pace = Pace(rounds=1, seconds=1, warm_up_seconds=1, connections=1)
series = in_turns({"silent": (Silent(), Requests(("/",)))}, pace=pace, cluster=Path("/nowhere"))
print(series["silent"].raw()["per_second"]["median"])
"""


class WhenAPeerIsSlow:
    def test_one_that_gives_no_answer_does_not_end_the_benchmark(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            run = subprocess.run(
                [sys.executable, "-c", SILENT, str(listening.getsockname()[1])],
                cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
        if run.returncode == 77:
            pytest.skip("NOT CHECKED: wrk is missing")
        assert (run.returncode, run.stdout.strip()) == (0, "0.0"), run.stderr
