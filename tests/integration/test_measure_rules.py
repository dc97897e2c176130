"""Measures that are carried out, followed up and never left to peter out (rules 23 and 77)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, now, told

LONG_AGO = timedelta(days=61)


def draft(**change: Any) -> dict[str, Any]:
    """Start a mentor course."""
    return {
        "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Mentor.",
        "starts_on": "2026-12-01", "follow_up_on": "2099-01-01", **change,
    }


async def invite(case: CaseInHand, scope: list[str], *, authority: str = MUNICIPALITY) -> dict[str, Any]:
    """Draw the demo's adviser in for a month."""
    invited: dict[str, Any] = await case.kommune.post(f"{case.path}/participants", {
        "person_id": str(case.house.person("raadgiver").person_id), "authority_id": authority, "scope": scope,
        "reason": "Udfører indsatsen.", "ends_at": (now() + timedelta(days=30)).isoformat(),
    })
    return invited


async def set_back(case: CaseInHand, table: str, by: timedelta = LONG_AGO) -> None:
    """Let everything in a table have happened earlier."""
    await case.house.sql(
        f"UPDATE infohus.{table} SET recorded_at = recorded_at - $2::interval WHERE case_id = $1", case.id, by  # noqa: S608
    )


async def stalled_for(case: CaseInHand, name: str) -> list[str]:
    """List the stalled measures that somebody sees; the case's own list says the same."""
    person = case.house.person(name)
    listed = (await person.get(f"/infohuse/{case.house.infohus_id}/stalled-measures"))["items"]
    assert (await person.get(case.path))["stalled_measures"] == [one for one in listed if one["case_id"] == case.id]
    return [one["measure_id"] for one in listed]


class WhenNothingHappensInAMeasure:
    """Rule 77."""

    @pytest.mark.rule(77)
    async def test_those_who_can_see_it_are_told_until_they_see_something_happen(self, house: House) -> None:
        case = await (await house.case()).recommend()
        shared = await case.kommune.post(f"{case.path}/measures", draft(disclosure=told(purpose="measure")))
        assert (await stalled_for(case, "kommune"), await stalled_for(case, "politi")) == ([], [])
        await set_back(case, "measure")
        assert await stalled_for(case, "kommune") == await stalled_for(case, "politi") == [shared["id"]]
        await set_back(case, "measure", -LONG_AGO)  # what was changed does not open
        path = f"{case.path}/measures/{shared['id']}/follow-ups"
        # The police were not told of this follow-up, and nothing tells them that there is one.
        await case.kommune.post(path, {"text": "Godt i gang.", "next_follow_up_on": "2099-02-01"})
        await set_back(case, "measure")
        assert (await stalled_for(case, "kommune"), await stalled_for(case, "politi")) == ([], [shared["id"]])
        await set_back(case, "follow_up")
        assert await stalled_for(case, "kommune") == [shared["id"]]
        for table in ("measure", "follow_up"):
            await set_back(case, table, -LONG_AGO)
        await case.kommune.post(path, {
            "text": "Målet er nået.", "outcome": "goal_reached", "disclosure": told(purpose="follow_up"),
        })
        for table in ("measure", "follow_up"):
            await set_back(case, table)
        assert (await stalled_for(case, "kommune"), await stalled_for(case, "politi")) == ([], [])

    @pytest.mark.rule(77)
    @pytest.mark.rule(44)
    async def test_one_that_was_not_told_is_not_listed(self, house: House) -> None:
        case = await (await house.case()).recommend()
        kept = await case.kommune.post(f"{case.path}/measures", draft())
        await set_back(case, "measure")
        assert await stalled_for(case, "kommune") == [kept["id"]]
        assert (await case.politi.get(f"/infohuse/{house.infohus_id}/stalled-measures"))["items"] == []
        assert (await case.politi.get(case.path))["stalled_measures"] == []

    @pytest.mark.rule(77)
    @pytest.mark.parametrize(("days", "shows"), [(59, False), (61, True)])
    async def test_it_counts_the_days_of_the_setting(self, house: House, *, days: int, shows: bool) -> None:
        case = await (await house.case()).recommend()
        await case.kommune.post(f"{case.path}/measures", draft())
        await set_back(case, "measure", timedelta(days=days))
        assert bool(await stalled_for(case, "kommune")) is shows
        assert house.settings.stalled_after_days == 60

    @pytest.mark.rule(77)
    @pytest.mark.rule(46)
    async def test_nobody_else_sees_it(self, house: House) -> None:
        case = await (await house.case()).recommend()
        invited = await invite(case, ["measures"])
        await case.kommune.post(f"{case.path}/measures", draft(deliverer=invited["id"]))
        await set_back(case, "measure")
        adviser = house.person("raadgiver")
        assert (await adviser.get(case.path))["stalled_measures"] == []
        for name in ("raadgiver", "dpo", "jurist", "admin", "politi-dpo"):
            await house.person(name).get(f"/infohuse/{house.infohus_id}/stalled-measures", status=403)

    async def test_the_list_goes_on_where_a_page_ends(self, house: House) -> None:
        case = await (await house.case()).recommend()
        made = [(await case.kommune.post(f"{case.path}/measures", draft()))["id"] for _ in range(3)]
        await set_back(case, "measure")
        path = f"/infohuse/{house.infohus_id}/stalled-measures"
        first = await case.kommune.get(f"{path}?limit=2")
        rest = await case.kommune.get(f"{path}?limit=2&after={first['next']}")
        assert [one["measure_id"] for one in [*first["items"], *rest["items"]]] == made
        assert rest["next"] is None


