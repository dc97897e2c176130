"""What can be done next: called possible exactly when the real route lets it, and refused by it for the same reason."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from about_nobody import about_nobody
from house import MUNICIPALITY, POLICE, CaseInHand, House, Person, now, told
from infohus.cases.joint_decisions.model import JointDecision
from infohus.kernel.database.tables import Row
from infohus.web.api_examples import EXAMPLES
from infohus.whole_case.next_steps.operations import OFFERED, PROPOSED
from invitations import invitation

Begin = Callable[[House], Awaitable[CaseInHand]]
REFUSED_TO_THE_CALLER = {"/problems/not-available", "/problems/role-may-not", "/problems/another-may"}
CHILD = {"name": "Barn", "is_under_18": True}


async def received(house: House) -> CaseInHand:
    return await house.case()


async def with_a_child(house: House) -> CaseInHand:
    return await (await house.case(subjects=[CHILD])).accept()


async def cleared(house: House) -> CaseInHand:
    return await (await house.case()).clear()


async def one_view_stated(house: House) -> CaseInHand:
    case = await cleared(house)
    await case.kommune.post(f"{case.path}/first-views", EXAMPLES["StateFirstView"])
    return case


async def proposed(house: House) -> CaseInHand:
    case = await cleared(house)
    await case.kommune.post(f"{case.path}/scope-decisions", EXAMPLES["ProposeScopeDecision"])
    return case


async def accepted(house: House) -> CaseInHand:
    return await (await house.case()).accept()


async def qualifying(house: House) -> CaseInHand:
    return await (await house.case()).qualify()


async def recommending(house: House) -> CaseInHand:
    case = await accepted(house)
    content = {"considered": "Det, begge ved.", "reasons": "Støtte."}
    await case.decide("screenings", "recommend", content, purpose="screening")
    return case


async def acting(house: House) -> CaseInHand:
    return await (await house.case()).recommend()


async def with_a_measure(house: House) -> CaseInHand:
    case = await acting(house)
    await case.kommune.post(f"{case.path}/measures", EXAMPLES["StartMeasure"])
    return case


async def hindered(house: House) -> CaseInHand:
    case = await house.case()
    await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})
    return case


async def police_alone(house: House) -> CaseInHand:
    case = await cleared(house)
    await case.decide("scope-decisions", "police_alone", {"reasons": "Sag."}, purpose="scope_decision")
    return case


async def closed(house: House) -> CaseInHand:
    return await (await cleared(house)).close()


PATHS = {
    "recordClearanceCheck": ("clearance-checks", "RecordClearanceCheck"), "addConcern": ("concerns", "AddConcern"),
    "stateFirstView": ("first-views", "StateFirstView"),
    "proposeScopeDecision": ("scope-decisions", "ProposeScopeDecision"),
    "proposeScreening": ("screenings", "ProposeScreening"), "openAssessment": ("assessments", "OpenAssessment"),
    "proposeRecommendation": ("recommendations", "ProposeRecommendation"),
    "startMeasure": ("measures", "StartMeasure"), "noteInformation": ("information", "NoteInformation"),
    "writeNote": ("notes", "WriteNote"), "recordExchange": ("exchanges", "RecordExchange"),
    "requestInformation": ("information-requests", "RequestInformation"),
    "inviteParticipant": ("participants", "InviteParticipant"), "proposeClosure": ("closures", "ProposeClosure"),
    "takeOverCase": ("takeover", "TakeOverCase"), "reportDanger": ("danger-reports", "ReportDanger"),
    "discloseOutside": ("disclosures-outside", "DiscloseOutside"),
}
"""Where each act is done, and an example of it. The hand-over names a record, and is tried on its own below."""
ABOUT_THE_ACT = {
    "/problems/exchange-without-content", "/problems/already-takes-part", "/problems/drawn-in-by-its-own-authority",
}


def _disclosing(by: str, body: dict[str, Any]) -> dict[str, Any]:
    """Let an example disclose from the caller's own side."""
    if "basis" in body:  # outside § 115: by whatever provision fits the caller's authority, to whom it says
        return {**body, "basis": None}
    if body.get("disclosure"):
        return {**body, "disclosure": told(by, purpose=body["disclosure"]["purpose"])}
    return {**body, "recipients": told(by)["recipients"]} if "recipients" in body else body


