"""What follows an exchange: it is passed on, corrected, acknowledged, withdrawn."""

from typing import Any

import pytest

from house import CLEARANCE, INSTITUTION, MUNICIPALITY, POLICE, PROBATION, House, told
from invitations import invitation

SAID = {**CLEARANCE, "summary": "Sagt på mødet."}


class WhenSomethingIsPassedOn:
    """Rule 16: a new exchange with its own reason, to one who takes part; the owner learns of it."""

    @pytest.mark.rule(16)
    async def test_the_owner_learns_to_whom_and_why(self, house: House) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        item = await case.note(by=POLICE)
        await case.disclose(item, by=POLICE)
        body = {**told(recipients=[PROBATION]), "items": [{"kind": "information", "id": item}]}
        onward = await case.kommune.post(f"{case.path}/exchanges", {**body, "onward_reason": "De følger ham."})
        assert onward["is_onward"]
        (seen,) = (await case.politi.get(f"{case.path}/onward-notices"))["items"]
        assert (seen["recipients"], seen["reason"]) == ([PROBATION], "De følger ham.")
        await case.politi.get(f"{case.path}/exchanges/{onward['id']}", status=404)

    @pytest.mark.rule(16)
    @pytest.mark.parametrize(("change", "problem"), [
        ({"recipients": [INSTITUTION]}, "recipient-takes-no-part"), ({"necessity": ""}, "exchange-without-necessity"),
        ({"onward_reason": None}, "onward-reason-missing"),
    ])
    async def test_it_needs_a_participant_and_a_reason(
        self, house: House, change: dict[str, Any], problem: str
    ) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        item = await case.note(by=POLICE)
        await case.disclose(item, by=POLICE)
        body = {**told(recipients=[PROBATION]), "items": [{"kind": "information", "id": item}], **change}
        answer = await case.kommune.call("POST", f"{case.path}/exchanges", json=body)
        assert answer.json()["type"] == f"/problems/{problem}"


class WhenARecipientAcknowledges:
    """The receipt binds the hash of exactly what was disclosed."""

    @pytest.mark.rule(13)
    async def test_each_recipient_confirms_what_it_got(self, house: House) -> None:
        case = await house.case()
        wrong = await case.kommune.post(f"{case.path}/exchanges", SAID)
        right = await case.kommune.post(
            f"{case.path}/exchanges/{wrong['id']}/corrections", {**SAID, "summary": "Det var hans bror."}
        )
        path = f"{case.path}/exchanges/{right['id']}/receipts"
        told_back = await case.politi.post(path, {"manifest": right["manifest"]}, status=200)
        assert [one["authority"] for one in told_back["receipts"]] == [POLICE]
        seen = await case.kommune.get(path)
        assert (seen["unacknowledged"], [one["authority"] for one in seen["receipts"]]) == ([], [POLICE])
        assert await case.politi.post(path, {"manifest": right["manifest"]}, status=200) == told_back

    async def test_another_hash_and_another_authority_are_refused(self, house: House) -> None:
        case = await house.case()
        given = await case.kommune.post(f"{case.path}/exchanges", SAID)
        path = f"{case.path}/exchanges/{given['id']}/receipts"
        differs = await case.politi.call("POST", path, json={"manifest": "0" * 64})
        assert (differs.status_code, differs.json()["type"]) == (409, "/problems/manifest-differs")
        own = await case.kommune.call("POST", path, json={"manifest": given["manifest"]})
        assert (own.status_code, own.json()["type"]) == (403, "/problems/another-may")

    async def test_a_missing_receipt_shows_after_72_hours(self, house: House) -> None:
        case = await house.case()
        given = await case.kommune.post(f"{case.path}/exchanges", SAID)
        path = f"{case.path}/exchanges/{given['id']}"
        assert not (await case.kommune.get(f"{path}/receipts"))["is_overdue"]
        await house.sql("UPDATE infohus.exchange SET recorded_at = recorded_at - interval '73 hours'")
        for who in (case.kommune, case.politi):
            assert (await who.get(f"{path}/receipts"))["is_overdue"]
            assert (await who.get(f"{case.path}/exchanges"))["items"][0]["receipt_is_overdue"]

    async def test_signing_a_proposal_is_the_receipt_of_what_showed_it(self, house: House) -> None:
        case = await (await house.case()).accept()
        listed = (await case.kommune.get(f"{case.path}/exchanges"))["items"]
        proposal = next(one for one in listed if one["purpose"] == "scope_decision")
        assert proposal["unacknowledged"] == []


