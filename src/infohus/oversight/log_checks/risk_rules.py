"""Which entries of a period deserve a look whatever the lot says: named rules, without case content."""

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
"""By a caller's id: the cases on somebody with a family name of theirs, and the pseudonyms of those they are about."""


@dataclass(frozen=True, slots=True)
class Background:
    """What is known beside the entries: when cases were closed, and who bears the name of whom a case is about."""

    closings: Mapping[UUID, datetime]
    namesakes: Namesakes


@dataclass(frozen=True, slots=True)
class RiskRule:
    """A rule: its code, what it picks, and how; `picks` is `None` where nothing could tell, and `why_not` says so."""

    code: str
    text: str
    picks: Callable[[Numbered, Background], list[int]] | None
    why_not: str | None = None


def of_own_name_or_family(entries: Numbered, background: Background) -> list[int]:
    """Pick what a person did in a case, or looked up, on somebody with a family name of theirs."""
    return [
        index for index, entry in entries
        if entry.caller is not None and (theirs := background.namesakes.get(entry.caller))
        and (entry.case in theirs or not theirs.isdisjoint(entry.persons))
    ]


def of_closed_cases(entries: Numbered, background: Background) -> list[int]:
    """Pick what was done in a case after it was closed."""
    return [
        index for index, entry in entries
        if entry.case is not None and (closed := background.closings.get(entry.case)) is not None and entry.at > closed
    ]


def at_unusual_hours(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - rules have one shape
    """Pick what a person did in a case outside working days from 7 to 18, Danish time."""
    return [
        index for index, entry in entries
        if entry.case is not None and entry.caller is not None and not WORKING_HOURS.cover(entry.at)
    ]


def of_unusual_volume(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - as above
    """Pick a person's days with 20 cases or more, and more than five times as many as on that person's median day."""
    cases: dict[UUID, dict[date, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    first: dict[tuple[UUID, date], list[int]] = defaultdict(list)
    for index, entry in entries:
        if entry.caller is not None and entry.case is not None:
            day = danish_day(entry.at)
            cases[entry.caller][day].add(entry.case)
            first[entry.caller, day].append(index)
    picked: list[int] = []
    for caller, days in cases.items():
        usual = median(len(seen) for seen in days.values())
        for day, seen in days.items():
            if len(seen) >= MANY_CASES and len(seen) > MANY_TIMES_THE_MEDIAN * usual:
                picked.extend(first[caller, day])
    return sorted(picked)


def of_undisclosed_items(entries: Numbered, background: Background) -> list[int]:  # noqa: ARG001 - as above
    """Pick attempts that the policies denied: at a case, or at a record that no exchange disclosed."""
    return [index for index, entry in entries if entry.outcome is Outcome.DENIED and entry.subject is not None]


RULES = (
    RiskRule("own_name_or_family", "Opslag på en person med samme efternavn som medarbejderen", of_own_name_or_family),
    RiskRule("closed_case", "Opslag i en afsluttet sag", of_closed_cases),
    RiskRule("unusual_hours", "Opslag uden for hverdage kl. 7-18", at_unusual_hours),
    RiskRule("unusual_volume", "Usædvanligt mange sager på en dag", of_unusual_volume),
    RiskRule("undisclosed_item_attempts", "Forsøg på det, der ikke er videregivet", of_undisclosed_items),
    RiskRule("break_glass", "Brug af nødadgang", None, "Infohus har ingen nødadgang, så ingen kan have brugt den."),
)
