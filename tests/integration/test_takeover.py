"""The police tovholder alone takes an open case over; the municipality is told that and when (rules 20, 44, 84)."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, told
from infohus.kernel.access.model import Stage
from infohus.web.api_examples import EXAMPLES

REASON = "Kilden må ikke kendes: han er set med Kurt."
OPEN = (Stage.RECEIVED, Stage.CLEARED, Stage.ACCEPTED, Stage.QUALIFYING, Stage.RECOMMENDING, Stage.ACTING)
ENDED = tuple(stage for stage in Stage if stage not in {*OPEN, Stage.POLICE_ALONE})
"""What the infohus no longer handles: what was decided jointly, or by the police check, is nobody's alone to undo."""
Reached = Callable[[CaseInHand], Awaitable[CaseInHand]]


async def received(case: CaseInHand) -> CaseInHand:
    return case


async def proposed(case: CaseInHand) -> CaseInHand:
    await case.clear()
    await case.kommune.post(f"{case.path}/scope-decisions", EXAMPLES["ProposeScopeDecision"])
    return case


async def screened_by_one(case: CaseInHand) -> CaseInHand:
    await case.accept()
    await case.kommune.post(f"{case.path}/screenings", EXAMPLES["ProposeScreening"])
    return case


async def assessing(case: CaseInHand) -> CaseInHand:
    await case.qualify()
    await case.kommune.post(f"{case.path}/assessments", EXAMPLES["OpenAssessment"])
    return case


async def acting(case: CaseInHand) -> CaseInHand:
    await case.recommend()
    await case.kommune.post(f"{case.path}/measures", EXAMPLES["StartMeasure"])
    return case


async def taken_over(case: CaseInHand) -> CaseInHand:
    await case.politi.post(f"{case.path}/takeover", {"reason": REASON})
    return case


@pytest.mark.rule(84)
@pytest.mark.fault("C4")
class WhenThePoliceTakeACaseOver:
    @pytest.mark.parametrize("reach", [received, proposed, screened_by_one, assessing, acting])
    async def test_they_do_at_any_open_stage_and_need_nobody(self, house: House, reach: Reached) -> None:
        case = await reach(await house.case())
        before = (await case.kommune.get(case.path))["case"]
        said = await case.politi.post(f"{case.path}/takeover", {"reason": REASON})
        assert said["stage"] == "police_alone"
        seen = (await case.kommune.get(case.path))["case"]
        assert (seen["stage"], seen["taken_over_at"]) == ("police_alone", said["taken_over_at"])
        assert (before["taken_over_at"], seen["version"]) == (None, before["version"] + 1)
        listed = (await case.kommune.get("/cases"))["items"]
        assert [one["taken_over_at"] for one in listed if one["id"] == case.id] == [said["taken_over_at"]]
        again = await case.politi.call("POST", f"{case.path}/takeover", json={"reason": REASON})
        assert (again.status_code, again.json()["type"]) == (409, "/problems/not-possible-now")

    @pytest.mark.parametrize("stage", OPEN)
    async def test_the_database_lets_them_from_every_open_stage(self, house: House, stage: Stage) -> None:
        case = await house.case()
        await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id::text = $1', case.id, stage.value)
        await taken_over(case)
        assert await case.stage() == "police_alone"

    @pytest.mark.rule(17)
    @pytest.mark.parametrize("stage", ENDED)
    async def test_what_is_no_longer_handled_is_not_taken_over(self, house: House, stage: Stage) -> None:
        case = await house.case()
        await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id::text = $1', case.id, stage.value)
        answer = await case.politi.call("POST", f"{case.path}/takeover", json={"reason": REASON})
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-possible-now")
        assert await case.stage() == stage.value
        offered = (await case.politi.get(f"{case.path}/next-steps"))["steps"]
        assert not [one for one in offered if one["act"] == "takeOverCase" and one["is_possible"]]

    async def test_a_closed_case_is_not_taken_over(self, house: House) -> None:
        case = await (await house.case()).close()
        answer = await case.politi.call("POST", f"{case.path}/takeover", json={"reason": REASON})
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-possible-now")
        assert await case.stage() == "closed"

    async def test_a_repetition_takes_it_over_once(self, house: House) -> None:
        case = await house.case()
        headers = {"Idempotency-Key": "overtaget-1"}
        first, second = [
            await case.politi.post(f"{case.path}/takeover", {"reason": REASON}, headers=headers) for _ in range(2)
        ]
        assert first == second
        told_so, headers = EXAMPLES["DiscloseOutside"], {"Idempotency-Key": "givet-uden-1"}
        first, second = [
            await case.politi.post(f"{case.path}/disclosures-outside", told_so, headers=headers) for _ in range(2)
        ]
        assert first == second

    async def test_the_reason_has_words(self, house: House) -> None:
        case = await house.case()
        for reason in ("", " ", "\u200b", "\u3164"):
            answer = await case.politi.call("POST", f"{case.path}/takeover", json={"reason": reason})
            assert answer.status_code in {400, 422}, reason
        assert await case.stage() == "received"

    @pytest.mark.parametrize("who", ["kommune", "raadgiver", "dpo", "politi-dpo", "jurist", "admin"])
    async def test_nobody_else_does(self, house: House, who: str) -> None:
        case = await house.case()
        answer = await house.person(who).call("POST", f"{case.path}/takeover", json={"reason": REASON})
        assert answer.status_code in {403, 404}
        assert await case.stage() == "received"

    @pytest.mark.rule(17)
    async def test_within_and_outside_stay_joint(self, house: House) -> None:
        case = await proposed(await house.case())
        for body in ({"reason": REASON, "outcome": "within"}, {"reason": REASON, "stage": "not_taken_in"}):
            assert (await case.politi.call("POST", f"{case.path}/takeover", json=body)).status_code == 400
        assert await case.stage() == "cleared"


