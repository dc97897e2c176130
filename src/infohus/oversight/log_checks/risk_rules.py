"""Rules that pick entries for a check beside the random draw. They see log entries and no case content.

A log is read in chunks, each of which every rule is asked about by itself; what a rule must know of the whole period is
counted before (`DailyCases`), so memory does not grow with the log.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from statistics import median
from uuid import UUID

from infohus.danish_calendar import Hours, danish_day
from infohus.kernel.audit.formats.entry import Entry, Outcome
from infohus.kernel.requests.asked import NOT_READABLE

WORKING_HOURS = Hours(opens=time(7), closes=time(18), days="working_days")
MANY_CASES = 20
MANY_TIMES_THE_MEDIAN = 5

Numbered = Sequence[tuple[int, Entry]]
Namesakes = Mapping[UUID, frozenset[UUID | str]]
"""By caller: the cases about somebody with a family name of theirs, and the log ids of those cases' persons."""


@dataclass(frozen=True, slots=True)
class Background:
    """What rules use beside the entries: when cases were closed, the callers' namesakes, and persons' unusual days."""

    closings: Mapping[UUID, datetime]
    namesakes: Namesakes
    busy: frozenset[tuple[UUID, date]] = frozenset()


@dataclass
class DailyCases:
    """Counts in how many cases each person acted on each day; entries are given in the log's order.

    The cases themselves are kept for the last two days: an entry that is dated earlier counts as one more case.
    """

    _counted: dict[UUID, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))
    _open: dict[date, dict[UUID, set[UUID]]] = field(default_factory=dict)

    def see(self, entries: Numbered) -> None:
        """Count some more entries."""
        for _, entry in entries:
            if entry.caller is not None and entry.case is not None:
                self._see(danish_day(entry.at), entry.caller, entry.case)
        for day in [day for day in self._open if day < max(self._open) - timedelta(days=1)]:
            self._close(day)

    def busy(self) -> frozenset[tuple[UUID, date]]:
        """Give each day of a person with 20 cases or more and over five times the cases of their median day."""
        for day in list(self._open):
            self._close(day)
        return frozenset(
            (caller, day) for caller, days in self._counted.items() for day, seen in days.items()
            if seen >= MANY_CASES and seen > MANY_TIMES_THE_MEDIAN * median(days.values())
        )

    def _see(self, day: date, caller: UUID, case: UUID) -> None:
        self._open.setdefault(day, {}).setdefault(caller, set()).add(case)

    def _close(self, day: date) -> None:
        for caller, cases in self._open.pop(day).items():
            self._counted[caller][day] += len(cases)


@dataclass(frozen=True, slots=True)
class RiskRule:
    """A rule: code, Danish text, and function; `picks` is `None` if it cannot be evaluated, and `why_not` says why."""

    code: str
    text: str
    picks: Callable[[Numbered, Background], list[int]] | None
    why_not: str | None = None


def of_own_name_or_family(entries: Numbered, background: Background) -> list[int]:
    """Pick a person's actions in a case about somebody with a family name of theirs, or on such a person."""
    return [
        index for index, entry in entries
        if entry.caller is not None and (theirs := background.namesakes.get(entry.caller))
        and (entry.case in theirs or not theirs.isdisjoint(entry.persons))
    ]


def of_closed_cases(entries: Numbered, background: Background) -> list[int]:
    """Pick actions in a case after it was closed."""
    return [
        index for index, entry in entries
        if entry.case is not None and (closed := background.closings.get(entry.case)) is not None and entry.at > closed
    ]


def at_unusual_hours(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - one signature for all
    """Pick a person's actions in a case outside working days from 7 to 18, Danish time."""
    return [
        index for index, entry in entries
        if entry.case is not None and entry.caller is not None and not WORKING_HOURS.cover(entry.at)
    ]


def of_unusual_volume(entries: Numbered, background: Background) -> list[int]:
    """Pick a person's actions in cases on each of their unusual days (`DailyCases.busy`)."""
    return [
        index for index, entry in entries
        if entry.caller is not None and entry.case is not None
        and (entry.caller, danish_day(entry.at)) in background.busy
    ]


def of_undisclosed_items(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - as above
    """Pick attempts that were denied, or at what does not exist, where the entry names a subject."""
    return [index for index, entry in entries if entry.outcome is Outcome.DENIED and entry.subject is not None]


def of_changed_records(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - as above
    """Pick acts that met a record which was changed past the system."""
    return [index for index, entry in entries if NOT_READABLE in (entry.reason or "").split(" ")]


RULES = (
    RiskRule("own_name_or_family", "Opslag på en person med samme efternavn som medarbejderen", of_own_name_or_family),
    RiskRule("closed_case", "Opslag i en afsluttet sag", of_closed_cases),
    RiskRule("unusual_hours", "Opslag uden for hverdage kl. 7-18", at_unusual_hours),
    RiskRule("unusual_volume", "Usædvanligt mange sager på en dag", of_unusual_volume),
    RiskRule("undisclosed_item_attempts", "Forsøg på det, der ikke er videregivet", of_undisclosed_items),
    RiskRule("changed_record", "Mødte en post, der er ændret uden om systemet", of_changed_records),
    RiskRule("break_glass", "Brug af nødadgang", None, "Infohus har ingen nødadgang, så ingen kan have brugt den."),
)

_NOT_SHOWN = "Det, reglen ser efter, vises ikke af en institutions log."
_OF_WHAT_IS_NOT_SHOWN = frozenset({"own_name_or_family", "undisclosed_item_attempts", "changed_record"})
INSTITUTION_RULES = tuple(
    replace(rule, picks=None, why_not=_NOT_SHOWN) if rule.code in _OF_WHAT_IS_NOT_SHOWN else rule for rule in RULES
)
"""The rules of a check of an institution's log: names of its people, reasons and attempts at records are not shown."""


def rules_of(log_of: str | None) -> tuple[RiskRule, ...]:
    """Give the rules of a check of the own log, or of an institution's."""
    return RULES if log_of is None else INSTITUTION_RULES
