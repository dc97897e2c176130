"""Who has signed a closure opens nothing, and a signature ends by what its authority is told afterwards (rule 70)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, Person, now, told
from infohus.danish_calendar import danish_day
from integration.test_closing import A_CHILD, CLOSURE, FROM_OUTSIDE, Resolve, a_measure, closure
from integration.test_pets_track import ASKED, QUESTION, everything_seen_by, knowing_pet


class WhenSomebodyHasSigned:
    @pytest.mark.rule(70)
    @pytest.mark.rule(32)
    @pytest.mark.parametrize("open_something", [
        lambda case: case.kommune.call("POST", f"{case.path}/concerns", json=A_CHILD),
        lambda case: case.kommune.call("POST", f"{case.path}/measures", json=a_measure(MUNICIPALITY)),
        lambda case: case.kommune.call("POST", f"{case.path}/information-requests", json=FROM_OUTSIDE),
    ])
    async def test_nothing_is_opened_on_that_side_before_the_signature_is_taken_back(
        self, house: House, open_something: Callable[[CaseInHand], Awaitable[Any]]
    ) -> None:
        case = await (await house.case()).recommend()
        proposal = await case.kommune.post(f"{case.path}/closures", CLOSURE)
        refused = await open_something(case)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/closure-is-signed")
        path = f"{case.path}/closures/{proposal['id']}"
        for _ in range(2):
            await case.kommune.delete(f"{path}/signature", status=204)
            assert (await case.politi.get(path))["signatures"] == []
        assert (await open_something(case)).is_success
        # The other may sign, and the case does not close: it only sees that the proposer has not signed any more.
        signed = await case.politi.post(f"{path}/signatures", {"content_hash": proposal["content_hash"]})
        assert [one["authority_id"] for one in signed["signatures"]] == [POLICE]
        assert await case.stage() == "acting"
        refused = await case.kommune.post(
            f"{path}/signatures", {"content_hash": proposal["content_hash"]}, status=409
        )
        assert refused["type"] == "/problems/case-has-unfinished-business"

    @pytest.mark.rule(70)
    async def test_who_took_it_back_can_sign_again_and_nobody_takes_back_another_s_or_a_closed_case_s(
        self, house: House
    ) -> None:
        case = await (await house.case()).accept()
        proposal = await case.kommune.post(f"{case.path}/closures", CLOSURE)
        path, signature = f"{case.path}/closures/{proposal['id']}", {"content_hash": proposal["content_hash"]}
        await case.politi.delete(f"{path}/signature", status=204)
        assert [one["authority_id"] for one in (await case.politi.get(path))["signatures"]] == [MUNICIPALITY]
        await case.kommune.delete(f"{path}/signature", status=204)
        await case.politi.post(f"{path}/signatures", signature)
        await case.kommune.post(f"{path}/signatures", signature)
        assert await case.stage() == "closed"
        await case.kommune.delete(f"{path}/signature", status=409)


class WhenPetAsksWhoHasSigned:
    @pytest.mark.rule(44)
    @pytest.mark.rule(70)
    @pytest.mark.rule(85)
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    async def test_it_is_noted_and_answered_while_the_signature_stands_and_the_other_sees_nothing_of_it(
        self, house: House, by: str
    ) -> None:
        case = await (await knowing_pet(house)).settle_scope()
        own, other = (case.kommune, case.politi) if by == MUNICIPALITY else (case.politi, case.kommune)
        proposal = await own.post(f"{case.path}/closures", closure(by))
        seen_by_both = {"case_id": case.id, "infohus_id": str(house.infohus_id), "record_id": proposal["id"]}
        before = await everything_seen_by(house, other, seen_by_both)
        request = await own.post(f"{case.path}/information-requests", QUESTION)
        assert await everything_seen_by(house, other, seen_by_both) == before
        exchange = await own.post(f"{case.path}/exchanges", ASKED)
        answer = {"answer": "disclosed", "exchange_id": exchange["id"]}
        await own.post(f"{case.path}/information-requests/{request['id']}/answer", answer, status=200)
        assert await everything_seen_by(house, other, seen_by_both) == before
        # Whoever else asks from outside opens something on that side, and is noted once the signature is taken back.
        for asks in (FROM_OUTSIDE, {"question": "Kender I ham?", "disclosure": told(by)}):
            refused = await own.post(f"{case.path}/information-requests", asks, status=409)
            assert refused["type"] == "/problems/closure-is-signed"
        signature = {"content_hash": proposal["content_hash"]}
        await other.post(f"{case.path}/closures/{proposal['id']}/signatures", signature)
        assert await case.stage() == "closed"


async def told_of_a_child(case: CaseInHand, teller: Person, by: str) -> Resolve:
    """Tell the other of a child's task that the teller has handed over; give what the other does about it."""
    added = await teller.post(f"{case.path}/concerns", A_CHILD)
    child = (await teller.get(f"{case.path}/concerns/{added['id']}"))["child_notifications"][0]["id"]
    path = f"{case.path}/child-notifications/{child}"
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen", "text": "Ja."}
    await teller.post(f"{path}/hand-over", handed, status=200)
    items = [{"kind": "child_notification", "id": child}]
    await teller.post(f"{case.path}/exchanges", {**told(by), "items": items})

    async def finish() -> None:
        within = {**handed, "handed_over_at": now().isoformat()}
        await case.kommune.post(f"{path}/hand-over", within, status=200)
        await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
        await case.kommune.post(f"{path}/receipt", {"receipt_given_on": str(danish_day(now()))}, status=200)

    return finish


