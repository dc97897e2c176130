"""Whom to turn to now: of the plan that was loaded, for staff of its authorities, at the unit's own moment."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from conftest import Database
from house import House, now
from infohus.plan.contact_routes import reachable
from infohus.plan.loading import load_plan
from infohus.plan.reading import parse_plan

DENMARK = ZoneInfo("Europe/Copenhagen")
PLANS = Path(__file__).resolve().parents[2] / "plans"
ISHOJ, BIRKELUNDE = (
    parse_plan((PLANS / f"{name}.toml").read_text(encoding="utf-8")) for name in ("ishoj", "birkelunde")
)


def said(plan: str, contact: str, moment: str) -> tuple[bool | None, str | None, str]:
    """Say what a contact of a plan is at a Danish moment: open or not, who instead, and the words."""
    document = {"ishoj": ISHOJ, "birkelunde": BIRKELUNDE}[plan]
    at = datetime.fromisoformat(moment).replace(tzinfo=DENMARK)
    [found] = [one for one in reachable(document.contacts, at) if one.id == contact]
    return found.is_open_now, found.instead, found.says


class WhenSomebodyLooksForAContact:
    @pytest.mark.parametrize(("contact", "moment", "expected"), [
        # 23 November 2026 is a Monday; Thursdays are long; the weekend is closed.
        ("infohus", "2026-11-23T10:00", (True, None, "Åben til 15.00.")),
        ("infohus", "2026-11-23T08:59", (False, None, "Lukket nu, åbner 09.00.")),
        ("infohus", "2026-11-26T17:59", (True, None, "Åben til 18.00.")),
        ("infohus", "2026-11-26T18:00", (False, None, "Lukket nu, åbner 09.00 mandag.")),
        ("infohus", "2026-11-28T12:00", (False, None, "Lukket nu, åbner 09.00 mandag.")),
        ("vagt", "2026-11-23T20:00", (True, None, "Åben til 24.00.")),
        ("vagt", "2026-11-23T10:00", (
            False, "infohus", "Lukket nu, åbner 15.00. Infohus Birkelunde (00 00 00 01) er åben til 15.00.",
        )),
        # The second day of Christmas is a public holiday: a Saturday in 2026; Monday the 28th is a working day.
        ("vagt", "2026-12-25T16:00", (False, None, "Lukket nu, åbner 15.00 mandag.")),
    ])
    def test_an_invented_plan_s_hours_are_told_in_words(
        self, contact: str, moment: str, expected: tuple[bool | None, str | None, str]
    ) -> None:
        assert said("birkelunde", contact, moment) == expected

    @pytest.mark.parametrize(("contact", "moment", "expected"), [
        ("hotline", "2026-11-23T21:00", (True, None, "Åben til 22.00.")),
        ("hotline", "2026-11-23T22:00", (False, None, "Lukket nu, åbner 08.00 tirsdag.")),
        ("infohus", "2026-11-28T20:00", (None, "hotline", (
            "Åbningstiden står ikke i planen. Den nationale hotline mod radikalisering (41 74 90 90) er åben til 22.00."
        ))),
        ("infohus", "2026-11-28T23:00", (None, None, "Åbningstiden står ikke i planen.")),
        ("emergency", "2026-11-28T23:00", (None, None, "Ved akut fare: ring 112.")),
        # A child's underretning, advice on one, and the police's infohus have no other in their place.
        *((contact, "2026-11-28T20:00", (None, None, "Åbningstiden står ikke i planen."))
          for contact in ("underretning", "sparring", "sparring-straxen", "police-infohus")),
    ])
    @pytest.mark.fault("C18")
    def test_where_the_plan_is_silent_so_is_the_answer_and_the_hotline_helps(
        self, contact: str, moment: str, expected: tuple[bool | None, str | None, str]
    ) -> None:
        assert said("ishoj", contact, moment) == expected


class WhenAPlanIsLoaded:
    async def test_staff_are_told_who_is_open_now(self, house: House, database: Database) -> None:
        path = f"/infohuse/{house.infohus_id}/contacts"
        assert await house.person("kommune").get(path) == []
        owner = await asyncpg.connect(database.dsn("owner"))
        try:
            await load_plan(owner, ISHOJ, infohus_id=house.infohus_id, clock=now)
        finally:
            await owner.close()
        contacts = {one["id"]: one for one in await house.person("politi").get(path)}
        assert contacts["emergency"]["says"] == "Ved akut fare: ring 112."
        assert contacts["hotline"]["is_open_now"] is not None
        assert (contacts["hotline"]["open_until"] is None) is not contacts["hotline"]["is_open_now"]

    async def test_the_kinds_of_concern_are_those_always_there_and_the_plan_s(
        self, house: House, database: Database
    ) -> None:
        owner = await asyncpg.connect(database.dsn("owner"))
        try:
            elsewhere = await load_plan(owner, BIRKELUNDE, clock=now)
            await load_plan(owner, ISHOJ, infohus_id=house.infohus_id, clock=now)
        finally:
            await owner.close()
        plan = (await house.person("kommune").get(f"/infohuse/{house.infohus_id}"))["plan"]
        assert [one["id"] for one in plan["concern_kinds"]] == ["person", "group", "single_issue", "place"]
        await house.person("kommune").get(f"/infohuse/{elsewhere}/contacts", status=404)
        assert [kind.id for kind in BIRKELUNDE.concern_kinds] == ["online_forum"]
