"""Before something is told, its writer is shown whom it names whose identity does not go along (rule 109)."""

from typing import Any

import pytest

from house import INSTITUTION, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, told
from invitations import invitation

BROTHERS = [
    {"name": "Ole Prøvesen", "cpr_number": "010104-1234", "address": "Søndergade 12, 2635 Ishøj"},
    {"name": "Bo Bech"},
]
SEEN, READ = "Ole taler om våben.", "Bo Bech virker bange."
TEXT = "Ole og Bo bor i Søndergade 12; ring 12 34 56 78."


async def brothers(house: House) -> tuple[CaseInHand, dict[str, str]]:
    """Give a case about two, and their ids by first name."""
    case = await house.case(subjects=BROTHERS, observation=SEEN, interpretation=READ)
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    return case, {one["name"].split()[0]: one["id"] for one in concern["subjects"]}


async def looked(case: CaseInHand, by: str = MUNICIPALITY, **draft: Any) -> list[tuple[Any, ...]]:
    """Look something through; give where what was found, and whose it is."""
    person, other = (case.kommune, POLICE) if by == MUNICIPALITY else (case.politi, MUNICIPALITY)
    answer = await person.post(f"{case.path}/look-through", {"recipients": [other], **draft}, status=200)
    return [
        (one["kind"], one["part"], one["field"], one["begins"], one["found_as"], one["subject_id"])
        for one in answer["warnings"]
    ]


def of(text: str, field: str = "summary") -> dict[str, Any]:
    return {"texts": [{"field": field, "text": text}]}


@pytest.mark.rule(109)
class WhenSomethingIsAboutToBeTold:
    async def test_a_text_shows_whom_it_names_and_what_looks_like_a_number(self, house: House) -> None:
        case, ids = await brothers(house)
        found = [
            (0, "name", ids["Ole"]), (7, "name", ids["Bo"]), (16, "address", ids["Ole"]), (36, "phone_like", None),
        ]
        for field in ("summary", "necessity", "content.reasons", "question", "said"):
            assert await looked(case, **of(TEXT, field)) == [(None, None, field, *one) for one in found]

    async def test_a_record_is_opened_and_shows_it_part_by_part(self, house: House) -> None:
        case, ids = await brothers(house)
        note = await case.note("Bo ringede.")
        item = {"kind": "concern", "id": case.concern_id}
        ole = ("concern", "observation", "observation", 0, "name", ids["Ole"])
        bo = [("concern", "interpretation", "interpretation", at, "name", ids["Bo"]) for at in (0, 3)]
        noted = ("information", "whole", "text", 0, "name", ids["Bo"])
        assert await looked(case, items=[item]) == [ole, *bo]
        assert await looked(case, items=[{**item, "parts": ["observation"]}]) == [ole]
        assert await looked(case, items=[{**item, "parts": ["told_reporter"]}]) == []
        assert await looked(case, items=[{"kind": "information", "id": note}]) == [noted]

    async def test_who_goes_along_or_is_known_to_each_recipient_is_no_question(self, house: House) -> None:
        case, ids = await brothers(house)
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        ole = {"kind": "subject", "id": ids["Ole"]}
        both = of("Ole og Bo.")
        assert [one[-1] for one in await looked(case, **both)] == [ids["Ole"], ids["Bo"]]
        assert [one[-1] for one in await looked(case, **both, items=[ole])] == [ids["Bo"]]
        exchange = await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": [ole]})
        assert [one[-1] for one in await looked(case, **both)] == [ids["Bo"]]
        for recipients in ([PROBATION], [POLICE, PROBATION], []):
            assert [one[-1] for one in await looked(case, **both, recipients=recipients)] == [ids["Ole"], ids["Bo"]]
        withdrawal = {"recipient": POLICE, "reason": "Givet ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{exchange['id']}/withdrawals", withdrawal)
        assert [one[-1] for one in await looked(case, **both)] == [ids["Ole"], ids["Bo"]]

    @pytest.mark.rule(44)
    async def test_the_other_side_learns_of_no_person_by_guessing(self, house: House) -> None:
        """It knows of one brother, and gets the same answer whether there is another."""
        case, ids = await brothers(house)
        guess = of("Ole, Bo, 010104-1234 og Søndergade 12.")
        like = [(None, None, "summary", 9, "cpr_like", None)]
        assert await looked(case, POLICE, **guess) == like
        ole = {"kind": "subject", "id": ids["Ole"]}
        await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": [ole]})
        await case.kommune.post(f"{case.path}/participants", invitation(INSTITUTION, public_task_confirmed=True))
        found = await looked(case, POLICE, **guess, recipients=[INSTITUTION])
        assert {one[-1] for one in found} == {ids["Ole"]}
        item = {"kind": "concern", "id": case.concern_id}
        unknown = {"recipients": [MUNICIPALITY], "items": [item]}
        await case.politi.post(f"{case.path}/look-through", unknown, status=404)

    async def test_it_stops_and_writes_nothing_and_the_log_says_what_was_opened(self, house: House) -> None:
        case, _ = await brothers(house)
        before = len(await house.entries())
        assert await looked(case, **of(TEXT))
        (entry,) = (await house.entries())[before:]
        assert (entry.action, entry.outcome.value, entry.wrote) == ("lookThrough", "allowed", [])
        assert {(one.table, one.column) for one in entry.opened} >= {("subject", "name"), ("subject", "cpr_number")}
        given = await case.kommune.post(f"{case.path}/exchanges", {**told(), "summary": TEXT})
        assert given["summary"] == TEXT