class WhenSomebodyAsksWhatIsNext:
    @pytest.mark.rule(46)
    @pytest.mark.parametrize("name", ["kommune", "politi", "raadgiver"])
    @pytest.mark.parametrize("begin", [
        received, with_a_child, cleared, one_view_stated, proposed, accepted, qualifying, recommending, acting,
        with_a_measure, hindered, police_alone, closed,
    ])
    async def test_it_is_what_the_routes_answer(self, house: House, begin: Begin, name: str) -> None:
        case = await begin(house)
        person = house.person(name)
        await _let_in(house, case, name)
        if (await person.call("GET", case.path)).status_code == 404:
            assert (await person.call("GET", f"{case.path}/next-steps")).status_code == 404
            return
        by = POLICE if name == "politi" else MUNICIPALITY
        steps = {one["act"]: one for one in (await person.get(f"{case.path}/next-steps"))["steps"]}
        told_apart = {"absent": 0, "impossible": 0}
        for act, (path, example) in PATHS.items():
            step = steps.get(act)
            if step is not None and step["is_possible"]:
                continue
            answer = await person.call("POST", f"{case.path}/{path}", json=_disclosing(by, EXAMPLES[example]))
            kind = answer.json()["type"] if answer.is_error else "done"
            if step is None:
                assert kind in REFUSED_TO_THE_CALLER, f"{act} is not mentioned, and answers {kind}"
                told_apart["absent"] += 1
            else:
                why = step["why_not"]
                assert kind == why["problem"], f"{act}: {kind}, and it said {why}"
                assert why["words"].endswith(".")
                assert 1 <= why["rule"] <= 110
                told_apart["impossible"] += 1
        for act in [one for one in steps if steps[one]["is_possible"] and one in PATHS]:
            await self._is_let(case, person, by, act)
        assert sum(told_apart.values()) > 0

    async def _is_let(self, case: CaseInHand, person: Person, by: str, act: str) -> None:
        """Do what was called possible, unless what was done since has made it impossible; then it says so now."""
        now_said = {one["act"]: one for one in (await person.get(f"{case.path}/next-steps"))["steps"]}[act]
        if not now_said["is_possible"]:
            return
        path, example = PATHS[act]
        answer = await about_nobody(
            lambda said: person.call("POST", f"{case.path}/{path}", json=said), _disclosing(by, EXAMPLES[example])
        )
        kind = answer.json()["type"] if answer.is_error else "done"
        assert kind in {"done", *ABOUT_THE_ACT}, f"{act} was called possible, and answers {answer.text}"

    async def test_a_waiting_proposal_names_whose_signature_it_waits_for(self, house: House) -> None:
        case = await proposed(house)
        for person, waits in ((case.kommune, False), (case.politi, True)):
            found = (await person.get(f"{case.path}/next-steps"))["proposals"]
            assert [(one["kind"], one["waits_for_you"], one["signed_by"]) for one in found] == [
                ("scope_decision", waits, [MUNICIPALITY])
            ]

    async def test_the_hand_over_is_next_until_it_is_done(self, house: House) -> None:
        case = await with_a_child(house)

        async def said(person: Person, act: str) -> dict[str, Any] | None:
            found = (await person.get(f"{case.path}/next-steps"))["steps"]
            return next((one for one in found if one["act"] == act), None)

        waiting = await said(case.kommune, "proposeScreening")
        assert waiting is not None
        assert (waiting["why_not"]["rule"], waiting["why_not"]["lifted_by"]) == (32, "municipal_coordinator")
        # The police, who were not told of a child, wait for nothing and learn of nothing.
        theirs = await said(case.politi, "proposeScreening")
        assert theirs is not None
        assert theirs["is_possible"]
        assert await said(case.politi, "handOverChildNotification") is None
        step = await said(case.kommune, "handOverChildNotification")
        assert step is not None
        assert step["is_possible"]
        # Once they are told of the task, the police wait with the municipality, which hands it over.
        told_of = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["child_notifications"][0]["id"]
        await case.disclose(items=[{"kind": "child_notification", "id": told_of}])
        theirs = await said(case.politi, "proposeScreening")
        assert theirs is not None
        assert (theirs["why_not"]["rule"], theirs["why_not"]["lifted_by"]) == (32, "municipal_coordinator")
        assert await said(case.politi, "handOverChildNotification") is None
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        path = f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}/hand-over"
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
        handed_over = await case.kommune.post(path, handed, status=200)
        step = await said(case.kommune, "handOverChildNotification")
        assert step is not None
        assert step["why_not"]["problem"] == "/problems/already-recorded"
        # They wait until they are told of the hand-over.
        assert not (await said(case.politi, "proposeScreening") or {})["is_possible"]
        await case.disclose(items=[{"kind": "child_notification_step", "id": handed_over["steps"][0]["id"]}])
        screening = await said(case.politi, "proposeScreening")
        assert screening is not None
        assert screening["is_possible"]

    def test_every_act_is_tried(self) -> None:
        assert {action.value for action in OFFERED} == {*PATHS, "handOverChildNotification"}

    def test_every_kind_of_joint_decision_is_among_what_is_proposed(self) -> None:
        kinds = {mapper.class_ for mapper in Row.registry.mappers if issubclass(mapper.class_, JointDecision)}
        assert kinds == set(PROPOSED.values())


