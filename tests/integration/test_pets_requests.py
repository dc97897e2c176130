"""PET's request is a track of its own, at every stage, with an answer that may be nothing at all (rules 14 and 85)."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, Person, now, told
from infohus.kernel.audit.formats.entry import Track
from infohus.kernel.authorization.action import Action
from integration.test_pets_track import ASKED, QUESTION, everything_seen_by, knowing_pet

ORDINARY = {"question": "Kender I foreningen?", "received_from": "pet", "states_chapters_12_13": False}
NOTHING = {"answer": "nothing_to_disclose"}
ENDS = ("police_alone", "hindered", "not_taken_in", "closed")


async def brought_to(house: House, end: str) -> CaseInHand:
    """Give a case, in an infohus whose plan has PET, at one of its ends."""
    case = await knowing_pet(house)
    if end == "hindered":
        case = await house.case()
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})
    elif end == "closed":
        await case.close()
    else:
        outcome = {"police_alone": "police_alone", "not_taken_in": "outside"}[end]
        await case.decide("scope-decisions", outcome, {"reasons": "Derfor."}, purpose="scope_decision")
    assert await case.stage() == end
    return case


def people(case: CaseInHand, by: str) -> tuple[Person, Person]:
    """Give the tovholder of an authority, and the other one."""
    return (case.kommune, case.politi) if by == MUNICIPALITY else (case.politi, case.kommune)


async def asked(person: Person, case: CaseInHand, **more: Any) -> dict[str, Any]:
    """Note PET's request under PET-loven § 4."""
    made: dict[str, Any] = await person.post(f"{case.path}/information-requests", {**QUESTION, **more})
    return made


