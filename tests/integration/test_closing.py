"""What stands in the way of closing: named with the rule and who can lift it, and refused by exactly that (rule 70)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, now, told

CLOSURE: dict[str, Any] = {
    "outcome": "completed", "content": {"reasons": "Målet er nået."}, "disclosure": told(purpose="closure"),
}
Resolve = Callable[[], Awaitable[object]]


async def child(house: House) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case(subjects=[{"name": "Barn", "is_under_18": True}])).clear()
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    path = f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}"
    await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
    await case.kommune.post(f"{path}/receipt", {"receipt_given_on": "2026-11-20"}, status=200)
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
    return case, lambda: case.kommune.post(f"{path}/hand-over", handed, status=200)


async def child_not_receipted(house: House) -> tuple[CaseInHand, Resolve]:
    """Handed over and assessed; the reporter has no receipt yet."""
    return await _child_with_one_clock(house, "assessment", "receipt")


async def child_not_assessed(house: House) -> tuple[CaseInHand, Resolve]:
    """Handed over and receipted; not assessed yet."""
    return await _child_with_one_clock(house, "receipt", "assessment")


async def _child_with_one_clock(house: House, stopped: str, runs: str) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case(subjects=[{"name": "Barn", "is_under_18": True}])).clear()
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    path = f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}"
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
    await case.kommune.post(f"{path}/hand-over", handed, status=200)
    says = {"assessment": {"assessed_at": now().isoformat()}, "receipt": {"receipt_given_on": "2026-11-20"}}
    await case.kommune.post(f"{path}/{stopped}", says[stopped], status=200)
    return case, lambda: case.kommune.post(f"{path}/{runs}", says[runs], status=200)


async def scope(house: House) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case()).clear()
    draft = {"outcome": "within", "content": {"reasons": "Ja."}, "disclosure": told(purpose="scope_decision")}
    return case, await _unsigned(case, "scope-decisions", draft)


async def screening(house: House) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case()).accept()
    content = {"considered": "Det, begge ved.", "reasons": "Støtte."}
    draft = {"outcome": "recommend", "content": content, "disclosure": told(purpose="screening")}
    return case, await _unsigned(case, "screenings", draft)


async def recommendation(house: House) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case()).accept()
    content = {"considered": "Det, begge ved.", "reasons": "Støtte."}
    await case.decide("screenings", "recommend", content, purpose="screening")
    draft = {
        "outcome": "recommended", "content": {"recommendation": "En mentor."},
        "disclosure": told(purpose="recommendation"),
    }
    return case, await _unsigned(case, "recommendations", draft)


async def assessment(house: House) -> tuple[CaseInHand, Resolve]:
    """One with all it needs, whose conclusion is not written."""
    case, shown = await (await house.case()).qualify(), told(purpose="assessment")
    opened = await case.kommune.post(f"{case.path}/assessments", {"users_are_trained": True, "disclosure": shown})
    path = f"{case.path}/assessments/{opened['decision']['id']}"
    contributions = [
        {"dimension": dimension, "answer": "described", "text": text, "source": "klassens lærer",
         "dated_on": "2026-10-01", "is_first_hand": True, "origin": "already_held"}
        for dimension, text in (
            ("willingness_to_use_violence", "Han vil forsvare sig."), ("family", "Moren holder kontakt."),
        )
    ]
    await case.kommune.post(f"{path}/contributions", {"contributions": contributions, "disclosure": shown})
    content = {"problems": "Isolation.", "resources": "Moren.", "overall_assessment": "Støtte hjælper."}

    async def conclude() -> None:
        concluded = await case.kommune.put(
            f"{path}/conclusion", {"content": content, "disclosure": shown}, headers={"If-Match": '"1"'}
        )
        await case.politi.post(f"{path}/signatures", {"content_hash": concluded["decision"]["content_hash"]})

    return case, conclude


async def _unsigned(case: CaseInHand, path: str, draft: dict[str, Any]) -> Resolve:
    proposal = await case.kommune.post(f"{case.path}/{path}", draft)
    body = {"content_hash": proposal["content_hash"]}
    return lambda: case.politi.post(f"{case.path}/{path}/{proposal['id']}/signatures", body)


async def request(house: House) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case()).clear()
    asked = await case.kommune.post(
        f"{case.path}/information-requests", {"question": "Kender I ham?", "disclosure": told()}
    )
    path = f"{case.path}/information-requests/{asked['id']}/answer"
    return case, lambda: case.politi.post(path, {"answer": "declined"}, status=200)


async def correction(house: House) -> tuple[CaseInHand, Resolve]:
    """The municipality's, which the police have not acknowledged."""
    return await _corrected_by(house, MUNICIPALITY)


async def correction_of_the_police(house: House) -> tuple[CaseInHand, Resolve]:
    """One that the municipality has not acknowledged."""
    return await _corrected_by(house, POLICE)


