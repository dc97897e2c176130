"""The account of rules: which of the house's 78 rules a passing test proves, and which none does.

A test names the rule it proves with `@pytest.mark.rule(17)`. A rule counts as proved when at least one test that names
it passed and none failed. The texts are read from docs/rules.md, or from ../shared/RULES.md beside the repository.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

LAST_RULE = 78
_REPOSITORY = Path(__file__).resolve().parents[1]
_PLACES = (_REPOSITORY / "docs" / "rules.md", _REPOSITORY.parent / "shared" / "RULES.md")
_RULE = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


def rule_texts() -> dict[int, str]:
    """Read the rules' texts by number; empty where the file is not at hand."""
    for place in _PLACES:
        if place.is_file():
            return {int(number): text for number, text in _RULE.findall(place.read_text(encoding="utf-8"))}
    return {}


def rules_of(item: pytest.Item) -> list[int]:
    """Read the rules a test names.

    Raises:
        pytest.UsageError: a mark names no rule, or one that does not exist.
    """
    numbers = [number for mark in item.iter_markers("rule") for number in (mark.args or (None,))]
    for number in numbers:
        if not isinstance(number, int) or not 1 <= number <= LAST_RULE:
            message = f"{item.nodeid}: there is no rule {number!r}"
            raise pytest.UsageError(message)
    return numbers


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers as people do: `1–3, 7, 9–10`."""
    ordered = sorted(numbers)
    if not ordered:
        return "none"
    breaks = [after for before, after in pairwise(ordered) if after != before + 1]
    starts = [ordered[0], *breaks]
    ends = [*(ordered[ordered.index(start) - 1] for start in breaks), ordered[-1]]
    return ", ".join(f"{start}" if start == end else f"{start}–{end}" for start, end in zip(starts, ends, strict=True))


class RuleReport:
    """Collects what the tests say about rules while they run, and tells it at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._named: dict[int, list[str]] = {}
        self._rules: dict[str, list[int]] = {}
        self._passed: set[str] = set()
        self._failed: set[str] = set()
        self._left_out = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """See every test before -k or -m leave some out."""
        for item in items:
            self._rules[item.nodeid] = rules_of(item)
            for number in self._rules[item.nodeid]:
                self._named.setdefault(number, []).append(item.nodeid)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count what was left out."""
        self._left_out += len(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep which tests passed and which failed, in whatever phase."""
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self._passed.add(report.nodeid)

    def proved(self) -> set[int]:
        """List the rules with a passing test and without a failing one."""
        return {
            number
            for number, tests in self._named.items()
            if self._passed.intersection(tests) and not self._failed.intersection(tests)
        }

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the account, and with --rules the text of every rule and its tests."""
        everything = set(range(1, LAST_RULE + 1))
        if self._config.getoption("--rules"):
            self._print_rules(terminalreporter)
        if self._config.option.collectonly:
            terminalreporter.write_line(f"{len(self._named)} of {LAST_RULE} rules are named by a test")
            terminalreporter.write_line(f"rules without a test yet: {ranges(everything - set(self._named))}")
            return
        terminalreporter.section("rules")
        proved = self.proved()
        terminalreporter.write_line(f"{len(proved)} of {LAST_RULE} rules have a passing test")
        if broken := set(self._named).intersection(
            number for nodeid in self._failed for number in self._rules.get(nodeid, [])
        ):
            terminalreporter.write_line(f"rules with a failing test: {ranges(broken)}", red=True)
        if waiting := set(self._named) - proved - broken:
            terminalreporter.write_line(f"rules whose tests did not run this time: {ranges(waiting)}")
        partly = " (this run saw only a part of the suite)" if self._is_partial() else ""
        terminalreporter.write_line(f"rules without a test yet{partly}: {ranges(everything - set(self._named))}")

    def _is_partial(self) -> bool:
        asked = {Path(argument.split("::")[0]).resolve() for argument in self._config.args}
        return bool(self._left_out) or not any((_REPOSITORY / "tests").is_relative_to(place) for place in asked)

    def _print_rules(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("every rule and the tests that name it")
        texts = rule_texts()
        for number in range(1, LAST_RULE + 1):
            tests = self._named.get(number, [])
            terminalreporter.write_line(f"{number}. {texts.get(number, '')}", green=bool(tests), red=not tests)
            for test in sorted({nodeid.split("[")[0] for nodeid in tests}):
                terminalreporter.write_line(f"      {test}")
