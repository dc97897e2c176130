"""What stands in the way of closing: named with the rule and who can lift it, and refused by exactly that (rule 70)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, now, told
from infohus.danish_calendar import danish_day
from invitations import invitation


def closure(by: str) -> dict[str, Any]:
    """Propose, for one of the two authorities, that the case ends."""
    disclosure = told(by, purpose="closure")
    return {"outcome": "completed", "content": {"reasons": "Målet er nået."}, "disclosure": disclosure}


def a_measure(responsible: str) -> dict[str, Any]:
    """Draft a measure that nobody else is told of."""
    return {
        "level": "selective", "responsible_authority": responsible, "description": "Samtaler.",
        "starts_on": "2026-12-01", "follow_up_on": "2099-01-01",
    }


CLOSURE = closure(MUNICIPALITY)
A_CHILD = {
    "channel": "mail", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Set igen.",
    "told_reporter": "Tak.", "subjects": [{"name": "Barn", "is_under_18": True}],
}
FROM_OUTSIDE = {"question": "Hvor bor han?", "received_from": PROBATION}
Resolve = Callable[[], Awaitable[object]]
Begin = Callable[[House], Awaitable[tuple[CaseInHand, Resolve]]]


async def child(house: House) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case(subjects=[{"name": "Barn", "is_under_18": True}])).accept()
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    path = f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}"
    await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
    await case.kommune.post(f"{path}/receipt", {"receipt_given_on": str(danish_day(now()))}, status=200)
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
    return case, lambda: case.kommune.post(f"{path}/hand-over", handed, status=200)


async def child_not_receipted(house: House) -> tuple[CaseInHand, Resolve]:
    """Handed over and assessed; the reporter has no receipt yet."""
    return await _child_with_one_clock(house, "assessment", "receipt")


async def child_not_assessed(house: House) -> tuple[CaseInHand, Resolve]:
    """Handed over and receipted; not assessed yet."""
    return await _child_with_one_clock(house, "receipt", "assessment")


async def _child_with_one_clock(house: House, stopped: str, runs: str) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case(subjects=[{"name": "Barn", "is_under_18": True}])).accept()
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    path = f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}"
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
    await case.kommune.post(f"{path}/hand-over", handed, status=200)
    says = {"assessment": {"assessed_at": now().isoformat()}, "receipt": {"receipt_given_on": str(danish_day(now()))}}
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
    case = await (await house.case()).accept()
    asked = await case.kommune.post(
        f"{case.path}/information-requests", {"question": "Kender I ham?", "disclosure": told()}
    )
    path = f"{case.path}/information-requests/{asked['id']}/answer"
    return case, lambda: case.politi.post(path, {"answer": "declined"}, status=200)


async def request_taken_back(house: House) -> tuple[CaseInHand, Resolve]:
    """The municipality withdraws the exchange that asked."""
    case, _ = await request(house)
    asking = (await case.kommune.get(f"{case.path}/exchanges"))["items"][-1]
    body = {"recipient": POLICE, "reason": "Spurgt ved en fejl."}
    return case, lambda: case.kommune.post(f"{case.path}/exchanges/{asking['id']}/withdrawals", body)


async def correction(house: House) -> tuple[CaseInHand, Resolve]:
    """The municipality's, which the police have not acknowledged."""
    return await _corrected_by(house, MUNICIPALITY)


async def correction_of_the_police(house: House) -> tuple[CaseInHand, Resolve]:
    """One that the municipality has not acknowledged."""
    return await _corrected_by(house, POLICE)


async def correction_withdrawn(house: House) -> tuple[CaseInHand, Resolve]:
    """The municipality withdraws it before the police acknowledge it."""
    case, _ = await _corrected_by(house, MUNICIPALITY)
    right = next(one for one in (await case.kommune.get(f"{case.path}/exchanges"))["items"] if one["corrects"])
    body = {"recipient": POLICE, "reason": "Rettet ved en fejl."}
    return case, lambda: case.kommune.post(f"{case.path}/exchanges/{right['id']}/withdrawals", body)


async def _corrected_by(house: House, by: str) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case()).accept()
    discloser, recipient = (case.kommune, case.politi) if by == MUNICIPALITY else (case.politi, case.kommune)
    wrong = await case.disclose(await case.note(by=by), by=by)
    body = {"summary": "Det var hans bror.", **told(by)}
    right = await discloser.post(f"{case.path}/exchanges/{wrong['id']}/corrections", body)
    path = f"{case.path}/exchanges/{right['id']}/receipts"
    return case, lambda: recipient.post(path, {"manifest": right["manifest"]}, status=200)


async def measure(house: House) -> tuple[CaseInHand, Resolve]:
    """The police's own, which was never disclosed to the municipality."""
    return await _measure_of(house, POLICE)


async def measure_of_the_municipality(house: House) -> tuple[CaseInHand, Resolve]:
    """One that was never disclosed to the police."""
    return await _measure_of(house, MUNICIPALITY)


async def _measure_of(house: House, authority: str) -> tuple[CaseInHand, Resolve]:
    case = await (await house.case()).recommend()
    person = case.kommune if authority == MUNICIPALITY else case.politi
    started = await person.post(f"{case.path}/measures", a_measure(authority))
    path = f"{case.path}/measures/{started['id']}/follow-ups"
    return case, lambda: person.post(path, {"text": "Færdig.", "outcome": "goal_reached"})


async def asked_from_outside(house: House) -> tuple[CaseInHand, Resolve]:
    """A request that the police noted for themselves."""
    case = await (await house.case()).accept()
    noted = await case.politi.post(f"{case.path}/information-requests", FROM_OUTSIDE)
    path = f"{case.path}/information-requests/{noted['id']}/answer"
    return case, lambda: case.politi.post(path, {"answer": "declined"}, status=200)


