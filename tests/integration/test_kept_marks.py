"""What a recipient marked as used or to be kept stays on its side when it is withdrawn; nobody else knows (rule 16)."""

from typing import Any
from uuid import UUID

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told
from invitations import invitation

SECRET = "Brugt i en risikovurdering."
OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "information": ("information", {"text": "Han kommer i klubben.", "source": "klubben"}),
    "note": ("notes", {"happened_at": "2026-11-20T12:00:00Z", "text": "Han kommer i klubben."}),
}


def tovholder(case: CaseInHand, authority: str) -> Person:
    return case.kommune if authority == MUNICIPALITY else case.politi


async def told_of(case: CaseInHand, kind: str, by: str, recipient: str | None = None) -> tuple[str, str]:
    """Let an authority write a record and disclose it; give the ids of record and exchange."""
    path, body = KINDS[kind]
    record = (await tovholder(case, by).post(f"{case.path}/{path}", body))["id"]
    draft = {**told(by, recipients=[recipient or OTHER[by]]), "items": [{"kind": kind, "id": record}]}
    return record, (await tovholder(case, by).post(f"{case.path}/exchanges", draft))["id"]


async def mark(by: Person, case: CaseInHand, exchange: str, kind: str, *records: str, status: int = 201) -> Any:
    draft = {"items": [{"kind": kind, "id": one} for one in records], "because": "used", "reason": SECRET}
    return await by.post(f"{case.path}/exchanges/{exchange}/kept-marks", draft, status=status)


async def listed(reader: Person, case: CaseInHand, kind: str) -> Any:
    return (await reader.get(f"{case.path}/{KINDS[kind][0]}"))["items"]


async def withdraw(case: CaseInHand, by: str, exchange: str) -> Any:
    body = {"recipient": OTHER[by], "reason": "Givet ved en fejl."}
    return await tovholder(case, by).post(f"{case.path}/exchanges/{exchange}/withdrawals", body)


