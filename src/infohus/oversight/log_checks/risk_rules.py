"""Rules that pick entries for a check beside the random draw. They see log entries and no case content."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from statistics import median
from uuid import UUID

from infohus.danish_calendar import Hours, danish_day
from infohus.kernel.audit.formats.entry import Entry, Outcome

WORKING_HOURS = Hours(opens=time(7), closes=time(18), days="working_days")
MANY_CASES = 20
MANY_TIMES_THE_MEDIAN = 5

Numbered = Sequence[tuple[int, Entry]]
Namesakes = Mapping[UUID, frozenset[UUID | str]]
"""By caller: the cases about somebody with a family name of theirs, and the log ids of those cases' persons."""


@dataclass(frozen=True, slots=True)
class Background:
    """What rules use beside the entries: when cases were closed, and the callers' namesakes."""

    closings: Mapping[UUID, datetime]
    namesakes: Namesakes


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


def of_unusual_volume(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - as above
    """Pick a person's actions of each day with 20 cases or more and over five times the cases of their median day."""
    cases: dict[UUID, dict[date, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    indices: dict[tuple[UUID, date], list[int]] = defaultdict(list)
    for index, entry in entries:
        if entry.caller is not None and entry.case is not None:
            day = danish_day(entry.at)
            cases[entry.caller][day].add(entry.case)
            indices[entry.caller, day].append(index)
    picked: list[int] = []
    for caller, days in cases.items():
        usual = median(len(seen) for seen in days.values())
        for day, seen in days.items():
            if len(seen) >= MANY_CASES and len(seen) > MANY_TIMES_THE_MEDIAN * usual:
                picked.extend(indices[caller, day])
    return sorted(picked)


def of_undisclosed_items(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - as above
    """Pick attempts that were denied, or at what does not exist, where the entry names a subject."""
    return [index for index, entry in entries if entry.outcome is Outcome.DENIED and entry.subject is not None]


RULES = (
    RiskRule("own_name_or_family", "Opslag på en person med samme efternavn som medarbejderen", of_own_name_or_family),
    RiskRule("closed_case", "Opslag i en afsluttet sag", of_closed_cases),
    RiskRule("unusual_hours", "Opslag uden for hverdage kl. 7-18", at_unusual_hours),
    RiskRule("unusual_volume", "Usædvanligt mange sager på en dag", of_unusual_volume),
    RiskRule("undisclosed_item_attempts", "Forsøg på det, der ikke er videregivet", of_undisclosed_items),
    RiskRule("break_glass", "Brug af nødadgang", None, "Infohus har ingen nødadgang, så ingen kan have brugt den."),
)
