"""Whom somebody is drawn in for: a colleague writes about these, and learns of no other person of the case (79, 44)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, now
from infohus.web.api_examples import EXAMPLES
from invitations import invitation

BROTHERS = [{"name": name, "birth_date": "1990-02-01"} for name in ("Ahmed Prøvesen", "Bilal Prøvesen")]
NOTE = {"text": "Set i klubben.", "source": "klubben"}
DANGER = EXAMPLES["ReportDanger"]


async def brothers(house: House) -> tuple[CaseInHand, list[str]]:
    case = await house.case(subjects=BROTHERS)
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    return case, [one["id"] for one in concern["subjects"]]


async def draw_in(case: CaseInHand, about: list[str] | None, **more: Any) -> Person:
    colleague = case.house.person("raadgiver")
    named = {} if about is None else {"about": about}
    draft = invitation(MUNICIPALITY, person_id=str(colleague.person_id), **named, **more)
    shown = await case.kommune.post(f"{case.path}/participants", draft)
    assert about is None or shown["about"] == about
    return colleague


def refused(person: str) -> list[dict[str, Any]]:
    """List what names a person in each of the ways in which who is drawn in names one."""
    return [{"path": "information", **NOTE, "about": [person]},
            {"path": "danger-reports", **DANGER, "is_acute": False, "about": [person]}]


@pytest.mark.rule(79)
@pytest.mark.rule(44)
class WhenAColleagueIsDrawnInForOneOfSeveral:
    async def test_whoever_draws_them_in_says_for_whom(self, house: House) -> None:
        case, (first, _) = await brothers(house)
        draft = invitation(MUNICIPALITY, person_id=str(house.person("raadgiver").person_id))
        asked = await case.kommune.call("POST", f"{case.path}/participants", json=draft)
        assert (asked.status_code, asked.json()["type"]) == (422, "/problems/persons-not-named")
        await case.kommune.post(f"{case.path}/participants", {**draft, "about": [str(uuid4())]}, status=422)
        assert (await case.kommune.post(f"{case.path}/participants", {**draft, "about": [first]}))["about"] == [first]

    async def test_what_they_note_is_about_that_person_and_they_are_asked_nothing(self, house: House) -> None:
        case, (first, _) = await brothers(house)
        colleague = await draw_in(case, [first])
        noted = await colleague.post(f"{case.path}/information", NOTE)
        assert (await case.kommune.get(f"{case.path}/information/{noted['id']}"))["about"] == [first]

    async def test_their_report_of_danger_is_too(self, house: House) -> None:
        case, (first, _) = await brothers(house)
        colleague = await draw_in(case, [first])
        said = await colleague.post(f"{case.path}/danger-reports", DANGER)
        assert (await case.kommune.get(f"{case.path}/exchanges/{said['id']}"))["about"] == [first]
        whole = await case.kommune.post(f"{case.path}/danger-reports", DANGER)
        assert len((await case.kommune.get(f"{case.path}/exchanges/{whole['id']}"))["about"]) == len(BROTHERS)

    async def test_of_whom_the_side_knows_besides_they_learn_nothing(self, house: House) -> None:
        """The other brother, somebody of another case and nobody at all are refused in the same words."""
        case, (first, second) = await brothers(house)
        elsewhere, (stranger, _) = await brothers(house)
        assert elsewhere.id != case.id
        colleague = await draw_in(case, [first])
        answers = set()
        for person in (second, stranger, str(uuid4())):
            for body in refused(person):
                answer = await colleague.call("POST", f"{case.path}/{body.pop('path')}", json=body)
                said = answer.json()
                answers.add((answer.status_code, said["type"], said["detail"]))
                assert person not in answer.text
        assert {status for status, _, _ in answers} == {422}
        assert len({(kind, detail) for _, kind, detail in answers}) == 1

    async def test_of_the_side_they_read_what_is_named_to_them_alone(self, house: House) -> None:
        case, (first, second) = await brothers(house)
        ours, theirs = [
            (await case.kommune.post(f"{case.path}/information", {**NOTE, "about": [who]}))["id"]
            for who in (first, second)
        ]
        told = await case.note("Sigtet.", by=POLICE)
        given = await case.disclose(told, by=POLICE)
        scope = ["information", "exchange", "measures", "assessment"]
        colleague = await draw_in(case, [first], scope=scope)
        assert (await colleague.get(f"{case.path}/information"))["items"] == []
        assert (await colleague.get(f"{case.path}/exchanges"))["items"] == []
        await colleague.get(f"{case.path}/exchanges/{given['id']}", status=404)
        (shown,) = [one for one in (await case.kommune.get(case.path))["participants"] if one["kind"] == "invited"]
        assert shown["records"] == []
        await case.kommune.delete(f"{case.path}/participants/{shown['id']}")
        await draw_in(case, [first], scope=scope, records=[ours])
        assert [one["id"] for one in (await colleague.get(f"{case.path}/information"))["items"]] == [ours]
        for hidden in (theirs, told):
            await colleague.get(f"{case.path}/information/{hidden}", status=404)

    async def test_the_entry_of_drawing_them_in_names_whom_it_is_for(self, house: House) -> None:
        case, (first, second) = await brothers(house)
        known = {str(row["subject_id"]): row["log_id"] for row in await house.sql(
            "SELECT subject_id, log_id FROM infohus.side_person WHERE authority_id = $1", MUNICIPALITY
        )}
        await draw_in(case, [first])
        entry = (await house.entries())[-1]
        assert (entry.action, list(entry.persons)) == ("inviteParticipant", [known[first]])
        assert known[second] not in entry.persons

    async def test_whoever_is_named_later_does_not_change_that(self, house: House) -> None:
        case = await house.case()
        [first] = [one["id"] for one in (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"]]
        colleague = await draw_in(case, None)
        await case.kommune.post(f"{case.path}/concerns", {**EXAMPLES["AddConcern"], "subjects": BROTHERS[:1]})
        noted = await colleague.post(f"{case.path}/information", NOTE)
        assert (await case.kommune.get(f"{case.path}/information/{noted['id']}"))["about"] == [first]

    async def test_it_goes_on_when_they_do(self, house: House) -> None:
        case, (first, _) = await brothers(house)
        colleague = await draw_in(case, [first])
        (participant,) = [
            one for one in (await case.kommune.get(case.path))["participants"] if one["kind"] == "invited"
        ]
        longer = {"ends_at": (now() + timedelta(days=60)).isoformat(), "reason": "Kender ham stadig."}
        extended = await case.kommune.post(f"{case.path}/participants/{participant['id']}/extension", longer)
        assert (extended["about"], extended["records"]) == ([first], [])
        theirs = await case.kommune.post(f"{case.path}/information", {**NOTE, "about": [first]})
        await colleague.get(f"{case.path}/information/{theirs['id']}", status=404)
        await colleague.post(f"{case.path}/information", NOTE)

    async def test_somebody_of_another_authority_names_whom_it_was_told_of(self, house: House) -> None:
        case, (first, _) = await brothers(house)
        draft = invitation(PROBATION, about=[first])
        assert (await case.kommune.post(f"{case.path}/participants", draft))["about"] == [first]
        # The police were told of nobody.
        await case.politi.post(f"{case.path}/participants", invitation(POLICE, about=[first]), status=422)
