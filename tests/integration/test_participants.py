"""Professionals are drawn in one by one, for areas and a time; they go on, leave, or are ended at once (rule 22)."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from at_once import at_once
from house import INSTITUTION, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, now, told
from invitations import invitation

SOON, LATER = timedelta(days=14), timedelta(days=60)


async def drawn_in(house: House, **change: Any) -> tuple[CaseInHand, Person, dict[str, Any]]:
    """Draw the adviser into a case; give the case, the adviser, and the participation."""
    case = await (await house.case()).accept()
    adviser = house.person("raadgiver")
    ends_at = (now() + SOON).isoformat()
    draft = invitation(MUNICIPALITY, person_id=str(adviser.person_id), **{"ends_at": ends_at, **change})
    return case, adviser, await case.kommune.post(f"{case.path}/participants", draft)


def until(after: timedelta, **change: Any) -> dict[str, Any]:
    """Extend until some time from now."""
    return {"ends_at": (now() + after).isoformat(), "reason": "Forløbet varer ved.", **change}


async def move(house: House, participation: dict[str, Any], by: timedelta) -> None:
    """Let time pass for one participation."""
    await house.sql(
        "UPDATE infohus.participant SET begins_at = begins_at - $2::interval, ends_at = ends_at - $2::interval"
        " WHERE id = $1", UUID(participation["id"]), by,
    )


async def problem(person: Person, method: str, path: str, body: Any = None) -> str:
    """Send what is refused; give the situation."""
    slug: str = (await person.call(method, path, json=body)).json()["type"].removeprefix("/problems/")
    return slug


class WhenAnInvitationBeginsLater:
    @pytest.mark.rule(22)
    async def test_access_begins_by_itself_and_not_before(self, house: House) -> None:
        begins_at = (now() + timedelta(days=3)).isoformat()
        case, adviser, invited = await drawn_in(house, begins_at=begins_at)
        await adviser.get(case.path, status=404)
        assert (await adviser.get("/cases"))["items"] == []
        await move(house, invited, timedelta(days=3, seconds=1))
        assert (await adviser.get(case.path))["case"]["id"] == case.id

    @pytest.mark.rule(22)
    async def test_nobody_is_told_anything_of_an_authority_that_has_not_begun(self, house: House) -> None:
        case = await (await house.case()).accept()
        ahead = invitation(PROBATION, begins_at=(now() + timedelta(days=3)).isoformat())
        await case.kommune.post(f"{case.path}/participants", ahead)
        body = {**told(recipients=[PROBATION]), "summary": "Han er i klubben."}
        assert await problem(case.kommune, "POST", f"{case.path}/exchanges", body) == "recipient-takes-no-part"


class WhenAParticipationIsExtended:
    @pytest.mark.rule(22)
    async def test_it_goes_on_where_the_first_ends_with_a_reason_of_its_own(self, house: House) -> None:
        case, adviser, invited = await drawn_in(house, scope=["information", "measures"])
        path = f"{case.path}/participants/{invited['id']}/extension"
        extended = await case.kommune.post(path, until(LATER))
        goes_on = {"id": extended["id"], "begins_at": invited["ends_at"], "ends_at": extended["ends_at"]}
        assert extended == {**invited, **goes_on}
        assert datetime.fromisoformat(extended["ends_at"]) > datetime.fromisoformat(invited["ends_at"])
        shown = (await case.kommune.get(case.path))["participants"]
        answered = [{**invited, **one} for one in shown if one["person_id"] == str(adviser.person_id)]
        assert answered == [invited, extended]
        reasons = await house.sql(
            "SELECT authority_id, reason IS NOT NULL AS has_one FROM infohus.invitation"
            " ORDER BY id"
        )
        assert [tuple(row) for row in reasons] == [(MUNICIPALITY, True), (MUNICIPALITY, True)]

    @pytest.mark.rule(22)
    async def test_access_runs_through_both_and_ends_by_itself(self, house: House) -> None:
        case, adviser, invited = await drawn_in(house)
        extended = await case.kommune.post(f"{case.path}/participants/{invited['id']}/extension", until(LATER))
        seen = []
        for passing in (timedelta(0), SOON, LATER - SOON):
            for one in (invited, extended):
                await move(house, one, passing)
            seen.append((await adviser.call("GET", case.path)).status_code)
        assert seen == [200, 200, 404]

    @pytest.mark.rule(22)
    async def test_what_is_over_already_extended_or_without_an_end_is_not(self, house: House) -> None:
        case, _, invited = await drawn_in(house)
        participants = f"{case.path}/participants"
        path = f"{participants}/{invited['id']}/extension"
        shorter = await problem(case.kommune, "POST", path, until(timedelta(days=1)))
        assert shorter == "participation-ends-before-it-begins"
        await case.kommune.post(path, until(LATER))
        assert await problem(case.kommune, "POST", path, until(LATER * 2)) == "already-recorded"
        tovholder = (await case.kommune.get(case.path))["participants"][0]
        for ended in (tovholder, invited):
            if ended is invited:
                await case.kommune.delete(f"{participants}/{invited['id']}")
            refused = await problem(case.kommune, "POST", f"{participants}/{ended['id']}/extension", until(LATER))
            assert refused == "participation-cannot-be-extended"

    @pytest.mark.rule(6)
    async def test_an_institution_that_has_lost_its_public_task_is_not(self, house: House) -> None:
        case = await (await house.case()).accept()
        draft = invitation(INSTITUTION, public_task_confirmed=True)
        invited = await case.kommune.post(f"{case.path}/participants", draft)
        await house.sql("UPDATE infohus.authority SET public_task_sector = 'sport' WHERE id = $1", INSTITUTION)
        path = f"{case.path}/participants/{invited['id']}/extension"
        assert await problem(case.kommune, "POST", path, until(LATER)) == "institution-without-public-task"
        await house.sql("DELETE FROM infohus.infohus_authority WHERE authority_id = $1", INSTITUTION)
        assert await problem(case.kommune, "POST", path, until(LATER)) == "not-an-authority-here"

    @pytest.mark.rule(46)
    async def test_a_professional_extends_nobody(self, house: House) -> None:
        case, adviser, invited = await drawn_in(house)
        path = f"{case.path}/participants/{invited['id']}/extension"
        assert await problem(adviser, "POST", path, until(LATER)) == "role-may-not"

    @pytest.mark.parametrize("change", [
        {"reason": None}, {"ends_at": "i morgen"}, {"ends_at": "2099-01-01T00:00:00"}, {"scope": ["assessment"]},
    ])
    async def test_what_is_no_extension_is_not_understood(self, house: House, change: dict[str, Any]) -> None:
        case, _, invited = await drawn_in(house)
        path = f"{case.path}/participants/{invited['id']}/extension"
        await case.kommune.post(path, until(LATER, **change), status=400)

    async def test_two_at_once_become_one(self, house: House) -> None:
        case, _, invited = await drawn_in(house)
        path = f"{case.path}/participants/{invited['id']}/extension"
        answers = await at_once(*(
            person.call("POST", path, json=until(LATER)) for person in (case.kommune,) * 4
        ))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


class WhenSomebodyLeaves:
    @pytest.mark.rule(22)
    async def test_access_is_gone_with_the_next_request_extension_and_all(self, house: House) -> None:
        case, adviser, invited = await drawn_in(house)
        extended = await case.kommune.post(f"{case.path}/participants/{invited['id']}/extension", until(LATER))
        left = await adviser.delete(f"{case.path}/participation")
        assert {one["id"] for one in left} == {invited["id"], extended["id"]}
        assert all(datetime.fromisoformat(one["ends_at"]) <= now() for one in left)
        for path in (case.path, f"{case.path}/information", f"{case.path}/participation"):
            method = "DELETE" if path.endswith("participation") else "GET"
            assert await problem(adviser, method, path) == "not-available"
        await move(house, extended, SOON - LATER)
        await adviser.get(case.path, status=404)
        entry = [one for one in await house.entries() if one.action == "leaveCase" and one.outcome.value == "allowed"]
        assert [(one.caller, [(wrote.verb, wrote.table) for wrote in one.wrote]) for one in entry] == [
            (adviser.person_id, [("update", "participant")] * 2),
        ]
        await house.assert_logs_are_whole()

    @pytest.mark.rule(22)
    async def test_a_tovholder_ends_all_of_it_at_once(self, house: House) -> None:
        case, adviser, invited = await drawn_in(house)
        extended = await case.kommune.post(f"{case.path}/participants/{invited['id']}/extension", until(LATER))
        path = f"{case.path}/participants/{extended['id']}"
        # The other tovholder does not end what it did not begin.
        assert await problem(case.politi, "DELETE", path) == "not-available"
        await case.kommune.delete(path)
        await adviser.get(case.path, status=404)
        shown = (await case.kommune.get(case.path))["participants"]
        ended = [datetime.fromisoformat(one["ends_at"]) for one in shown if one["kind"] == "invited"]
        assert len(ended) == 2
        assert all(at <= now() for at in ended)

    @pytest.mark.rule(22)
    async def test_one_who_left_is_drawn_in_anew_only_by_a_tovholder(self, house: House) -> None:
        case, adviser, _ = await drawn_in(house)
        await adviser.delete(f"{case.path}/participation")
        draft = invitation(MUNICIPALITY, person_id=str(adviser.person_id))
        assert await problem(adviser, "POST", f"{case.path}/participants", draft) == "role-may-not"
        await case.kommune.post(f"{case.path}/participants", draft)
        await adviser.get(case.path)

    @pytest.mark.rule(46)
    async def test_it_ends_no_other_case_and_nobody_else(self, house: House) -> None:
        case, adviser, _ = await drawn_in(house)
        other, _, _ = await drawn_in(house)
        colleague = await case.kommune.post(f"{case.path}/participants", invitation(MUNICIPALITY))
        del colleague["can_sign_in"], colleague["about"]
        await adviser.delete(f"{case.path}/participation")
        await adviser.get(other.path)
        shown = (await case.kommune.get(case.path))["participants"]
        assert colleague in shown
        assert len([one for one in shown if one["ends_at"] is None]) == 2

    async def test_a_closed_case_is_left_too(self, house: House) -> None:
        case, adviser, _ = await drawn_in(house)
        await case.close()
        await adviser.get(case.path)
        await adviser.delete(f"{case.path}/participation")
        await adviser.get(case.path, status=404)

    async def test_a_tovholder_does_not_leave(self, house: House) -> None:
        case = await house.case()
        assert await problem(case.kommune, "DELETE", f"{case.path}/participation") == "role-may-not"


class WhenAProfessionalReads:
    @pytest.mark.rule(22)
    @pytest.mark.rule(44)
    async def test_it_is_what_their_authority_was_told_in_the_areas_of_the_invitation(self, house: House) -> None:
        case, adviser, _ = await drawn_in(house, scope=["information"])
        ours, theirs = await case.note("Vores."), await case.note("Politiets.", by=POLICE)
        shared = await case.note("Fortalt.", by=POLICE)
        await case.disclose(shared, by=POLICE)
        seen = (await adviser.get(f"{case.path}/information"))["items"]
        assert {one["id"] for one in seen} == {ours, shared}
        await adviser.get(f"{case.path}/information/{theirs}", status=404)
        await adviser.get(f"{case.path}/concerns/{case.concern_id}", status=403)

    @pytest.mark.rule(22)
    async def test_a_measure_is_seen_by_those_invited_for_measures(self, house: House) -> None:
        case = await (await house.case()).recommend()
        adviser = house.person("raadgiver")
        path = None
        for scope, status in ((["measures"], 200), (["information"], 404)):
            draft = invitation(MUNICIPALITY, person_id=str(adviser.person_id), scope=scope)
            invited = await case.kommune.post(f"{case.path}/participants", draft)
            if path is None:
                measure = await case.kommune.post(f"{case.path}/measures", {
                    "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Mentor.",
                    "starts_on": "2026-12-01", "follow_up_on": "2099-01-01", "deliverer": invited["id"],
                })
                path = f"{case.path}/measures/{measure['id']}"
            await adviser.get(path, status=status)
            await case.kommune.delete(f"{case.path}/participants/{invited['id']}")


class WhenAnInvitationIsNarrowed:
    """Rule 22: whether and when, and for what."""

    @pytest.mark.rule(22)
    @pytest.mark.rule(44)
    async def test_they_see_those_items_and_what_they_note_themselves(self, house: House) -> None:
        case = await (await house.case()).accept()
        shown, kept = await case.note("Moren er bekymret."), await case.note("Faren er i fængsel.")
        adviser = house.person("raadgiver")
        draft = invitation(MUNICIPALITY, person_id=str(adviser.person_id), records=[shown])
        invited = await case.kommune.post(f"{case.path}/participants", draft)
        assert invited["records"] == [shown]
        path = f"{case.path}/information"
        own = await adviser.post(path, {"text": "Han kom i dag.", "source": "samtale"})
        assert [one["id"] for one in (await adviser.get(path))["items"]] == [shown, own["id"]]
        await adviser.get(f"{path}/{shown}")
        await adviser.get(f"{path}/{kept}", status=404)
        longer = {"ends_at": (now() + timedelta(days=60)).isoformat(), "reason": "Det hjælper."}
        extended = await case.kommune.post(f"{case.path}/participants/{invited['id']}/extension", longer)
        assert extended["records"] == [shown]

    @pytest.mark.rule(22)
    async def test_it_is_narrowed_to_items_that_the_tovholder_sees(self, house: House) -> None:
        case, other = await (await house.case()).accept(), await house.case()
        theirs, elsewhere = await case.note("Politiets.", by=POLICE), await other.note()
        for record in (theirs, elsewhere, str(uuid4())):
            await case.kommune.post(f"{case.path}/participants", invitation(PROBATION, records=[record]), status=404)


class WhenTheSamePersonIsInvitedTwice:
    async def test_two_at_once_become_one(self, house: House) -> None:
        case = await (await house.case()).accept()
        draft = invitation(PROBATION)
        answers = await at_once(*(
            person.call("POST", f"{case.path}/participants", json=draft) for person in (case.kommune, case.politi) * 3
        ))
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
        assert len(await house.sql("SELECT FROM infohus.participant WHERE kind = 'invited'")) == 1


@pytest.mark.rule(44)
@pytest.mark.fault("A14")
class WhenAnEmployeeOfAnAuthorityWithATovholderIsDrawnIn:
    @pytest.mark.parametrize(("who", "authority", "status"), [
        ("kommune", MUNICIPALITY, 201), ("kommune", POLICE, 422), ("kommune", PROBATION, 201),
        ("politi", MUNICIPALITY, 422), ("politi", POLICE, 201), ("politi", PROBATION, 201),
        ("raadgiver", MUNICIPALITY, 403), ("raadgiver", POLICE, 403), ("dpo", MUNICIPALITY, 403),
        ("jurist", POLICE, 403), ("politi-dpo", MUNICIPALITY, 403), ("admin", MUNICIPALITY, 403),
    ])
    async def test_it_is_by_that_authority_s_own_tovholder(
        self, house: House, who: str, authority: str, status: int
    ) -> None:
        areas = ["information", "assessment", "measures", "exchange"]
        case, _, _ = await drawn_in(house, scope=areas)
        before = await house.sql("SELECT count(*) AS n FROM infohus.participant")
        for scope in ([areas[0]], [areas[1]], [areas[2]], [areas[3]], areas):
            draft = invitation(authority, scope=scope, public_task_confirmed=True)
            answer = await house.person(who).call("POST", f"{case.path}/participants", json=draft)
            assert answer.status_code == status
            if status == 422:
                assert answer.json()["type"] == "/problems/drawn-in-by-its-own-authority"
        after = await house.sql("SELECT count(*) AS n FROM infohus.participant")
        assert (after[0]["n"] - before[0]["n"]) == (5 if status == 201 else 0)

    @pytest.mark.parametrize(("stage", "bring"), [
        ("received", None), ("cleared", CaseInHand.clear), ("accepted", CaseInHand.accept),
        ("qualifying", CaseInHand.qualify), ("acting", CaseInHand.recommend),
    ])
    async def test_at_each_stage(self, house: House, stage: str, bring: Any) -> None:
        case = await house.case()
        if bring is not None:
            await bring(case)
        assert await case.stage() == stage
        for person, other in ((case.kommune, POLICE), (case.politi, MUNICIPALITY)):
            said = await problem(person, "POST", f"{case.path}/participants", invitation(other))
            assert said == "drawn-in-by-its-own-authority"

    @pytest.mark.rule(45)
    async def test_the_database_refuses_it_too(self, house: House) -> None:
        case = await house.case()
        taking_part = (
            "INSERT INTO infohus.participant"
            " SELECT (jsonb_populate_record(p, $1)).* FROM infohus.participant p LIMIT 1"
        )
        for who, own, other, regime in (
            ("kommune", MUNICIPALITY, POLICE, "gdpr"), ("politi", POLICE, MUNICIPALITY, "led"),
        ):
            for acts_for, kind in ((other, "invited"), (other, "coordinator"), (own, "coordinator")):
                row = {
                    "id": str(uuid4()), "person_id": str(uuid4()), "acts_for": acts_for, "kind": kind,
                    "authority_id": own, "regime": regime, "ends_at": (now() + SOON).isoformat(),
                }
                role = "municipal_coordinator" if who == "kommune" else "police_coordinator"
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                    await as_app(house, who, own, role, taking_part, json.dumps(row))
        assert case.id


async def as_app(house: House, who: str, authority: str, role: str, statement: str, *values: object) -> None:
    """Run a statement as the application's role would for a person, and take it back."""
    connection = await asyncpg.connect(house.superuser)
    try:
        attempt = connection.transaction()
        await attempt.start()
        await connection.execute("SET LOCAL ROLE infohus_app")
        person_id = house.person(who).person_id
        await connection.execute("SELECT infohus.act_as($1, $2, $3, now())", authority, person_id, role)
        await connection.execute(statement, *values)
    finally:
        await connection.close()
