"""Where a concern belongs: home municipality and police district, and what police alone leaves behind."""

from typing import Any

import pytest

from house import CLEARANCE, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, told
from infohus.casework.scope_decisions.residences import residence_warnings
from invitations import invitation

REASONS = {"reasons": "Ekstremisme kan være på spil."}
NOT_STATED = "Bopælskommunen er ikke angivet for alle, bekymringen angår."


def scope(*residences: tuple[str, str], **change: Any) -> dict[str, Any]:
    """Propose that the concern falls within, with where its subjects live."""
    lives = [{"subject_id": subject, "home_municipality": home} for subject, home in residences]
    return {
        "outcome": "within", "content": {**REASONS, "residences": lives},
        "disclosure": told(purpose="scope_decision"), **change,
    }


async def subjects_of(case: CaseInHand) -> list[str]:
    """List the ids of the case's subjects."""
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    return [subject["id"] for subject in concern["subjects"]]


async def named(case: CaseInHand) -> list[str]:
    """Disclose the case's subjects to the police, so that a scope decision can say where they live; give their ids."""
    subjects = await subjects_of(case)
    await case.disclose(items=[{"kind": "subject", "id": subject} for subject in subjects])
    return subjects


class WhenTheHomeMunicipalityIsStatedInAScopeDecision:
    @pytest.mark.rule(21)
    async def test_one_that_fits_gives_no_warning_and_both_sign_it(self, house: House) -> None:
        case = await (await house.case()).clear()
        [subject] = await named(case)
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", scope((subject, "Ishøj")))
        assert proposal["warnings"] == []
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        signed = await case.politi.post(f"{path}/signatures", {"content_hash": proposal["content_hash"]})
        assert signed["content"]["residences"] == [{"subject_id": subject, "home_municipality": "Ishøj"}]
        assert await case.stage() == "accepted"

    @pytest.mark.rule(21)
    async def test_a_mismatch_is_a_warning_to_both_and_never_a_bar(self, house: House) -> None:
        case = await (await house.case()).clear()
        [subject] = await named(case)
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", scope((subject, "101")))
        expected = residence_warnings("101", municipality="Ishøj Kommune", police="Københavns Vestegns Politi")
        assert len(expected) == 2
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        assert proposal["warnings"] == (await case.politi.get(path))["warnings"] == expected
        await case.politi.post(f"{path}/signatures", {"content_hash": proposal["content_hash"]})
        assert await case.stage() == "accepted"

    @pytest.mark.rule(21)
    async def test_what_is_not_known_or_not_stated_is_said(self, house: House) -> None:
        people = [{"name": name, "birth_date": "1990-02-01"} for name in ("Prøve Prøvesen", "Anden Andersen")]
        case = await (await house.case(subjects=people)).clear()
        first, second = await named(case)
        path = f"{case.path}/scope-decisions"
        proposal = await case.kommune.post(path, scope((first, "unknown")))
        unknown = "Bopælskommunen er ikke kendt. Undersøg den, om I kan, før I afgør, hvor sagen hører til."
        assert proposal["warnings"] == [unknown, NOT_STATED]
        amended = await case.kommune.put(
            f"{path}/{proposal['id']}", scope((first, "Ishøj"), (second, "Ishøj Kommune")), headers={"If-Match": '"1"'}
        )
        assert amended["warnings"] == []
        nobody = await (await house.case(subjects=[])).clear()
        assert (await nobody.kommune.post(f"{nobody.path}/scope-decisions", scope()))["warnings"] == []

    @pytest.mark.rule(18)
    async def test_it_is_part_of_what_is_signed(self, house: House) -> None:
        case = await (await house.case()).clear()
        [subject] = await named(case)
        path = f"{case.path}/scope-decisions"
        proposal = await case.kommune.post(path, scope((subject, "Ishøj")))
        path = f"{path}/{proposal['id']}"
        await case.kommune.put(path, scope((subject, "Greve")), headers={"If-Match": '"1"'})
        late = await case.politi.call("POST", f"{path}/signatures", json={"content_hash": proposal["content_hash"]})
        assert late.json()["type"] == "/problems/signed-content-differs"

    @pytest.mark.rule(47)
    async def test_of_somebody_else_than_the_cases_subjects_it_is_not_taken(self, house: House) -> None:
        case, other = await (await house.case()).clear(), await house.case()
        [stranger] = await subjects_of(other)
        await case.kommune.post(f"{case.path}/scope-decisions", scope((stranger, "Ishøj")), status=404)
        # Nor of a subject that was never disclosed to the proposer's authority.
        [hidden] = await subjects_of(case)
        draft = scope((hidden, "Ishøj"), disclosure=told(POLICE, purpose="scope_decision"))
        await case.politi.post(f"{case.path}/scope-decisions", draft, status=404)

    @pytest.mark.rule(47)
    @pytest.mark.rule(18)
    async def test_nor_is_it_when_the_proposal_is_changed(self, house: House) -> None:
        case, other = await (await house.case()).clear(), await house.case()
        [stranger], [own] = await subjects_of(other), await named(case)
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", scope((own, "Ishøj")))
        path, seen = f"{case.path}/scope-decisions/{proposal['id']}", {"If-Match": '"1"'}
        for lives in ([(stranger, "Ishøj")], [(own, "Ishøj"), (stranger, "Greve")]):
            await case.kommune.put(path, scope(*lives), headers=seen, status=404)
        refused = await case.kommune.put(path, {**scope(), "outcome": "disagreed"}, headers=seen, status=400)
        assert refused["type"] == "/problems/request-not-understood"
        assert await case.kommune.get(path) == proposal
        # Who was shown it knows whom it names, and so can change it.
        theirs = scope((own, "Greve"), disclosure=told(POLICE, purpose="scope_decision"))
        await case.politi.put(path, theirs, headers=seen)

    @pytest.mark.rule(44)
    @pytest.mark.rule(79)
    @pytest.mark.rule(109)
    async def test_whom_the_other_was_not_told_of_it_does_not_name(self, house: House) -> None:
        """Where somebody lives says that there is somebody: an id, a municipality, and how many they are."""
        people = [{"name": name, "birth_date": "1990-02-01"} for name in ("Prøve Prøvesen", "Anden Andersen")]
        case = await (await house.case(subjects=people)).clear()
        known, unknown = await subjects_of(case)
        await case.disclose(items=[{"kind": "subject", "id": known}])
        path, type_of = f"{case.path}/scope-decisions", "/problems/person-not-known-to-recipients"
        for lives in ([(unknown, "Greve")], [(known, "Ishøj"), (unknown, "Greve")]):
            refused = await case.kommune.call("POST", path, json=scope(*lives))
            assert (refused.status_code, refused.json()["type"]) == (422, type_of)
            assert unknown not in refused.text
        proposal = await case.kommune.post(path, scope((known, "Ishøj")))
        refused = await case.kommune.call(
            "PUT", f"{path}/{proposal['id']}", json=scope((unknown, "Greve")), headers={"If-Match": '"1"'}
        )
        assert (refused.status_code, refused.json()["type"]) == (422, type_of)
        assert "Greve" not in (await case.politi.call("GET", f"{path}/{proposal['id']}")).text

    @pytest.mark.rule(44)
    async def test_nor_whom_one_of_the_recipients_was_not_told_of(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        [own] = await named(case)
        both = {**told(purpose="scope_decision"), "recipients": [POLICE, PROBATION]}
        named_to_one = scope((own, "Ishøj"), disclosure=both)
        answer = await case.kommune.call("POST", f"{case.path}/scope-decisions", json=named_to_one)
        assert answer.json()["type"] == "/problems/person-not-known-to-recipients"
        await case.kommune.post(f"{case.path}/scope-decisions", scope(disclosure=both))

    @pytest.mark.parametrize("change", [
        {"home_municipality": "x" * 61}, {"home_municipality": None}, {"subject_id": "x"},
        {"is_moving": True},
    ])
    async def test_what_is_no_residence_is_not_understood(self, house: House, change: dict[str, Any]) -> None:
        case = await (await house.case()).clear()
        [subject] = await subjects_of(case)
        lives = {"subject_id": subject, "home_municipality": "Ishøj", **change}
        draft = {**scope(), "content": {**REASONS, "residences": [lives]}}
        await case.kommune.post(f"{case.path}/scope-decisions", draft, status=400)


class WhenThePoliceGoOnAlone:
    @pytest.mark.rule(20)
    async def test_the_municipality_sees_that_and_when_and_nothing_new(self, house: House) -> None:
        case = await (await house.case()).clear()
        decided = await case.decide("scope-decisions", "police_alone", REASONS, purpose="scope_decision")
        item = await case.note("Nyt om ham.", by=POLICE)
        path = f"{case.path}/information/{item}"
        assert (await case.politi.get(path))["text"] == "Nyt om ham."
        await case.kommune.get(path, status=404)
        assert (await case.kommune.get(f"{case.path}/information"))["items"] == []
        seen = await case.kommune.get(f"{case.path}/scope-decisions/{decided['id']}")
        assert (seen["outcome"], seen["decided_at"]) == ("police_alone", decided["decided_at"])
        assert seen["decided_at"]
        assert await case.stage() == "police_alone"

    @pytest.mark.rule(20)
    async def test_no_way_of_telling_is_open_any_more(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.decide("scope-decisions", "police_alone", REASONS, purpose="scope_decision")
        item = await case.note("Nyt om ham.", by=POLICE)
        both = {"recipients": [MUNICIPALITY], "items": [{"kind": "information", "id": item}]}
        disclosure = told(POLICE)
        for path, body in (
            ("exchanges", {**CLEARANCE, **both}),
            ("information-requests", {"question": "Kender I ham?", "disclosure": disclosure}),
            ("scope-decisions", scope(disclosure=disclosure)),
            ("screenings", {"outcome": "recommend", "content": {"considered": "x", "reasons": "y"},
                            "disclosure": disclosure}),
        ):
            answer = await case.politi.call("POST", f"{case.path}/{path}", json=body)
            assert answer.json()["type"] == "/problems/not-possible-now", path
        await house.assert_logs_are_whole()
