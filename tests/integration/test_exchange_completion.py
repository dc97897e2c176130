"""What leads to an exchange and what it weighs: requests, PET, the three answers, consent, what is said aloud."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from house import CLEARANCE, INSTITUTION, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, now, told
from invitations import invitation
from older_cases import as_old_as
from one_api import description_of

SAID = {**CLEARANCE, "summary": "Sagt på mødet."}


class WhenOneAuthorityAsksAnother:
    """Rule 8: declining is a right."""

    def asking(self, **more: Any) -> dict[str, Any]:
        return {"question": "Kender I ham?", "disclosure": told(), **more}

    @pytest.mark.rule(8)
    async def test_it_may_decline_and_nothing_can_hold_a_reason(self, house: House) -> None:
        case = await house.case()
        asked = await case.kommune.post(f"{case.path}/information-requests", self.asking())
        path = f"{case.path}/information-requests/{asked['id']}/answer"
        answered = await case.politi.post(path, {"answer": "declined"}, status=200)
        assert (answered["answer"], answered["answer_exchange_id"]) == ("declined", None)
        reasoned = await case.politi.call("POST", path, json={"answer": "declined", "reason": "Vil ikke."})
        assert reasoned.status_code == 400
        columns = await house.sql(
            "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'information_request'"
        )
        assert not {row["name"] for row in columns if "reason" in row["name"]}

    @pytest.mark.rule(8)
    async def test_a_declined_request_blocks_nothing_and_an_open_one_blocks_closing(self, house: House) -> None:
        case = await (await house.case()).clear()
        asked = await case.kommune.post(f"{case.path}/information-requests", self.asking())
        draft = {"outcome": "unfounded", "content": {"reasons": "Grundløst."}, "disclosure": told(purpose="closure")}
        blocked = await case.kommune.call("POST", f"{case.path}/closures", json=draft)
        assert blocked.json()["type"] == "/problems/case-has-unfinished-business"
        assert "anmodning" in blocked.json()["detail"]
        await case.politi.post(
            f"{case.path}/information-requests/{asked['id']}/answer", {"answer": "declined"}, status=200
        )
        await case.close()
        assert await case.stage() == "closed"

    @pytest.mark.rule(16)
    async def test_what_it_discloses_is_an_exchange_to_who_asked(self, house: House) -> None:
        case = await house.case()
        asked = await case.kommune.post(f"{case.path}/information-requests", self.asking())
        path = f"{case.path}/information-requests/{asked['id']}/answer"
        for wrong in (None, str(uuid4()), (await case.disclose(await case.note()))["id"]):
            answer = await case.politi.call("POST", path, json={"answer": "partly", "exchange_id": wrong})
            assert answer.json()["type"] == "/problems/answer-names-no-exchange"
        fallen = await case.disclose(await case.note(by=POLICE), by=POLICE)
        withdrawal = {"recipient": MUNICIPALITY, "reason": "En fejl."}
        await case.politi.post(f"{case.path}/exchanges/{fallen['id']}/withdrawals", withdrawal)
        refused = await case.politi.post(path, {"answer": "partly", "exchange_id": fallen["id"]}, status=422)
        assert refused["type"] == "/problems/answer-is-withdrawn"
        given = await case.disclose(await case.note(by=POLICE), by=POLICE)
        answered = await case.politi.post(path, {"answer": "partly", "exchange_id": given["id"]}, status=200)
        assert (answered["answer"], answered["answer_exchange_id"]) == ("partly", given["id"])
        again = await case.politi.call("POST", path, json={"answer": "declined"})
        assert (again.status_code, again.json()["type"]) == (409, "/problems/request-already-answered")

    @pytest.mark.rule(16)
    async def test_what_rests_on_what_was_withdrawn_is_no_answer(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        item = await case.note(by=POLICE)
        from_police = await case.disclose(item, by=POLICE)
        passed_on = [await case.disclose(item, recipients=[PROBATION], summary=summary) for summary in (None, "Set.")]
        withdrawal = {"recipient": MUNICIPALITY, "reason": "En fejl."}
        await case.politi.post(f"{case.path}/exchanges/{from_police['id']}/withdrawals", withdrawal)
        noted = {"question": "Kender I ham?", "received_from": PROBATION}
        asked = await case.kommune.post(f"{case.path}/information-requests", noted)
        answers = [
            await case.kommune.call(
                "POST", f"{case.path}/information-requests/{asked['id']}/answer",
                json={"answer": "partly", "exchange_id": one["id"]},
            )
            for one in passed_on
        ]
        assert [one.status_code for one in answers] == [422, 200]
        assert answers[0].json()["type"] == "/problems/answer-is-withdrawn"

    async def test_only_the_one_who_was_asked_answers(self, house: House) -> None:
        case = await house.case()
        asked = await case.kommune.post(f"{case.path}/information-requests", self.asking())
        path = f"{case.path}/information-requests/{asked['id']}/answer"
        assert (await case.kommune.call("POST", path, json={"answer": "declined"})).status_code == 404
        listed = (await case.politi.get(f"{case.path}/information-requests"))["items"]
        assert [(one["question"], one["answer"]) for one in listed] == [("Kender I ham?", None)]

    @pytest.mark.rule(16)
    async def test_who_asked_sees_what_it_took_back(self, house: House) -> None:
        case = await house.case()
        for _ in range(2):
            await case.kommune.post(f"{case.path}/information-requests", self.asking())
        asking = (await case.kommune.get(f"{case.path}/exchanges"))["items"][-1]
        body = {"recipient": POLICE, "reason": "Spurgt ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{asking['id']}/withdrawals", body)
        listed = [
            (await one.get(f"{case.path}/information-requests"))["items"] for one in (case.kommune, case.politi)
        ]
        assert [[one["is_taken_back"] for one in seen] for seen in listed] == [[False, True], [False]]

    @pytest.mark.parametrize("change", [
        {"received_from": PROBATION}, {"disclosure": None}, {"disclosure": told(recipients=[])},
    ])
    async def test_it_has_one_addressee(self, house: House, change: dict[str, Any]) -> None:
        case = await house.case()
        answer = await case.kommune.call(
            "POST", f"{case.path}/information-requests", json={**self.asking(), **change}
        )
        assert answer.json()["type"] == "/problems/request-has-one-addressee"


class WhenPetAsks:
    """Rule 14: PET-loven § 4, never § 115."""

    PET = "pet"
    ASKS: ClassVar = {"question": "Hvem bor der?", "received_from": PET, "states_chapters_12_13": True}

    async def knowing_pet(self, house: House) -> CaseInHand:
        await house.sql("INSERT INTO infohus.authority VALUES ('pet', 'PET', 'security_service', 'pet', NULL)")
        await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, 'pet')", house.infohus_id)
        case = await house.case()
        for person in (case.kommune, case.politi):
            await person.post(f"{case.path}/information-requests", self.ASKS)
        return case

    @pytest.mark.rule(14)
    async def test_the_basis_is_pet_loven_and_pet_need_not_take_part(self, house: House) -> None:
        case = await self.knowing_pet(house)
        given = await case.kommune.post(
            f"{case.path}/exchanges", {**SAID, "recipients": [self.PET], "requested_by_pet": True}
        )
        assert given["paragraph"] == "pet-loven-4"
        assert (await house.entries())[-1].justification == "pet-loven-4"

    @pytest.mark.rule(14)
    @pytest.mark.parametrize(("change", "problem"), [
        ({"recipients": [POLICE]}, "pet-request-has-another-recipient"),
        ({"recipients": ["pet", POLICE]}, "pet-request-has-another-recipient"),
        ({"recipients": ["pet"], "paragraph": "rpl-115-2"}, "paragraph-does-not-follow"),
        ({"recipients": ["pet"], "requested_by_pet": False}, "recipient-takes-no-part"),
        ({"recipients": ["pet"], "categories": []}, "exchange-without-category"),
    ])
    async def test_it_is_never_mixed_with_115(self, house: House, change: dict[str, Any], problem: str) -> None:
        case = await self.knowing_pet(house)
        answer = await case.kommune.call(
            "POST", f"{case.path}/exchanges", json={**SAID, "requested_by_pet": True, **change}
        )
        assert answer.json()["type"] == f"/problems/{problem}"

    @pytest.mark.rule(2)
    @pytest.mark.rule(14)
    @pytest.mark.rule(15)
    @pytest.mark.rule(85)
    async def test_it_is_answered_without_the_questions_of_115(self, house: House) -> None:
        """The service judges what it needs and for what; what nobody was asked is not stored as if it had been said."""
        case = await self.knowing_pet(house)
        bare = {"recipients": [self.PET], "requested_by_pet": True, "purpose": "screening", "summary": "Han er set."}
        sensitive = {**bare, "categories": ["special_categories"]}
        questions = ("consent", "consent_reason", "necessity", "proportionality", "subsidiarity", "strict_necessity")
        path = f"{case.path}/exchanges"
        for person, reviewer in ((case.kommune, "dpo"), (case.politi, "politi-dpo")):
            drafts = [{**sensitive, "for_criminal_investigation": said} for said in (None, True, False)]
            given = [await person.post(path, draft) for draft in drafts]
            assert [one["declared_not_for_investigation"] for one in given] == [False, False, True]
            for one in given:
                assert {name: one[name] for name in questions} == dict.fromkeys(questions)
            correction = {**drafts[1], "recipients": [], "summary": "Det var en anden."}
            await person.post(f"{path}/{given[0]['id']}/corrections", correction)
            dpo = house.person(reviewer)
            reviewed = await dpo.get(f"/infohuse/{house.infohus_id}/exchanges/{given[0]['id']}")
            assert (reviewed["consent"], reviewed["strict_necessity_given"]) == (None, False)
            assert set((await dpo.get(f"{path}/{given[0]['id']}/answers")).values()) == {None}

    @pytest.mark.rule(14)
    async def test_the_request_cannot_be_declined(self, house: House) -> None:
        case = await self.knowing_pet(house)
        asked = await case.kommune.post(f"{case.path}/information-requests", self.ASKS)
        path = f"{case.path}/information-requests/{asked['id']}/answer"
        declined = await case.kommune.call("POST", path, json={"answer": "declined"})
        assert declined.json()["type"] == "/problems/pet-request-cannot-be-declined"
        draft = {**SAID, "recipients": [self.PET], "requested_by_pet": True}
        fallen, given = [await case.kommune.post(f"{case.path}/exchanges", draft) for _ in range(2)]
        withdrawal = {"recipient": self.PET, "reason": "En fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{fallen['id']}/withdrawals", withdrawal)
        refused = await case.kommune.post(path, {"answer": "disclosed", "exchange_id": fallen["id"]}, status=422)
        assert refused["type"] == "/problems/answer-is-withdrawn"
        await case.kommune.post(path, {"answer": "disclosed", "exchange_id": given["id"]}, status=200)


class WhenAnExchangeIsWeighed:
    """Necessity, proportionality, subsidiarity; and consent as a consideration."""

    ANSWERED: ClassVar = ("categories", "necessity", "proportionality", "subsidiarity", "for_criminal_investigation")

    @pytest.mark.rule(1)
    @pytest.mark.parametrize(("field", "problem"), [
        ("proportionality", "proportionality-not-answered"), ("subsidiarity", "subsidiarity-not-answered"),
    ])
    async def test_each_of_the_three_answers_is_given(self, house: House, field: str, problem: str) -> None:
        case = await house.case()
        for empty in ("", "  "):
            answer = await case.kommune.call("POST", f"{case.path}/exchanges", json={**SAID, field: empty})
            assert answer.json()["type"] == f"/problems/{problem}"

    @pytest.mark.rule(15)
    @pytest.mark.parametrize("consent", ["given", "refused", "sought", "not_sought"])
    async def test_consent_is_recorded_and_never_a_gate(self, house: House, consent: str) -> None:
        case = await house.case()
        given = await case.kommune.post(
            f"{case.path}/exchanges", {**SAID, "consent": consent, "consent_reason": "Det ville skade kontakten."}
        )
        assert (given["consent"], given["consent_reason"]) == (consent, "Det ville skade kontakten.")

    @pytest.mark.rule(2)
    @pytest.mark.rule(15)
    async def test_neither_investigation_nor_consent_is_left_unsaid(self, house: House) -> None:
        """Of what is written and of what was said, unless PET asked; and consent that was not given says why."""
        case = await house.case()
        spoken = {"said": "Han er set ved stationen.", "channel": "phone", "exchanged_at": None, "recipients": None}
        told_aloud = {**spoken, **{name: SAID[name] for name in self.ANSWERED}}
        considered = [{"consent": other} for other in ("refused", "sought", "not_sought")]
        for path, draft in (("exchanges", SAID), ("oral-exchanges", told_aloud)):
            for more in considered:
                refused = await case.kommune.post(f"{case.path}/{path}", {**draft, **more}, status=422)
                assert refused["type"] == "/problems/consent-not-considered"
            declared = {**draft, "consent": "given", "for_criminal_investigation": True}
            refused = await case.kommune.post(f"{case.path}/{path}", declared, status=422)
            assert refused["type"] == "/problems/exchange-for-investigation"
        for field, problem in (
            ("consent", "consent-not-considered"), ("for_criminal_investigation", "investigation-not-ruled-out"),
        ):
            unsaid = {name: value for name, value in SAID.items() if name != field}
            refused = await case.kommune.post(f"{case.path}/exchanges", unsaid, status=422)
            assert refused["type"] == f"/problems/{problem}"

    @pytest.mark.rule(2)
    @pytest.mark.rule(15)
    @pytest.mark.rule(90)
    async def test_what_was_declared_and_considered_stands_wherever_it_is_shown(self, house: House) -> None:
        """Its parties, their receipts, their journals and their supervision see it; why not, also that supervision."""
        case, reason = await house.case(), "Det ville skade kontakten."
        draft = {**SAID, "consent": "refused", "consent_reason": reason}
        made = await case.kommune.post(f"{case.path}/exchanges", draft)
        path, declared = f"{case.path}/exchanges/{made['id']}", [made]
        for person, reviewer in ((case.kommune, "dpo"), (case.politi, "politi-dpo")):
            reviewed = f"/infohuse/{house.infohus_id}/exchanges"
            one, many = await person.get(path), (await person.get(f"{case.path}/exchanges"))["items"]
            note = await person.post(f"{case.path}/journal-notes", status=200)
            receipts = await person.get(f"{path}/receipts")
            dpo = house.person(reviewer)
            declared += [one, *many, *note["exchanges"], await dpo.get(f"{reviewed}/{made['id']}")]
            declared += (await dpo.get(reviewed))["items"]
            assert "Erklæret ikke at være til efterforskning. Samtykke: nægtet." in note["text"]
            assert receipts["declared_not_for_investigation"] is True
        assert len(declared) == 11
        assert {(one["declared_not_for_investigation"], one["consent"]) for one in declared} == {(True, "refused")}
        assert (await house.person("dpo").get(f"{path}/answers"))["consent_reason"] == reason

    @pytest.mark.rule(9)
    async def test_nr_3_c_rests_on_a_recorded_release(self, house: House) -> None:
        case = await house.case()
        body = {**SAID, "cooperation_form": "rpl-115-1-3-c"}
        refused = await case.kommune.call("POST", f"{case.path}/exchanges", json=body)
        assert refused.json()["type"] == "/problems/release-condition-missing"
        release = {"released_on": "2026-10-01", "judgement": "at_risk", "basis": "Kriminalforsorgens vurdering."}
        recorded = await case.kommune.post(f"{case.path}/custody-releases", release)
        assert (await case.kommune.get(f"{case.path}/custody-releases/{recorded['id']}"))["judgement"] == "at_risk"
        await case.politi.get(f"{case.path}/custody-releases/{recorded['id']}", status=404)
        refused = await case.kommune.call("POST", f"{case.path}/exchanges", json=body)
        assert refused.json()["type"] == "/problems/cooperation-lacks-an-authority"
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        given = await case.kommune.post(f"{case.path}/exchanges", body)
        assert given["cooperation_form"] == "rpl-115-1-3-c"
        ahead = {**release, "released_on": "2099-01-01"}
        assert (await case.kommune.call("POST", f"{case.path}/custody-releases", json=ahead)).status_code == 422

    @pytest.mark.rule(5)
    @pytest.mark.rule(9)
    @pytest.mark.parametrize("form", ["rpl-115-1-2", "rpl-115-1-3-a", "rpl-115-1-3-b"])
    @pytest.mark.parametrize("by", ["kommune", "politi"])
    async def test_a_form_is_that_of_those_whom_the_law_names(self, house: House, form: str, by: str) -> None:
        case, said = await house.case(), {**SAID, "cooperation_form": form}
        other = MUNICIPALITY if by == "politi" else POLICE
        answer = await house.person(by).call("POST", f"{case.path}/exchanges", json={**said, "recipients": [other]})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/cooperation-lacks-an-authority")

    @pytest.mark.rule(6)
    @pytest.mark.parametrize(("sector", "confirmed", "status"), [
        ("social", True, 201), ("education", True, 201), ("employment", True, 201),
        ("social_psychiatry", True, 201), ("treatment_psychiatry", True, 201), ("psychiatry", True, 422),
        ("social", False, 422), ("sport", True, 422), (None, True, 422),
    ])
    async def test_an_institution_has_a_sector_and_a_public_task(
        self, house: House, sector: str | None, confirmed: bool, status: int  # noqa: FBT001 - a table's column
    ) -> None:
        await house.sql("UPDATE infohus.authority SET public_task_sector = $1 WHERE id = $2", sector, INSTITUTION)
        case = await house.case()
        answer = await case.kommune.call(
            "POST", f"{case.path}/participants", json=invitation(INSTITUTION, public_task_confirmed=confirmed)
        )
        assert answer.status_code == status
        if status != 201:
            assert answer.json()["type"] == "/problems/institution-without-public-task"


class WhenSomethingIsSaidAloud:
    """Rule 12: eight answers, noted and disclosed in one act."""

    EIGHT: ClassVar[dict[str, Any]] = {
        "said": "Han er set ved stationen.", "channel": "phone", "categories": ["purely_private"],
        "necessity": "Uden det kan bekymringen ikke vurderes.", "proportionality": "Kun det sete.",
        "subsidiarity": "Det kan ikke siges uden navn.", "consent": "given", "for_criminal_investigation": False,
    }

    @pytest.mark.rule(12)
    async def test_eight_answers_are_enough(self, house: House) -> None:
        case = await house.case()
        given = await case.politi.post(f"{case.path}/oral-exchanges", self.EIGHT)
        assert (given["recipients"], given["channel"], given["purpose"]) == (
            [MUNICIPALITY], "phone", "clearance_check"
        )
        seen = (await case.kommune.get(f"{case.path}/information"))["items"]
        assert [one["text"] for one in seen] == ["Han er set ved stationen."]
        to_nobody = await case.politi.post(f"{case.path}/oral-exchanges", {**self.EIGHT, "recipients": []}, status=422)
        assert to_nobody["type"] == "/problems/exchange-without-recipient"
        for channel in ("system", "written"):
            await case.politi.post(f"{case.path}/oral-exchanges", {**self.EIGHT, "channel": channel}, status=400)
        schema = description_of(house.app)["components"]["schemas"]["OralExchangeDraft"]
        assert len(schema["required"]) == 8

    @pytest.mark.rule(12)
    async def test_a_late_one_shows_as_late_and_a_repeated_request_acts_once(self, house: House) -> None:
        case = await as_old_as(await house.case(), 3)
        body = {**self.EIGHT, "exchanged_at": (now() - timedelta(days=2)).isoformat()}
        key = {"Idempotency-Key": "telefon-0001"}
        given = [await case.politi.post(f"{case.path}/oral-exchanges", body, headers=key) for _ in range(2)]
        assert given[0] == given[1]
        assert given[0]["is_late"]
        assert len((await case.kommune.get(f"{case.path}/information"))["items"]) == 1
