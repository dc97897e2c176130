"""Whoever is taken off the list of an infohus' tovholdere has access to nothing from that moment on (rule 94)."""

import pytest

from every_route import ROUTES, request_for
from house import MUNICIPALITY, POLICE, CaseInHand, House, told
from infohus.demo.people import DEMO_PEOPLE
from one_api import description_of

BY_ROLE = {"kommune": MUNICIPALITY, "politi": POLICE}


async def no_longer_tovholder(house: House, name: str) -> None:
    """Delete the person's row, as the owner would."""
    await house.sql("DELETE FROM infohus.coordinator WHERE person_id = $1", house.person(name).person_id)


class WhenATovholderIsTakenOffTheList:
    @pytest.mark.rule(94)
    @pytest.mark.fault("A15")
    @pytest.mark.parametrize("name", BY_ROLE)
    async def test_every_route_of_a_running_case_answers_as_for_an_unknown_one(self, house: House, name: str) -> None:
        case = await (await house.case()).recommend()
        item = await case.note(by=BY_ROLE[name])
        person = house.person(name)
        assert [one["id"] for one in (await person.get("/cases"))["items"]] == [case.id]
        await no_longer_tovholder(house, name)
        answered = {}
        for route in (one for one in ROUTES if one.path.startswith("/cases/{case_id}")):
            request = request_for(house, route)
            path = case.path + request["path"][len(case.path):]
            answer = await person.call(route.method, path, json=request.get("json"))
            operation = description_of(house.app)["paths"][route.path][route.method.lower()]
            can = DEMO_PEOPLE[name].role.value in operation["x-roles"]
            if answer.json()["type"] != f"/problems/{'not-available' if can else 'role-may-not'}":
                answered[route.operation_id] = answer.status_code
        assert answered == {}
        assert (await person.get("/cases"))["items"] == []
        await person.get(f"{case.path}/information/{item}", status=404)
        await person.get(f"{case.path}/concerns/{case.concern_id}", status=404)
        body = {**told(BY_ROLE[name]), "items": [{"kind": "information", "id": item}]}
        await person.post(f"{case.path}/exchanges", body, status=404)

    @pytest.mark.rule(94)
    @pytest.mark.fault("A15")
    async def test_the_other_tovholder_goes_on(self, house: House) -> None:
        case = await (await house.case()).accept()
        await no_longer_tovholder(house, "kommune")
        assert (await case.politi.get(case.path))["case"]["id"] == case.id
        await case.note(by=POLICE)

    @pytest.mark.rule(94)
    @pytest.mark.fault("A15")
    async def test_being_tovholder_of_another_infohus_opens_no_case_of_this_one(self, house: House) -> None:
        case: CaseInHand = await (await house.case()).accept()
        await house.neighbour(police_coordinator=case.politi.person_id)
        await house.sql(
            "DELETE FROM infohus.coordinator WHERE person_id = $1 AND infohus_id = $2", case.politi.person_id,
            house.infohus_id,
        )
        await case.politi.get(case.path, status=404)
        await case.kommune.get(case.path)

    @pytest.mark.rule(94)
    @pytest.mark.fault("A15")
    async def test_the_policies_say_so_where_row_security_is_spoiled(self, house: House) -> None:
        case = await (await house.case()).accept()
        await no_longer_tovholder(house, "kommune")
        for table in ("case", "participant"):
            await house.sql(f'CREATE POLICY let_all ON infohus."{table}" FOR SELECT TO infohus_app USING (true)')
        await case.kommune.get(case.path, status=404)
