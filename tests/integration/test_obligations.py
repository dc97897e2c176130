"""What the plan promises is a task with an owner and a due date, and comes back after it was met."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from at_once import at_once
from conftest import Database
from house import MUNICIPALITY, PROBATION, House, now
from infohus.danish_calendar import danish_day, later
from infohus.oversight.obligations.operations import MOST_SHOWN
from plan_obligations import PLAN, fulfil, load, owed
from stopped_clock import StoppedClock

TODAY = danish_day(now())


class WhenAPlanIsLoaded:
    async def test_what_it_promises_is_a_task_with_owner_and_due_date(self, house: House, database: Database) -> None:
        await load(house, database)
        found = {
            code: (one["owner"], one["due_on"], one["is_overdue"], one["version"], one["fulfilments"])
            for code, one in (await owed(house, "politi")).items()
        }
        assert found == {
            "action-cards": ("Centercheferne", None, False, 1, []),
            "key-staff-briefing": ("SSP-konsulenten", "2026-04-09", True, 1, []),
            "annual-status": ("SSP-konsulenten", "2025-04-09", True, 1, []),
            "plan-revision": ("Byrådet", "2099-12-31", False, 1, []),
        }

    async def test_a_new_version_keeps_what_was_met_and_drops_what_it_no_longer_promises(
        self, house: House, database: Database
    ) -> None:
        await load(house, database)
        status = (await owed(house))["annual-status"]
        assert (await fulfil(house, status, {"fulfilled_on": str(TODAY)})).status_code == 201
        changed = PLAN.replace('[[obligation]]\nid = "action-cards"', '[[obligation]]\nid = "dialog-cards"')
        await load(house, database, changed.replace("2099", "2098").replace("Status til", "Samlet status til"))
        found = await owed(house)
        assert sorted(found) == ["annual-status", "dialog-cards", "key-staff-briefing", "plan-revision"]
        assert found["plan-revision"]["due_on"] == "2098-12-31"
        assert found["annual-status"]["text"] == "Samlet status til direktionen"
        assert found["annual-status"]["due_on"] == str(later(TODAY, "P1Y"))
        assert len(found["annual-status"]["fulfilments"]) == 1


class WhenAnObligationIsMet:
    async def test_it_is_due_again_with_counts_of_who_came(self, house: House, database: Database) -> None:
        await load(house, database)
        briefing = (await owed(house))["key-staff-briefing"]
        briefed = [{"audience": "Jobcenter", "attended": 12}, {"audience": "Dagtilbud", "attended": 0}]
        answer = await fulfil(house, briefing, {"fulfilled_on": str(TODAY), "briefed": briefed})
        assert (answer.status_code, answer.headers["etag"]) == (201, '"2"')
        after = (await owed(house))["key-staff-briefing"]
        assert answer.json() == after
        assert (after["due_on"], after["is_overdue"]) == (str(later(TODAY, "P2Y")), False)
        (once,) = after["fulfilments"]
        assert (once["fulfilled_on"], once["briefed"]) == (str(TODAY), briefed)
        entry = (await house.entries())[-2]
        assert (entry.action, entry.outcome.value) == ("fulfilObligation", "allowed")
        assert [(one.verb, one.table) for one in entry.wrote] == [("insert", "fulfilment"), ("update", "obligation")]

    @pytest.mark.fault("B3")
    async def test_the_newest_times_are_shown_and_all_are_listed_in_pages(
        self, house: House, database: Database
    ) -> None:
        await load(house, database)
        briefing = (await owed(house))["key-staff-briefing"]
        for _ in range(MOST_SHOWN + 2):
            briefing = (await fulfil(house, briefing, {"fulfilled_on": str(TODAY)})).json()
        path = f"/infohuse/{house.infohus_id}/obligations/{briefing['id']}/fulfilments"
        first = await house.person("politi").get(f"{path}?limit=2")
        rest = await house.person("politi").get(f"{path}?after={first['next']}")
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, MOST_SHOWN, None)
        assert (await owed(house))["key-staff-briefing"]["fulfilments"] == rest["items"]

    async def test_one_that_does_not_come_back_is_done(self, house: House, database: Database) -> None:
        await load(house, database)
        assert (await fulfil(house, (await owed(house))["plan-revision"], {"fulfilled_on": "2026-01-05"})).is_success
        after = (await owed(house))["plan-revision"]
        assert (after["due_on"], after["is_overdue"], len(after["fulfilments"])) == (None, False, 1)

    async def test_a_repeated_request_records_it_once(self, house: House, database: Database) -> None:
        await load(house, database)
        cards = (await owed(house))["action-cards"]
        body, key = {"fulfilled_on": str(TODAY)}, {"Idempotency-Key": "action-cards-2026"}
        first, again = [await fulfil(house, cards, body, **key) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert len(await house.sql("SELECT FROM infohus.fulfilment")) == 1
        other = await fulfil(house, (await owed(house))["annual-status"], body, **key)
        assert other.json()["type"] == "/problems/idempotency-key-reused"

    async def test_two_at_once_record_it_once(self, house: House, database: Database) -> None:
        await load(house, database)
        cards = (await owed(house))["action-cards"]
        both = await at_once(
            *(fulfil(house, cards, {"fulfilled_on": str(TODAY)}, by=name) for name in ("kommune", "politi"))
        )
        first, second = sorted(one.status_code for one in both)
        assert first == 201
        assert second in {409, 412}
        assert len(await house.sql("SELECT FROM infohus.fulfilment")) == 1

    async def test_a_version_that_was_not_seen_is_refused(self, house: House, database: Database) -> None:
        await load(house, database)
        cards = (await owed(house))["action-cards"]
        path = f"/infohuse/{house.infohus_id}/obligations/{cards['id']}/fulfilments"
        await house.person("kommune").post(path, {"fulfilled_on": str(TODAY)}, status=428)
        assert (await fulfil(house, {**cards, "version": 7}, {"fulfilled_on": str(TODAY)})).status_code == 412

    @pytest.mark.parametrize(("body", "status", "problem"), [
        ({"fulfilled_on": str(TODAY + timedelta(days=2))}, 422, "fulfilment-not-possible"),
        ({"fulfilled_on": "2026-01-05", "briefed": [{"audience": "Naboen", "attended": 1}]}, 422, "unknown-audience"),
        ({"fulfilled_on": "2026-01-05", "briefed": [{"audience": "Jobcenter", "attended": 1}] * 2}, 422,
         "unknown-audience"),
        ({"fulfilled_on": "2026-01-05", "briefed": [{"audience": "Jobcenter", "attended": -1}]}, 400,
         "request-not-understood"),
        ({"fulfilled_on": "2026-01-05", "briefed": [{"audience": "Jobcenter", "attended": 1, "names": ["Prøve"]}]},
         400, "request-not-understood"),
        ({"fulfilled_on": "engang"}, 400, "request-not-understood"),
        ({}, 400, "request-not-understood"),
    ])
    async def test_what_cannot_be_is_refused(
        self, house: House, database: Database, body: dict[str, Any], status: int, problem: str
    ) -> None:
        await load(house, database)
        answer = await fulfil(house, (await owed(house))["key-staff-briefing"], body)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
        assert await house.sql("SELECT FROM infohus.fulfilment") == []

    async def test_it_is_not_met_before_the_last_time(self, house: House, database: Database) -> None:
        await load(house, database)
        assert (await fulfil(house, (await owed(house))["annual-status"], {"fulfilled_on": str(TODAY)})).is_success
        answer = await fulfil(house, (await owed(house))["annual-status"], {"fulfilled_on": str(date(2025, 1, 1))})
        assert answer.json()["type"] == "/problems/fulfilment-not-possible"

    @pytest.mark.parametrize("name", ["raadgiver", "dpo", "jurist", "admin"])
    async def test_only_tovholdere_record_it(self, house: House, database: Database, name: str) -> None:
        await load(house, database)
        cards = (await owed(house))["action-cards"]
        assert (await fulfil(house, cards, {"fulfilled_on": str(TODAY)}, by=name)).status_code == 403


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock.installed(monkeypatch)


class WhenItIsTheDay:
    """With the clock set to the day; the fixture `clock` comes before `house`."""

    async def test_it_is_overdue_the_day_after_and_may_be_met_on_the_day(
        self, clock: StoppedClock, house: House, database: Database
    ) -> None:
        await load(house, database)
        seen = []
        for due in (clock.day(1), clock.day(), clock.day(-1)):
            await house.sql("UPDATE infohus.obligation SET due_on = $1 WHERE code = 'annual-status'", due)
            seen.append((await owed(house))["annual-status"]["is_overdue"])
        assert seen == [False, False, True]
        told_them = []
        for day in (clock.day(1), clock.day(), clock.day(), clock.day(-1)):
            answer = await fulfil(house, (await owed(house))["annual-status"], {"fulfilled_on": str(day)})
            told_them.append(answer.status_code)
        assert told_them == [422, 201, 201, 422]


class WhenTheDatabaseIsAskedPastTheApi:
    """Row security says the same as the policies: staff of the plan read, tovholdere of the infohus write."""

    @pytest.mark.parametrize(("authority", "role", "is_coordinator", "seen", "changed"), [
        (MUNICIPALITY, "municipal_coordinator", True, 4, 4),
        (MUNICIPALITY, "municipal_coordinator", False, 4, 0),
        (MUNICIPALITY, "administrator", True, 4, 0),
        (PROBATION, "invited_professional", False, 0, 0),
    ])
    async def test_nobody_else_gets_through(  # noqa: PLR0917 - a table of callers
        self, house: House, database: Database, authority: str, role: str, is_coordinator: bool,  # noqa: FBT001
        seen: int, changed: int,
    ) -> None:
        await load(house, database)
        person = house.person("kommune").person_id if is_coordinator else uuid4()
        async with acting(database.dsn("app"), authority=authority, person=person, role=role) as app:
            assert len(await app.fetch("SELECT FROM infohus.obligation")) == seen
            assert await app.execute("UPDATE infohus.obligation SET due_on = due_on") == f"UPDATE {changed}"
            for statement in (
                "INSERT INTO infohus.network_material VALUES ($1, $2, 'Alment', 'Alment', now())",
                (
                    "INSERT INTO infohus.fulfilment SELECT $1, $2, o.id, 1, '2026-01-05', '{}', '{}', now()"
                    " FROM infohus.obligation o WHERE o.code = 'action-cards'"
                ),
            ):
                if changed:
                    assert await app.execute(statement, uuid4(), house.infohus_id) == "INSERT 0 1"
                elif seen or "network" in statement:
                    async with undone(app):
                        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                            await app.execute(statement, uuid4(), house.infohus_id)

    @pytest.mark.parametrize("column", ["code", "text", "owner", "infohus_id", "is_owed"])
    async def test_what_the_plan_says_is_the_plans(self, house: House, database: Database, column: str) -> None:
        await load(house, database)
        person = house.person("kommune").person_id
        async with acting(
            database.dsn("app"), authority=MUNICIPALITY, person=person, role="municipal_coordinator"
        ) as app:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await app.execute(f"UPDATE infohus.obligation SET {column} = {column}")  # noqa: S608 - a name above


@asynccontextmanager
async def acting(address: str, *, authority: str, person: UUID, role: str) -> AsyncIterator[Any]:
    """Connect, and say who acts, as a unit of work does; nothing of it stays."""
    connection = await asyncpg.connect(address)
    try:
        async with undone(connection):
            await connection.execute("SELECT infohus.act_as($1, $2, $3, $4)", authority, person, role, now())
            yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def undone(connection: Any) -> AsyncIterator[None]:
    attempt = connection.transaction()
    await attempt.start()
    try:
        yield
    finally:
        await attempt.rollback()