async def told_of_a_measure(case: CaseInHand, teller: Person, by: str) -> Resolve:
    """Tell the other of a measure that it carries out, and end it on the teller's own side."""
    other = POLICE if by == MUNICIPALITY else MUNICIPALITY
    started = await teller.post(f"{case.path}/measures", {**a_measure(other), "disclosure": told(by)})
    path = f"{case.path}/measures/{started['id']}/follow-ups"
    ended = {"text": "Færdig.", "outcome": "goal_reached"}
    await teller.post(path, ended)
    responsible = case.kommune if other == MUNICIPALITY else case.politi
    return lambda: responsible.post(path, ended)


class WhenASignerIsToldOfSomethingThatOpensTheirSide:
    @pytest.mark.rule(70)
    @pytest.mark.rule(44)
    @pytest.mark.parametrize(("signer", "tell"), [
        (MUNICIPALITY, told_of_a_child), (MUNICIPALITY, told_of_a_measure), (POLICE, told_of_a_measure),
    ])
    async def test_the_signature_ends_and_the_case_does_not_close_over_it(
        self, house: House, signer: str, tell: Callable[[CaseInHand, Person, str], Awaitable[Resolve]]
    ) -> None:
        case = await (await house.case()).recommend()
        first, second = (case.kommune, case.politi) if signer == MUNICIPALITY else (case.politi, case.kommune)
        by = POLICE if signer == MUNICIPALITY else MUNICIPALITY
        proposal = await first.post(f"{case.path}/closures", closure(signer))
        path, signature = f"{case.path}/closures/{proposal['id']}", {"content_hash": proposal["content_hash"]}
        finish = await tell(case, second, by)
        for person in (first, second):
            assert (await person.get(path))["signatures"] == []
        # The teller is refused nothing for the other's side, and learns only that it has not signed.
        signed = await second.post(f"{path}/signatures", signature)
        assert [one["authority_id"] for one in signed["signatures"]] == [by]
        assert await case.stage() == "acting"
        refused = await first.post(f"{path}/signatures", signature, status=409)
        assert refused["type"] == "/problems/case-has-unfinished-business"
        await finish()
        await first.post(f"{path}/signatures", signature)
        assert await case.stage() == "closed"
