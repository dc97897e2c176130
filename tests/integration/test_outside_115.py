"""What an authority tells another outside § 115, on a provision named, and never as a way around (rules 16, 105)."""

from typing import Any

import pytest

from house import INSTITUTION, MUNICIPALITY, POLICE, PROBATION, House, told
from infohus.kernel.access.model import Stage
from infohus.web.api_examples import EXAMPLES
from invitations import invitation

TOLD: dict[str, Any] = EXAMPLES["DiscloseOutside"]


@pytest.mark.rule(105)
class WhenAnAuthorityTellsAnotherForItself:
    async def test_it_is_logged_and_shown_as_an_exchange_is_on_the_provision_named(self, house: House) -> None:
        case = await house.case()
        noted = await case.note()
        items = [{"kind": "information", "id": noted}]
        said = await case.kommune.post(f"{case.path}/disclosures-outside", {**TOLD, "items": items})
        assert (said["paragraph"], said["purpose"], said["cooperation_form"]) == ("fvl-31", "own_handling", None)
        assert (said["recipients"], said["records"]) == ([PROBATION], items)
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome.value, entry.purpose) == ("discloseOutside", "allowed", "own_handling")
        assert (entry.justification, entry.recipients) == ("fvl-31", [PROBATION])
        read = await case.kommune.get(f"{case.path}/exchanges/{said['id']}")
        assert (read["summary"], read["is_acute"]) == (TOLD["summary"], None)
        # The other side learns nothing of it (rule 44).
        assert (await case.politi.get(f"{case.path}/exchanges"))["items"] == []
        await case.politi.get(f"{case.path}/exchanges/{said['id']}", status=404)

    async def test_at_every_stage(self, house: House) -> None:
        case = await house.case()
        for stage in Stage:
            await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id::text = $1', case.id, stage.value)
            for who in (case.kommune, case.politi):
                await who.post(f"{case.path}/disclosures-outside", TOLD)

    async def test_the_provision_is_derived_and_one_that_is_anothers_refused(self, house: House) -> None:
        case = await house.case()
        said = await case.kommune.post(f"{case.path}/disclosures-outside", {**TOLD, "basis": None})
        assert said["paragraph"] == "fvl-28"
        for who, basis in ((case.kommune, "dbl-6-8"), (case.politi, "sul-43-2-2"), (case.politi, "dbl-6-8")):
            answer = await who.call("POST", f"{case.path}/disclosures-outside", json={**TOLD, "basis": basis})
            assert answer.json()["type"] == "/problems/basis-does-not-fit"
        for basis in ("rpl-115-1", "pet-loven-4"):
            answer = await case.politi.call("POST", f"{case.path}/disclosures-outside", json={**TOLD, "basis": basis})
            assert answer.status_code == 400

    @pytest.mark.rule(11)
    async def test_the_police_say_why_it_is_strictly_necessary(self, house: House) -> None:
        case = await house.case()
        body = {**TOLD, "categories": ["special_categories"]}
        answer = await case.politi.call("POST", f"{case.path}/disclosures-outside", json=body)
        assert answer.json()["type"] == "/problems/strict-necessity-missing"
        await case.politi.post(f"{case.path}/disclosures-outside", {**body, "strict_necessity": "Ellers dør nogen."})


@pytest.mark.rule(105)
class WhenItWouldGoAroundWhat115Asks:
    @pytest.mark.rule(3)
    async def test_who_takes_part_is_not_told_so_at_any_stage(self, house: House) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        for stage in Stage:
            await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id::text = $1', case.id, stage.value)
            for who, others in ((case.kommune, (POLICE, PROBATION)), (case.politi, (MUNICIPALITY, PROBATION))):
                for one in others:
                    for recipients in ([one], [INSTITUTION, one]):
                        body = {**TOLD, "recipients": recipients}
                        answer = await who.call("POST", f"{case.path}/disclosures-outside", json=body)
                        assert answer.json()["type"] == "/problems/participant-is-told-under115", (stage, recipients)
        assert (await case.politi.get(f"{case.path}/exchanges"))["items"] == []

    @pytest.mark.rule(7)
    async def test_nobody_but_an_authority_of_the_plan_is_told(self, house: House) -> None:
        case = await house.case()
        for one in ("lokal-fodboldklub", "en-moske"):
            body = {**TOLD, "recipients": [one]}
            answer = await case.kommune.call("POST", f"{case.path}/disclosures-outside", json=body)
            assert answer.json()["type"] == "/problems/not-an-authority-here"

    @pytest.mark.rule(16)
    async def test_what_was_received_is_not_given_on(self, house: House) -> None:
        case = await (await house.case()).accept()
        noted = await case.note(by=POLICE)
        await case.disclose(noted, by=POLICE)
        body = {**TOLD, "items": [{"kind": "information", "id": noted}]}
        answer = await case.kommune.call("POST", f"{case.path}/disclosures-outside", json=body)
        assert answer.json()["type"] == "/problems/received-is-not-given-outside"
        unseen = await case.note(by=POLICE)
        body = {**TOLD, "items": [{"kind": "information", "id": unseen}]}
        assert (await case.kommune.call("POST", f"{case.path}/disclosures-outside", json=body)).status_code == 404

    async def test_no_exchange_under_115_has_that_purpose(self, house: House) -> None:
        case = await house.case()
        body = {**told(), "purpose": "own_handling", "summary": "Sagt."}
        answer = await case.kommune.call("POST", f"{case.path}/exchanges", json=body)
        assert answer.json()["type"] == "/problems/not-disclosed-under115"

    @pytest.mark.rule(8)
    async def test_a_request_of_the_case_is_not_answered_by_it(self, house: House) -> None:
        case = await (await house.case()).accept()
        asked = await case.politi.post(
            f"{case.path}/information-requests", {"question": "Kender I ham?", "disclosure": told(POLICE)}
        )
        said = await case.kommune.post(f"{case.path}/disclosures-outside", TOLD)
        answer = await case.kommune.call(
            "POST", f"{case.path}/information-requests/{asked['id']}/answer",
            json={"answer": "disclosed", "exchange_id": said["id"]},
        )
        assert answer.json()["type"] == "/problems/answer-names-no-exchange"

    @pytest.mark.rule(13)
    async def test_it_is_corrected_on_its_provision_to_whom_it_was_told(self, house: House) -> None:
        case = await house.case()
        said = await case.kommune.post(f"{case.path}/disclosures-outside", TOLD)
        path = f"{case.path}/exchanges/{said['id']}/corrections"
        body = {"recipients": [], "purpose": "own_handling", "categories": ["ordinary"], "necessity": "Det var galt."}
        right = await case.kommune.post(path, {**body, "summary": "Han bor hos sin mor."})
        assert (right["paragraph"], right["recipients"]) == ("fvl-31", [PROBATION])
        assert (await case.politi.get(f"{case.path}/exchanges"))["items"] == []
