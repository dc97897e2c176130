"""The account of rules: which of the house's 78 rules a passing test proves, and which none does.

A test names the rule it proves with `@pytest.mark.rule(17)`. A rule counts as proved when at least one test that names
it passed and none failed. docs/rules.md holds the texts and, under each, its tests; `make rules` keeps it up to date,
in seconds with ARGS=--collect-only.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

LAST_RULE = 78
LEFT_TO_LATER = {
    **dict.fromkeys((48, 50, 51, 55), "identity"),
    **dict.fromkeys((73, 78), "keys, erasure and search"),
}
"""Rules that no test needs to prove yet, and the part of the work that will. This list only shrinks."""
PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"
_REPOSITORY = PAGE.parents[1]
_RULE = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
_TEST = re.compile(r"^   - `tests/.*`\n", re.MULTILINE)


def rule_texts() -> dict[int, str]:
    """Read the rules' texts by number."""
    return {int(number): text for number, text in _RULE.findall(PAGE.read_text(encoding="utf-8"))}


def page_with(named: Mapping[int, Iterable[str]], page: str) -> str:
    """Write the page anew with the tests that name each rule, once per test whatever its parameters."""

    def with_tests(rule: re.Match[str]) -> str:
        tests = sorted({nodeid.split("[")[0] for nodeid in named.get(int(rule[1]), ())})
        return "\n".join([rule[0], *(f"   - `{test}`" for test in tests)])

    return _RULE.sub(with_tests, _TEST.sub("", page))


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
        """List the rules with a passing test and without a failing one; one left to later is not whole yet."""
        return {
            number
            for number, tests in self._named.items()
            if number not in LEFT_TO_LATER
            and self._passed.intersection(tests) and not self._failed.intersection(tests)
        }

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that is asked for the rules and lacks one, and a whole run that finds the page out of date."""
        if self._config.getoption("--rules"):
            if self._sees_all_tests():
                PAGE.write_text(page_with(self._named, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
            if self._missing() and not self._config.option.collectonly and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif not self._is_partial() and self._page_is_stale() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the account; with --rules every rule with its tests, and the count as the last line."""
        everything = set(range(1, LAST_RULE + 1))
        if self._config.option.collectonly:
            self._print_staleness(terminalreporter)
            return
        if self._config.getoption("--rules"):
            self._print_rules(terminalreporter)
        terminalreporter.section("rules")
        proved = self.proved()
        if broken := set(self._named).intersection(
            number for nodeid in self._failed for number in self._rules.get(nodeid, [])
        ):
            terminalreporter.write_line(f"rules with a failing test: {ranges(broken)}", red=True)
        if waiting := set(self._named) - proved - broken - set(LEFT_TO_LATER):
            terminalreporter.write_line(f"rules whose tests did not run this time: {ranges(waiting)}")
        if begun := set(self._named).intersection(LEFT_TO_LATER):
            terminalreporter.write_line(f"rules with a test that are not whole yet: {ranges(begun)}")
        partly = " (this run saw only a part of the suite)" if self._is_partial() else ""
        terminalreporter.write_line(f"rules without a test yet{partly}: {ranges(everything - set(self._named))}")
        self._print_staleness(terminalreporter)
        terminalreporter.write_line(f"{len(proved)} of {LAST_RULE} rules have a passing test")
        if skipped := len(terminalreporter.getreports("skipped")):
            terminalreporter.write_line(
                f"NOT CHECKED HERE: {skipped} tests did not run; each reason stands in the summary", red=True, bold=True
            )

    def pytest_unconfigure(self) -> None:
        """Say the count once more at the very end, where who asked for the rules looks."""
        if self._config.getoption("--rules") and not self._config.option.collectonly:
            for number in sorted(self._missing()):
                print(f"rule {number} has no passing test and is not left to a later part")  # noqa: T201
            print(f"{len(self.proved())} of {LAST_RULE} rules have a passing test")  # noqa: T201

    def _missing(self) -> set[int]:
        return set(range(1, LAST_RULE + 1)) - self.proved() - set(LEFT_TO_LATER)

    def _page_is_stale(self) -> bool:
        page = PAGE.read_text(encoding="utf-8")
        return page_with(self._named, page) != page

    def _is_partial(self) -> bool:
        return bool(self._left_out) or not self._sees_all_tests()

    def _sees_all_tests(self) -> bool:
        asked = {Path(argument.split("::")[0]).resolve() for argument in self._config.args}
        return any((_REPOSITORY / "tests").is_relative_to(place) for place in asked)

    def _print_staleness(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._is_partial() and self._page_is_stale():
            told = "docs/rules.md names other tests than there are: run `make rules ARGS=--collect-only`"
            terminalreporter.write_line(told, red=True)

    def _print_rules(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("every rule and the tests that name it")
        proved = self.proved()
        for number, text in rule_texts().items():
            terminalreporter.write_line(f"{number}. {text}", green=number in proved, red=number not in proved)
            if number in LEFT_TO_LATER:
                terminalreporter.write_line(f"      left to: {LEFT_TO_LATER[number]}")
            for test in sorted({nodeid.split("[")[0] for nodeid in self._named.get(number, [])}):
                terminalreporter.write_line(f"      {test}")
