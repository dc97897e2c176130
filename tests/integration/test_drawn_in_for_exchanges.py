"""Who is drawn in for exchanges reads, acknowledges and keeps what their authority was told, and nothing else (86)."""

from datetime import timedelta
from uuid import UUID

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, House, now, told
from invitations import invitation

GUEST_ROUTES = ("", "/receipts")


@pytest.mark.rule(13)
@pytest.mark.rule(16)
@pytest.mark.rule(44)
@pytest.mark.rule(86)
class WhenSomebodyIsDrawnInForExchanges:
    async def test_they_acknowledge_and_keep_what_their_authority_was_told(self, house: House) -> None:
        case, guest = await house.case(), house.person("raadgiver")
        item, other_item = await case.note(by=POLICE), await case.note(by=POLICE)
        got, given = await case.disclose(item, by=POLICE), await case.disclose(await case.note())
        path, listing = f"{case.path}/exchanges/{got['id']}", f"{case.path}/exchanges"
        draft = invitation(MUNICIPALITY, person_id=str(guest.person_id), scope=["information"])
        participant = await case.kommune.post(f"{case.path}/participants", draft)
        await guest.get(listing, status=403)
        await guest.get(path, status=404)
        await case.kommune.delete(f"{case.path}/participants/{participant['id']}")
        await case.kommune.post(f"{case.path}/participants", {**draft, "scope": ["exchange", "information"]})
        assert [one["id"] for one in (await guest.get(listing))["items"]] == [got["id"]]
        for below in GUEST_ROUTES:
            await guest.get(f"{case.path}/exchanges/{given['id']}{below}", status=404)
        seen = await guest.get(path)
        assert seen["necessity"] == told(POLICE)["necessity"]
        done = await guest.post(f"{path}/receipts", {"manifest": seen["manifest"]}, status=200)
        assert (done["unacknowledged"], [one["authority"] for one in done["receipts"]]) == ([], [MUNICIPALITY])
        assert (await case.politi.get(f"{path}/receipts"))["unacknowledged"] == []
        kept = {"items": [{"kind": "information", "id": item}], "because": "used", "reason": "Brugt i et møde."}
        mark = await guest.post(f"{path}/kept-marks", kept)
        # A correction reaches them, and a withdrawal leaves what was marked; what they may not do stays refused.
        correction = {**told(POLICE, recipients=[MUNICIPALITY]), "summary": "Det var en anden."}
        items = [{"kind": "information", "id": other_item}]
        right = await case.politi.post(f"{path}/corrections", {**correction, "items": items})
        assert (await guest.get(path))["corrected_by"] == right["id"]
        assert (await guest.get(f"{listing}/{right['id']}"))["summary"] == "Det var en anden."
        withdrawal = {"recipient": MUNICIPALITY, "reason": "Givet ved en fejl."}
        await case.politi.post(f"{path}/withdrawals", withdrawal)
        (shown,) = (await guest.get(f"{case.path}/kept-marks"))["items"]
        assert (shown["id"], shown["withdrawn"]) == (mark["id"], [item])
        for act, body in (("corrections", correction), ("withdrawals", withdrawal)):
            await guest.post(f"{listing}/{given['id']}/{act}", body, status=403)

    async def test_an_invitation_for_single_records_shows_no_exchange(self, house: House) -> None:
        case, guest = await house.case(), house.person("raadgiver")
        item = await case.note(by=POLICE)
        got = await case.disclose(item, by=POLICE)
        await case.kommune.post(f"{case.path}/participants", invitation(
            MUNICIPALITY, person_id=str(guest.person_id), scope=["exchange", "information"], records=[item],
        ))
        assert (await guest.get(f"{case.path}/information/{item}"))["id"] == item
        assert (await guest.get(f"{case.path}/exchanges"))["items"] == []
        await guest.get(f"{case.path}/exchanges/{got['id']}", status=404)


@pytest.mark.rule(22)
async def test_who_draws_in_somebody_who_can_never_sign_in_is_told_so(house: House) -> None:
    case = await house.case()
    guest = await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
    colleague = await case.kommune.post(f"{case.path}/participants", invitation(MUNICIPALITY))
    later = {"ends_at": (now() + timedelta(days=60)).isoformat(), "reason": "Sagen varer længere."}
    extended = await case.kommune.post(f"{case.path}/participants/{guest['id']}/extension", later)
    assert [one["can_sign_in"] for one in (guest, extended, colleague)] == [False, False, True]


@pytest.mark.rule(13)
async def test_what_was_corrected_before_it_was_passed_on_shows_so_to_whom_it_is_passed_on(house: House) -> None:
    case = await house.case()
    guest = await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
    item = await case.note(by=POLICE)
    wrong = await case.disclose(item, by=POLICE)
    correction = {**told(POLICE, recipients=[]), "summary": "Det var en anden."}
    right = await case.politi.post(f"{case.path}/exchanges/{wrong['id']}/corrections", correction)
    later = await case.disclose(item, recipients=[PROBATION])
    assert (await case.kommune.get(f"{case.path}/exchanges/{later['id']}"))["is_corrected"]
    (read_there,) = await house.sql(
        "SELECT CASE WHEN infohus.act_as($1, $2, 'invited_professional', now()) THEN ("
        " SELECT t.correction FROM infohus.told_how(ARRAY[$3::uuid], ARRAY[]::uuid[]) AS t WHERE t.exchange_id = $4"
        ") END AS correction",
        PROBATION, guest["person_id"], item, UUID(later["id"]),
    )
    assert str(read_there["correction"]) == right["id"]


@pytest.mark.rule(44)
@pytest.mark.rule(57)
async def test_an_attempt_after_their_part_has_ended_is_logged_without_the_stage_that_the_case_has_now(
    house: House
) -> None:
    case = await house.case()
    guest = await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
    stages = []
    for _ in range(2):
        (found,) = await house.sql(
            "SELECT CASE WHEN infohus.act_as($1, $2, 'invited_professional', now()) THEN ("
            " SELECT to_jsonb(m) ->> 'stage' FROM infohus.meant_by_attempt($3, NULL) AS m"
            ") END AS stage",
            PROBATION, guest["person_id"], UUID(case.id),
        )
        stages.append(found["stage"])
        await case.kommune.delete(f"{case.path}/participants/{guest['id']}")
    assert stages == ["received", None]
