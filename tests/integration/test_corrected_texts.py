"""Wherever the text of a record is shown that was told wrongly, it shows that, whoever reads it (rules 13 and 16)."""

from typing import Any

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, told
from integration.test_content_requests import ask, read
from integration.test_rights import ASKING, unpacked

READERS = ("kommune", "politi", "dpo", "politi-dpo")
STANDS = {"is_withdrawn": False, "is_corrected": False, "corrected_by": None}


async def written(case: CaseInHand) -> dict[str, str]:
    """Write a record of each kind; give their ids."""
    note = {"happened_at": "2026-11-20T12:00:00Z", "text": "Han kommer i klubben."}
    return {
        "concern": case.concern_id, "information": await case.note(),
        "note": (await case.kommune.post(f"{case.path}/notes", note))["id"],
    }


async def shown(case: CaseInHand, who: str, records: dict[str, str]) -> dict[str, Any]:
    """Give what each of the three says of how it was told, as a tovholder reads it."""
    by = getattr(case, who)
    lists = {kind: (await by.get(f"{case.path}/{path}"))["items"] for kind, path in (
        ("information", "information"), ("note", "notes"),
    )}
    marks = {kind: one["told"] for kind, items in lists.items() for one in items if one["id"] == records[kind]}
    return {"concern": (await by.get(f"{case.path}/concerns/{records['concern']}"))["told"], **marks}


async def on_request(house: House, case: CaseInHand, who: str, records: dict[str, str]) -> dict[str, Any]:
    """Give what each says as a DPO reads it."""
    for kind, record in records.items():
        await ask(house, kind, record, who)
    return {kind: (await read(house, case, kind, record, who))["told"] for kind, record in records.items()}


@pytest.mark.rule(13)
@pytest.mark.rule(16)
async def test_what_was_corrected_shows_so_to_its_owner_to_who_was_told_and_to_the_dpos_of_both(house: House) -> None:
    case = await house.case()
    records = await written(case)
    items = [{"kind": kind, "id": record} for kind, record in records.items()]
    wrong = await case.kommune.post(f"{case.path}/exchanges", {**told(MUNICIPALITY), "items": items})
    everything = {**records, "exchange": wrong["id"]}

    async def marks_for(who: str) -> dict[str, Any]:
        if who.endswith("dpo"):
            return await on_request(house, case, who, everything)
        return await shown(case, who, records)

    for who in READERS:
        marks, mark = await marks_for(who), STANDS if who.startswith("politi") else None
        assert (who, marks) == (who, dict.fromkeys(marks, mark))
    correction = {**told(MUNICIPALITY, recipients=[]), "summary": "Det var en anden."}
    right = await case.kommune.post(f"{case.path}/exchanges/{wrong['id']}/corrections", correction)
    corrected = {**STANDS, "is_corrected": True, "corrected_by": right["id"]}
    for who in READERS:
        marks = await marks_for(who)
        assert (who, marks) == (who, dict.fromkeys(marks, corrected))
    # So it does in what is handed out to the person, where the correction and what it corrects name each other.
    package = f"{case.path}/access-requests/{{}}/package"
    asked = await case.kommune.post(f"{case.path}/access-requests", ASKING)
    included = [*items, *({"kind": "exchange", "id": one["id"]} for one in (wrong, right))]
    handed_out = (await unpacked(case.kommune, package.format(asked["id"]), *included))["items"]
    (number,) = [one["number"] for one in handed_out if one["texts"].get("summary") == "Det var en anden."]
    (corrects,) = [one["corrects"] for one in handed_out if one["number"] == number]
    assert [one["number"] for one in handed_out if one["corrected_by"] is None] == [number]
    assert {one["corrected_by"] for one in handed_out} == {None, number}
    assert [one["kind"] for one in handed_out if one["number"] == corrects] == ["exchange"]
    for by in (case.kommune, case.politi):
        note = await by.post(f"{case.path}/journal-notes", status=200)
        assert [one["id"] for one in note["exchanges"] if one["is_corrected"]] == [wrong["id"]]
        assert note["text"].count("Rettet senere.") == 1
    # What was kept says on that it was withdrawn, on request too.
    keep = {"items": items, "texts": True, "because": "used", "reason": "Brugt."}
    await case.politi.post(f"{case.path}/exchanges/{wrong['id']}/kept-marks", keep)
    withdrawal = {"recipient": "kbh-vestegns-politi", "reason": "Givet ved en fejl."}
    await case.kommune.post(f"{case.path}/exchanges/{wrong['id']}/withdrawals", withdrawal)
    marks = await on_request(house, case, "politi-dpo", everything)
    assert marks == {kind: {**corrected, "is_withdrawn": True} for kind in everything}
    note = await case.politi.post(f"{case.path}/journal-notes", status=200)
    assert [one["withdrawn_from"] for one in note["exchanges"] if one["id"] == wrong["id"]] == [[POLICE]]
    assert note["text"].count(f"Tilbagekaldt fra {POLICE}. Rettet senere.") == 1