async def _corrected_by(house: House, by: str) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case()).clear()
    discloser, recipient = (case.kommune, case.politi) if by == MUNICIPALITY else (case.politi, case.kommune)
    wrong = await case.disclose(await case.note(by=by), by=by)
    body = {"summary": "Det var hans bror.", **told(by)}
    right = await discloser.post(f"{case.path}/exchanges/{wrong['id']}/corrections", body)
    path = f"{case.path}/exchanges/{right['id']}/receipts"
    return case, lambda: recipient.post(path, {"manifest": right["manifest"]}, status=200)


async def measure(house: House) -> tuple[CaseInHand, Resolve]:
    """The police's own, which was never disclosed to the municipality."""
    case = await (await house.case()).recommend()
    started = await case.politi.post(f"{case.path}/measures", {
        "level": "selective", "responsible_authority": POLICE, "description": "Samtaler.",
        "starts_on": "2026-12-01", "follow_up_on": "2099-01-01",
    })
    path = f"{case.path}/measures/{started['id']}/follow-ups"
    return case, lambda: case.politi.post(path, {"text": "Færdig.", "outcome": "goal_reached"})


class WhenSomethingStandsInTheWay:
    @pytest.mark.rule(70)
    @pytest.mark.parametrize(("begin", "code", "rule", "lifted_by"), [
        (child, "child-notification-not-handed-over", 32, "municipal_coordinator"),
        (scope, "scope-not-signed", 17, "both_coordinators"),
        (screening, "screening-not-signed", 17, "both_coordinators"),
        (recommendation, "recommendation-not-signed", 17, "both_coordinators"),
        (assessment, "assessment-not-finished", 37, "both_coordinators"),
        (request, "request-not-answered", 8, "the_authority_asked"),
        (correction, "correction-not-confirmed", 13, "the_recipient"),
        (correction_of_the_police, "correction-not-confirmed", 13, "the_recipient"),
        (measure, "measure-not-ended", 23, "the_responsible_authority"),
    ])
    async def test_it_is_named_and_closing_waits_until_it_is_lifted(
        self, house: House, begin: Callable[[House], Awaitable[tuple[CaseInHand, Resolve]]], code: str, rule: int,
        lifted_by: str,
    ) -> None:
        case, lift = await begin(house)
        closing = await case.kommune.get(f"{case.path}/closing")
        if code == "child-notification-not-handed-over":
            assert (await case.politi.get(f"{case.path}/closing"))["blockers"] == []
        else:
            assert closing == await case.politi.get(f"{case.path}/closing")
        [blocker] = closing["blockers"]
        assert (blocker["code"], blocker["rule"], blocker["lifted_by"]) == (code, rule, lifted_by)
        assert blocker["how"].endswith(".")
        refused = await case.kommune.call("POST", f"{case.path}/closures", json=CLOSURE)
        assert refused.json()["type"] == "/problems/case-has-unfinished-business"
        assert blocker["what"] in refused.json()["detail"]
        await lift()
        assert (await case.kommune.get(f"{case.path}/closing")) == {"is_closed": False, "blockers": []}
        await case.close("completed")
        assert (await case.politi.get(f"{case.path}/closing")) == {"is_closed": True, "blockers": []}

    @pytest.mark.rule(70)
    @pytest.mark.rule(32)
    @pytest.mark.parametrize("begin", [child_not_receipted, child_not_assessed])
    async def test_each_clock_of_a_child_is_waited_for_when_the_other_has_stopped(
        self, house: House, begin: Callable[[House], Awaitable[tuple[CaseInHand, Resolve]]]
    ) -> None:
        case, lift = await begin(house)
        [blocker] = (await case.kommune.get(f"{case.path}/closing"))["blockers"]
        assert (blocker["code"], blocker["rule"], blocker["lifted_by"]) == (
            "child-notification-clock-runs", 32, "municipal_coordinator",
        )
        refused = await case.kommune.post(f"{case.path}/closures", CLOSURE, status=409)
        assert refused["type"] == "/problems/case-has-unfinished-business"
        await lift()
        assert (await case.kommune.get(f"{case.path}/closing")) == {"is_closed": False, "blockers": []}
        await case.close("completed")

    @pytest.mark.rule(70)
    async def test_what_comes_up_after_the_proposal_stops_the_second_signature(self, house: House) -> None:
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/closures", CLOSURE)
        asked = await case.politi.post(
            f"{case.path}/information-requests",
            {"question": "Bor han her?", "disclosure": told(POLICE, recipients=[MUNICIPALITY])},
        )
        path = f"{case.path}/closures/{proposal['id']}/signatures"
        refused = await case.politi.call("POST", path, json={"content_hash": proposal["content_hash"]})
        assert refused.json()["type"] == "/problems/case-has-unfinished-business"
        answer = f"{case.path}/information-requests/{asked['id']}/answer"
        await case.kommune.post(answer, {"answer": "declined"}, status=200)
        await case.politi.post(path, {"content_hash": proposal["content_hash"]})
        assert await case.stage() == "closed"
