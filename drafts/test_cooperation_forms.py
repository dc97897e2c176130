"""nr. 2 and nr. 3 are cooperations with certain authorities, nr. 3 about certain persons, by what is on record (5, 9)."""

from typing import Any
from uuid import uuid4

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, told
from invitations import invitation

PSYCHIATRY = "region-psykiatri"
GROUNDS = {"rpl-115-1-3-a": "convict", "rpl-115-1-3-b": "convicted_minor", "rpl-115-1-3-c": "custody"}
RELEASE = {"released_on": "2026-10-01", "judgement": "at_risk", "basis": "Kriminalforsorgens vurdering."}
BROTHERS = [{"name": "Ole Prøvesen"}, {"name": "Bo Prøvesen"}]


async def psychiatry(house: House) -> None:
    """Let the plan have a region whose psychiatry can be drawn in."""
    await house.sql(
        "INSERT INTO infohus.authority VALUES ($1, 'Psykiatrien', 'health_region', 'gdpr', NULL)", PSYCHIATRY
    )
    await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, $2)", house.infohus_id, PSYCHIATRY)


async def told_under(case: CaseInHand, form: str, by: str = MUNICIPALITY, **more: Any) -> tuple[str, str]:
    """Try to tell the other something under a form; give what came back, and what it says."""
    person = case.kommune if by == MUNICIPALITY else case.politi
    body = {**told(by), "summary": "Sagt.", "cooperation_form": form, **more}
    answer = await person.call("POST", f"{case.path}/exchanges", json=body)
    said = answer.json()
    return str(said.get("type", answer.status_code)), str(said.get("detail", ""))


async def persons_of(case: CaseInHand) -> dict[str, str]:
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    return {one["name"]: one["id"] for one in concern["subjects"]}


class WhenAFormOfCooperationIsNamed:
    @pytest.mark.rule(5)
    async def test_nr_2_lacks_the_psychiatry_until_it_takes_part(self, house: House) -> None:
        await psychiatry(house)
        case = await house.case()
        kind, said = await told_under(case, "rpl-115-1-2")
        assert kind == "/problems/form-lacks-participants"
        assert "deltager ikke: psykiatrien." in said
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        assert (await told_under(case, "rpl-115-1-2", POLICE))[0] == "/problems/form-lacks-participants"
        drawn_in = await case.kommune.post(f"{case.path}/participants", invitation(PSYCHIATRY))
        assert (await told_under(case, "rpl-115-1-2"))[0] == "201"
        assert (await told_under(case, "rpl-115-1-2", POLICE))[0] == "201"
        await case.kommune.delete(f"{case.path}/participants/{drawn_in['id']}", status=200)
        assert (await told_under(case, "rpl-115-1-2"))[0] == "/problems/form-lacks-participants"

    @pytest.mark.rule(9)
    @pytest.mark.parametrize("form", GROUNDS)
    async def test_nr_3_lacks_kriminalforsorgen_until_it_takes_part(self, house: House, form: str) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/custody-releases", {**RELEASE, "ground": GROUNDS[form]})
        kind, said = await told_under(case, form)
        assert kind == "/problems/form-lacks-participants"
        assert "deltager ikke: kriminalforsorgen." in said
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        assert (await told_under(case, form))[0] == "201"

    @pytest.mark.rule(9)
    @pytest.mark.parametrize("form", GROUNDS)
    async def test_nr_3_asks_that_very_release(self, house: House, form: str) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        assert (await told_under(case, form))[0] == "/problems/release-condition-missing"
        for other in set(GROUNDS.values()) - {GROUNDS[form]}:
            await case.kommune.post(f"{case.path}/custody-releases", {**RELEASE, "ground": other})
        kind, said = await told_under(case, form)
        assert kind == "/problems/release-condition-missing"
        assert "litra a)" in said
        await case.kommune.post(f"{case.path}/custody-releases", {**RELEASE, "ground": GROUNDS[form]})
        assert (await told_under(case, form))[0] == "201"

    @pytest.mark.rule(9)
    @pytest.mark.rule(44)
    async def test_what_the_other_side_recorded_carries_nothing_until_it_is_told(self, house: House) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        person = (await persons_of(case))["Prøve Prøvesen"]
        release = await case.kommune.post(f"{case.path}/custody-releases", RELEASE)
        item = {"kind": "subject", "id": person}
        await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": [item]})
        assert (await told_under(case, "rpl-115-1-3-c", POLICE))[0] == "/problems/release-condition-missing"
        item = {"kind": "custody_release", "id": release["id"]}
        await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": [item]})
        assert (await told_under(case, "rpl-115-1-3-c", POLICE))[0] == "201"

    @pytest.mark.rule(9)
    async def test_one_brothers_release_carries_nothing_about_the_other(self, house: House) -> None:
        case = await house.case(subjects=BROTHERS)
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        ids = await persons_of(case)
        path = f"{case.path}/custody-releases"
        unnamed = await case.kommune.post(path, RELEASE, status=422)
        assert unnamed["type"] == "/problems/who-was-released"
        strange = await case.kommune.post(path, {**RELEASE, "subject_id": str(uuid4())}, status=422)
        assert strange["type"] == "/problems/no-person-of-the-case"
        await case.kommune.post(path, {**RELEASE, "subject_id": ids["Ole Prøvesen"]})
        about = {name: [{"kind": "subject", "id": one}] for name, one in ids.items()}
        missing = "/problems/release-condition-missing"
        seen = [
            (await told_under(case, "rpl-115-1-3-c", items=items))[0]
            for items in ([], about["Bo Prøvesen"], [*about["Ole Prøvesen"], *about["Bo Prøvesen"]])
        ]
        assert seen == [missing] * 3
        assert (await told_under(case, "rpl-115-1-3-c", items=about["Ole Prøvesen"]))[0] == "201"

    @pytest.mark.rule(9)
    async def test_a_person_without_a_name_is_none_whom_it_can_concern(self, house: House) -> None:
        case = await house.case(subjects=[{"birth_date": "2004-02-01"}])
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        await case.kommune.post(f"{case.path}/custody-releases", RELEASE)
        assert (await told_under(case, "rpl-115-1-3-c"))[0] == "/problems/release-condition-missing"

    @pytest.mark.rule(9)
    async def test_litra_c_asks_what_was_judged_and_the_others_do_not(self, house: House) -> None:
        case = await house.case()
        path = f"{case.path}/custody-releases"
        draft = {name: value for name, value in RELEASE.items() if name != "judgement"}
        refused = await case.kommune.post(path, draft, status=422)
        assert refused["type"] == "/problems/release-without-judgement"
        assert (await case.kommune.post(path, {**draft, "ground": "convict"}))["judgement"] is None

    @pytest.mark.fault("C22")
    async def test_nothing_of_a_release_stands_in_the_clear(self, house: House) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/custody-releases", {**RELEASE, "ground": "custody"})
        [row] = await house.sql("SELECT * FROM infohus.custody_release")
        clear = {str(value) for value in row.values() if not isinstance(value, bytes)}
        assert not clear & {"2026-10-01", "at_risk", "custody"}
