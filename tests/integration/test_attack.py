"""The attack harness in short: each class a few times; whoever notices is named, and nothing goes unnoticed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
RUNS, SEED = 3, 115
"""A seed with which an attack that has two ways takes both in so few runs; `make attack` draws another each time."""
ESCAPES_AN_OUTSIDER = {
    "an entry changed, hashes recomputed", "an entry deleted, gap closed", "an entry inserted",
    "entries swapped, hashes recomputed", "tail cut off", "backup put back", "whole machine put back",
    "log forked and grown longer", "append function replaced for a moment", "checkpoint forged with the stolen log key",
    "log outgrown with the stolen log key", "rewritten, archive emptied",
    "young entries emptied, with a lie in the log",
}
"""What docs/threat-model.md says nobody notices without witnesses and without the signer's checkpoint store."""


class WhenASuperuserAttacks:
    @pytest.mark.rule(58)
    def test_every_attack_is_noticed_and_what_escapes_an_outsider_is_what_we_say(self, tmp_path: Path) -> None:
        out = tmp_path / "attack.json"
        run = subprocess.run(
            [sys.executable, "bench/attack", "--runs", str(RUNS), "--seed", str(SEED), "--out", str(out)],
            cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=600,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        classes = json.loads(out.read_text(encoding="utf-8"))["classes"]
        assert len(classes) >= 43
        noticed = {name: (one["runs"], one["noticed"]) for name, one in classes.items()}
        assert noticed == dict.fromkeys(classes, (RUNS, RUNS))
        assert {name for name, one in classes.items() if one["outsider"] == 0} == ESCAPES_AN_OUTSIDER
        assert all(name in run.stdout for name in classes)
