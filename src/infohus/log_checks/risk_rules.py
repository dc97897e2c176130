"""Which entries of a period deserve a look whatever the lot says: named rules, without case content."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from statistics import median
from uuid import UUID

from infohus.audit.entry import Entry, Outcome
from infohus.plan.opening import DENMARK, Hours

WORKING_HOURS = Hours(opens=time(7), closes=time(18), days="working_days")
MANY_CASES = 20
MANY_TIMES_THE_MEDIAN = 5

Numbered = Sequence[tuple[int, Entry]]
Closings = Mapping[UUID, datetime]
"""When a case was closed, by its id."""


@dataclass(frozen=True, slots=True)
class RiskRule:
    """A rule: its code, what it picks, and how; `picks` is `None` where nothing could tell, and `why_not` says so."""

    code: str
    text: str
    picks: Callable[[Numbered, Closings], list[int]] | None
    why_not: str | None = None


def of_closed_cases(entries: Numbered, closings: Closings) -> list[int]:
    """Pick what was done in a case after it was closed."""
    return [
        index for index, entry in entries
        if entry.case is not None and (closed := closings.get(entry.case)) is not None and entry.at > closed
    ]


def at_unusual_hours(entries: Numbered, closings: Closings) -> list[int]:  # noqa: ARG001 - rules have one shape
    """Pick what a person did in a case outside working days from 7 to 18, Danish time."""
    return [
        index for index, entry in entries
        if entry.case is not None and entry.caller is not None and not WORKING_HOURS.cover(entry.at)
    ]


def of_unusual_volume(entries: Numbered, closings: Closings) -> list[int]:  # noqa: ARG001 - as above
    """Pick a person's days with 20 cases or more, and more than five times as many as on that person's median day."""
    cases: dict[UUID, dict[date, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    first: dict[tuple[UUID, date], list[int]] = defaultdict(list)
    for index, entry in entries:
        if entry.caller is not None and entry.case is not None:
            day = entry.at.astimezone(DENMARK).date()
            cases[entry.caller][day].add(entry.case)
            first[entry.caller, day].append(index)
    picked: list[int] = []
    for caller, days in cases.items():
        usual = median(len(seen) for seen in days.values())
        for day, seen in days.items():
            if len(seen) >= MANY_CASES and len(seen) > MANY_TIMES_THE_MEDIAN * usual:
                picked.extend(first[caller, day])
    return sorted(picked)


def of_undisclosed_items(entries: Numbered, closings: Closings) -> list[int]:  # noqa: ARG001 - as above
    """Pick attempts that the policies denied: at a case, or at a record that no exchange disclosed."""
    return [index for index, entry in entries if entry.outcome is Outcome.DENIED and entry.subject is not None]


RULES = (
    RiskRule("closed_case", "Opslag i en afsluttet sag", of_closed_cases),
    RiskRule("unusual_hours", "Opslag uden for hverdage kl. 7-18", at_unusual_hours),
    RiskRule("unusual_volume", "Usædvanligt mange sager på en dag", of_unusual_volume),
    RiskRule("undisclosed_item_attempts", "Forsøg på det, der ikke er videregivet", of_undisclosed_items),
    RiskRule(
        "own_name_or_family", "Opslag på eget navn eller familie", None,
        "Infohus ved ikke, hvem medarbejderne selv er i familie med, og kender ikke deres CPR-numre.",
    ),
    RiskRule("break_glass", "Brug af nødadgang", None, "Infohus har ingen nødadgang, så ingen kan have brugt den."),
)