@pytest.mark.rule(20)
@pytest.mark.rule(44)
@pytest.mark.rule(84)
class WhenACaseWasTakenOver:
    async def test_why_stays_on_the_police_side(self, house: House) -> None:
        case = await screened_by_one(await house.case())
        said = await case.politi.post(f"{case.path}/takeover", {"reason": REASON})
        notes = (await case.politi.get(f"{case.path}/notes"))["items"]
        assert [(one["kind"], one["text"]) for one in notes] == [("takeover", REASON)]
        assert (await case.kommune.get(f"{case.path}/notes"))["items"] == []
        await case.kommune.get(f"{case.path}/notes/{said['note_id']}", status=404)
        for path in ("", "/next-steps", "/closing", "/exchanges", "/information", "/earlier-concerns"):
            assert "Kurt" not in (await case.kommune.call("GET", case.path + path)).text
        entry = (await house.entries())[-1]
        assert "Kurt" not in repr(entry)

    async def test_no_way_of_telling_the_municipality_is_open(self, house: House) -> None:
        case = await taken_over(await acting(await house.case()))
        noted = await case.note("Nyt om ham.", by=POLICE)
        measure = (await house.sql("SELECT id FROM infohus.measure WHERE case_id = $1", UUID(case.id)))[0]["id"]
        items = [{"kind": "information", "id": noted}]
        for path, body in (
            ("exchanges", told(POLICE, items=items)),
            ("oral-exchanges", {**EXAMPLES["RecordOralExchange"], "recipients": [MUNICIPALITY]}),
            ("information-requests", {"question": "Kender I ham?", "disclosure": told(POLICE)}),
        ):
            answer = await case.politi.call("POST", f"{case.path}/{path}", json=body)
            assert answer.status_code in {404, 409}, (path, answer.text)
        follow_up = {"text": "Nyt.", "outcome": "goal_reached", "disclosure": told()}
        answer = await case.kommune.call("POST", f"{case.path}/measures/{measure}/follow-ups", json=follow_up)
        assert answer.json()["type"] == "/problems/not-possible-now"
        assert (await case.kommune.get(f"{case.path}/information"))["items"] == []

    async def test_what_it_was_told_before_it_reads_still(self, house: House) -> None:
        case = await (await house.case()).accept()
        noted = await case.note("Set ved stationen.", by=POLICE)
        await case.disclose(noted, by=POLICE)
        await taken_over(case)
        assert (await case.kommune.get(f"{case.path}/information/{noted}"))["text"] == "Set ved stationen."

    async def test_danger_and_an_underretning_go_on(self, house: House) -> None:
        child = {"name": "Barn Barnesen", "is_under_18": True}
        case = await taken_over(await house.case(subjects=[child]))
        said = await case.kommune.post(f"{case.path}/danger-reports", EXAMPLES["ReportDanger"])
        assert (await case.politi.get(f"{case.path}/exchanges/{said['id']}"))["summary"]
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        await case.kommune.call(
            "POST", f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}/hand-over",
            json=EXAMPLES["HandOverChildNotification"],
        )

    @pytest.mark.rule(70)
    @pytest.mark.parametrize("reach", [received, proposed, screened_by_one, assessing, acting])
    async def test_it_can_be_closed_whatever_was_open(self, house: House, reach: Reached) -> None:
        """What nobody can sign any more stands in nobody's way, and an own measure can be ended."""
        case = await taken_over(await reach(await house.case()))
        await case.end_measures()
        for who in (case.kommune, case.politi):
            assert (await who.get(f"{case.path}/closing"))["blockers"] == []
            assert (await who.get(f"{case.path}/next-steps"))["proposals"] == []
        await case.decide("closures", "handed_over", {"reasons": "Hos politiet."}, purpose="closure")
        assert await case.stage() == "closed"

    @pytest.mark.rule(58)
    async def test_a_note_that_says_so_is_made_by_that_act_alone(self, house: House) -> None:
        case = await house.case()
        body = {**EXAMPLES["WriteNote"], "kind": "takeover"}
        for who in (case.kommune, case.politi):
            assert (await who.call("POST", f"{case.path}/notes", json=body)).status_code == 400
        rows = await house.sql("SELECT count(*) AS n FROM infohus.note WHERE case_id = $1", UUID(case.id))
        assert rows[0]["n"] == 0


@pytest.mark.rule(31)
@pytest.mark.rule(84)
async def test_a_concern_keeps_that_it_was_acute(house: House) -> None:
    for is_acute in (True, False):
        case = await house.case(is_acute=is_acute)
        read = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        assert read["is_acute"] is is_acute
        await case.clear()
        assert (await case.politi.get(f"{case.path}/concerns/{case.concern_id}"))["is_acute"] is is_acute
