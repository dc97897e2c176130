"""Whom an act concerns that is about one person, about the whole case, or about a part of a record (rule 79)."""

from uuid import UUID

import pytest

from conftest import Database
from house import INSTITUTION, POLICE, POLICE_LOG, House, told
from infohus.kernel.audit.storage.log import log_of
from infohus.web.api_examples import EXAMPLES
from integration.test_about_persons import Brothers, brothers, named_in_last
from integration.test_drawn_in_answers import ASKS, DECLINED, GUEST, guest_of, house_of_three  # noqa: F401 - a fixture
from invitations import invitation
from reconciled import faults_in

REASON = {"reason": "Han er set i klubben."}


@pytest.mark.rule(79)
class WhenAnActIsAboutOneOfSeveral:
    async def test_an_age_and_the_task_that_follows_are_about_its_person_alone(
        self, house: House, database: Database
    ) -> None:
        it = await brothers(house)
        first, second = it.ids
        stated = {"is_under_18": True, "earlier_is_wrong": True, "reason": "Skolen oplyser det."}
        await it.case.kommune.post(f"{it.case.path}/subjects/{first}/ages", stated)
        assert await named_in_last(it) == {first}
        keys = await house.sql(
            "SELECT k.person_id, s.subject_id FROM infohus.record_key k JOIN (SELECT id, subject_id"
            " FROM infohus.age_statement UNION SELECT id, subject_id FROM infohus.child_notification"
            ") s ON s.id = k.record_id"
        )
        assert {row["subject_id"] for row in keys} >= {UUID(first)}
        assert all(row["person_id"] == row["subject_id"] for row in keys)
        request = await it.case.kommune.post(f"{it.case.path}/access-requests", {
            "received_on": "2026-01-02", "asked": "Hvad har I?", "subject": second,
        })
        left = await it.case.kommune.post(
            f"{it.case.path}/access-requests/{request['id']}/package", {"include": []}, status=422
        )
        (age,) = await house.sql("SELECT id FROM infohus.age_statement")
        assert str(age["id"]) not in left["detail"]
        assert await faults_in(database) == []

    async def test_so_is_what_is_refused_about_that_person(self, house: House) -> None:
        """Else the attempt would stand in the letter of each of the others."""
        case = await house.case(subjects=[{"name": "Anton", "is_under_18": True}, {"name": "Bertil"}])
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        it = Brothers(house, case, [one["id"] for one in concern["subjects"]])
        first, ahead = it.ids[0], "2099-01-01T00:00:00Z"
        task = next(one["id"] for one in concern["child_notifications"] if one["subject_id"] == first)
        for path, body in (
            (f"child-notifications/{task}/assessment", {"assessed_at": ahead}),
            (f"child-notifications/{task}/hand-over", {"handed_over_at": ahead, "handed_over_to": "StraXen"}),
            (f"child-notifications/{task}/receipt", {"receipt_given_on": "2099-01-01"}),
            (f"subjects/{first}/ages", {"reason": "Intet sagt."}),
            ("danger-reports", {**EXAMPLES["ReportDanger"], "about": [first], "exchanged_at": ahead}),
            ("exchanges", {**told(), "summary": "Han er set.", "about": [first], "exchanged_at": ahead}),
        ):
            await case.kommune.post(f"{case.path}/{path}", body, status=422)
            entry = await it.entry()
            assert (entry.outcome.value, await named_in_last(it)) == ("refused", {first}), path

    async def test_an_age_of_somebody_who_was_named_is_the_recipients_own_about_them(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        await it.name(first)
        await it.name(second)
        await it.case.politi.get(it.case.path)
        path = f"{it.case.path}/subjects/{second}/ages"
        await it.case.politi.post(path, {"is_under_18": True, "reason": "Set i registret."})
        assert await named_in_last(it, POLICE_LOG, POLICE) == {second}

    async def test_a_text_is_compared_with_who_is_not_named_and_concerns_them_alone(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        await it.name(first)
        text = {"recipients": [POLICE], "texts": [{"field": "summary", "text": "Ahmed og Bilal."}]}
        found = await it.case.kommune.post(f"{it.case.path}/look-through", text, status=200)
        assert [one["subject_id"] for one in found["warnings"]] == [second]
        assert await named_in_last(it) == {second}
        noted = await it.case.note("Om Ahmed.", about=[first])
        items = {**text, "items": [{"kind": "information", "id": noted}]}
        await it.case.kommune.post(f"{it.case.path}/look-through", items, status=200)
        assert await named_in_last(it) == {first, second}

    async def test_danger_concerns_whom_it_names_and_else_everybody(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        danger = {
            "danger": "Han har en kniv.", "is_acute": True, "categories": ["purely_private"], "necessity": "Nu.",
        }
        await it.case.kommune.post(f"{it.case.path}/danger-reports", {**danger, "about": [second]})
        assert await named_in_last(it) == {second}
        await it.case.kommune.post(f"{it.case.path}/danger-reports", danger)
        assert await named_in_last(it) == {first, second}


@pytest.mark.rule(79)
@pytest.mark.rule(84)
class WhenThePoliceTakeACaseAboutSeveralOver:
    async def test_the_reason_is_about_whom_it_names_and_the_act_about_everybody(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        await it.name(first)
        await it.name(second)
        await it.case.politi.get(it.case.path)
        asked = await it.case.politi.post(f"{it.case.path}/takeover", REASON, status=422)
        assert asked["type"] == "/problems/persons-not-named"
        taken = await it.case.politi.post(f"{it.case.path}/takeover", {**REASON, "about": [first]})
        assert await named_in_last(it, POLICE_LOG, POLICE) == {first, second}
        note = await it.case.politi.get(f"{it.case.path}/notes/{taken['note_id']}")
        assert note["about"] == [first]


@pytest.mark.rule(79)
@pytest.mark.rule(87)
class WhenAPartIsTold:
    async def test_each_part_has_a_key_for_each_person_and_is_told_about_whom_it_is(
        self, house: House, database: Database
    ) -> None:
        it = await brothers(house)
        concern = UUID(it.case.concern_id)
        rows = await house.sql("SELECT part, person_id FROM infohus.record_key WHERE record_id = $1", concern)
        parts = {row["part"] for row in rows}
        assert len(rows) == 2 * len(parts) == 2 * len({row["part"] for row in rows if str(row["person_id"]) in it.ids})
        await it.name(it.ids[1])
        item = {"kind": "concern", "id": it.case.concern_id, "parts": ["observation"]}
        await it.case.disclose(items=[item])
        seen = await it.case.politi.get(f"{it.case.path}/concerns/{it.case.concern_id}")
        assert (seen["parts"], seen["about"]) == (["observation"], [it.ids[1]])
        keys = await house.sql(
            "SELECT d.part, k.person_id FROM infohus.disclosed_key d JOIN keys.exchange_key k"
            " USING (exchange_id, recipient_id, number) WHERE d.record_id = $1", concern,
        )
        assert [(row["part"], str(row["person_id"])) for row in keys] == [("observation", it.ids[1])]
        assert await faults_in(database) == []


@pytest.mark.rule(79)
@pytest.mark.rule(86)
class WhenWhoIsDrawnInAnswers:
    async def test_it_concerns_whom_it_was_asked_about(self, house_of_three: House) -> None:  # noqa: F811 - the fixture
        it = await brothers(house_of_three)
        _, second = it.ids
        await it.case.clear()
        draft = invitation(INSTITUTION, person_id=str(GUEST), public_task_confirmed=True, scope=["exchange"])
        await it.case.kommune.post(f"{it.case.path}/participants", draft)
        for person in it.ids:
            await it.case.disclose(items=[{"kind": "subject", "id": person}], recipients=[INSTITUTION])
        request = await it.case.kommune.post(f"{it.case.path}/information-requests", {**ASKS, "about": [second]})
        guest = guest_of(house_of_three)
        (seen,) = (await guest.get(f"{it.case.path}/information-requests"))["items"]
        assert seen["about"] == [second]
        await guest.post(f"{it.case.path}/information-requests/{request['id']}/answer", DECLINED, status=200)
        assert await named_in_last(it, log_of(INSTITUTION), INSTITUTION) == {second}
