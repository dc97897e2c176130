"""Alder: in doubt a child until 18 is proven; what is learned later brings the underretning, or ends it."""

from typing import Any

import pytest

from house import CLEARANCE, CaseInHand, House, told
from infohus.danish.children import AGE_WARNINGS
from persons import CPR, recorded_by_the_police

SCREENING = {"outcome": "recommend", "content": {"considered": "x", "reasons": "y"}, "disclosure": told()}
IN_DOUBT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": "Ukendt"}, "age-unknown"),
    ({}, "age-unknown"),
    ({"cpr_number": CPR, "is_under_18": True}, "age-contradicted"),
    ({"cpr_number": CPR, "birth_date": "2015-03-01"}, "age-contradicted"),
    ({"birth_date": "2015-03-01", "is_under_18": False}, "age-contradicted"),
    ({"birth_date": "1990-03-01", "age": {"at_least": 15, "at_most": 15}}, "age-contradicted"),
    ({"is_under_18": False, "age": {"at_most": 16}}, "age-contradicted"),
    ({"cpr_number": "010117-1234"}, "age-century"),
    ({"birth_date": "1917-01-01"}, "age-century"),
    ({"age": {"at_least": 15, "at_most": 19}}, "age-estimated"),
    ({"age": {"at_least": 17}}, "age-estimated"),
    ({"age": {"at_most": 25}}, "age-estimated"),
    (
        {"age": {"at_least": 18, "at_most": 18, "on": "2026-11-01"}, "_received": "2026-10-20T10:00:00Z"},
        "age-estimated",
    ),
)
PROVEN: tuple[dict[str, Any], ...] = (
    {"cpr_number": CPR}, {"birth_date": "1990-01-01"}, {"is_under_18": False}, {"age": {"at_least": 18}},
    {"age": {"at_least": 30, "at_most": 40}}, {"cpr_number": "010117-1234", "birth_date": "1917-01-01"},
    {"cpr_number": "010117-1234", "is_under_18": False}, {"cpr_number": CPR, "birth_date": "1991-01-01"},
)


async def with_person(house: House, person: dict[str, Any]) -> CaseInHand:
    """Record a concern about one person; `_received` is when."""
    more = {"received_at": person["_received"]} if "_received" in person else {}
    return await house.case(subjects=[{name: said for name, said in person.items() if name != "_received"}], **more)


async def concern_of(case: CaseInHand, by: str = "kommune") -> dict[str, Any]:
    """Read the case's first concern."""
    read: dict[str, Any] = await case.house.person(by).get(f"{case.path}/concerns/{case.concern_id}")
    return read


async def state(case: CaseInHand, by: str = "kommune", status: int = 201, **said: Any) -> dict[str, Any]:
    """State the age of the case's first person."""
    subject = (await concern_of(case, by))["subjects"][0]["id"]
    body = {"reason": "Skolen oplyser det.", **said}
    path = f"{case.path}/subjects/{subject}/ages"
    answer: dict[str, Any] = await case.house.person(by).post(path, body, status=status)
    return answer


async def screens(case: CaseInHand, *, status: int = 201) -> str:
    """Propose a screening as the municipality; give the problem, if any."""
    return str((await case.kommune.post(f"{case.path}/screenings", SCREENING, status=status)).get("type"))


WAITS = "/problems/screening-awaits-child-notification"


class WhenAnAgeIsInDoubt:
    @pytest.mark.rule(82)
    @pytest.mark.fault("C2")
    @pytest.mark.parametrize(("person", "question"), IN_DOUBT)
    async def test_the_person_counts_as_a_child_and_somebody_is_asked(
        self, house: House, person: dict[str, Any], question: str
    ) -> None:
        case = await with_person(house, person)
        concern = await concern_of(case)
        (subject,), (task,) = concern["subjects"], concern["child_notifications"]
        assert (subject["is_under_18_at_receipt"], subject["age"]["counts_as_child"]) == (True, True)
        assert subject["age"]["warnings"] == [AGE_WARNINGS[question]]
        assert (task["subject_id"], task["is_owed"]) == (subject["id"], True)
        await case.accept()
        assert await screens(case, status=409) == WAITS

    @pytest.mark.rule(82)
    @pytest.mark.parametrize("person", PROVEN)
    async def test_a_proven_adult_owes_no_underretning(self, house: House, person: dict[str, Any]) -> None:
        case = await with_person(house, person)
        concern = await concern_of(case)
        assert concern["child_notifications"] == []
        assert concern["subjects"][0]["age"]["standing"] == "adult"
        await case.accept()
        await screens(case)

    @pytest.mark.rule(82)
    async def test_whoever_records_it_is_asked_at_once_and_in_each_way(self, house: House) -> None:
        draft = {
            "channel": "phone", "received_at": "2026-11-20T10:00:00Z", "reporter_kind": "citizen",
            "observation": "Noget.", "told_reporter": "Tak.", "subjects": [person for person, _ in IN_DOUBT[:-1]],
        }
        recorded = await house.person("kommune").post(f"/infohuse/{house.infohus_id}/concerns", draft)
        asked = {AGE_WARNINGS[question] for _, question in IN_DOUBT}
        assert asked < set(recorded["warnings"])
        added = await house.person("politi").post(f"/cases/{recorded['case_id']}/concerns", draft)
        assert asked < set(added["warnings"])

    @pytest.mark.rule(82)
    async def test_two_adult_dates_that_differ_are_asked_about_and_owe_nothing(self, house: House) -> None:
        case = await with_person(house, {"cpr_number": CPR, "birth_date": "1991-01-01"})
        concern = await concern_of(case)
        assert AGE_WARNINGS["age-contradicted-adult"] in concern["subjects"][0]["warnings"]
        assert concern["child_notifications"] == []


