"""What the two tovholdere decide together, who is drawn in, the measures and the end."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from house import CLEARANCE, MUNICIPALITY, POLICE, House, now, told
from one_api import description_of
from persons import named_otherwise

SCOPE: dict[str, Any] = {
    "outcome": "within", "content": {"reasons": "Ekstremisme kan være på spil."},
    "disclosure": told(purpose="scope_decision"),
}


class WhenAScopeDecisionIsProposed:
    """Rules 17, 18 and 20."""

    @pytest.mark.rule(17)
    async def test_it_counts_with_both_signatures_and_not_before(self, house: House) -> None:
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        assert (proposal["decided_at"], len(proposal["signatures"])) == (None, 1)
        own = await case.kommune.call("POST", f"{path}/signatures", json={"content_hash": proposal["content_hash"]})
        assert own.json()["type"] == "/problems/already-signed"
        assert await case.stage() == "cleared"
        signed = await case.politi.post(f"{path}/signatures", {"content_hash": proposal["content_hash"]})
        assert {one["authority_id"] for one in signed["signatures"]} == {MUNICIPALITY, POLICE}
        assert len({one["person_id"] for one in signed["signatures"]}) == 2
        assert await case.stage() == "accepted"

    @pytest.mark.rule(17)
    async def test_one_person_signs_once_though_two_authorities_vouch_for_them(self, house: House) -> None:
        kommune = house.person("kommune")
        await self.coordinates(house, POLICE, kommune.person_id)
        twice = named_otherwise(house, "politi", sub=str(kommune.person_id))
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
        path = f"{case.path}/scope-decisions/{proposal['id']}/signatures"
        body = {"content_hash": proposal["content_hash"]}
        assert (await twice.post(path, body, status=409))["type"] == "/problems/already-signed"
        assert await case.stage() == "cleared"
        await case.politi.post(path, body)
        assert await case.stage() == "accepted"

    @pytest.mark.rule(17)
    async def test_a_colleague_of_the_proposer_does_not_sign_for_the_other_authority(self, house: House) -> None:
        colleague = uuid4()
        await self.coordinates(house, MUNICIPALITY, colleague)
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
        path = f"{case.path}/scope-decisions/{proposal['id']}/signatures"
        other = named_otherwise(house, "kommune", sub=str(colleague))
        refused = await other.post(path, {"content_hash": proposal["content_hash"]}, status=409)
        assert refused["type"] == "/problems/already-signed"

    async def coordinates(self, house: House, authority: str, person_id: UUID) -> None:
        """Appoint one more tovholder."""
        await house.sql("INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", house.infohus_id, authority, person_id)

    @pytest.mark.rule(17)
    async def test_if_they_differ_it_is_not_taken_in_and_each_reason_stands(self, house: House) -> None:
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
        body = {"reason": "Det er en familiesag.", "disclosure": told(POLICE, purpose="scope_decision")}
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        await case.kommune.post(f"{path}/disagreement", {**body, "disclosure": told()}, status=409)
        disagreement = await case.politi.post(f"{path}/disagreement", body)
        assert await case.stage() == "not_taken_in"
        seen = await case.kommune.get(f"{case.path}/scope-disagreements/{disagreement['id']}")
        assert seen["reason"] == "Det er en familiesag."
        assert (await case.politi.get(path))["content"]["reasons"] == SCOPE["content"]["reasons"]

    @pytest.mark.rule(18)
    async def test_any_change_makes_earlier_signatures_void(self, house: House) -> None:
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        changed = {**SCOPE, "content": {"reasons": "Nyt."}, "disclosure": told(POLICE, purpose="scope_decision")}
        await case.politi.put(path, changed, headers={"If-Match": '"9"'}, status=412)
        await case.politi.put(path, changed, status=428)
        amended = await case.politi.put(path, changed, headers={"If-Match": '"1"'})
        assert [one["authority_id"] for one in amended["signatures"]] == [POLICE]
        late = await case.kommune.call("POST", f"{path}/signatures", json={"content_hash": proposal["content_hash"]})
        assert late.json()["type"] == "/problems/signed-content-differs"
        await case.kommune.post(f"{path}/signatures", {"content_hash": amended["content_hash"]})
        assert await case.stage() == "accepted"

    @pytest.mark.rule(17)
    async def test_the_proposal_is_itself_an_exchange(self, house: House) -> None:
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
        exchange = await case.politi.get(f"{case.path}/exchanges/{proposal['exchange_id']}")
        assert (exchange["purpose"], exchange["discloser"]) == ("scope_decision", MUNICIPALITY)
        silent = {**SCOPE, "disclosure": {**SCOPE["disclosure"], "necessity": ""}}
        other = await (await house.case()).clear()
        answer = await other.kommune.call("POST", f"{other.path}/scope-decisions", json=silent)
        assert answer.json()["type"] == "/problems/exchange-without-necessity"

    @pytest.mark.rule(20)
    async def test_police_alone_ends_the_exchange_and_the_hand_over_remains(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.decide("scope-decisions", "police_alone", {"reasons": "For alvorligt."}, purpose="scope_decision")
        assert await case.stage() == "police_alone"
        draft = {**CLEARANCE, "recipients": [MUNICIPALITY], "summary": "Nyt i sagen."}
        answer = await case.politi.call("POST", f"{case.path}/exchanges", json=draft)
        assert answer.json()["type"] == "/problems/not-possible-now"
        handed_over = [entry for entry in await house.entries() if entry.action == "signScopeDecision"]
        assert len(handed_over) == 1


class WhenSomebodyIsDrawnIn:
    """Rules 22 and 46."""

    def invitation(self, house: House, **change: Any) -> dict[str, Any]:
        """Draw the adviser in for information."""
        return {
            "person_id": str(house.person("raadgiver").person_id), "authority_id": MUNICIPALITY,
            "reason": "Kender den unge.", "scope": ["information"],
            "ends_at": (now() + timedelta(days=14)).isoformat(), **change,
        }

    @pytest.mark.rule(22)
    @pytest.mark.rule(46)
    async def test_a_role_alone_opens_nothing_and_an_invitation_opens_its_scope(self, house: House) -> None:
        case = await (await house.case()).accept()
        adviser = house.person("raadgiver")
        await adviser.get(case.path, status=404)
        assert (await adviser.get("/cases"))["items"] == []
        await case.kommune.post(f"{case.path}/participants", self.invitation(house))
        await adviser.get(case.path)
        assert len((await adviser.get("/cases"))["items"]) == 1
        item = await adviser.post(f"{case.path}/information", {"text": "Han kommer i klubben.", "source": "klubben"})
        assert (await adviser.get(f"{case.path}/information/{item['id']}"))["text"] == "Han kommer i klubben."
        await adviser.get(f"{case.path}/concerns/{case.concern_id}", status=403)
        await adviser.get(f"{case.path}/exchanges", status=403)

    @pytest.mark.rule(22)
    async def test_access_ends_by_itself(self, house: House) -> None:
        case = await (await house.case()).accept()
        invited = await case.kommune.post(f"{case.path}/participants", self.invitation(house))
        adviser = house.person("raadgiver")
        await adviser.get(case.path)
        await house.sql(
            "UPDATE infohus.participant SET begins_at = now() - interval '2 days',"
            " ends_at = now() - interval '1 second' WHERE id = $1", invited["id"],
        )
        await adviser.get(case.path, status=404)

    @pytest.mark.rule(22)
    async def test_access_ends_at_once_when_it_is_ended(self, house: House) -> None:
        case = await (await house.case()).accept()
        invited = await case.kommune.post(f"{case.path}/participants", self.invitation(house))
        await case.kommune.delete(f"{case.path}/participants/{invited['id']}")
        await house.person("raadgiver").get(case.path, status=404)

    @pytest.mark.rule(22)
    @pytest.mark.parametrize(("change", "problem"), [
        ({"ends_at": "2020-01-01T00:00:00Z"}, "participation-ends-before-it-begins"),
        ({"authority_id": "lokal-menighed"}, "not-an-authority-here"),
    ])
    async def test_reason_scope_and_end_are_asked_for(self, house: House, change: dict[str, Any], problem: str) -> None:
        case = await (await house.case()).accept()
        answer = await case.kommune.call("POST", f"{case.path}/participants", json=self.invitation(house, **change))
        assert answer.json()["type"] == f"/problems/{problem}"
        for missing in ("reason", "scope", "ends_at"):
            draft = self.invitation(house)
            del draft[missing]
            assert (await case.kommune.call("POST", f"{case.path}/participants", json=draft)).status_code == 400

    async def test_a_tovholder_stays_while_the_case_is_open(self, house: House) -> None:
        case = await house.case()
        own = (await case.kommune.get(case.path))["participants"][0]
        answer = await case.kommune.call("DELETE", f"{case.path}/participants/{own['id']}")
        assert answer.json()["type"] == "/problems/cannot-leave"


class WhenAMeasureIsStarted:
    """Rule 23."""

    def draft(self, **change: Any) -> dict[str, Any]:
        """Start a mentor course."""
        return {
            "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Mentor.",
            "starts_on": "2026-12-01", "follow_up_on": "2099-01-01", **change,
        }

    @pytest.mark.rule(23)
    async def test_it_names_the_one_authority_that_carries_it_out(self, house: House) -> None:
        case = await (await house.case()).recommend()
        path = f"{case.path}/measures"
        refused = ((None, "missing"), ("kriminalforsorgen", "takes-no-part"), (POLICE, "takes-no-part"))
        for responsible, problem in refused:
            answer = await case.kommune.call("POST", path, json=self.draft(responsible_authority=responsible))
            assert answer.json()["type"] == f"/problems/responsible-authority-{problem}"
        measure = await case.kommune.post(path, self.draft())
        assert measure["responsible_authority"] == MUNICIPALITY
        theirs = self.draft(responsible_authority=POLICE, disclosure=told(purpose="measure"))
        shared = await case.kommune.post(path, theirs)
        assert (await case.politi.get(f"{path}/{shared['id']}"))["description"] == "Mentor."
        await case.politi.get(f"{path}/{measure['id']}", status=404)

    @pytest.mark.rule(23)
    async def test_the_infohus_recommends_and_nothing_is_called_a_decision_on_the_citizen(self, house: House) -> None:
        schema = description_of(house.app)
        names = [*schema["paths"], *schema["components"]["schemas"]]
        assert not [name for name in names if re.search("(?i)sanction|verdict|afgørelse|citizen_decision", name)]
        assert any("recommendations" in path for path in schema["paths"])

    async def test_a_follow_up_with_an_outcome_ends_it(self, house: House) -> None:
        case = await (await house.case()).recommend()
        measure = await case.kommune.post(f"{case.path}/measures", self.draft())
        path = f"{case.path}/measures/{measure['id']}/follow-ups"
        on = await case.kommune.post(path, {"text": "Godt i gang.", "next_follow_up_on": "2099-02-01"})
        assert (on["follow_up_on"], on["ended_at"]) == ("2099-02-01", None)
        over = await case.kommune.post(path, {"text": "Målet er nået.", "outcome": "goal_reached"})
        assert (bool(over["ended_at"]), over["outcome"]) == (True, "goal_reached")
        assert [one["text"] for one in over["follow_ups"]["items"]] == ["Godt i gang.", "Målet er nået."]
        again = await case.kommune.call("POST", path, json={"text": "Mere.", "outcome": "unknown"})
        assert again.json()["type"] == "/problems/decision-already-made"


class WhenACaseIsClosed:
    """Rules 24, 70 and 71."""

    @pytest.mark.rule(24)
    @pytest.mark.rule(71)
    async def test_unfounded_is_a_reason_of_its_own_with_the_shortest_retention(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.close("unfounded")
        shown = await case.kommune.get(case.path)
        assert (shown["case"]["stage"], shown["case"]["outcome"]) == ("closed", "unfounded")
        kept = await case.kommune.get(f"{case.path}/retention")
        assert {one["rule"] for one in kept} == {"unfounded"}
        assert all(one["source"] and one["runs_from"] < one["erase_after"] for one in kept)

    @pytest.mark.rule(70)
    async def test_it_waits_for_open_business_and_says_which(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Barn", "birth_date": "2012-01-01"}])
        await case.clear()
        await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
        draft = {"outcome": "unfounded", "content": {"reasons": "Intet."}, "disclosure": told(purpose="closure")}
        answer = await case.kommune.call("POST", f"{case.path}/closures", json=draft)
        assert answer.json()["type"] == "/problems/case-has-unfinished-business"
        assert "underretningen" in answer.json()["detail"]
        assert "hører under infohuset" in answer.json()["detail"]

    @pytest.mark.rule(70)
    async def test_it_is_signed_by_both(self, house: House) -> None:
        case = await (await house.case()).accept()
        draft = {"outcome": "unfounded", "content": {"reasons": "Intet."}, "disclosure": told(purpose="closure")}
        proposal = await case.kommune.post(f"{case.path}/closures", draft)
        assert await case.stage() == "accepted"
        body = {"content_hash": proposal["content_hash"]}
        await case.politi.post(f"{case.path}/closures/{proposal['id']}/signatures", body)
        assert await case.stage() == "closed"
        item = await case.kommune.call("POST", f"{case.path}/information", json={"text": "Sent.", "source": "x"})
        assert item.json()["type"] == "/problems/not-possible-now"


class WhenRecordsHaveOwners:
    """Rules 42 and 45."""

    @pytest.mark.rule(42)
    async def test_each_record_has_one_owner_and_the_regime_that_follows(self, house: House) -> None:
        case = await (await house.case()).accept()
        await case.politi.post(f"{case.path}/information", {"text": "Kendt.", "source": "patrulje"})
        for table in ("concern", "information", "exchange", "scope_decision", "clearance_check"):
            rows = await house.sql(f"SELECT authority_id, regime FROM infohus.{table}")  # noqa: S608
            assert {(row["authority_id"], row["regime"]) for row in rows} <= {(MUNICIPALITY, "gdpr"), (POLICE, "led")}
        with pytest.raises(Exception, match="fk_information_authority_id_regime"):
            await house.sql("UPDATE infohus.information SET regime = 'gdpr' WHERE regime = 'led'")


class WhenTheLogIsRead:
    """Rules 56, 60 and 61."""

    @pytest.mark.rule(60)
    async def test_it_holds_identifiers_and_digests_and_a_log_id(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Navn Navnesen", "cpr_number": "010104-1234"}])
        await case.clear()
        raw = await house.sql("SELECT entry FROM audit.leaf")
        for row in raw:
            text = row["entry"].decode()
            assert not [word for word in ("Navn", "0101041234", "010104", "våben", "Prøve") if word in text]
        recorded, *_, told_police, by_the_police = await house.entries()
        assert recorded.persons == told_police.persons
        assert [len(person) for person in told_police.persons] == [22]
        # The police do not know the person yet, so their entries name nobody.
        assert by_the_police.persons == []

    @pytest.mark.rule(56)
    async def test_sign_in_read_alter_disclose_and_denial_each_leave_an_entry(self, house: House) -> None:
        case = await (await house.case()).accept()
        await case.politi.get(f"{case.path}/concerns/{case.concern_id}")
        await house.person("dpo").get(case.path, status=403)
        seen = {(entry.action, entry.outcome.value) for entry in await house.all_entries()}
        assert {
            ("signIn", "allowed"), ("recordConcern", "allowed"), ("recordExchange", "allowed"),
            ("readConcern", "allowed"), ("signScopeDecision", "allowed"), ("readCase", "denied"),
        } <= seen
