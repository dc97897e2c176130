"""A disclosure can be narrower than a record: of a concern what was seen, without what was made of it (rule 87)."""

from typing import Any
from uuid import UUID

import pytest

from house import CLEARANCE, POLICE, PROBATION, CaseInHand, House, Person, told
from invitations import invitation
from loaded_plans import ISHOJ, load_plans

SEEN, READ, ANSWERED = "Han taler om våben i klassen.", "Måske er det praleri.", "Vi ser på det sammen."
TEXTS = {"observation": SEEN, "interpretation": READ, "told_reporter": ANSWERED}
OF_THE_READING = {
    "interpretation": READ, "extremism_weight": "main", "extremism_form": "other",
    "signs": ["threatens-others", "isolates-oneself"],
}
NOT_TOLD: dict[str, Any] = {"interpretation": None, "extremism_weight": None, "extremism_form": None, "signs": []}
PARTS = ["interpretation", "observation", "told_reporter"]
STANDS = {"is_withdrawn": False, "is_corrected": False, "corrected_by": None}


async def a_concern(house: House) -> CaseInHand:
    """Let the municipality record a concern with a reading of its own; nobody else has been told of it."""
    await load_plans(house, ISHOJ)
    draft: dict[str, Any] = {**OF_THE_READING, "observation": SEEN, "told_reporter": ANSWERED}
    return await house.case(**draft)


def item(case: CaseInHand, *parts: str) -> dict[str, Any]:
    return {"kind": "concern", "id": case.concern_id, **({"parts": list(parts)} if parts else {})}


async def tell(case: CaseInHand, *parts: str, **more: Any) -> dict[str, Any]:
    """Let the municipality tell the police parts of the concern."""
    body = {**CLEARANCE, "items": [item(case, *parts)], **more}
    exchange: dict[str, Any] = await case.kommune.post(f"{case.path}/exchanges", body)
    return exchange


async def read(case: CaseInHand, by: Person) -> dict[str, Any]:
    concern: dict[str, Any] = await by.get(f"{case.path}/concerns/{case.concern_id}")
    return concern


async def withdraw(case: CaseInHand, exchange: dict[str, Any]) -> dict[str, Any]:
    body = {"recipient": POLICE, "reason": "Givet ved en fejl."}
    done: dict[str, Any] = await case.kommune.post(f"{case.path}/exchanges/{exchange['id']}/withdrawals", body)
    return done


