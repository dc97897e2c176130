"""The report of rules: which of the 110 rules of docs/rules.md a passing test proves, and which none does.

A test names the rule it proves with `@pytest.mark.rule(17)`. A rule counts as proved when at least one test that names
it passed and none failed. A test names a fault that it would detect again with `@pytest.mark.fault("C19")`.
docs/rules.md holds the rules' texts and, under each rule and each named fault, the tests; `make rules` keeps it up to
date, in seconds with ARGS=--collect-only.

Where pytest-xdist spreads the tests over processes, each of them collects every test and says at its end what the
tests name; the process that started them receives every result, prints the report and writes the page.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

LAST_RULE = 110
LEFT_TO_LATER = {
    **dict.fromkeys((48, 50, 51, 55), "identity"),
    **dict.fromkeys((73, 78), "keys, erasure and search"),
    **dict.fromkeys((79, 80, 81), "persons, accuracy, linked cases"),
    **dict.fromkeys((83, 84), "children, danger"),
    **dict.fromkeys((86, 87, 89), "other authorities, exchange in detail"),
    **dict.fromkeys(range(92, 101), "ends, people, rights"),
    **dict.fromkeys((101, 102, 103, 105, 106, 107, 108), "duties beside § 115"),
    **dict.fromkeys((109, 110), "nobody named before it is needed, nobody without an owner"),
}
"""Rules that no test needs to prove yet, and the part of the work that will. This list only shrinks."""
MADE_MORE_EXACT = {
    2, 3, 9, 13, 20, 28, 32, 42, 65, 66, 67, 72, 74, 75, 77,
}
"""Rules whose text says more than their tests prove, which were written for an earlier one. This list only shrinks."""
PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"
_REPOSITORY = PAGE.parents[1]
_RULE = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
_TEST = re.compile(r"^   - (?:`tests/.*`|\*not .*\*)\n", re.MULTILINE)
_NOT_YET = "   - *not enforced yet, or not whole: {part}*"
_EARLIER_TEXT = "   - *not whole: the tests prove an earlier, narrower text*"
_FAULTS_HEADING = "## Faults"
_FAULTS = re.compile(rf"^{_FAULTS_HEADING}\n(?:.*\n)*", re.MULTILINE)
_ABOUT_FAULTS = """Found while the system was used, by the number each was given then. A test names the fault that it
would see again (`@pytest.mark.fault("C19")`); `make rules` writes this section."""
_FAULT_ID = re.compile(r"[A-Z][1-9]\d?")


def rule_texts() -> dict[int, str]:
    """Read the rules' texts by number."""
    return {int(number): text for number, text in _RULE.findall(PAGE.read_text(encoding="utf-8"))}


def page_with(rules: Mapping[int, Iterable[str]], faults: Mapping[str, Iterable[str]], page: str) -> str:
    """Write the page anew with the tests that name each rule and each fault, once per test whatever its parameters.

    Under a rule that is not enforced yet, or not whole, a line says so.
    """

    def with_tests(rule: re.Match[str]) -> str:
        number = int(rule[1])
        missing = [_NOT_YET.format(part=LEFT_TO_LATER[number])] if number in LEFT_TO_LATER else []
        missing += [_EARLIER_TEXT] if number in MADE_MORE_EXACT else []
        return "\n".join([rule[0], *missing, *_lines_of(rules.get(number, ()))])

    written = _RULE.sub(with_tests, _TEST.sub("", _FAULTS.sub("", page)))
    return f"{written.rstrip()}\n\n{faults_section(faults)}"


def faults_section(faults: Mapping[str, Iterable[str]]) -> str:
    """Write the page's section on faults."""
    ordered = sorted(faults, key=lambda fault: (fault[0], int(fault[1:])))
    listed = [line for fault in ordered for line in (f"- {fault}", *_lines_of(faults[fault]))]
    return "\n".join([_FAULTS_HEADING, _ABOUT_FAULTS, "", *(listed or ["No test names one yet."]), ""])


def tests_of(nodeids: Iterable[str]) -> list[str]:
    """Name tests once, whatever their parameters."""
    return sorted({nodeid.split("[")[0] for nodeid in nodeids})


def _lines_of(nodeids: Iterable[str]) -> list[str]:
    return [f"   - `{test}`" for test in tests_of(nodeids)]


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


