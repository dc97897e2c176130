"""A case from phone call to closure, over HTTP, with every rule it passes."""

import pytest

from house import CLEARANCE, House


class WhenACaseGoesItsWay:
    """The municipality and the police, step by step."""

    @pytest.mark.rule(71)
    async def test_it_ends_closed_with_the_retention_clock_running(self, house: House) -> None:
        case = await (await house.case()).recommend()
        measure = await case.kommune.post(f"{case.path}/measures", {
            "level": "selective", "responsible_authority": "ishoj-kommune", "description": "Mentor hver uge.",
            "starts_on": "2026-11-24", "follow_up_on": "2099-01-01",
        })
        await case.kommune.post(f"{case.path}/measures/{measure['id']}/follow-ups", {
            "text": "Det går bedre.", "outcome": "goal_reached",
        })
        await case.close("completed")
        assert await case.stage() == "closed"
        kept = [*await case.kommune.get(f"{case.path}/retention"), *await case.politi.get(f"{case.path}/retention")]
        assert {one["authority_id"]: one["rule"] for one in kept} == {
            "ishoj-kommune": "ordinary", "kbh-vestegns-politi": "police",
        }

    @pytest.mark.rule(44)
    async def test_what_is_not_disclosed_is_as_if_it_did_not_exist(self, house: House) -> None:
        case = await (await house.case()).accept()
        held = [
            await case.kommune.post(f"{case.path}/information", {"text": f"Oplysning {n}", "source": "skolen"})
            for n in range(3)
        ]
        draft = {**CLEARANCE, "purpose": "screening",
                 "items": [{"kind": "information", "id": one["id"]} for one in held[:2]]}
        await case.kommune.post(f"{case.path}/exchanges", draft)
        seen = await case.politi.get(f"{case.path}/information")
        assert [one["text"] for one in seen["items"]] == ["Oplysning 0", "Oplysning 1"]
        hidden = await case.politi.call("GET", f"{case.path}/information/{held[2]['id']}")
        unknown = await case.politi.call("GET", f"{case.path}/information/{case.id}")
        answers = [(one.status_code, {**one.json(), "correlation_id": ""}) for one in (hidden, unknown)]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
        last = (await house.entries())[-2]
        assert (last.action, last.outcome.value, str(last.subject)) == ("readInformation", "denied", held[2]["id"])
