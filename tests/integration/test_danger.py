"""New danger reaches the police at every stage, by whoever takes part, never under § 115 (rules 20, 31, 84, 105)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, now, told
from infohus.kernel.access.model import Stage
from infohus.web.api_examples import EXAMPLES
from invitations import invitation

DANGER: dict[str, Any] = EXAMPLES["ReportDanger"]
CALL_112 = "Er der akut fare, så ring 112 nu."
ENDED = ("hindered", "not_taken_in", "police_alone", "closed")
Reaching = Callable[[House], Awaitable[CaseInHand]]


async def ended(house: House, stage: str) -> CaseInHand:
    """Bring a case to one of its ends, as both do."""
    case = await house.case()
    if stage == "hindered":
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})
        return case
    if stage == "closed":
        return await case.close()
    await case.clear()
    outcome = "outside" if stage == "not_taken_in" else stage
    await case.decide("scope-decisions", outcome, {"reasons": "En sag for andre."}, purpose="scope_decision")
    return case


async def draw_in(case: CaseInHand, **more: Any) -> None:
    guest = case.house.person("raadgiver")
    draft = invitation(MUNICIPALITY, person_id=str(guest.person_id), **more)
    await case.kommune.post(f"{case.path}/participants", draft)


@pytest.mark.rule(84)
@pytest.mark.rule(105)
@pytest.mark.fault("C4")
class WhenThereIsNewDanger:
    @pytest.mark.parametrize("stage", ENDED)
    async def test_the_police_are_told_where_no_exchange_can_be(self, house: House, stage: str) -> None:
        case = await ended(house, stage)
        assert await case.stage() == stage
        refused = await case.kommune.call("POST", f"{case.path}/exchanges", json=told())
        assert refused.json()["type"] == "/problems/not-possible-now"
        said = await case.kommune.post(f"{case.path}/danger-reports", {**DANGER, "is_acute": False})
        assert (said["paragraph"], said["recipients"], said["instruction"]) == ("fvl-28", [POLICE], None)
        read = await case.politi.get(f"{case.path}/exchanges/{said['id']}")
        assert (read["summary"], read["necessity"]) == (DANGER["danger"], DANGER["necessity"])
        assert (read["purpose"], read["paragraph"], read["cooperation_form"]) == ("danger", "fvl-28", None)
        assert (read["declared_not_for_investigation"], read["consent"]) == (False, None)
        receipts = await case.politi.post(
            f"{case.path}/exchanges/{said['id']}/receipts", {"manifest": said["manifest"]}, status=200
        )
        assert receipts["unacknowledged"] == []
        assert await case.stage() == stage

    @pytest.mark.rule(70)
    async def test_whoever_was_told_of_it_closes_nothing_before_they_have_read_it(self, house: House) -> None:
        """And whoever told of it waits for nobody."""
        case = await (await house.case()).accept()
        said = await case.kommune.post(f"{case.path}/danger-reports", DANGER)
        [blocker] = (await case.politi.get(f"{case.path}/closing"))["blockers"]
        assert (blocker["code"], blocker["on"], blocker["lifted_by"]) == (
            "danger-not-acknowledged", [said["id"]], "yourself",
        )
        assert (await case.kommune.get(f"{case.path}/closing"))["blockers"] == []
        draft = {"outcome": "completed", "content": {"reasons": "Slut."}, "disclosure": told(POLICE, purpose="closure")}
        refused = await case.politi.post(f"{case.path}/closures", draft, status=409)
        assert refused["type"] == "/problems/case-has-unfinished-business"
        receipt = {"manifest": said["manifest"]}
        await case.politi.post(f"{case.path}/exchanges/{said['id']}/receipts", receipt, status=200)
        assert (await case.politi.get(f"{case.path}/closing"))["blockers"] == []

    @pytest.mark.rule(20)
    @pytest.mark.parametrize("stage", [*ENDED, "received"])
    async def test_the_police_warn_the_municipality_at_every_stage_too(self, house: House, stage: str) -> None:
        """It may be meant for those who work there; of the case nothing else goes along."""
        case = await house.case() if stage == "received" else await ended(house, stage)
        happened = {"happened_at": now().isoformat(), "text": "Kilden."}
        noted = (await case.politi.post(f"{case.path}/notes", happened))["id"]
        said = await case.politi.post(f"{case.path}/danger-reports", DANGER)
        assert (said["paragraph"], said["recipients"], said["was_told_112"]) == ("fvl-28", [MUNICIPALITY], True)
        read = await case.kommune.get(f"{case.path}/exchanges/{said['id']}")
        assert (read["summary"], read["records"]) == (DANGER["danger"], [])
        await case.kommune.get(f"{case.path}/notes/{noted}", status=404)
        receipt = {"manifest": said["manifest"]}
        await case.kommune.post(f"{case.path}/exchanges/{said['id']}/receipts", receipt, status=200)
        assert await case.stage() == stage

    async def test_it_waits_for_nothing_at_any_stage(self, house: House) -> None:
        """A child whose underretning waits, an open proposal, a signature: nothing of it stands in the way."""
        case = await house.case(subjects=[{"name": "Barn Barnesen", "is_under_18": True}])
        for stage in Stage:
            await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id::text = $1', case.id, stage.value)
            said = await case.kommune.post(f"{case.path}/danger-reports", DANGER)
            assert (await case.politi.get(f"{case.path}/exchanges/{said['id']}"))["summary"] == DANGER["danger"]

    async def test_the_entry_names_what_it_rests_on_and_whom_it_told(self, house: House) -> None:
        case = await ended(house, "police_alone")
        await case.kommune.post(f"{case.path}/danger-reports", DANGER)
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome.value, entry.purpose) == ("reportDanger", "allowed", "danger")
        assert (entry.justification, entry.recipients) == ("fvl-28", [POLICE])

    async def test_a_provision_is_stated_where_it_fits_the_authority_and_refused_where_not(self, house: House) -> None:
        case = await house.case()
        for basis in ("fvl-28", "strl-141", "sul-43-2-2"):
            said = await case.kommune.post(f"{case.path}/danger-reports", {**DANGER, "basis": basis})
            assert said["paragraph"] == basis
        answer = await case.kommune.call("POST", f"{case.path}/danger-reports", json={**DANGER, "basis": "dbl-6-8"})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/basis-does-not-fit")
        for basis in ("rpl-115-2", "pet-loven-4"):
            answer = await case.kommune.call("POST", f"{case.path}/danger-reports", json={**DANGER, "basis": basis})
            assert answer.status_code == 400

    @pytest.mark.rule(10)
    @pytest.mark.rule(1)
    async def test_necessity_and_category_are_asked_for_all_the_same(self, house: House) -> None:
        case = await ended(house, "police_alone")
        for change, status in (({"necessity": " "}, 422), ({"categories": []}, 400), ({"danger": "\u200b"}, 422)):
            answer = await case.kommune.call("POST", f"{case.path}/danger-reports", json={**DANGER, **change})
            assert answer.status_code in {status, 400}, (change, answer.text)
        told_so = (await case.politi.get(f"{case.path}/exchanges"))["items"]
        assert [one for one in told_so if one["purpose"] == "danger"] == []

    async def test_no_exchange_under_115_has_that_purpose(self, house: House) -> None:
        """Else whatever § 115 asks would be gone around by a word."""
        case = await (await house.case()).accept()
        noted = await case.note()
        item = {"kind": "information", "id": noted}
        given = await case.disclose(noted)
        for path, body in (
            ("exchanges", {**told(), "purpose": "danger", "items": [item]}),
            ("oral-exchanges", {**EXAMPLES["RecordOralExchange"], "purpose": "danger"}),
            ("information-requests", {**EXAMPLES["RequestInformation"], "disclosure": told(purpose="danger")}),
            (f"exchanges/{given['id']}/corrections", {**told(), "purpose": "danger", "summary": "Nej."}),
            ("screenings", {**EXAMPLES["ProposeScreening"], "disclosure": told(purpose="danger")}),
        ):
            answer = await case.kommune.call("POST", f"{case.path}/{path}", json=body)
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/danger-is-reported-by-itself"), path

    @pytest.mark.rule(102)
    async def test_it_carries_no_record_that_was_there_before(self, house: House) -> None:
        case = await house.case()
        noted = await case.note()
        body = {**DANGER, "items": [{"kind": "information", "id": noted}]}
        assert (await case.kommune.call("POST", f"{case.path}/danger-reports", json=body)).status_code == 400
        said = await case.kommune.post(f"{case.path}/danger-reports", DANGER)
        correction = {**told(), "purpose": "danger", "summary": "Det var en anden."}
        answer = await case.kommune.call(
            "POST", f"{case.path}/exchanges/{said['id']}/corrections", json={**correction, "items": body["items"]}
        )
        assert answer.json()["type"] == "/problems/correction-carries-more"
        await draw_in(case)
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        answer = await case.kommune.call(
            "POST", f"{case.path}/exchanges/{said['id']}/corrections", json={**correction, "recipients": [PROBATION]}
        )
        assert answer.json()["type"] == "/problems/correction-carries-more"
        await case.politi.get(f"{case.path}/information/{noted}", status=404)

    @pytest.mark.rule(13)
    @pytest.mark.parametrize("stage", ["police_alone", "closed"])
    async def test_it_is_corrected_on_the_provision_it_rests_on(self, house: House, stage: str) -> None:
        case = await ended(house, stage)
        said = await case.kommune.post(f"{case.path}/danger-reports", {**DANGER, "basis": "strl-141"})
        path = f"{case.path}/exchanges/{said['id']}"
        under_115 = await case.kommune.call("POST", f"{path}/corrections", json={**told(), "summary": "Nej."})
        assert under_115.json()["type"] == "/problems/danger-is-reported-by-itself"
        body = {"recipients": [], "purpose": "danger", "categories": ["ordinary"], "necessity": "Det var en anden."}
        right = await case.kommune.post(f"{path}/corrections", {**body, "summary": "Det var hans bror."})
        assert (right["paragraph"], right["is_acute"], right["recipients"]) == ("strl-141", True, [POLICE])
        assert (await case.politi.get(path))["corrected_by"] == right["id"]


@pytest.mark.rule(31)
@pytest.mark.rule(84)
class WhenTheDangerIsAcute:
    async def test_112_is_said_first_and_that_it_was_is_kept(self, house: House) -> None:
        case = await ended(house, "closed")
        answer = await case.kommune.call("POST", f"{case.path}/danger-reports", json=DANGER)
        said = answer.json()
        assert next(iter(said)) == "instruction"
        assert said["instruction"].startswith(CALL_112)
        calm = await case.kommune.post(f"{case.path}/danger-reports", {**DANGER, "is_acute": False})
        for person in (case.kommune, case.politi):
            kept = await person.get(f"{case.path}/exchanges/{said['id']}")
            assert (kept["is_acute"], kept["was_told_112"]) == (True, True)
            kept = await person.get(f"{case.path}/exchanges/{calm['id']}")
            assert (kept["is_acute"], kept["was_told_112"]) == (False, False)
        other = await case.politi.get(f"{case.path}/exchanges")
        assert {one["is_acute"] for one in other["items"] if one["purpose"] != "danger"} == {None}

    @pytest.mark.parametrize("change", [
        {"necessity": " "}, {"basis": "dbl-6-8"}, {"danger": ""}, {"danger": "x" * 200_000}, {"danger": "a\0b"},
        {"basis": "andet"}, {"hastende": True}, {"exchanged_at": "9999-01-01T00:00:00Z"}, {"exchanged_at": "i går"},
        {"categories": []}, {"is_acute": "true"}, {"is_acute": None}, {"about": [str(uuid4())]},
    ])
    async def test_a_refusal_says_it_too(self, house: House, change: dict[str, Any]) -> None:
        case = await house.case()
        answer = await case.kommune.call("POST", f"{case.path}/danger-reports", json={**DANGER, **change})
        assert answer.status_code in {400, 413, 422}, answer.text
        assert answer.json()["detail"].startswith(CALL_112)

    async def test_so_does_one_of_whatever_cannot_be_read_or_may_not_be_sent(self, house: House) -> None:
        case = await house.case()
        path, sent = f"{case.path}/danger-reports", json.dumps(DANGER)
        for person, more in (
            (case.kommune, {"content": b""}), (case.kommune, {"content": b"{}"}),
            (case.kommune, {"content": sent[:-1]}),
            (case.kommune, {"content": sent, "headers": {"Content-Type": "text/plain"}}),
            (case.kommune, {"json": DANGER, "params": {"x": "1"}}),
            (house.person("dpo"), {"json": DANGER}),
            (case.kommune, {"json": DANGER, "headers": {"Authorization": "Bearer udløbet".encode()}}),
        ):
            answer = await person.call("POST", path, **more)
            assert answer.is_error
            assert answer.json()["detail"].startswith(CALL_112), answer.text
        calm = await case.kommune.call("POST", path, json={**DANGER, "is_acute": False, "necessity": " "})
        assert "112" not in calm.text

    async def test_so_does_one_of_a_concern_that_says_it_in_words_nobody_understood(self, house: House) -> None:
        case = await house.case()
        concern = {**EXAMPLES["RecordConcern"], "is_acute": True, "channel": "røgsignal"}
        for path in (f"/infohuse/{house.infohus_id}/concerns", f"{case.path}/concerns"):
            refused = await case.kommune.call("POST", path, json=concern)
            assert (refused.status_code, refused.json()["detail"].startswith(CALL_112)) == (400, True)
            calm = await case.kommune.call("POST", path, json={**concern, "is_acute": False})
            assert "112" not in calm.text


@pytest.mark.rule(84)
@pytest.mark.rule(86)
class WhenSomebodyDrawnInLearnsOfDanger:
    @pytest.mark.parametrize("scope", [["information"], ["measures"], ["exchange"]])
    async def test_they_report_it_whatever_they_were_drawn_in_for(self, house: House, scope: list[str]) -> None:
        case, guest = await (await house.case()).accept(), house.person("raadgiver")
        noted = await case.note()
        await draw_in(case, scope=scope)
        said = await guest.post(f"{case.path}/danger-reports", DANGER)
        assert (said["discloser"], said["recipients"], said["was_told_112"]) == (MUNICIPALITY, [POLICE], True)
        read = await case.politi.get(f"{case.path}/exchanges/{said['id']}")
        assert read["summary"] == DANGER["danger"]
        assert (await case.kommune.get(f"{case.path}/exchanges/{said['id']}"))["summary"] == DANGER["danger"]
        # It opens nothing else: no exchange of theirs, under § 115 or about what was there before.
        await guest.post(f"{case.path}/exchanges", told(items=[{"kind": "information", "id": noted}]), status=403)
        await case.politi.get(f"{case.path}/information/{noted}", status=404)

    async def test_a_repetition_reports_it_once(self, house: House) -> None:
        case, guest = await house.case(), house.person("raadgiver")
        await draw_in(case, scope=["measures"])
        headers = {"Idempotency-Key": "fare-meldt-1"}
        first, second = [
            await guest.post(f"{case.path}/danger-reports", DANGER, headers=headers) for _ in range(2)
        ]
        assert first == second
        assert len((await case.politi.get(f"{case.path}/exchanges"))["items"]) == 1

    async def test_at_the_ends_of_a_case_too_and_not_after_they_left(self, house: House) -> None:
        case, guest = await (await house.case()).accept(), house.person("raadgiver")
        await draw_in(case, scope=["measures"])
        await house.sql("UPDATE infohus.\"case\" SET stage = 'police_alone' WHERE id::text = $1", case.id)
        await guest.post(f"{case.path}/danger-reports", DANGER)
        await guest.delete(f"{case.path}/participation")
        await guest.post(f"{case.path}/danger-reports", DANGER, status=404)

    @pytest.mark.rule(44)
    async def test_nobody_else_learns_of_it(self, house: House) -> None:
        """Another who is drawn in sees no report of the tovholder's, and not that there is one."""
        case, guest = await (await house.case()).accept(), house.person("raadgiver")
        await draw_in(case, scope=["exchange", "information", "assessment", "measures"])
        before = (await guest.get(f"{case.path}/exchanges"))["items"]
        said = await case.kommune.post(f"{case.path}/danger-reports", DANGER)
        assert (await guest.get(f"{case.path}/exchanges"))["items"] == before
        await guest.get(f"{case.path}/exchanges/{said['id']}", status=404)


