"""The fault harness in short, and that its report can fail: a response without an entry is found."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from uuid import UUID, uuid4

import pytest

from infohus.kernel.audit.formats.entry import Entry, Outcome, Wrote

REPOSITORY = Path(__file__).resolve().parents[2]
HARNESS = REPOSITORY / "bench" / "faults"
FAULTS = 120


def entry_of(correlation: str, row: UUID | None = None, *, outcome: str = "allowed") -> Entry:
    """Make the entry that an act of this correlation id left."""
    wrote = [] if row is None else [Wrote(verb="insert", table="concern", key=[str(row)], revision=1, digest="0" * 64)]
    return Entry(
        at=datetime(2026, 11, 23, tzinfo=UTC), log=uuid4(), caller=uuid4(), authority=None, role=None, assurance=None,
        action="act", subject_kind="case", subject=None, case=None, outcome=Outcome(outcome), reason=None, policies=[],
        policy_set="", justification=None, purpose=None, recipients=[], persons=[], opened=[], wrote=wrote,
        correlation=correlation, nonce="n",
    )


@pytest.fixture(scope="module")
def harness() -> Iterator[dict[str, ModuleType]]:
    """Import the harness' report as it imports itself, and remove it from `sys.modules` again."""
    path, names = list(sys.path), ("clients", "reconciliation")
    sys.path[:0] = [str(HARNESS), str(HARNESS.parent)]
    before = set(sys.modules)
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if not name.startswith("infohus"):
                del sys.modules[name]


class WhenEverythingBreaks:
    @pytest.mark.rule(56)
    @pytest.mark.rule(59)
    def test_nothing_is_given_out_unlogged_and_nothing_acknowledged_is_lost(self, tmp_path: Path) -> None:
        out = tmp_path / "faults.json"
        run = subprocess.run(
            [sys.executable, "bench/faults", "--faults", str(FAULTS), "--out", str(out)],
            cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=600,
        )
        if run.stderr.startswith("NOT RUN:"):
            pytest.skip(f"NOT CHECKED: {run.stderr.removeprefix('NOT RUN:').strip()}")
        assert run.returncode == 0, run.stdout + run.stderr
        results = json.loads(out.read_text(encoding="utf-8"))
        assert results["is_clean"] is True
        assert all(count > 0 for count in results["faults"].values())
        assert results["answers_with_data"] > 0 < results["acknowledged"]


class WhenTheAccountIsMadeUp:
    @pytest.mark.parametrize(
        ("spoil", "found"),
        [("nothing", None), ("entry", "without_leaf"), ("row", "lost"), ("key", "written_twice"),
         ("refused", "without_leaf"), ("other row", "leaves_without_rows")],
    )
    def test_what_is_missing_is_found(self, harness: dict[str, ModuleType], spoil: str, found: str | None) -> None:
        clients, reconciliation = harness["clients"], harness["reconciliation"]
        read, wrote = clients.fresh_correlation(), clients.fresh_correlation()
        record, other = uuid4(), uuid4()
        journal = clients.Journal(answers=[
            clients.Answer(read, "GET", "/cases/1", 200, has_data=True),
            clients.Answer(wrote, "POST", "/concerns", 201, has_data=False, record=str(record), key="k"),
        ])
        entries = [entry_of(read), entry_of(wrote, record)]
        rows = {str(record)}
        match spoil:
            case "entry":
                del entries[0]
            case "row":
                rows.clear()
                entries[1] = entry_of(wrote)
            case "key":
                again = clients.fresh_correlation()
                twice = clients.Answer(again, "POST", "/concerns", 201, has_data=False, record=str(other), key="k")
                journal.answers.append(twice)
                entries.append(entry_of(again, other))
                rows.add(str(other))
            case "refused":
                entries[0] = entry_of(read, outcome="refused")
            case "other row":
                entries.append(entry_of(clients.fresh_correlation(), other))
        result = reconciliation.reconcile(journal, entries, rows)
        wrong = {name for name in ("without_leaf", "lost", "written_twice", "leaves_without_rows")
                 if getattr(result, name)}
        assert wrong == (set() if found is None else {found})
        assert result.is_clean is (found is None)