@pytest.mark.rule(87)
@pytest.mark.fault("C15")
class WhenPartsOfAConcernAreTold:
    async def test_the_recipient_reads_what_was_seen_and_nothing_that_was_made_of_it(self, house: House) -> None:
        case = await a_concern(house)
        exchange = await tell(case, "observation")
        concern = await read(case, case.politi)
        assert {name: concern[name] for name in NOT_TOLD} == NOT_TOLD
        assert (concern["observation"], concern["told_reporter"], concern["parts"]) == (SEEN, None, ["observation"])
        assert concern["told_parts"] == [{"part": "observation", **STANDS}]
        own = await read(case, case.kommune)
        assert {name: own[name] for name in (*TEXTS, *OF_THE_READING)} == {**TEXTS, **OF_THE_READING}
        assert (own["parts"], own["told_parts"]) == (PARTS, [])
        listed = {"kind": "concern", "id": case.concern_id, "parts": ["observation"]}
        for by in (case.kommune, case.politi):
            assert (await by.get(f"{case.path}/exchanges/{exchange['id']}"))["records"] == [listed]

    @pytest.mark.rule(44)
    async def test_no_answer_and_no_row_or_key_of_the_recipient_holds_the_rest(self, house: House) -> None:
        """The worst reader looks at every answer of the case, and at all that the database gives the role."""
        case = await a_concern(house)
        await tell(case, "observation")
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "nothing_hinders"})
        paths = ("", "/concerns", f"/concerns/{case.concern_id}", "/exchanges", "/journal-note", "/next-steps")
        answers = [await case.politi.call("GET", case.path + path) for path in paths]
        secret = [READ, ANSWERED, "threatens-others", "isolates-oneself"]
        assert SEEN in answers[2].text
        assert [one for one in secret for answer in answers if one in answer.text] == []
        keys = await house.sql(
            "SELECT part FROM infohus.disclosed_key WHERE record_id = $1 AND recipient_id = $2",
            UUID(case.concern_id), POLICE,
        )
        assert [row["part"] for row in keys] == ["observation"]
        stored = await house.sql("SELECT * FROM infohus.concern WHERE id = $1", UUID(case.concern_id))
        clear = {name: value for name, value in stored[0].items() if not isinstance(value, bytes)}
        assert not {"extremism_weight", "extremism_form", "signs"} & clear.keys()

    async def test_the_recipient_s_own_record_of_what_happened_opens_one_text(self, house: House) -> None:
        case = await a_concern(house)
        await tell(case, "observation")
        before = len(await house.entries())
        await read(case, case.politi)
        (entry,) = (await house.entries())[before:]
        assert [(one.table, one.column) for one in entry.opened] == [("concern", "observation")]

    @pytest.mark.parametrize("parts", [["interpretation"], ["told_reporter"], ["told_reporter", "observation"]])
    async def test_each_part_goes_alone(self, house: House, parts: list[str]) -> None:
        case = await a_concern(house)
        await tell(case, *parts)
        concern = await read(case, case.politi)
        assert concern["parts"] == sorted(parts)
        assert {name: concern[name] for name in TEXTS} == {
            name: text if name in parts else None for name, text in TEXTS.items()
        }
        assert bool(concern["signs"]) == ("interpretation" in parts)

    async def test_what_was_told_later_comes_to_it_and_a_withdrawal_takes_it_alone(self, house: House) -> None:
        case = await a_concern(house)
        first = await tell(case, "observation")
        second = await tell(case, "interpretation")
        assert (await read(case, case.politi))["parts"] == ["interpretation", "observation"]
        done = await withdraw(case, second)
        assert done["still_read"] == [
            {"kind": "concern", "id": case.concern_id, "exchange_id": first["id"], "parts": ["observation"]}
        ]
        concern = await read(case, case.politi)
        assert (concern["parts"], concern["interpretation"], concern["signs"]) == (["observation"], None, [])
        await withdraw(case, first)
        await case.politi.get(f"{case.path}/concerns/{case.concern_id}", status=404)

    async def test_a_part_that_is_kept_shows_as_withdrawn_and_the_other_as_standing(self, house: House) -> None:
        case = await a_concern(house)
        await tell(case, "observation")
        second = await tell(case, "interpretation")
        mark = {
            "items": [{"kind": "concern", "id": case.concern_id}], "because": "used", "reason": "Brugt i et notat.",
        }
        await case.politi.post(f"{case.path}/exchanges/{second['id']}/kept-marks", mark)
        await withdraw(case, second)
        concern = await read(case, case.politi)
        assert concern["interpretation"] == READ
        assert concern["told_parts"] == [
            {"part": "interpretation", **STANDS, "is_withdrawn": True}, {"part": "observation", **STANDS},
        ]

    async def test_only_the_part_that_was_corrected_shows_as_wrong(self, house: House) -> None:
        case = await a_concern(house)
        await tell(case, "observation")
        wrong = await tell(case, "interpretation")
        right = await case.kommune.post(
            f"{case.path}/exchanges/{wrong['id']}/corrections", {**CLEARANCE, "summary": "Tolkningen holdt ikke."}
        )
        assert (await read(case, case.politi))["told_parts"] == [
            {"part": "interpretation", "is_withdrawn": False, "is_corrected": True, "corrected_by": right["id"]},
            {"part": "observation", **STANDS},
        ]

    async def test_naming_it_twice_gives_both_parts_once(self, house: House) -> None:
        case = await a_concern(house)
        exchange = await tell(case, items=[item(case, "observation"), item(case, "told_reporter")])
        assert [one["parts"] for one in exchange["records"]] == [["observation", "told_reporter"]]
        assert (await read(case, case.politi))["parts"] == ["observation", "told_reporter"]


@pytest.mark.rule(87)
class WhenMoreIsAskedForThanThereIs:
    async def test_a_recipient_passes_on_no_part_that_it_was_not_told(self, house: House) -> None:
        case = await a_concern(house)
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        await tell(case, "observation")
        onward = {**told(POLICE, recipients=[PROBATION]), "purpose": "clearance_check"}
        path = f"{case.path}/exchanges"
        for parts in (["interpretation"], ["observation", "told_reporter"]):
            await case.politi.post(path, {**onward, "items": [item(case, *parts)]}, status=404)
        given = await case.politi.post(path, {**onward, "items": [item(case)]})
        assert [one["parts"] for one in given["records"]] == [["observation"]]
        keys = await house.sql(
            "SELECT part FROM infohus.disclosed_key WHERE recipient_id = $1 AND record_id = $2",
            PROBATION, UUID(case.concern_id),
        )
        assert [row["part"] for row in keys] == ["observation"]

    async def test_a_record_of_another_kind_has_no_parts(self, house: House) -> None:
        case = await a_concern(house)
        note = await case.note()
        body = {**CLEARANCE, "items": [{"kind": "information", "id": note, "parts": ["observation"]}]}
        refused = await case.kommune.post(f"{case.path}/exchanges", body, status=422)
        assert refused["type"] == "/problems/record-has-no-such-part"

    @pytest.mark.rule(13)
    async def test_where_nothing_is_disclosed_a_correction_carries_no_further_part(self, house: House) -> None:
        case = await a_concern(house)
        wrong = await tell(case, "observation")
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered", "note": "En sag kører."})
        path = f"{case.path}/exchanges/{wrong['id']}/corrections"
        for parts in (["interpretation"], ["observation", "told_reporter"], []):
            body = {**CLEARANCE, "summary": "Sådan var det.", "items": [item(case, *parts)]}
            refused = await case.kommune.post(path, body, status=409)
            assert refused["type"] == "/problems/correction-carries-more"
        body = {**CLEARANCE, "summary": "Sådan var det.", "items": [item(case, "observation")]}
        await case.kommune.post(path, body)
        assert (await read(case, case.politi))["parts"] == ["observation"]