class WhenAProfessionalDeliversAMeasure:
    """Rules 22, 23 and 44."""

    @pytest.mark.rule(22)
    @pytest.mark.rule(44)
    async def test_they_see_and_follow_up_their_own_and_no_other(self, house: House) -> None:
        case = await (await house.case()).recommend()
        invited = await invite(case, ["measures"])
        theirs = await case.kommune.post(f"{case.path}/measures", draft(deliverer=invited["id"]))
        other = await case.kommune.post(f"{case.path}/measures", draft(description="Samtaler."))
        adviser = house.person("raadgiver")
        shown = await adviser.get(f"{case.path}/measures/{theirs['id']}")
        assert (shown["description"], shown["delivered_by"]) == ("Mentor.", str(adviser.person_id))
        body = {"text": "Han kom til tiden.", "next_follow_up_on": "2099-02-01"}
        followed = await adviser.post(f"{case.path}/measures/{theirs['id']}/follow-ups", body)
        assert [one["text"] for one in followed["follow_ups"]["items"]] == ["Han kom til tiden."]
        read = await case.kommune.get(f"{case.path}/measures/{theirs['id']}")
        assert read["follow_ups"] == followed["follow_ups"]
        assert await case.kommune.get(f"{case.path}/measures/{theirs['id']}/follow-ups") == read["follow_ups"]
        await adviser.get(f"{case.path}/measures/{other['id']}", status=404)
        await adviser.post(f"{case.path}/measures/{other['id']}/follow-ups", body, status=404)
        await adviser.post(f"{case.path}/measures", draft(), status=403)
        await house.assert_logs_are_whole()

    async def test_only_somebody_drawn_in_for_measures_and_told_can(self, house: House) -> None:
        case = await (await house.case()).recommend()
        unknown = (await case.kommune.get(case.path))["participants"][0]["id"]
        invited = await invite(case, ["information"])
        for deliverer in (unknown, invited["id"], "01a20000-0000-7000-8000-000000000001"):
            answer = await case.kommune.call("POST", f"{case.path}/measures", json=draft(deliverer=deliverer))
            assert answer.json()["type"] == "/problems/deliverer-takes-no-part"
        await case.kommune.delete(f"{case.path}/participants/{invited['id']}")
        elsewhere = await invite(case, ["measures"], authority=PROBATION)
        answer = await case.kommune.call("POST", f"{case.path}/measures", json=draft(deliverer=elsewhere["id"]))
        assert answer.json()["type"] == "/problems/deliverer-takes-no-part"
        sent = draft(deliverer=elsewhere["id"], disclosure=told(purpose="measure", recipients=[PROBATION]))
        assert (await case.kommune.post(f"{case.path}/measures", sent))["delivered_by"]


async def _with_probation(case: CaseInHand) -> None:
    await invite(case, ["measures"], authority=PROBATION)


async def _as_it_is(_: CaseInHand) -> None:
    """Draw nobody else in."""


class WhenAMeasureIsIndicated:
    """Beredskabsplanen: indgribende is the police's, PET's, the probation service's, or social support."""

    @pytest.mark.rule(23)
    @pytest.mark.parametrize(("change", "prepare", "status"), [
        ({"responsible_authority": MUNICIPALITY}, _as_it_is, 422),
        ({"responsible_authority": MUNICIPALITY, "is_social_support": True}, _as_it_is, 201),
        ({"responsible_authority": POLICE, "disclosure": told(purpose="measure")}, _as_it_is, 201),
        (
            {"responsible_authority": PROBATION, "disclosure": told(purpose="measure", recipients=[PROBATION])},
            _with_probation, 201,
        ),
    ])
    async def test_it_is_only_for_those_authorities(
        self, house: House, change: dict[str, Any], prepare: Callable[[CaseInHand], Awaitable[None]], status: int
    ) -> None:
        case = await (await house.case()).recommend()
        await prepare(case)
        path = f"{case.path}/measures"
        answer = await case.kommune.call("POST", path, json=draft(level="indicated", **change))
        assert answer.status_code == status, answer.text
        if status != 201:
            assert answer.json()["type"] == "/problems/indicated-measure-is-anothers"
            assert (await case.kommune.post(path, draft(level="universal", **change)))["level"] == "universal"

    async def test_advice_to_professionals_is_a_kind_of_its_own(self, house: House) -> None:
        case = await (await house.case()).recommend()
        advice = await case.kommune.post(f"{case.path}/measures", draft(kind="advice", description="Råd til skolen."))
        assert (advice["kind"], advice["outcome"]) == ("advice", None)

    @pytest.mark.parametrize("ending", [{}, {"outcome": "goal_reached", "next_follow_up_on": "2099-01-01"}])
    async def test_it_goes_on_or_ends_with_an_outcome_and_never_both(
        self, house: House, ending: dict[str, str]
    ) -> None:
        case = await (await house.case()).recommend()
        measure = await case.kommune.post(f"{case.path}/measures", draft())
        path = f"{case.path}/measures/{measure['id']}/follow-ups"
        answer = await case.kommune.call("POST", path, json={"text": "Set.", **ending})
        assert answer.json()["type"] == "/problems/measure-ends-with-one-outcome"