def faults_of(item: pytest.Item) -> list[str]:
    """Read the faults a test names.

    Raises:
        pytest.UsageError: a mark names no fault, or one whose number cannot be one.
    """
    ids = [fault for mark in item.iter_markers("fault") for fault in (mark.args or (None,))]
    for fault in ids:
        if not isinstance(fault, str) or not _FAULT_ID.fullmatch(fault):
            message = f"{item.nodeid}: there is no fault {fault!r}"
            raise pytest.UsageError(message)
    return ids


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers as people do: `1–3, 7, 9–10`."""
    ordered = sorted(numbers)
    if not ordered:
        return "none"
    breaks = [after for before, after in pairwise(ordered) if after != before + 1]
    starts = [ordered[0], *breaks]
    ends = [*(ordered[ordered.index(start) - 1] for start in breaks), ordered[-1]]
    return ", ".join(f"{start}" if start == end else f"{start}–{end}" for start, end in zip(starts, ends, strict=True))


def not_checked(skipped: Sequence[pytest.TestReport]) -> list[str]:
    """Name every test that did not run, under its reason: a program or a folder that this machine lacks."""
    by_reason: dict[str, list[str]] = {}
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        by_reason.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)
    if not by_reason:
        return []
    lines = [f"NOT CHECKED HERE: {len(skipped)} tests did not run"]
    for reason, nodeids in sorted(by_reason.items()):
        lines += [f"  {reason.removeprefix('NOT CHECKED: ')}", *(f"    {name}" for name in tests_of(nodeids))]
    return lines


class RuleMarks:
    """Collects which rules and faults the tests name, where tests are collected."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._rules: dict[str, list[int]] = {}
        self._faults: dict[str, list[str]] = {}
        self._left_out = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """See every test before -k or -m leave some out."""
        self._rules = {item.nodeid: rules for item in items if (rules := rules_of(item))}
        self._faults = {item.nodeid: faults for item in items if (faults := faults_of(item))}

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count what was left out."""
        self._left_out += len(items)


class WorkersMarks(RuleMarks):
    """In a process that pytest-xdist started: hands over what the tests name."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config)
        self._wrong = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run nothing where a mark is wrong; pytest-xdist would hide the error, so it is handed over."""
        try:
            super().pytest_collection_modifyitems(items)
        except pytest.UsageError as wrong:
            self._wrong = str(wrong)
            items.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Put it where pytest-xdist takes it from."""
        output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]  # pytest-xdist adds it
        output["rule_marks"] = {"rules": self._rules, "faults": self._faults, "left_out": self._left_out}
        output["wrong_mark"] = self._wrong


class RuleReport(RuleMarks):
    """Collects the results of tests that name rules, and prints the report at the end."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config)
        self._passed: set[str] = set()
        self._failed: set[str] = set()
        self._wrong = ""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a process collected; each collects every test, and one that crashed says nothing."""
        output = getattr(node, "workeroutput", {})
        if marks := output.get("rule_marks"):
            self._rules, self._faults, self._left_out = marks["rules"], marks["faults"], marks["left_out"]
        self._wrong = output.get("wrong_mark") or self._wrong

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep which tests passed and which failed, in whatever phase."""
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self._passed.add(report.nodeid)

    @property
    def _named(self) -> dict[int, list[str]]:
        return _turned(self._rules)

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
        if self._wrong:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._config.getoption("--rules"):
            if self._sees_all_tests():
                PAGE.write_text(self._page_anew(), encoding="utf-8")
            if self._missing() and not self._config.option.collectonly and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif not self._is_partial() and self._page_is_stale() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the report; with --rules every rule with its tests, and the count as the last line."""
        if self._wrong:
            terminalreporter.write_line(f"ERROR: {self._wrong}", red=True)
            return
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
        if exact := proved & MADE_MORE_EXACT:
            terminalreporter.write_line(f"rules made more exact since their tests were written: {ranges(exact)}")
        if begun := set(self._named).intersection(LEFT_TO_LATER):
            terminalreporter.write_line(f"rules with a test that are not whole yet: {ranges(begun)}")
        partly = " (this run saw only a part of the suite)" if self._is_partial() else ""
        terminalreporter.write_line(f"rules without a test yet{partly}: {ranges(everything - set(self._named))}")
        self._print_staleness(terminalreporter)
        terminalreporter.write_line(f"{len(proved)} of {LAST_RULE} rules have a passing test")
        for line in not_checked(terminalreporter.getreports("skipped")):
            terminalreporter.write_line(line, red=True)

    def pytest_unconfigure(self) -> None:
        """Print the count again as the very last line where --rules was given."""
        if self._config.getoption("--rules") and not self._config.option.collectonly and not self._wrong:
            for number in sorted(self._missing()):
                print(f"rule {number} has no passing test and is not left to a later part")  # noqa: T201
            print(f"{len(self.proved())} of {LAST_RULE} rules have a passing test")  # noqa: T201

    def _missing(self) -> set[int]:
        return set(range(1, LAST_RULE + 1)) - self.proved() - set(LEFT_TO_LATER)

    def _page_anew(self) -> str:
        return page_with(self._named, _turned(self._faults), PAGE.read_text(encoding="utf-8"))

    def _page_is_stale(self) -> bool:
        return self._page_anew() != PAGE.read_text(encoding="utf-8")

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
            for test in tests_of(self._named.get(number, [])):
                terminalreporter.write_line(f"      {test}")
        terminalreporter.section("every fault that a test names")
        terminalreporter.write_line("\n".join(faults_section(_turned(self._faults)).splitlines()[4:]))


def _turned(named: Mapping[str, Iterable[Any]]) -> dict[Any, list[str]]:
    """List by rule or fault the tests that name it."""
    turned: dict[Any, list[str]] = {}
    for nodeid, names in named.items():
        for name in names:
            turned.setdefault(name, []).append(nodeid)
    return turned