class WhenAnExchangeIsWithdrawn:
    """Policy, row security and keys end together; that it happened stays."""

    async def test_the_recipient_reads_it_no_more_and_the_rest_stays(self, house: House) -> None:
        case = await house.case()
        first, second = await case.note("Den ene."), await case.note("Den anden.")
        given = await case.disclose(first, second)
        again = await case.disclose(second)
        await case.politi.post(
            f"{case.path}/exchanges/{given['id']}/receipts", {"manifest": given["manifest"]}, status=200
        )
        path = f"{case.path}/exchanges/{given['id']}/withdrawals"
        done = await case.kommune.post(path, {"recipient": POLICE, "reason": "Givet ved en fejl."})
        assert (done["records"], done["was_acknowledged"]) == (2, True)
        assert done["still_read"] == [{"kind": "information", "id": second, "exchange_id": again["id"]}]
        seen = (await case.politi.get(f"{case.path}/information"))["items"]
        assert [one["text"] for one in seen] == ["Den anden."]
        await case.politi.get(f"{case.path}/information/{first}", status=404)
        assert (await case.politi.get(f"{case.path}/exchanges/{given['id']}"))["id"] == given["id"]
        assert (await case.kommune.get(f"{case.path}/information/{first}"))["text"] == "Den ene."
        known = await case.politi.get(f"{case.path}/exchanges/{given['id']}/receipts")
        assert known["withdrawn_from"] == [POLICE]
        assert await house.sql("SELECT FROM infohus.disclosed_key WHERE record_id = $1", first) == []
        logged = next(one for one in await house.entries() if one.action == "withdrawExchange")
        # The two items, and the exchange's own texts.
        assert sum(one.verb == "withdraw" for one in logged.wrote) == 3

    @pytest.mark.rule(16)
    async def test_the_exchanges_own_texts_go_with_it_and_that_it_was_stays(self, house: House) -> None:
        case = await house.case()
        given = await case.kommune.post(f"{case.path}/exchanges", SAID)
        path = f"{case.path}/exchanges/{given['id']}"
        texts = (
            "summary", "necessity", "proportionality", "subsidiarity", "strict_necessity", "consent_reason",
            "manifest_salt",
        )
        before = await case.politi.get(path)
        assert (before["summary"], before["is_withdrawn"]) == (SAID["summary"], False)
        done = await case.kommune.post(f"{path}/withdrawals", {"recipient": POLICE, "reason": "Forkert person."})
        assert done["records"] == 0
        seen = await case.politi.get(path)
        assert seen == before | dict.fromkeys(texts) | {"is_withdrawn": True, "withdrawn_from": [POLICE]}
        items = (await case.politi.get(f"{case.path}/exchanges"))["items"]
        listed = next(one for one in items if one["id"] == given["id"])
        assert (listed["discloser"], listed["withdrawn_from"]) == (MUNICIPALITY, [POLICE])
        assert (await case.kommune.get(path))["summary"] == SAID["summary"]
        assert await house.sql("SELECT FROM infohus.disclosed_key WHERE exchange_id = $1", given["id"]) == []
        assert await house.sql("SELECT FROM keys.exchange_key WHERE exchange_id = $1", given["id"]) == []
        # What was received is still acknowledged, and corrected for whom it was wrong.
        await case.politi.post(f"{path}/receipts", {"manifest": given["manifest"]}, status=200)

    async def test_only_the_discloser_withdraws_and_only_once(self, house: House) -> None:
        case = await house.case()
        given = await case.disclose(await case.note())
        path = f"{case.path}/exchanges/{given['id']}/withdrawals"
        body = {"recipient": POLICE, "reason": "Givet ved en fejl."}
        assert (await case.politi.call("POST", path, json=body)).status_code == 403
        assert (await case.kommune.call("POST", path, json={**body, "recipient": PROBATION})).status_code == 404
        await case.kommune.post(path, body)
        assert (await case.kommune.call("POST", path, json=body)).json()["type"] == "/problems/already-recorded"

    async def test_it_is_withdrawn_though_the_case_is_closed(self, house: House) -> None:
        case = await (await house.case()).clear()
        item = await case.note()
        given = await case.disclose(item)
        await case.close()
        assert (await case.politi.get(f"{case.path}/information/{item}"))["text"] == "Moren er bekymret."
        path = f"{case.path}/exchanges/{given['id']}/withdrawals"
        done = await case.kommune.post(path, {"recipient": POLICE, "reason": "Givet ved en fejl."})
        assert (done["records"], done["was_acknowledged"]) == (1, False)
        await case.politi.get(f"{case.path}/information/{item}", status=404)
        assert await case.stage() == "closed"

    async def test_it_can_be_disclosed_anew(self, house: House) -> None:
        case = await house.case()
        item = await case.note()
        given = await case.disclose(item)
        await case.kommune.post(
            f"{case.path}/exchanges/{given['id']}/withdrawals", {"recipient": POLICE, "reason": "For tidligt."}
        )
        await case.politi.get(f"{case.path}/information/{item}", status=404)
        await case.disclose(item)
        assert (await case.politi.get(f"{case.path}/information/{item}"))["text"] == "Moren er bekymret."

    async def test_a_joint_decision_stays_with_both(self, house: House) -> None:
        case = await (await house.case()).accept()
        listed = (await case.kommune.get(f"{case.path}/exchanges"))["items"]
        proposal = next(one for one in listed if one["purpose"] == "scope_decision")
        done = await case.kommune.post(
            f"{case.path}/exchanges/{proposal['id']}/withdrawals", {"recipient": POLICE, "reason": "Fortrudt."}
        )
        assert done["records"] == 0
        assert [(one["kind"], one["exchange_id"]) for one in done["still_read"]] == [("scope_decision", proposal["id"])]
