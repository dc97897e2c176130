"""The account of rules tells the truth about a run: what passed, what failed, what was left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rule_report import LAST_RULE, LEFT_TO_LATER, PAGE, page_with, ranges, rule_texts

CONFTEST = """
import sys
sys.path.insert(0, {tests!r})
import rule_report
from rule_report import RuleReport
rule_report.PAGE = rule_report.Path({page!r})
def pytest_addoption(parser):
    parser.addoption("--rules", action="store_true")
def pytest_configure(config):
    config.addinivalue_line("markers", "rule(number): x")
    config.pluginmanager.register(RuleReport(config))
"""
TESTS = """
import pytest
@pytest.mark.rule(1)
@pytest.mark.rule(2)
def test_good(): pass
@pytest.mark.rule(2)
@pytest.mark.rule(3)
def test_bad(): assert False
@pytest.mark.rule(4)
def test_other(): pass
"""


def run(folder: Path, *arguments: str, tests: str = TESTS) -> str:
    page = folder / "rules.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    here = str(Path(__file__).resolve().parents[1])
    (folder / "conftest.py").write_text(CONFTEST.format(tests=here, page=str(page)))
    (folder / "test_these.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), "-p", "no:cacheprovider", *arguments]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False)
    return f"{ran.stdout}{ran.stderr}exit {ran.returncode}"


class WhenARunEnds:
    def test_a_rule_is_proved_by_a_passing_test_and_no_failing_one(self, tmp_path: Path) -> None:
        told = run(tmp_path)
        assert "2 of 78 rules have a passing test" in told  # 1 and 4
        assert "rules with a failing test: 2–3" in told
        assert "this run saw only a part of the suite): 5–78" in told

    def test_what_was_left_out_is_told_apart_from_what_no_test_names(self, tmp_path: Path) -> None:
        told = run(tmp_path, "-k", "good")
        assert "2 of 78 rules have a passing test" in told
        assert "rules whose tests did not run this time: 3–4" in told
        assert "a failing test" not in told

    def test_a_run_that_stops_early_claims_nothing_more(self, tmp_path: Path) -> None:
        told = run(tmp_path, "-x")
        assert "1 of 78 rules have a passing test" in told
        assert "rules whose tests did not run this time: 4" in told

    def test_asked_for_the_rules_it_fails_while_one_is_missing_that_nobody_left_to_later(self, tmp_path: Path) -> None:
        tests = "import pytest\n@pytest.mark.rule(1)\ndef test_good(): pass\n"
        told = run(tmp_path, "--rules", tests=tests)
        assert "rule 2 has no passing test and is not left to a later part" in told
        assert f"rule {min(LEFT_TO_LATER)} has no" not in told
        assert told.endswith("1 of 78 rules have a passing test\nexit 1")
        every = [number for number in range(1, LAST_RULE + 1) if number not in LEFT_TO_LATER]
        marks = "".join(f"@pytest.mark.rule({number})\n" for number in every)
        tests = f"import pytest\n{marks}def test_all(): pass\n"
        assert run(tmp_path, "--rules", tests=tests).endswith(f"{len(every)} of 78 rules have a passing test\nexit 0")

    def test_a_rule_that_is_left_to_later_does_not_count_yet(self, tmp_path: Path) -> None:
        left = min(LEFT_TO_LATER)
        told = run(tmp_path, tests=f"import pytest\n@pytest.mark.rule({left})\ndef test_good(): pass\n")
        assert f"rules with a test that are not whole yet: {left}" in told
        assert "0 of 78 rules have a passing test" in told

    def test_a_rule_that_does_not_exist_is_an_error(self, tmp_path: Path) -> None:
        tests = "import pytest\n@pytest.mark.rule(79)\ndef test_good(): pass\n"
        told = run(tmp_path, tests=tests)
        assert "there is no rule 79" in told
        assert f"exit {pytest.ExitCode.USAGE_ERROR:d}" in told


class WhenNumbersAreWritten:
    @pytest.mark.parametrize(
        ("numbers", "written"),
        [([], "none"), ([7], "7"), ([1, 2, 3], "1–3"), ([9, 1, 2, 3, 10, 7], "1–3, 7, 9–10"), ([1, 3], "1, 3")],
    )
    def test_they_read_as_people_write_them(self, numbers: list[int], written: str) -> None:
        assert ranges(numbers) == written


class WhenTheRulesAreAtHand:
    def test_every_number_has_a_text(self) -> None:
        assert sorted(rule_texts()) == list(range(1, LAST_RULE + 1))

    def test_the_page_names_each_test_once_under_its_rules(self) -> None:
        page = "## Head\n1. First.\n   - `tests/old.py::gone`\n2. Second.\n\nEnd.\n"
        named = {1: ["tests/a.py::test_x[1]", "tests/a.py::test_x[2]"], 2: []}
        assert page_with(named, page) == "## Head\n1. First.\n   - `tests/a.py::test_x`\n2. Second.\n\nEnd.\n"
