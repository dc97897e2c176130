"""The benchmark runs from beginning to end. What it measures in a hurry, beside other tests, is judged by nobody."""

import json
import os
import subprocess
import sys
from pathlib import Path

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
            cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        results = json.loads(out.read_text())
        assert results.keys() >= RATIOS | {"raw", "versions", "machine"}
        missing = {key for key in RATIOS if results[key] is None}
        assert bool(missing) <= bool(results["not_measured"])
        assert all(results[key] > 0 for key in RATIOS - missing)
        assert all(key in run.stdout for key in RATIOS)