@pytest.mark.rule(84)
class WhenSomebodyElseTries:
    @pytest.mark.parametrize("who", ["politi-dpo", "dpo", "jurist", "admin"])
    async def test_it_is_refused(self, house: House, who: str) -> None:
        case = await house.case()
        answer = await house.person(who).call("POST", f"{case.path}/danger-reports", json=DANGER)
        assert answer.status_code in {403, 404}
        assert (await case.politi.get(f"{case.path}/exchanges"))["items"] == []

    async def test_whoever_takes_no_part_learns_of_no_case(self, house: House) -> None:
        case = await house.case()
        await house.person("raadgiver").post(f"{case.path}/danger-reports", DANGER, status=404)

    async def test_what_lies_ahead_is_refused(self, house: House) -> None:
        case = await house.case()
        body = {**DANGER, "exchanged_at": now().replace(year=now().year + 1, day=1).isoformat()}
        answer = await case.kommune.call("POST", f"{case.path}/danger-reports", json=body)
        assert answer.json()["type"] == "/problems/in-the-future"


@pytest.mark.rule(2)
async def test_the_refusal_of_investigation_names_the_ways_outside_115(house: House) -> None:
    case = await house.case()
    body = {**told(), "summary": "Sagt.", "for_criminal_investigation": True}
    detail = (await case.kommune.call("POST", f"{case.path}/exchanges", json=body)).json()["detail"]
    for named in ("112", "»Meld fare«", "forvaltningslovens § 28", "straffelovens § 141", "§ 43"):
        assert named in detail
