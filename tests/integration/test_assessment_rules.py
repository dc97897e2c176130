"""The vurderingsværktøj in use: three steps, nine dimensions, and no number anywhere (rules 35–41)."""

import re
from typing import Any

import pytest

from house import MUNICIPALITY, CaseInHand, House, told
from infohus import errors
from infohus.casework.assessments.template import CURRENT, current_template, read_template

CONTRIBUTION: dict[str, Any] = {
    "dimension": "family", "answer": "described", "text": "Moren holder kontakt.", "source": "skolens trivselsmøde",
    "dated_on": "2026-10-01", "is_first_hand": False, "origin": "already_held",
}
RISK = {**CONTRIBUTION, "dimension": "willingness_to_use_violence", "text": "Han siger, han vil forsvare sig."}
CONCLUSION = {
    "problems": "Isolation.", "resources": "Moren.", "overall_assessment": "Støtte hjælper.",
    "dimensions_to_work_on": ["family"],
}


async def open_tool(case: CaseInHand) -> dict[str, Any]:
    """Open the tool in a case to be qualified."""
    draft = {"users_are_trained": True, "disclosure": told(purpose="assessment")}
    opened: dict[str, Any] = await case.kommune.post(f"{case.path}/assessments", draft)
    return opened


class WhenTheToolIsUsed:
    """Rules 35–41."""

    @pytest.mark.rule(35)
    async def test_it_opens_only_after_a_joint_reason_to_qualify_further(self, house: House) -> None:
        case = await (await house.case()).accept()
        draft = {"users_are_trained": True, "disclosure": told(purpose="assessment")}
        early = await case.kommune.call("POST", f"{case.path}/assessments", json=draft)
        assert early.json()["type"] == "/problems/not-possible-now"
        content = {"considered": "Det, begge ved.", "reasons": "Billedet er uklart."}
        await case.decide("screenings", "qualify_further", content, purpose="screening")
        await open_tool(case)

    @pytest.mark.rule(36)
    @pytest.mark.rule(41)
    async def test_it_has_three_steps_four_instruments_and_nine_dimensions(self, house: House) -> None:
        opened = await open_tool(await (await house.case()).qualify())
        template = opened["template"]
        assert len(template["step"]) == 3
        assert sum(len(step["instruments"]) for step in template["step"]) == 4
        sides = [dimension["side"] for dimension in template["dimension"]]
        assert (sides.count("risk_and_threat"), sides.count("wellbeing_and_resilience")) == (4, 5)
        assert (template["id"], opened["users_are_trained"]) == ("cdie-1", True)

    @pytest.mark.rule(36)
    @pytest.mark.rule(39)
    async def test_a_contribution_says_whose_from_where_and_may_be_unknown(self, house: House) -> None:
        case = await (await house.case()).qualify()
        opened = await open_tool(case)
        path = f"{case.path}/assessments/{opened['decision']['id']}/contributions"
        unknown = {**CONTRIBUTION, "dimension": "mental_vulnerability", "answer": "unknown", "text": None}
        shown = await case.kommune.post(path, {"contributions": [CONTRIBUTION, unknown]})
        mine = shown["contributions"]["items"][0]
        assert {name: mine[name] for name in CONTRIBUTION} == CONTRIBUTION
        assert mine["authority_id"] == MUNICIPALITY
        assert shown["contributions"]["items"][1]["answer"] == "unknown"
        for missing in ("source", "dated_on", "is_first_hand", "origin"):
            draft = {name: value for name, value in CONTRIBUTION.items() if name != missing}
            assert (await case.kommune.call("POST", path, json={"contributions": [draft]})).status_code == 400
        wrong = {"contributions": [{**CONTRIBUTION, "dimension": "horoscope"}]}
        assert (await case.kommune.call("POST", path, json=wrong)).json()["type"] == "/problems/unknown-dimension"

    @pytest.mark.rule(44)
    async def test_the_other_side_reads_a_contribution_only_when_it_is_disclosed(self, house: House) -> None:
        case = await (await house.case()).qualify()
        opened = await open_tool(case)
        path = f"{case.path}/assessments/{opened['decision']['id']}"
        await case.kommune.post(f"{path}/contributions", {"contributions": [CONTRIBUTION]})
        assert (await case.politi.get(path))["contributions"]["items"] == []
        shared = {"contributions": [RISK], "disclosure": told(purpose="assessment")}
        await case.kommune.post(f"{path}/contributions", shared)
        listed = (await case.politi.get(f"{path}/contributions"))["items"]
        assert [one["dimension"] for one in listed] == [RISK["dimension"]]
        assert (await case.politi.get(path))["contributions"]["items"] == listed

    @pytest.mark.rule(37)
    async def test_it_concludes_only_with_both_sides_problems_and_resources(self, house: House) -> None:
        case = await (await house.case()).qualify()
        opened = await open_tool(case)
        path = f"{case.path}/assessments/{opened['decision']['id']}"
        match = {"If-Match": '"1"'}
        draft = {"content": CONCLUSION, "disclosure": told(purpose="assessment")}
        for contributions, content, missing in (
            ([CONTRIBUTION], CONCLUSION, "risiko og trussel"),
            ([RISK], {**CONCLUSION, "resources": ""}, "ressourcer"),
            ([], {**CONCLUSION, "problems": ""}, "problemer"),
        ):
            if contributions:
                await case.kommune.post(f"{path}/contributions", {"contributions": contributions})
            body = {**draft, "content": content}
            answer = await case.kommune.call("PUT", f"{path}/conclusion", json=body, headers=match)
            assert answer.json()["type"] == "/problems/assessment-one-sided"
            assert missing in answer.json()["detail"]
        await case.kommune.put(f"{path}/conclusion", draft, headers=match)

    @pytest.mark.rule(40)
    @pytest.mark.rule(38)
    async def test_finished_it_is_immutable_and_holds_no_number(self, house: House) -> None:
        case = await (await house.case()).qualify()
        opened = await open_tool(case)
        path = f"{case.path}/assessments/{opened['decision']['id']}"
        both = {"contributions": [CONTRIBUTION, RISK], "disclosure": told(purpose="assessment")}
        await case.kommune.post(f"{path}/contributions", both)
        draft = {"content": CONCLUSION, "disclosure": told(purpose="assessment")}
        concluded = await case.kommune.put(f"{path}/conclusion", draft, headers={"If-Match": '"1"'})
        body = {"content_hash": concluded["decision"]["content_hash"]}
        finished = await case.politi.post(f"{path}/signatures", body)
        assert finished["decision"]["decided_at"]
        assert await case.stage() == "recommending"
        for method, tail, more in (("PUT", "/conclusion", draft), ("POST", "/contributions", both)):
            again = await case.kommune.call(method, path + tail, json=more, headers={"If-Match": '"2"'})
            assert again.json()["type"] == "/problems/not-possible-now"
        assert (await case.politi.get(path))["decision"]["content"] == {**CONCLUSION, "what_changed": ""}
        numbers = re.findall(r'"[a-z_]+":-?\d+(?:\.\d+)?[,}]', (await case.politi.call("GET", path)).text)
        assert numbers == ['"version":1,']

    @pytest.mark.rule(38)
    @pytest.mark.parametrize("line", [
        "score = 3", "weight = 0.5", 'level = "høj"', 'colour = "rød"', "points = [1, 2]", "is_serious = true",
    ])
    def test_a_template_that_counts_is_refused(self, line: str) -> None:
        text = CURRENT.read_text(encoding="utf-8")
        with pytest.raises(errors.TemplateScores):
            read_template(text + line + "\n")
        assert read_template(text) == current_template()