@pytest.mark.rule(16)
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
@pytest.mark.parametrize("kind", KINDS)
class WhenWhatWasKeptIsWithdrawn:
    @pytest.mark.rule(13)
    @pytest.mark.fault("C11")
    async def test_it_stays_and_shows_as_withdrawn_on_its_recipient_s_side_alone(
        self, house: House, kind: str, by: str
    ) -> None:
        case = await house.case()
        kept, exchange = await told_of(case, kind, by)
        gone, other_exchange = await told_of(case, kind, by)
        reader, discloser = tovholder(case, OTHER[by]), tovholder(case, by)
        stands = {"is_withdrawn": False, "is_corrected": False, "corrected_by": None}
        assert [one["told"] for one in await listed(reader, case, kind)] == [stands] * 2
        assert [one["told"] for one in await listed(discloser, case, kind)] == [None] * 2
        marked = await mark(reader, case, exchange, kind, kept)
        assert (marked["records"], marked["withdrawn"], marked["reason"]) == ([kept], [], SECRET)
        seen = await discloser.get(f"{case.path}/exchanges/{exchange}/receipts")
        done = [await withdraw(case, by, one) for one in (exchange, other_exchange)]
        # The discloser is answered as if nothing had been marked, and sees no mark.
        assert [(one["records"], one["was_acknowledged"]) for one in done] == [(1, False)] * 2
        assert {**await discloser.get(f"{case.path}/exchanges/{exchange}/receipts"), "withdrawn_from": []} == seen
        assert (await discloser.get(f"{case.path}/kept-marks"))["items"] == []
        # Wherever its text is shown, it shows as withdrawn, and as corrected when it is.
        correction = {**told(by, recipients=[]), "summary": "Det var en anden."}
        await discloser.post(f"{case.path}/exchanges/{exchange}/corrections", correction)
        (seen_there,) = [one for one in await listed(reader, case, kind) if one["id"] in {kept, gone}]
        assert seen_there["text"] == "Han kommer i klubben."
        assert seen_there["told"] == {"is_withdrawn": True, "is_corrected": True, "corrected_by": None}
        (shown,) = (await reader.get(f"{case.path}/kept-marks"))["items"]
        assert (shown["id"], shown["withdrawn"]) == (marked["id"], [kept])
        assert (marked["corrected"], shown["corrected"]) == ([], [{"id": kept, "corrected_by": None}])
        keys = await house.sql("SELECT number FROM keys.exchange_key WHERE exchange_id = $1", UUID(exchange))
        assert keys == []

    async def test_the_exchange_s_own_texts_stay_where_they_were_marked(
        self, house: House, kind: str, by: str
    ) -> None:
        case, reader_of = await house.case(), OTHER[by]
        reader = tovholder(case, reader_of)
        kept, gone = [(await told_of(case, kind, by))[1] for _ in range(2)]
        draft = {"texts": True, "because": "used", "reason": SECRET}
        marked = await reader.post(f"{case.path}/exchanges/{kept}/kept-marks", draft)
        assert (marked["records"], marked["withdrawn"]) == ([kept], [])
        for exchange in (kept, gone):
            await withdraw(case, by, exchange)
            seen = await reader.get(f"{case.path}/exchanges/{exchange}")
            assert (seen["is_withdrawn"], seen["necessity"] is not None) == (True, exchange == kept)
        assert [one["withdrawn"] for one in (await reader.get(f"{case.path}/kept-marks"))["items"]] == [[kept]]

    async def test_what_another_exchange_tells_still_is_not_shown_as_withdrawn(
        self, house: House, kind: str, by: str
    ) -> None:
        case = await house.case()
        reader = tovholder(case, OTHER[by])
        kept, exchange = await told_of(case, kind, by)
        again = {**told(by), "items": [{"kind": kind, "id": kept}]}
        await tovholder(case, by).post(f"{case.path}/exchanges", again)
        await mark(reader, case, exchange, kind, kept)
        await withdraw(case, by, exchange)
        assert [one["withdrawn"] for one in (await reader.get(f"{case.path}/kept-marks"))["items"]] == [[]]
        assert [one["told"]["is_withdrawn"] for one in await listed(reader, case, kind)] == [False]

    async def test_it_is_not_passed_on_any_more(self, house: House, kind: str, by: str) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        kept, exchange = await told_of(case, kind, by)
        reader = tovholder(case, OTHER[by])
        await mark(reader, case, exchange, kind, kept)
        draft = {**told(OTHER[by], recipients=[PROBATION]), "items": [{"kind": kind, "id": kept}]}
        await reader.post(f"{case.path}/exchanges", draft)
        await withdraw(case, by, exchange)
        refused = await reader.post(f"{case.path}/exchanges", draft, status=409)
        assert refused["type"] == "/problems/kept-is-not-passed-on"
        # Nor to PET, which asks, and takes no part in the case (rule 14).
        await house.sql("INSERT INTO infohus.authority VALUES ('pet', 'PET', 'security_service', 'pet', NULL)")
        await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, 'pet')", house.infohus_id)
        asks = {"question": "Hvor bor han?", "received_from": "pet", "states_chapters_12_13": True}
        await reader.post(f"{case.path}/information-requests", asks)
        for_pet = {**draft, "recipients": ["pet"], "requested_by_pet": True}
        assert (await reader.post(f"{case.path}/exchanges", for_pet, status=409))["type"] == refused["type"]
        # What was passed on before fell with what it rests on.
        left = await house.sql(
            "SELECT FROM keys.exchange_key WHERE recipient_id = $1 AND rests_on IS NOT NULL", PROBATION
        )
        assert left == []


@pytest.mark.rule(16)
class WhenSomethingIsMarked:
    async def test_only_what_the_exchange_disclosed_and_only_while_it_stands(self, house: House) -> None:
        case = await house.case()
        told_it, exchange = await told_of(case, "information", MUNICIPALITY)
        also, other = await told_of(case, "information", MUNICIPALITY)
        own = await case.note(by=POLICE)
        for record in (also, own, await case.note()):
            await mark(case.politi, case, exchange, "information", record, status=404)
        await mark(case.kommune, case, exchange, "information", told_it, status=404)
        await withdraw(case, MUNICIPALITY, other)
        await mark(case.politi, case, other, "information", also, status=404)
        await mark(case.politi, case, exchange, "information", told_it)

    @pytest.mark.rule(91)
    @pytest.mark.parametrize("change", [{"reason": " "}, {"because": "banan"}, {"items": []}, {"texts": 1}])
    async def test_it_needs_words_a_ground_and_something_to_keep(self, house: House, change: dict[str, Any]) -> None:
        case = await house.case()
        record, exchange = await told_of(case, "information", MUNICIPALITY)
        draft = {
            "items": [{"kind": "information", "id": record}], "because": "to_be_kept", "reason": SECRET, **change
        }
        path = f"{case.path}/exchanges/{exchange}/kept-marks"
        assert (await case.politi.call("POST", path, json=draft)).status_code in {400, 422}

    async def test_it_stands_in_its_own_authority_s_log_alone(self, house: House) -> None:
        case = await house.case()
        record, exchange = await told_of(case, "information", MUNICIPALITY)
        await mark(case.politi, case, exchange, "information", record)
        (entry,) = [one for one in await house.entries() if one.action == "keepDisclosed"]
        assert (entry.authority, entry.justification) == (POLICE, "used")
        assert "kept_mark" in {row.table for row in entry.wrote}