class WhenAnAgeIsStatedLater:
    @pytest.mark.rule(82)
    async def test_a_child_s_brings_the_task_and_screening_waits_from_then_on(self, house: House) -> None:
        case = await (await house.case()).accept()
        assert (await concern_of(case))["child_notifications"] == []
        said = await state(case, age={"at_least": 14, "at_most": 15})
        assert (said["standing"], said["warnings"]) == ("contradicted", [AGE_WARNINGS["age-contradicted"]])
        (task,) = (await concern_of(case))["child_notifications"]
        assert (task["is_owed"], task["assessment_is_overdue"]) == (True, False)
        assert await screens(case, status=409) == WAITS

    @pytest.mark.rule(82)
    async def test_what_was_wrong_is_replaced_and_stays_readable(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Ung", "birth_date": "2015-01-01"}])
        await case.accept()
        assert await screens(case, status=409) == WAITS
        said = await state(case, birth_date="1995-01-01")
        assert (said["standing"], said["counts_as_child"]) == ("contradicted", True)
        said = await state(case, earlier_is_wrong=True, birth_date="1995-01-01", reason="Set i passet.")
        assert (said["standing"], said["at_least"], said["at_most"]) == ("adult", 31, 31)
        concern = await concern_of(case)
        (subject,), (task,) = concern["subjects"], concern["child_notifications"]
        assert (subject["birth_date"], [one["reason"] for one in subject["age"]["later"]]) == (
            "2015-01-01", ["Skolen oplyser det.", "Set i passet."],
        )
        assert (task["is_owed"], task["assessment_is_overdue"], task["handed_over_at"]) == (False, False, None)
        await screens(case)

    @pytest.mark.rule(82)
    async def test_it_is_owed_again_when_that_was_wrong_too(self, house: House) -> None:
        case = await (await house.case(subjects=[{"name": "Ung"}])).accept()
        await state(case, is_under_18=False)
        await state(case, earlier_is_wrong=True, reason="Det var hans bror.")
        assert (await concern_of(case))["subjects"][0]["age"]["standing"] == "unknown"
        assert await screens(case, status=409) == WAITS
        assert len(await house.sql("SELECT id FROM infohus.child_notification")) == 1

    @pytest.mark.rule(33)
    async def test_turning_18_meanwhile_proves_nothing_of_the_day_of_the_concern(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Ung"}], received_at="2026-10-01T10:00:00Z")
        said = await state(case, age={"at_least": 18, "at_most": 18, "on": "2026-11-29"})
        assert (said["standing"], said["at_least"], said["counts_as_child"]) == ("estimated", 17, True)
        (task,) = (await concern_of(case))["child_notifications"]
        assert task["is_owed"]

    @pytest.mark.rule(82)
    @pytest.mark.parametrize(("said", "problem"), [
        ({}, "age-not-stated"), ({"age": {}}, "age-not-stated"), ({"age": {"on": "2026-11-01"}}, "age-not-stated"),
        ({"age": {"at_least": 20, "at_most": 15}}, "age-not-possible"),
        ({"age": {"at_least": 20, "on": "2098-01-01"}}, "in-the-future"),
        ({"birth_date": "2050-01-01"}, "birth-date-not-possible"),
        ({"birth_date": "1901-01-01"}, "birth-date-not-possible"),
    ])
    async def test_what_cannot_be_is_refused(self, house: House, said: dict[str, Any], problem: str) -> None:
        case = await house.case(subjects=[{"name": "Ung"}])
        before = await concern_of(case)
        assert (await state(case, status=422, **said))["type"] == f"/problems/{problem}"
        assert await concern_of(case) == before
        if "birth_date" not in said and problem != "age-not-stated":
            draft = {
                "channel": "phone", "received_at": "2026-11-20T10:00:00Z", "reporter_kind": "citizen",
                "observation": "Noget.", "told_reporter": "Tak.", "subjects": [said],
            }
            refused = await case.kommune.post(f"{case.path}/concerns", draft, status=422)
            assert refused["type"] == f"/problems/{problem}"

    @pytest.mark.rule(82)
    async def test_it_can_be_stated_at_every_stage_and_the_task_follows(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.close()
        await state(case, is_under_18=True, earlier_is_wrong=True)
        (task,) = (await concern_of(case))["child_notifications"]
        assert task["is_owed"]

    @pytest.mark.rule(70)
    @pytest.mark.rule(82)
    async def test_nobody_signs_a_closure_past_it_and_nobody_opens_it_past_a_signature(self, house: House) -> None:
        case = await (await house.case(subjects=[{"name": "Ung"}])).accept()
        closure = {
            "outcome": "unfounded", "content": {"reasons": "Grundløs."}, "disclosure": told(purpose="closure"),
        }
        refused = await case.kommune.post(f"{case.path}/closures", closure, status=409)
        assert "underretning" in refused["detail"]
        await state(case, is_under_18=False)
        await case.kommune.post(f"{case.path}/closures", closure)
        signed = await state(case, earlier_is_wrong=True, status=409)
        assert signed["type"] == "/problems/closure-is-signed"

    @pytest.mark.rule(59)
    async def test_the_same_request_again_states_nothing_twice(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Ung"}])
        subject = (await concern_of(case))["subjects"][0]["id"]
        body, headers = {"is_under_18": True, "reason": "Skolen."}, {"Idempotency-Key": "alder-en-gang"}
        path = f"{case.path}/subjects/{subject}/ages"
        first = await case.kommune.post(path, body, headers=headers)
        assert await case.kommune.post(path, body, headers=headers) == first
        assert len(first["later"]) == 1


class WhenTheOtherSideKnowsOfThePerson:
    @pytest.mark.rule(44)
    @pytest.mark.rule(82)
    async def test_what_one_side_learned_of_the_age_is_unseen_by_the_other(self, house: House) -> None:
        case = await (await house.case()).accept()
        subject = (await concern_of(case))["subjects"][0]["id"]
        items = [{"kind": "subject", "id": subject}]
        await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": items})
        before = await concern_of(case, "politi")
        await state(case, is_under_18=True, earlier_is_wrong=True)
        assert await concern_of(case, "politi") == before
        assert before["subjects"][0]["age"]["later"] == []
        assert await screens(case, status=409) == WAITS
        # The other's proposal is not refused.
        await case.politi.post(f"{case.path}/screenings", {**SCREENING, "disclosure": told("kbh-vestegns-politi")})

    @pytest.mark.rule(32)
    @pytest.mark.rule(82)
    async def test_the_municipality_waits_for_whom_it_was_told_of_without_the_task(self, house: House) -> None:
        case = await recorded_by_the_police(house, subject={"name": "Ung"})
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "nothing_hinders"})
        subject = (await concern_of(case, "politi"))["subjects"][0]["id"]
        items = [{"kind": "concern", "id": case.concern_id}, {"kind": "subject", "id": subject}]
        draft = {**CLEARANCE, "recipients": ["ishoj-kommune"], "items": items}
        await case.politi.post(f"{case.path}/exchanges", draft)
        await case.settle_scope()
        assert await screens(case, status=409) == WAITS
        closing = await case.kommune.get(f"{case.path}/closing")
        assert "age-not-considered" in {one["code"] for one in closing["blockers"]}
        said = await state(case, age={"at_least": 15, "at_most": 17})
        assert said["counts_as_child"]
        (own,) = (await concern_of(case))["child_notifications"]
        assert await screens(case, status=409) == WAITS
        handed = {"handed_over_at": own["assess_by"], "handed_over_to": "StraXen"}
        refused = await case.kommune.post(f"{case.path}/child-notifications/{own['id']}/hand-over", handed, status=422)
        assert refused["type"] == "/problems/in-the-future"
        # Or it proves to be an adult.
        await state(case, is_under_18=False, earlier_is_wrong=True)
        await screens(case)

    @pytest.mark.rule(46)
    async def test_nobody_states_the_age_of_whom_they_were_not_told(self, house: House) -> None:
        case = await (await house.case()).accept()
        subject, other = (await concern_of(case))["subjects"][0]["id"], await house.case()
        body = {"is_under_18": True, "reason": "Skolen."}
        await case.politi.post(f"{case.path}/subjects/{subject}/ages", body, status=404)
        await case.kommune.post(f"{other.path}/subjects/{subject}/ages", body, status=404)
        for nobody in ("dpo", "jurist", "admin", "raadgiver"):
            await house.person(nobody).post(f"{case.path}/subjects/{subject}/ages", body, status=403)
        assert await house.sql("SELECT id FROM infohus.age_statement") == []
