"""The report of rules says what passed, what failed, and what was left out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rule_report import LAST_RULE, LEFT_TO_LATER, MADE_MORE_EXACT, PAGE, page_with, ranges, rule_texts

CONFTEST = """
import sys
sys.path.insert(0, {tests!r})
import rule_report
from rule_report import RuleReport, WorkersMarks
rule_report.PAGE = rule_report.Path({page!r})
def pytest_addoption(parser):
    parser.addoption("--rules", action="store_true")
def pytest_configure(config):
    config.addinivalue_line("markers", "rule(number): x")
    config.addinivalue_line("markers", "fault(id): x")
    config.pluginmanager.register(WorkersMarks(config) if hasattr(config, "workerinput") else RuleReport(config))
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
@pytest.mark.fault("C19")
def test_other(): pass
"""
SPREAD = ("-p", "xdist", "-n", "2")
"""Over two processes."""


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


SKIPS = """
import pytest
@pytest.mark.skipif(True, reason="NOT CHECKED: nginx is missing")
@pytest.mark.parametrize("n", [1, 2])
def test_a_proxy(n): pass
def test_vectors(): pytest.skip("NOT CHECKED: vectors are missing")
def test_good(): pass
"""


@pytest.mark.fault("E11")
class WhenTestsCannotRunHere:
    @pytest.mark.parametrize("spread", [(), SPREAD], ids=["in one process", "over two"])
    def test_each_is_named_at_the_end_under_its_reason(self, tmp_path: Path, spread: tuple[str, ...]) -> None:
        told = run(tmp_path, *spread, tests=SKIPS)
        listed = [
            "NOT CHECKED HERE: 3 tests did not run",
            "  nginx is missing", "    test_these.py::test_a_proxy", "  vectors are missing",
            "    test_these.py::test_vectors",
        ]
        assert "\n".join(listed) in told

    def test_nothing_is_said_where_all_ran(self, tmp_path: Path) -> None:
        assert "NOT CHECKED" not in run(tmp_path)


class WhenARunEnds:
    @pytest.mark.parametrize("spread", [(), SPREAD], ids=["in one process", "over two"])
    def test_a_rule_is_proved_by_a_passing_test_and_no_failing_one(
        self, tmp_path: Path, spread: tuple[str, ...]
    ) -> None:
        told = run(tmp_path, *spread)
        assert told.count("2 of 110 rules have a passing test") == 1  # 1 and 4
        assert "rules with a failing test: 2–3" in told
        assert "this run saw only a part of the suite): 5–110" in told
        assert re.search(r"\n1 failed, 2 passed in .*\nexit 1$", told)

    @pytest.mark.parametrize("spread", [(), SPREAD], ids=["in one process", "over two"])
    def test_what_was_left_out_is_told_apart_from_what_no_test_names(
        self, tmp_path: Path, spread: tuple[str, ...]
    ) -> None:
        told = run(tmp_path, "-k", "good", *spread)
        assert "2 of 110 rules have a passing test" in told
        assert "rules whose tests did not run this time: 3–4" in told
        assert "a failing test" not in told

    def test_a_run_that_stops_early_claims_nothing_more(self, tmp_path: Path) -> None:
        told = run(tmp_path, "-x")
        assert "1 of 110 rules have a passing test" in told
        assert "rules whose tests did not run this time: 4" in told

    def test_one_of_several_processes_that_stops_early_still_says_what_its_tests_name(self, tmp_path: Path) -> None:
        tests = "import pytest\n" + "@pytest.mark.rule(3)\ndef test_{0}(): assert {0}\n" * 2
        told = run(tmp_path, "-x", *SPREAD, tests=tests.replace("{0}", "0", 2).replace("{0}", "1"))
        assert "rules with a failing test: 3" in told

    def test_a_warning_in_one_of_several_processes_fails_its_test(self, tmp_path: Path) -> None:
        told = run(tmp_path, "-W", "error", *SPREAD, tests="import warnings\ndef test_it(): warnings.warn('told')\n")
        assert "UserWarning: told" in told
        assert told.endswith("exit 1")

    def test_asked_for_the_rules_it_fails_while_one_is_missing_that_nobody_left_to_later(self, tmp_path: Path) -> None:
        tests = "import pytest\n@pytest.mark.rule(1)\ndef test_good(): pass\n"
        told = run(tmp_path, "--rules", tests=tests)
        assert "rule 2 has no passing test and is not left to a later part" in told
        assert f"rule {min(LEFT_TO_LATER)} has no" not in told
        assert told.endswith("1 of 110 rules have a passing test\nexit 1")
        every = [number for number in range(1, LAST_RULE + 1) if number not in LEFT_TO_LATER]
        marks = "".join(f"@pytest.mark.rule({number})\n" for number in every)
        tests = f"import pytest\n{marks}def test_all(): pass\n"
        for spread in ((), SPREAD):
            told = run(tmp_path, "--rules", *spread, tests=tests)
            assert told.endswith(f"{len(every)} of 110 rules have a passing test\nexit 0")
            assert f"rules made more exact since their tests were written: {ranges(MADE_MORE_EXACT)}" in told

    def test_a_rule_that_is_left_to_later_does_not_count_yet(self, tmp_path: Path) -> None:
        left = min(LEFT_TO_LATER)
        told = run(tmp_path, tests=f"import pytest\n@pytest.mark.rule({left})\ndef test_good(): pass\n")
        assert f"rules with a test that are not whole yet: {left}" in told
        assert "0 of 110 rules have a passing test" in told

    @pytest.mark.parametrize("spread", [(), SPREAD], ids=["in one process", "over two"])
    @pytest.mark.parametrize(
        ("mark", "refused"),
        [("rule(111)", "no rule 111"), ("rule", "no rule None"), ("fault('c19')", "no fault 'c19'"),
         ("fault(19)", "no fault 19"), ("fault", "no fault None")],
    )
    def test_a_rule_or_fault_that_does_not_exist_is_an_error(
        self, tmp_path: Path, mark: str, refused: str, spread: tuple[str, ...]
    ) -> None:
        told = run(tmp_path, *spread, tests=f"import pytest\n@pytest.mark.{mark}\ndef test_good(): pass\n")
        assert f"there is {refused}" in told
        assert told.endswith(f"exit {pytest.ExitCode.USAGE_ERROR:d}")

    @pytest.mark.parametrize("spread", [(), SPREAD], ids=["in one process", "over two"])
    def test_asked_for_the_rules_it_names_the_faults_and_the_tests_that_would_see_them_again(
        self, tmp_path: Path, spread: tuple[str, ...]
    ) -> None:
        told = run(tmp_path, "--rules", *spread)
        assert "every fault that a test names =" in told
        assert "- C19\n   - `test_these.py::test_other`\n" in told


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

    def test_the_page_names_each_test_once_under_its_rules_and_faults(self) -> None:
        page = "## Head\n1. First.\n   - `tests/old.py::gone`\n4. Second.\n\nEnd.\n"
        rules = {1: ["tests/a.py::test_x[1]", "tests/a.py::test_x[2]"], 4: []}
        faults = {"C19": ["tests/a.py::test_x[1]"], "C9": ["tests/b.py::test_y", "tests/a.py::test_x[2]"]}
        written = page_with(rules, faults, page)
        assert written.startswith("## Head\n1. First.\n   - `tests/a.py::test_x`\n4. Second.\n\nEnd.\n\n## Faults\n")
        assert written.endswith(
            "\n\n- C9\n   - `tests/a.py::test_x`\n   - `tests/b.py::test_y`\n- C19\n   - `tests/a.py::test_x`\n"
        )
        assert page_with(rules, faults, written) == written
        assert page_with(rules, {}, written).endswith("\n\nNo test names one yet.\n")

    def test_the_page_says_which_rules_are_not_enforced_yet_or_not_whole(self) -> None:
        part, narrower = next(iter(LEFT_TO_LATER)), min(MADE_MORE_EXACT)
        written = page_with({}, {}, f"## Head\n{narrower}. First.\n{part}. Second.\n")
        assert f"{narrower}. First.\n   - *not whole: " in written
        assert f"{part}. Second.\n   - *not enforced yet, or not whole: {LEFT_TO_LATER[part]}*\n" in written
        assert page_with({}, {}, written) == written
