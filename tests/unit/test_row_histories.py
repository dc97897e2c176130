"""A row is read backwards as far as its entries say: each change is one that its act makes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infohus.danish_calendar import later
from infohus.kernel.access.row_histories import CHANGED_OTHERWISE, changed_otherwise
from infohus.kernel.audit.verification.logged_rows import Written
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.row_digests import digest_of

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
OPENED = {
    "id": UUID(int=1), "infohus_id": UUID(int=2), "number": "2026-1", "stage": "received", "version": 1,
    "opened_at": AT, "closed_at": None, "outcome": None, "taken_over_at": None, "revision": 1,
}
WAY = (
    (Action.RECORD_CLEARANCE_CHECK, {"stage": "cleared"}), (Action.SIGN_SCOPE_DECISION, {"stage": "accepted"}),
    (Action.SIGN_SCREENING, {"stage": "accepted"}), (Action.SIGN_CLOSURE, {"stage": "closed"}),
    (Action.SIGN_CLOSURE, {"closed_at": AT, "outcome": "unfounded"}),
)
OBLIGATION = {
    "id": UUID(int=3), "code": "briefing", "every": "P1M", "due_year": None, "due_on": date(2026, 2, 1),
    "fulfilled_on": None, "infohus_id": UUID(int=2), "text": "x", "owner": "kommune", "is_owed": True,
    "version": 1, "revision": 1,
}


def written(row: Mapping[str, Any], verb: str, action: str, *, table: str = "case") -> Written:
    """Make the word of an entry on a row."""
    return Written(
        revision=row["revision"], verb=verb, digest=digest_of(table, row), was=None, at=AT.timestamp(), log="log",
        place=row["revision"], case_id=None, authority="kommune", action=action, moment=AT.timestamp(),
    )


def led(*steps: tuple[Action, Mapping[str, Any]]) -> tuple[dict[str, Any], list[Written]]:
    """Lead a case along these steps; give its row, and what the logs say of it."""
    row: dict[str, Any] = dict(OPENED)
    history = [written(row, "insert", Action.RECORD_CONCERN)]
    for action, changes in steps:
        row = {**row, **changes, "version": row["version"] + 1, "revision": row["revision"] + 1}
        history.append(written(row, "update", action))
    return row, history


def test_a_case_that_went_its_way_is_as_its_acts_made_it() -> None:
    assert changed_otherwise("case", *led(*WAY)) is None


@pytest.mark.parametrize(("place", "step"), [
    (0, (Action.RECORD_CLEARANCE_CHECK, {"stage": "accepted"})),
    (1, (Action.SIGN_SCOPE_DECISION, {"stage": "accepted", "infohus_id": UUID(int=9)})),
    (1, (Action.SIGN_SCREENING, {"stage": "accepted"})),
    (2, (Action.SIGN_SCREENING, {"stage": "accepted", "opened_at": AT - timedelta(days=90)})),
    (2, (Action.WRITE_NOTE, {"stage": "accepted"})),
    (4, (Action.SIGN_CLOSURE, {"closed_at": AT - timedelta(days=30), "outcome": "unfounded"})),
    (4, (Action.SIGN_CLOSURE, {"stage": "received"})),
    (4, (Action.SIGN_ASSESSMENT, {"stage": "recommending"})),
])
def test_each_change_that_its_act_does_not_make_is_named_though_others_followed(
    place: int, step: tuple[Action, Mapping[str, Any]]
) -> None:
    row, history = led(*WAY[:place], step, *WAY[place + 1:])
    assert changed_otherwise("case", row, history) == CHANGED_OTHERWISE.format(place + 2)


def test_it_is_read_to_where_entries_were_emptied_and_no_further() -> None:
    row, history = led((Action.WRITE_NOTE, {"stage": "cleared"}), *WAY[1:])
    assert changed_otherwise("case", row, history[2:]) is None
    carried = written({**OPENED, "revision": 3}, "carry", "carryRowDigests")
    assert changed_otherwise("case", row, [carried, *history[3:]]) == CHANGED_OTHERWISE.format(4)


@pytest.mark.parametrize(("changes", "is_right"), [
    ({"fulfilled_on": date(2026, 1, 31), "due_on": date(2026, 2, 28)}, True),
    ({"fulfilled_on": date(2026, 1, 31), "due_on": date(2034, 2, 28)}, False),
    ({"fulfilled_on": date(2026, 1, 31), "due_on": None}, False),
    ({"fulfilled_on": date(2026, 1, 31), "due_on": None, "every": None}, False),
    ({"fulfilled_on": date(2026, 3, 11), "due_on": date(2026, 4, 11)}, False),
    ({"fulfilled_on": None, "due_on": None}, False),
])
def test_an_obligation_is_met_on_a_day_that_came_and_due_when_the_plan_says(
    changes: Mapping[str, Any], is_right: bool,  # noqa: FBT001
) -> None:
    met = {**OBLIGATION, **changes, "version": 2, "revision": 2}
    history = [
        written(OBLIGATION, "insert", Action.LOAD_PLAN, table="obligation"),
        written(met, "update", Action.FULFIL_OBLIGATION, table="obligation"),
    ]
    assert (changed_otherwise("obligation", met, history) is None) == is_right


FORGED: tuple[Mapping[str, Any], ...] = (
    {"code": "x"}, {"text": "y"}, {"owner": "politi"}, {"infohus_id": UUID(int=9)}, {"is_owed": False},
    {"every": "P9Y"}, {"due_year": 2040}, {"version": -3},
)


@pytest.mark.parametrize(("before", "forged"), [*((before, {}) for before in (
    OBLIGATION, {**OBLIGATION, "every": None, "due_on": None},
    {**OBLIGATION, "every": None, "due_year": 2025, "due_on": date(2025, 12, 31)},
    {**OBLIGATION, "fulfilled_on": date(2025, 12, 31), "due_on": date(2026, 1, 31)},
    {**OBLIGATION, "every": "P4Y", "fulfilled_on": date(2016, 2, 29), "due_on": date(2020, 2, 29)},
)), *((OBLIGATION, forged) for forged in FORGED)])
def test_meeting_an_obligation_changes_its_days_alone_though_it_is_met_again(
    before: Mapping[str, Any], forged: Mapping[str, Any]
) -> None:
    row, history = before, [written(before, "insert", Action.LOAD_PLAN, table="obligation")]
    is_right = not forged
    for day in (date(2026, 1, 31), date(2026, 3, 10)):
        row = {**row, "fulfilled_on": day, "version": row["version"] + 1, "revision": row["revision"] + 1, **forged}
        row["due_on"] = None if row["every"] is None else later(day, row["every"])
        history.append(written(row, "update", Action.FULFIL_OBLIGATION, table="obligation"))
        forged = {}
    assert (changed_otherwise("obligation", row, history) is None) == is_right