async def answered(person: Person, case: CaseInHand, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Answer a request."""
    path = f"{case.path}/information-requests/{request['id']}/answer"
    made: dict[str, Any] = await person.post(path, answer, status=200)
    return made


class WhenPetAsksAtAnyStage:
    @pytest.mark.rule(14)
    @pytest.mark.rule(44)
    @pytest.mark.rule(85)
    @pytest.mark.fault("C5")
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    @pytest.mark.parametrize("end", ENDS)
    async def test_it_is_noted_and_answered_and_the_other_sees_nothing_of_it(
        self, house: House, end: str, by: str
    ) -> None:
        case = await brought_to(house, end)
        own, other = people(case, by)
        joint = {"case_id": case.id, "infohus_id": str(house.infohus_id)}
        reviewers = [house.person(name) for name in ("dpo", "politi-dpo")]
        others_dpo = reviewers[1 if by == MUNICIPALITY else 0]
        before = [await everything_seen_by(house, one, joint) for one in (other, others_dpo)]
        first = await asked(own, case)
        assert (await answered(own, case, first, NOTHING))["answer"] == "nothing_to_disclose"
        second = await asked(own, case)
        given = await own.post(f"{case.path}/exchanges", ASKED)
        disclosing = {"answer": "disclosed", "exchange_id": given["id"]}
        assert (await answered(own, case, second, disclosing))["answer_exchange_id"] == given["id"]
        assert given["paragraph"] == "pet-loven-4"
        assert [await everything_seen_by(house, one, joint) for one in (other, others_dpo)] == before
        for path in (f"information-requests/{first['id']}/answer", f"exchanges/{given['id']}/corrections"):
            body = NOTHING if "answer" in path else {**told(), "summary": "x", "recipients": []}
            assert (await other.call("POST", f"{case.path}/{path}", json=body)).status_code == 404
        assert await case.stage() == end
        # Whoever else asks, and whatever else is told, waits for a stage at which the infohus handles the case.
        for path, body in (
            ("information-requests", {"question": "Kender I ham?", "received_from": "kriminalforsorgen"}),
            ("information-requests", {"question": "Kender I ham?", "disclosure": told(by)}),
            ("information-requests", ORDINARY),
            ("exchanges", {**told(by), "summary": "Set."}),
            ("exchanges", {**told(by), "summary": "Set.", "recipients": ["pet"]}),
        ):
            refused = await own.post(f"{case.path}/{path}", body, status=409)
            assert refused["type"] == "/problems/not-possible-now", path

    @pytest.mark.rule(85)
    async def test_a_closed_case_offers_the_answer_alone(self, house: House) -> None:
        case = await brought_to(house, "closed")
        request = await asked(case.kommune, case)
        steps = {one["act"]: one for one in (await case.kommune.get(f"{case.path}/next-steps"))["steps"]}
        assert steps["answerInformationRequest"]["on"] == [request["id"]]
        assert [act for act, one in steps.items() if one["is_possible"] and act in {
            "requestInformation", "recordExchange",
        }] == []
        await answered(case.kommune, case, request, NOTHING)
        after = {one["act"] for one in (await case.kommune.get(f"{case.path}/next-steps"))["steps"]}
        assert "answerInformationRequest" not in after


class WhenPetsRequestIsNoted:
    @pytest.mark.rule(14)
    @pytest.mark.rule(85)
    async def test_who_asked_when_and_for_what_is_on_record(self, house: House) -> None:
        case = await knowing_pet(house)
        at = (now() - timedelta(days=2)).isoformat()
        made = await asked(case.kommune, case, asked_at=at, asked_by_name="Afdeling 4")
        assert (made["asked_by"], made["asked_by_name"], made["question"], made["under_pet_loven_4"]) == (
            "pet", "Afdeling 4", "Hvor bor han?", True
        )
        assert datetime.fromisoformat(made["asked_at"]) == datetime.fromisoformat(at)
        stored = await house.sql("SELECT asked_by_name::text AS name FROM infohus.information_request")
        assert "Afdeling" not in stored[0]["name"]
        ahead = {**QUESTION, "asked_at": (now() + timedelta(days=1)).isoformat()}
        refused = await case.kommune.post(f"{case.path}/information-requests", ahead, status=422)
        assert refused["type"] == "/problems/in-the-future"

    @pytest.mark.rule(14)
    @pytest.mark.parametrize(("change", "problem"), [
        ({"states_chapters_12_13": None}, "pet-states-its-basis"),
        ({"received_from": "kriminalforsorgen"}, "pet-states-its-basis"),
        ({"received_from": None, "disclosure": told()}, "pet-states-its-basis"),
        (
            {
                "received_from": None, "states_chapters_12_13": None, "disclosure": told(),
                "asked_by_name": "Afdeling 4",
            },
            "asked-from-outside-alone",
        ),
    ])
    async def test_what_it_rests_on_is_said_of_pets_alone(
        self, house: House, change: dict[str, Any], problem: str
    ) -> None:
        case = await knowing_pet(house)
        body = {**QUESTION, **change}
        refused = await case.kommune.post(f"{case.path}/information-requests", body, status=422)
        assert refused["type"] == f"/problems/{problem}"

    @pytest.mark.rule(14)
    @pytest.mark.rule(85)
    async def test_nothing_is_told_to_pet_under_its_law_that_it_did_not_ask_for(self, house: House) -> None:
        """On own initiative, on an ordinary request, or by the other authority's request, which is not one's own."""
        case = await knowing_pet(house)
        refusals = []
        for noting in (None, (case.kommune, ORDINARY), (case.politi, QUESTION)):
            if noting is not None:
                await noting[0].post(f"{case.path}/information-requests", noting[1])
            refusals.append(await case.kommune.post(f"{case.path}/exchanges", ASKED, status=422))
        assert [one["type"] for one in refusals] == ["/problems/pet-has-not-asked"] * 3
        assert refusals[1]["detail"] == refusals[2]["detail"]
        await asked(case.kommune, case)
        await case.kommune.post(f"{case.path}/exchanges", ASKED)

    @pytest.mark.rule(14)
    @pytest.mark.rule(85)
    async def test_an_ordinary_one_is_like_others(self, house: House) -> None:
        """It is declined like any other, and stands where a letter tells of it."""
        case = await knowing_pet(house)
        request = await case.kommune.post(f"{case.path}/information-requests", ORDINARY)
        assert not request["under_pet_loven_4"]
        other = await asked(case.kommune, case)
        given = await case.kommune.post(f"{case.path}/exchanges", ASKED)
        path = f"{case.path}/information-requests/{request['id']}/answer"
        mixed = await case.kommune.post(path, {"answer": "disclosed", "exchange_id": given["id"]}, status=422)
        assert mixed["type"] == "/problems/answer-names-no-exchange"
        assert (await answered(case.kommune, case, request, {"answer": "declined"}))["answer"] == "declined"
        path = f"{case.path}/information-requests/{other['id']}/answer"
        refused = await case.kommune.post(path, {"answer": "declined"}, status=422)
        assert refused["type"] == "/problems/pet-request-cannot-be-declined"
        await case.kommune.post(f"{case.path}/information-requests", {**ORDINARY, "question": " "}, status=422)
        entries = [one for one in await house.entries() if one.action == Action.REQUEST_INFORMATION]
        assert [one.track for one in entries] == [Track.ORDINARY, Track.PET, Track.ORDINARY]
        of_answers = [one.track for one in await house.entries() if one.action == Action.ANSWER_INFORMATION_REQUEST]
        # The refused answer names PET's exchange, so it stands on that track.
        assert of_answers == [Track.PET, Track.ORDINARY, Track.PET]

    @pytest.mark.rule(14)
    async def test_whether_it_binds_the_police_is_a_setting(self, house: House) -> None:
        """Where a police district is no "anden forvaltningsmyndighed", what PET asks it is like what others ask."""
        case = await knowing_pet(house)
        assert (await asked(case.politi, case))["under_pet_loven_4"]
        case = await house.case()
        msgspec.structs.force_setattr(house.settings, "police_answer_pet", False)  # noqa: FBT003 - its signature
        request = await asked(case.politi, case)
        assert not request["under_pet_loven_4"]
        refused = await case.politi.post(f"{case.path}/exchanges", ASKED, status=422)
        assert refused["type"] == "/problems/pet-has-not-asked"
        await answered(case.politi, case, request, {"answer": "declined"})
        assert (await asked(case.kommune, case))["under_pet_loven_4"]


class WhenPetWaits:
    @pytest.mark.rule(72)
    @pytest.mark.rule(85)
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    async def test_the_asked_side_alone_is_held_back_from_erasure(self, house: House, by: str) -> None:
        case = await brought_to(house, "closed")
        own, other = people(case, by)
        report = f"/infohuse/{house.infohus_id}/erasure-report"

        async def hindrances(person: Person) -> list[str]:
            lines = (await person.get(report))["items"]
            return next(one["hindered_by"] for one in lines if one["case_id"] == case.id)

        before = [await hindrances(one) for one in (own, other)]
        assert "legal_hold" not in str(before)
        request = await asked(own, case)
        assert [await hindrances(one) for one in (own, other)] == [
            [before[0][0], "legal_hold", *before[0][1:]], before[1]
        ]
        refused = await own.call("POST", f"{case.path}/erasure")
        assert (refused.status_code, "holdt tilbage" in refused.text) == (409, True)
        assert "holdt tilbage" not in (await other.call("POST", f"{case.path}/erasure")).text
        await answered(own, case, request, NOTHING)
        assert [await hindrances(one) for one in (own, other)] == before
        # One that rests on its ordinary basis holds nothing back.
        assert (await own.get(f"{case.path}/legal-holds"))["items"] == []


class WhenSupervisionLooksAtPetsRequests:
    @pytest.mark.rule(85)
    @pytest.mark.rule(90)
    async def test_the_asked_authority_s_own_sees_when_and_how_and_nobody_else(self, house: House) -> None:
        case = await knowing_pet(house)
        at = now() - timedelta(hours=3)
        request = await asked(case.kommune, case, asked_at=at.isoformat())
        await case.kommune.post(f"{case.path}/information-requests", ORDINARY)
        await answered(case.kommune, case, request, NOTHING)
        path = f"/infohuse/{house.infohus_id}/pet-requests?purpose=lawfulness"
        for name in ("dpo", "jurist"):
            (line,) = (await house.person(name).get(path))["items"]
            assert (line["id"], line["case_id"], line["answer"]) == (request["id"], case.id, "nothing_to_disclose")
            assert datetime.fromisoformat(line["asked_at"]) == at
            assert "Hvor bor han" not in str(line)
        reading = (await house.entries())[-1]
        assert (reading.action, reading.track) == (Action.SUPERVISE_EXCHANGES, Track.PET)
        assert (await house.person("politi-dpo").get(path))["items"] == []
        for person in (case.kommune, case.politi, house.person("raadgiver"), house.person("admin")):
            assert (await person.call("GET", path)).status_code in {403, 404}