class WhenSomethingStandsInTheWay:
    @pytest.mark.rule(70)
    @pytest.mark.parametrize(("begin", "code", "rule", "lifted_by"), [
        (scope, "scope-not-signed", 17, "both_coordinators"),
        (screening, "screening-not-signed", 17, "both_coordinators"),
        (recommendation, "recommendation-not-signed", 17, "both_coordinators"),
        (assessment, "assessment-not-finished", 37, "both_coordinators"),
        (request, "request-not-answered", 8, "the_authority_asked"),
        (request_taken_back, "request-not-answered", 8, "the_authority_asked"),
        (correction, "correction-not-confirmed", 13, "the_recipient"),
        (correction_of_the_police, "correction-not-confirmed", 13, "the_recipient"),
        (correction_withdrawn, "correction-not-confirmed", 13, "the_recipient"),
    ])
    async def test_what_is_joint_is_named_to_both_and_closing_waits_until_it_is_lifted(
        self, house: House, begin: Begin, code: str, rule: int, lifted_by: str
    ) -> None:
        case, lift = await begin(house)
        closing = await case.kommune.get(f"{case.path}/closing")
        assert closing == await case.politi.get(f"{case.path}/closing")
        [blocker] = closing["blockers"]
        assert (blocker["code"], blocker["rule"], blocker["lifted_by"]) == (code, rule, lifted_by)
        assert blocker["how"].endswith(".")
        for person, by in ((case.kommune, MUNICIPALITY), (case.politi, POLICE)):
            refused = await person.post(f"{case.path}/closures", closure(by), status=409)
            assert refused["type"] == "/problems/case-has-unfinished-business"
            assert blocker["what"] in refused["detail"]
        await lift()
        shown: dict[str, Any] = {"is_closed": False, "side_ended_at": None, "blockers": []}
        assert await case.kommune.get(f"{case.path}/closing") == shown
        await case.close("completed")
        assert await case.politi.get(f"{case.path}/closing") == {**shown, "is_closed": True}

    @pytest.mark.rule(32)
    @pytest.mark.rule(44)
    @pytest.mark.rule(70)
    @pytest.mark.fault("A13")
    @pytest.mark.parametrize(("begin", "of", "code", "lifted_by"), [
        (child, MUNICIPALITY, "child-notification-not-handed-over", "municipal_coordinator"),
        (child_not_receipted, MUNICIPALITY, "child-notification-clock-runs", "municipal_coordinator"),
        (child_not_assessed, MUNICIPALITY, "child-notification-clock-runs", "municipal_coordinator"),
        (measure, POLICE, "measure-not-ended", "the_responsible_authority"),
        (measure_of_the_municipality, MUNICIPALITY, "measure-not-ended", "the_responsible_authority"),
        (asked_from_outside, POLICE, "request-not-answered", "the_authority_asked"),
    ])
    async def test_what_stands_on_one_side_stops_that_side_alone_and_the_other_learns_only_that_it_has_not_signed(
        self, house: House, begin: Begin, of: str, code: str, lifted_by: str
    ) -> None:
        case, lift = await begin(house)
        own, other = (case.kommune, case.politi) if of == MUNICIPALITY else (case.politi, case.kommune)
        [blocker] = (await own.get(f"{case.path}/closing"))["blockers"]
        assert (blocker["code"], blocker["lifted_by"]) == (code, lifted_by)
        assert (await other.get(f"{case.path}/closing"))["blockers"] == []
        refused = await own.post(f"{case.path}/closures", closure(of), status=409)
        assert refused["type"] == "/problems/case-has-unfinished-business"
        # The other proposes as if nothing were there, and sees a proposal that waits for a signature.
        proposal = await other.post(f"{case.path}/closures", closure(POLICE if of == MUNICIPALITY else MUNICIPALITY))
        waiting = [one for one in (await other.get(f"{case.path}/next-steps"))["proposals"] if one["kind"] == "closure"]
        assert [(one["waits_for_you"], len(one["signed_by"])) for one in waiting] == [(False, 1)]
        path = f"{case.path}/closures/{proposal['id']}"
        signature = {"content_hash": proposal["content_hash"]}
        refused = await own.post(f"{path}/signatures", signature, status=409)
        assert refused["type"] == "/problems/case-has-unfinished-business"
        amended = {**closure(of), "outcome": "unfounded"}
        refused = await own.put(path, amended, headers={"If-Match": '"1"'}, status=409)
        assert refused["type"] == "/problems/case-has-unfinished-business"
        await lift()
        await own.post(f"{path}/signatures", signature)
        assert await case.stage() == "closed"

    @pytest.mark.rule(70)
    async def test_what_comes_up_after_the_proposal_stops_the_second_signature(self, house: House) -> None:
        case = await (await house.case()).accept()
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

    @pytest.mark.rule(70)
    @pytest.mark.rule(85)
    async def test_a_request_of_pet_and_one_that_nobody_here_can_answer_do_not_block(self, house: House) -> None:
        await house.sql("INSERT INTO infohus.authority VALUES ('pet', 'PET', 'security_service', 'pet', NULL)")
        await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, 'pet')", house.infohus_id)
        case = await (await house.case()).accept()
        path = f"{case.path}/information-requests"
        await case.politi.post(path, {
            "question": "Hvad har I?", "received_from": "pet", "states_chapters_12_13": True,
        })
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        await case.kommune.post(path, {"question": "Kender I ham?", "disclosure": told(recipients=[PROBATION])})
        for person in (case.kommune, case.politi):
            assert (await person.get(f"{case.path}/closing"))["blockers"] == []
