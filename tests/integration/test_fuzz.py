"""The fuzzer in short, and that what it judges by can fail. `make fuzz` runs it for an hour.

`INFOHUS_FUZZ_SEED` repeats a run whose seed was printed.
"""

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
FUZZER = REPOSITORY / "bench" / "fuzz"
SECONDS = 12
PROBLEM = {"type": "/problems/x", "title": "X", "status": 422, "detail": "X.", "correlation_id": "x"}
SAID = {"content-type": "application/problem+json", "x-correlation-id": "x"}


@pytest.fixture(scope="module")
def fuzzer() -> Iterator[dict[str, ModuleType]]:
    """Import the fuzzer's judgement as it imports itself, and remove it from `sys.modules` again."""
    path, before = list(sys.path), set(sys.modules)
    sys.path[:0] = [str(FUZZER)]
    try:
        yield {name: importlib.import_module(name) for name in ("judgement", "raw_client")}
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if not name.startswith("infohus"):
                del sys.modules[name]


@pytest.mark.fault("B1")
@pytest.mark.fault("B5")
@pytest.mark.fault("B8")
class WhenAnyBytesAreSent:
    def test_nothing_breaks(self, tmp_path: Path) -> None:
        out, seed = tmp_path / "fuzz.json", os.environ.get("INFOHUS_FUZZ_SEED")
        run = subprocess.run(
            [sys.executable, "bench/fuzz", "--seconds", str(SECONDS), "--out", str(out),
             *(["--seed", seed] if seed else [])],
            cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=300,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        results = json.loads(out.read_text(encoding="utf-8"))
        assert results["findings"] == []
        assert [name for name, count in results["tried"].items() if not count] == []
        assert len(results["tried"]) > 100
        assert results["lists"] > 100
        assert len(results["ways"]) >= 8
        assert {"400", "404"} <= set(results["statuses"])


class WhenAnAnswerIsJudged:
    @pytest.mark.parametrize(("status", "headers", "body", "found"), [
        (200, {}, b"{}", []), (422, SAID, PROBLEM, []), (400, {}, b"", []), (431, {}, b"", []),
        (0, {}, b"", ["closed without an answer"]), (-1, {}, b"", ["no answer in time"]),
        (500, SAID, {**PROBLEM, "status": 500}, ["status 500"]),
        (503, SAID, {**PROBLEM, "status": 503}, ["status 503"]),
        (422, SAID, {**PROBLEM, "status": 400}, ["problem details with other members"]),
        (422, SAID, {**PROBLEM, "detail": 'File "app.py", line 1'}, ["shows 'File \"'", "shows '.py'"]),
        (404, {"content-type": "text/plain"}, b"Not found", ["a refusal as text/plain"]),
        (404, {}, b"", ["status 404 without a body"]), (422, SAID, b"{", ["problem details that are no JSON"]),
    ])
    def test_what_no_answer_may_be_is_found(
        self, fuzzer: dict[str, ModuleType], status: int, headers: dict[str, str], body: Any, found: list[str]
    ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).replace('\\"', '"').encode()
        received = fuzzer["raw_client"].Received(status, headers, content)
        said = list(fuzzer["judgement"].faults_of(received, must_answer=True))
        assert said[: len(found)] == found
        assert bool(said) is bool(found)
