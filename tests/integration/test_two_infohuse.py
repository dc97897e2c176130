"""One installation has several infohuse; a police tovholder may be in several, and nobody sees another."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from house import MUNICIPAL_LOG, NEIGHBOUR, POLICE_LOG, House, Person, now
from infohus.kernel.audit.storage.log import log_of

NAME = "Nanna Nabosen"


def concern() -> dict[str, Any]:
    """Write a concern about somebody of the neighbouring municipality."""
    return {
        "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "professional",
        "observation": "Hun tegner symboler.", "told_reporter": "Vi ser på det.",
        "subjects": [{"name": NAME, "birth_date": "1990-02-01"}],
    }


async def cases_of(person: Person) -> set[str]:
    return {line["id"] for line in (await person.get("/cases"))["items"]}


async def refused(person: Person, path: str) -> dict[str, Any]:
    """Give the answer of a refusal, but for what differs each time."""
    answer = await person.call("GET", path)
    assert answer.status_code == 404, path
    return {name: value for name, value in answer.json().items() if name != "correlation_id"}


class WhenOnePoliceTovholderSitsInTwoInfohuse:
    @pytest.mark.rule(46)
    async def test_they_see_both_infohuse_and_the_cases_of_both(self, house: House) -> None:
        politi = house.person("politi")
        neighbour = await house.neighbour(police_coordinator=politi.person_id)
        ours = await house.case()
        theirs = await politi.post(f"/infohuse/{neighbour.infohus_id}/concerns", concern())
        assert await cases_of(politi) == {ours.id, theirs["case_id"]}
        for one in (house, neighbour):
            assert (await politi.get(f"/infohuse/{one.infohus_id}"))["id"] == str(one.infohus_id)
        for case_id in (ours.id, theirs["case_id"]):
            assert (await politi.get(f"/cases/{case_id}"))["case"]["id"] == case_id
        read = await politi.get(f"/cases/{theirs['case_id']}/concerns/{theirs['id']}")
        assert read["observation"] == "Hun tegner symboler."
        await neighbour.assert_logs_are_whole()

    @pytest.mark.rule(46)
    @pytest.mark.rule(47)
    async def test_the_municipal_tovholder_of_one_never_sees_the_other(self, house: House) -> None:
        politi, kommune = house.person("politi"), house.person("kommune")
        neighbour = await house.neighbour(police_coordinator=politi.person_id)
        theirs = await politi.post(f"/infohuse/{neighbour.infohus_id}/concerns", concern())
        ours = await house.case()
        assert await cases_of(kommune) == {ours.id}
        case, unknown = f"/cases/{theirs['case_id']}", f"/cases/{uuid4()}"
        for more in ("", "/exchanges", f"/concerns/{theirs['id']}"):
            assert await refused(kommune, case + more) == await refused(kommune, unknown + more)
        there, nowhere = f"/infohuse/{neighbour.infohus_id}", f"/infohuse/{uuid4()}"
        for more in ("", "/plan-versions", "/plan-versions/1/changes", "/obligations", "/network-materials",
                     "/stalled-measures", "/yearly-status/2025"):
            assert await refused(kommune, there + more) == await refused(kommune, nowhere + more)
        await kommune.post(f"{there}/concerns", concern(), status=404)
        await kommune.post(f"{there}/network-materials", {"title": "Alment", "text": "Alment."}, status=404)

    @pytest.mark.rule(47)
    async def test_a_record_of_one_case_is_not_found_by_way_of_another_case(self, house: House) -> None:
        politi = house.person("politi")
        neighbour = await house.neighbour(police_coordinator=politi.person_id)
        theirs = await politi.post(f"/infohuse/{neighbour.infohus_id}/concerns", concern())
        ours = await house.case()
        crossed = await refused(politi, f"{ours.path}/concerns/{theirs['id']}")
        assert crossed == await refused(politi, f"{ours.path}/concerns/{uuid4()}")

    @pytest.mark.rule(90)
    async def test_each_act_stands_in_its_own_authoritys_log_whatever_the_infohus(self, house: House) -> None:
        politi = house.person("politi")
        neighbour = await house.neighbour(police_coordinator=politi.person_id)
        theirs = await politi.post(f"/infohuse/{neighbour.infohus_id}/concerns", concern())
        await refused(house.person("kommune"), f"/cases/{theirs['case_id']}")
        assert [one.action for one in await house.entries(POLICE_LOG)] == ["signIn", "recordConcern"]
        # The municipality has no side in the case, so not even the refusal tells that there is one.
        tried = (await house.entries(MUNICIPAL_LOG))[-1]
        assert (tried.action, str(tried.subject), tried.case) == ("readCase", theirs["case_id"], None)
        assert await house.entries(log_of(NEIGHBOUR)) == []

    async def test_what_one_infohus_adds_to_the_network_stays_with_it(self, house: House) -> None:
        politi = house.person("politi")
        neighbour = await house.neighbour(police_coordinator=politi.person_id)
        text = {"title": "Alment", "text": "Om den første samtale."}
        await politi.post(f"/infohuse/{neighbour.infohus_id}/network-materials", text)
        assert (await politi.get(f"/infohuse/{house.infohus_id}/network-materials"))["items"] == []


class WhenAPoliceTovholderSitsInOne:
    @pytest.mark.rule(46)
    async def test_the_same_role_in_the_same_district_opens_nothing_of_the_other(self, house: House) -> None:
        politi = house.person("politi")
        neighbour = await house.neighbour(police_coordinator=uuid4())
        await politi.post(f"/infohuse/{neighbour.infohus_id}/concerns", concern(), status=404)
        await politi.get(f"/infohuse/{neighbour.infohus_id}/yearly-status/2025", status=404)

    @pytest.mark.rule(46)
    async def test_who_is_no_longer_in_the_second_keeps_the_first(self, house: House) -> None:
        politi = house.person("politi")
        neighbour = await house.neighbour(police_coordinator=politi.person_id)
        theirs = await politi.post(f"/infohuse/{neighbour.infohus_id}/concerns", concern())
        ours = await house.case()
        await house.sql(
            "UPDATE infohus.participant SET ends_at = begins_at WHERE case_id = $1 AND person_id = $2",
            UUID(theirs["case_id"]), politi.person_id,
        )
        assert await cases_of(politi) == {ours.id}
        await politi.get(f"/cases/{theirs['case_id']}", status=404)