async def _let_in(house: House, case: CaseInHand, name: str) -> None:
    """Draw the adviser in where the stage lets that happen."""
    if name == "raadgiver":
        adviser = {**invitation(MUNICIPALITY), "person_id": str(house.person(name).person_id)}
        await case.kommune.call("POST", f"{case.path}/participants", json=adviser)


class WhenThereAreExchanges:
    @pytest.mark.rule(86)
    async def test_who_was_drawn_in_is_offered_what_they_may_do(self, house: House) -> None:
        """Their own report stands among the exchanges of their authority, and is the tovholder's to correct."""
        case, guest = await accepted(house), house.person("raadgiver")
        scope = ["exchange", "information", "assessment", "measures"]
        draft = invitation(MUNICIPALITY, person_id=str(guest.person_id), scope=scope)
        await case.kommune.post(f"{case.path}/participants", draft)
        said = await guest.post(f"{case.path}/danger-reports", EXAMPLES["ReportDanger"])
        await case.politi.post(
            f"{case.path}/information-requests", {"question": "Kender I ham?", "disclosure": told(POLICE)}
        )
        given = await case.disclose(await case.note(by=POLICE), by=POLICE)
        steps = {one["act"]: one["on"] for one in (await guest.get(f"{case.path}/next-steps"))["steps"]}
        assert said["id"] in [one["id"] for one in (await guest.get(f"{case.path}/exchanges"))["items"]]
        assert {"correctExchange", "withdrawExchange", "answerInformationRequest"}.isdisjoint(steps)
        assert given["id"] in steps["acknowledgeExchange"]
        theirs = {one["act"]: one["on"] for one in (await case.kommune.get(f"{case.path}/next-steps"))["steps"]}
        assert said["id"] in theirs["correctExchange"]

    @pytest.mark.rule(13)
    @pytest.mark.rule(16)
    async def test_each_act_on_them_is_offered_with_those_it_can_be_done_with(self, house: House) -> None:
        """And is possible there; what was done is offered no more."""
        case = await accepted(house)

        async def offered(person: Person) -> dict[str, list[str]]:
            steps = (await person.get(f"{case.path}/next-steps"))["steps"]
            return {one["act"]: one["on"] for one in steps if one["on"]}

        earlier = await offered(case.politi)
        given = await case.disclose(await case.note())
        asked = await case.kommune.post(f"{case.path}/information-requests", EXAMPLES["RequestInformation"])
        path, one = f"{case.path}/exchanges/{given['id']}", given["id"]
        new = {act: [two for two in on if two not in earlier.get(act, [])] for act, on in (
            await offered(case.politi)).items()}  # fmt: skip
        assert new["answerInformationRequest"] == [asked["id"]]
        assert one in new["acknowledgeExchange"]
        assert one in new["keepDisclosed"]
        assert {"correctExchange", "withdrawExchange"}.isdisjoint(act for act, on in new.items() if one in on)
        own = await offered(case.kommune)
        assert (one in own["correctExchange"], one in own["withdrawExchange"]) == (True, True)
        await case.politi.post(f"{path}/receipts", {"manifest": given["manifest"]}, status=200)
        assert one not in (await offered(case.politi)).get("acknowledgeExchange", [])
        right = await case.kommune.post(f"{path}/corrections", {**told(MUNICIPALITY), "summary": "Ikke ham."})
        own = await offered(case.kommune)
        assert (one in own["correctExchange"], right["id"] in own["correctExchange"]) == (False, True)
        for person in (case.kommune, case.politi):
            blockers = {one["code"]: one["on"] for one in (await person.get(f"{case.path}/closing"))["blockers"]}
            assert blockers["correction-not-confirmed"] == [right["id"]]
            assert blockers["request-not-answered"] == [asked["id"]]
        await case.kommune.post(f"{path}/withdrawals", {"recipient": POLICE, "reason": "En fejl."})
        assert one not in (await offered(case.kommune))["withdrawExchange"]
        assert one not in (await offered(case.politi))["keepDisclosed"]
