"""Each operation that writes stands in the log under an act of its own, and is found there by that act (rule 56)."""

import inspect
import re
from collections.abc import Mapping
from typing import Any

import pytest

from house import POLICE, CaseInHand, House, now, told
from infohus.app import guarded_handlers
from infohus.danish_calendar import danish_day
from infohus.kernel.authorization.action import Action
from infohus.web.attempts import ActOfAnotherOperation, RouteWithoutAct, acts_of
from integration.test_closing import CLOSURE, closure

AS_FIRST_READ = {"If-Match": '"1"'}


@pytest.mark.rule(56)
class WhenARouteIsAdded:
    def test_its_act_is_the_one_that_it_begins(self) -> None:
        acts = acts_of(guarded_handlers())
        begun = {
            str(handler.operation_id): re.findall(r"begin\(\s*Action\.(\w+)", inspect.getsource(handler.fn))
            for handler in guarded_handlers()
        }
        assert len(begun) == len(acts) > 100
        for operation, names in begun.items():
            assert not names or acts[operation] in {Action[name] for name in names}, operation

    def test_one_whose_act_nobody_can_tell_stops_the_start(self) -> None:
        (handler, *_) = (one for one in guarded_handlers() if one.operation_id == "RecordConcern")
        handler.operation_id = "SomethingNew"
        with pytest.raises(RouteWithoutAct, match="SomethingNew"):
            acts_of([handler])
        handler.operation_id = "RecordConcern"

    def test_one_that_writes_under_the_act_of_another_stops_the_start(self) -> None:
        """Whoever filters the log by an act finds what was done, and nothing that was its opposite."""
        handlers = {str(one.operation_id): one for one in guarded_handlers()}
        acts = acts_of(handlers.values())
        writing = [name for name, handler in handlers.items() if handler.http_methods != {"GET"}]
        shared = sorted(name for name in writing if sum(acts[name] is acts[other] for other in writing) > 1)
        assert shared == ["RecordExchange", "RecordOralExchange"]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("infohus.web.attempts._OTHERWISE_CALLED", {"AmendClosure": Action.SIGN_CLOSURE})
            with pytest.raises(ActOfAnotherOperation, match="`signClosure`"):
                acts_of([handlers["SignClosure"], handlers["AmendClosure"]])


async def amended_and_signed(case: CaseInHand, path: str, outcome: str, content: Mapping[str, Any]) -> None:
    """Propose as the municipality, which then says it in other words, and sign as the police."""
    draft = {"outcome": outcome, "content": content, "disclosure": told()}
    proposal = await case.kommune.post(f"{case.path}/{path}", draft)
    one = f"{case.path}/{path}/{proposal['id']}"
    amended = await case.kommune.put(one, draft, headers=AS_FIRST_READ)
    await case.politi.post(f"{one}/signatures", {"content_hash": amended["content_hash"]})


async def stop_the_clocks(case: CaseInHand) -> None:
    """Hand an underretning over, assess it, and confirm its receipt."""
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    path = f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}"
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
    await case.kommune.post(f"{path}/hand-over", handed, status=200)
    await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
    await case.kommune.post(f"{path}/receipt", {"receipt_given_on": str(danish_day(now()))}, status=200)


async def found_by(house: House, dpo: str, *actions: str) -> dict[str, list[str]]:
    """Let a DPO look for each act; give the outcomes of what was found, oldest first."""
    found = {}
    for action in actions:
        entries = [one["entry"] for one in (await house.person(dpo).get(f"/log/entries?action={action}"))["items"]]
        assert {one["action"] for one in entries} <= {action}
        found[action] = [one["outcome"] for one in entries]
    return found


@pytest.mark.rule(56)
class WhenADpoLooksForAnAct:
    async def test_a_signature_an_amendment_and_their_opposites_are_told_apart(self, house: House) -> None:
        case = await (await house.case(subjects=[{"name": "Barn", "is_under_18": True}])).clear()
        await stop_the_clocks(case)
        await amended_and_signed(case, "scope-decisions", "within", {"reasons": "Ekstremisme kan være på spil."})
        screened = {"considered": "Det, begge ved.", "reasons": "Der er brug for støtte."}
        await amended_and_signed(case, "screenings", "recommend", screened)
        await amended_and_signed(case, "recommendations", "recommended", {"recommendation": "En mentor."})
        proposal = await case.kommune.post(f"{case.path}/closures", CLOSURE)
        path = f"{case.path}/closures/{proposal['id']}"
        await case.kommune.delete(f"{path}/signature", status=204)
        await case.kommune.post(f"{path}/own-end", status=409)
        amended = await case.politi.put(path, closure(POLICE), headers=AS_FIRST_READ)
        await case.kommune.post(f"{path}/signatures", {"content_hash": amended["content_hash"]})
        assert await case.stage() == "closed"
        assert await found_by(
            house, "dpo", "recordAssessmentOfChild", "recordReceiptToReporter", "amendScopeDecision",
            "signScopeDecision", "amendScreening", "signScreening", "amendRecommendation", "signRecommendation",
            "amendClosure", "signClosure", "takeBackClosureSignature", "endOwnSide",
        ) == {
            "recordAssessmentOfChild": ["allowed"], "recordReceiptToReporter": ["allowed"],
            "amendScopeDecision": ["allowed"], "signScopeDecision": [], "amendScreening": ["allowed"],
            "signScreening": [], "amendRecommendation": ["allowed"], "signRecommendation": [], "amendClosure": [],
            "signClosure": ["allowed"], "takeBackClosureSignature": ["allowed"], "endOwnSide": ["refused"],
        }
        theirs = await found_by(house, "politi-dpo", "signScreening", "amendScreening", "amendClosure", "signClosure")
        assert theirs == {
            "signScreening": ["allowed"], "amendScreening": [], "amendClosure": ["allowed"], "signClosure": [],
        }

    @pytest.mark.rule(17)
    async def test_so_is_who_differed_from_a_proposal(self, house: House) -> None:
        case = await (await house.case()).clear()
        draft = {"outcome": "within", "content": {"reasons": "Ja."}, "disclosure": told(purpose="scope_decision")}
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", draft)
        differing = {"reason": "Det er ikke ekstremisme.", "disclosure": told(POLICE, purpose="scope_decision")}
        await case.politi.post(f"{case.path}/scope-decisions/{proposal['id']}/disagreement", differing)
        assert await case.stage() == "not_taken_in"
        assert await found_by(house, "politi-dpo", "signScopeDecision", "differOnScopeDecision") == {
            "signScopeDecision": [], "differOnScopeDecision": ["allowed"],
        }
