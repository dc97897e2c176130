"""Modtagelse, the rest of it: every kind and channel, further concerns, a child's clocks, and intake by the police."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from house import MUNICIPALITY, CaseInHand, House, now, told
from infohus.casework.concerns.model import ReportChannel
from infohus.danish import WARNINGS
from infohus.danish_calendar import danish_day
from loaded_plans import ISHOJ, load_plans
from one_api import description_of
from persons import CPR, OTHER_CPR, recorded_by_the_police

GIRL = {"name": "Pige", "birth_date": "2014-03-01"}


def a_concern(**more: Any) -> dict[str, Any]:
    """Write a concern down."""
    return {
        "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Noget nyt.",
        "told_reporter": "Vi ser på det.", **more,
    }


async def the_concern(case: CaseInHand, by: str = "kommune") -> dict[str, Any]:
    """Read the case's first concern."""
    concern: dict[str, Any] = await case.house.person(by).get(f"{case.path}/concerns/{case.concern_id}")
    return concern


class WhenAConcernComesIn:
    @pytest.mark.parametrize("channel", [one.value for one in ReportChannel])
    async def test_it_may_come_in_by_every_channel(self, house: House, channel: str) -> None:
        assert (await the_concern(await house.case(channel=channel)))["channel"] == channel

    @pytest.mark.rule(26)
    async def test_three_brothers_are_one_concern_about_three_persons(self, house: House) -> None:
        brothers = [
            {"name": "Aksel", "cpr_number": CPR}, {"name": "Bertil", "cpr_number": OTHER_CPR}, {"name": "Carl"},
        ]
        case = await house.case(subjects=brothers)
        concern = await the_concern(case)
        assert [(one["name"], one["cpr_number_masked"]) for one in concern["subjects"]] == [
            ("Aksel", "010104-****"), ("Bertil", "010158-****"), ("Carl", None),
        ]
        assert [one["id"] for one in (await case.kommune.get("/cases"))["items"]] == [case.id]
        # Each person has a log id of their own.
        (recorded,) = [entry for entry in await house.entries() if entry.action == "recordConcern"]
        assert len(set(recorded.persons)) == 3

    @pytest.mark.rule(26)
    @pytest.mark.parametrize(("kind", "subjects"), [
        ("person", [{"name": "Aksel"}]), ("group", []), ("group", [{"name": "Aksel"}, {"name": "Bertil"}]),
        ("single_issue", []), ("place", []),
    ])
    async def test_it_is_about_a_person_a_group_a_single_issue_or_a_place(
        self, house: House, kind: str, subjects: list[dict[str, str]]
    ) -> None:
        concern = await the_concern(await house.case(kind=kind, subjects=subjects))
        assert (concern["kind"], len(concern["subjects"])) == (kind, len(subjects))

    @pytest.mark.rule(26)
    async def test_the_plan_may_name_more_kinds(self, house: House) -> None:
        path = f"/infohuse/{house.infohus_id}/concerns"
        refused = await house.person("kommune").post(path, a_concern(kind="online_forum"), status=422)
        assert refused["type"] == "/problems/not-in-the-plan"
        await load_plans(house, f'{ISHOJ}\n[[concern_kind]]\nid = "online_forum"\nname = "Et forum på nettet"\n')
        assert (await the_concern(await house.case(kind="online_forum")))["kind"] == "online_forum"

    @pytest.mark.rule(34)
    async def test_signs_are_kept_as_named_and_no_view_counts_them(self, house: House) -> None:
        await load_plans(house, ISHOJ)
        signs = ["ready-for-violence", "threatens-others", "extremist-company"]
        case = await house.case(signs=signs)
        concern = await the_concern(case)
        assert concern["signs"] == signs
        schemas = description_of(house.app)["components"]["schemas"]
        counting = {
            f"{name}.{field}" for name, schema in schemas.items() for field, of in schema.get("properties", {}).items()
            if "sign" in field and of.get("type") in {"integer", "number"}
        }
        assert counting == set()


class WhenDangerIsAcute:
    @pytest.mark.rule(31)
    @pytest.mark.rule(74)
    async def test_112_comes_first_whatever_else_there_is_to_say(self, house: House) -> None:
        draft = a_concern(is_acute=True, subjects=[{"cpr_number": CPR}, {"name": "Carl"}])
        recorded = await house.person("kommune").post(f"/infohuse/{house.infohus_id}/concerns", draft)
        assert recorded["warnings"] == [
            WARNINGS[one] for one in ("acute", "cpr-odd", "cpr-missing", "age-unknown")
        ]
        assert "112" in recorded["warnings"][0]

    @pytest.mark.rule(31)
    @pytest.mark.parametrize(("change", "kind"), [
        ({"told_reporter": " "}, "telling-the-reporter-not-recorded"),
        ({"subjects": [{"cpr_number": "310204-1234"}]}, "cpr-number-not-possible"),
        ({"received_at": "2099-01-01T00:00:00Z"}, "in-the-future"),
        ({"kind": "noget_andet"}, "not-in-the-plan"),
    ])
    async def test_it_waits_for_no_form_to_be_right(self, house: House, change: dict[str, Any], kind: str) -> None:
        path, kommune = f"/infohuse/{house.infohus_id}/concerns", house.person("kommune")
        calm = await kommune.post(path, a_concern(**change), status=422)
        acute = await kommune.post(path, a_concern(is_acute=True, **change), status=422)
        assert calm["type"] == acute["type"] == f"/problems/{kind}"
        assert acute["detail"] == f"{WARNINGS['acute']} {calm['detail']}"

    @pytest.mark.rule(31)
    async def test_in_a_case_that_is_under_way_it_is_said_just_as_soon(self, house: House) -> None:
        case = await (await house.case()).recommend()
        added = await case.kommune.post(f"{case.path}/concerns", a_concern(is_acute=True))
        assert added["warnings"] == [WARNINGS["acute"]]


class WhenACprNumberIsOdd:
    @pytest.mark.rule(74)
    @pytest.mark.parametrize(("subject", "warnings"), [
        ({"cpr_number": CPR}, ["cpr-odd"]), ({"cpr_number": "0101041234"}, ["cpr-odd"]),
        ({"cpr_number": "010104 1234"}, ["cpr-odd"]), ({"cpr_number": OTHER_CPR}, []),
        ({"name": "A"}, ["cpr-missing", "age-unknown"]), ({}, ["cpr-missing", "age-unknown"]),
    ])
    async def test_it_is_recorded_with_a_warning_and_can_be_used(
        self, house: House, subject: dict[str, str], warnings: list[str]
    ) -> None:
        path = f"/infohuse/{house.infohus_id}/concerns"
        recorded = await house.person("kommune").post(path, a_concern(subjects=[subject]))
        assert recorded["warnings"] == [WARNINGS[one] for one in warnings]
        case = CaseInHand(house, recorded["case_id"], recorded["id"])
        assert await (await case.clear()).stage() == "cleared"


class WhenAnotherConcernComesInTheSameCase:
    @pytest.mark.rule(26)
    async def test_it_stands_beside_the_first_and_its_persons_are_the_case_s(self, house: House) -> None:
        case = await (await house.case(subjects=[{"name": "Aksel", "cpr_number": CPR}])).accept()
        more = a_concern(channel="mail", subjects=[{"name": "A.", "cpr_number": CPR}, {"cpr_number": OTHER_CPR}])
        added = await case.kommune.post(f"{case.path}/concerns", more)
        assert added["case_id"] == case.id
        listed = (await case.kommune.get(f"{case.path}/concerns"))["items"]
        assert [(one["id"], one["channel"], one["owner"]) for one in listed] == [
            (case.concern_id, "phone", MUNICIPALITY), (added["id"], "mail", MUNICIPALITY),
        ]
        # Each record of a person has a log id of its own, also of one who is recorded twice.
        assert len(set((await house.entries())[-1].persons)) == 3

    @pytest.mark.rule(44)
    async def test_the_other_authority_sees_it_when_it_is_disclosed(self, house: House) -> None:
        case = await (await house.case()).accept()
        added = await case.kommune.post(f"{case.path}/concerns", a_concern())
        await case.politi.get(f"{case.path}/concerns/{added['id']}", status=404)
        assert [one["id"] for one in (await case.politi.get(f"{case.path}/concerns"))["items"]] == [case.concern_id]
        draft = {**told(), "items": [{"kind": "concern", "id": added["id"]}]}
        await case.kommune.post(f"{case.path}/exchanges", draft)
        assert (await case.politi.get(f"{case.path}/concerns/{added['id']}"))["observation"] == "Noget nyt."

    @pytest.mark.rule(32)
    async def test_a_child_in_it_makes_screening_wait(self, house: House) -> None:
        case = await (await house.case()).accept()
        await case.kommune.post(f"{case.path}/concerns", a_concern(subjects=[GIRL]))
        draft = {"outcome": "recommend", "content": {"considered": "x", "reasons": "y"}, "disclosure": told()}
        waits = await case.kommune.post(f"{case.path}/screenings", draft, status=409)
        assert waits["type"] == "/problems/screening-awaits-child-notification"

    @pytest.mark.rule(32)
    @pytest.mark.parametrize("adult", [[], [{"name": "Onkel", "birth_date": "1980-01-01"}]])
    async def test_one_without_a_child_ends_no_waiting_for_the_child_of_the_first(
        self, house: House, adult: list[dict[str, Any]]
    ) -> None:
        case = await (await house.case(subjects=[GIRL])).accept()
        await case.kommune.post(f"{case.path}/concerns", a_concern(subjects=adult))
        draft = {"outcome": "recommend", "content": {"considered": "x", "reasons": "y"}, "disclosure": told()}
        waits = await case.kommune.post(f"{case.path}/screenings", draft, status=409)
        assert waits["type"] == "/problems/screening-awaits-child-notification"
        child = (await the_concern(case))["child_notifications"][0]["id"]
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen"}
        await case.kommune.post(f"{case.path}/child-notifications/{child}/hand-over", handed, status=200)
        await case.kommune.post(f"{case.path}/concerns", a_concern(subjects=adult))
        await case.kommune.post(f"{case.path}/screenings", draft)

    async def test_the_same_request_again_adds_nothing(self, house: House) -> None:
        case = await house.case()
        headers = {"Idempotency-Key": "endnu-en-gang"}
        draft = a_concern()
        first = await case.kommune.post(f"{case.path}/concerns", draft, headers=headers)
        assert await case.kommune.post(f"{case.path}/concerns", draft, headers=headers) == first
        assert len((await case.kommune.get(f"{case.path}/concerns"))["items"]) == 2

    async def test_a_closed_case_takes_none_and_who_takes_no_part_adds_none(self, house: House) -> None:
        case = await (await house.case()).clear()
        for nobody in ("dpo", "jurist", "admin", "raadgiver"):
            await house.person(nobody).post(f"{case.path}/concerns", a_concern(), status=403)
        await case.close()
        refused = await case.kommune.post(f"{case.path}/concerns", a_concern(), status=409)
        assert refused["type"] == "/problems/not-possible-now"


async def stop_clocks(case: CaseInHand, child: str, *, receipt_on: str | None = None) -> dict[str, Any]:
    """Record the assessment and the receipt."""
    path = f"{case.path}/child-notifications/{child}"
    await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
    given = {"receipt_given_on": receipt_on or str(danish_day(now()))}
    stopped: dict[str, Any] = await case.kommune.post(f"{path}/receipt", given, status=200)
    return stopped


class WhenAChildIsConcerned:
    @pytest.mark.rule(32)
    async def test_each_clock_runs_over_until_it_is_stopped(self, house: House) -> None:
        received = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
        case = await house.case(subjects=[GIRL], received_at=received.isoformat())
        task = (await the_concern(case))["child_notifications"][0]
        assert (task["assessment_is_overdue"], task["receipt_is_overdue"]) == (True, True)
        path = f"{case.path}/child-notifications/{task['id']}"
        in_time = {"assessed_at": (received + timedelta(hours=24)).isoformat()}
        assessed = await case.kommune.post(f"{path}/assessment", in_time, status=200)
        assert (assessed["assessment_is_overdue"], assessed["receipt_is_overdue"]) == (False, True)
        late = await case.kommune.post(f"{path}/receipt", {"receipt_given_on": "2026-05-22"}, status=200)
        assert (late["receipt_by"], late["receipt_given_on"], late["receipt_is_overdue"]) == (
            "2026-05-20", "2026-05-22", True,
        )

    @pytest.mark.rule(32)
    async def test_within_the_time_nothing_is_overdue(self, house: House) -> None:
        task = (await the_concern(await house.case(subjects=[GIRL])))["child_notifications"][0]
        assert (task["assessment_is_overdue"], task["receipt_is_overdue"]) == (False, False)

    @pytest.mark.rule(32)
    @pytest.mark.parametrize(("clock", "draft", "status"), [
        ("assessment", {"assessed_at": "2099-01-01T00:00:00Z"}, 422), ("assessment", {}, 400),
        ("assessment", {"assessed_at": "i går"}, 400), ("receipt", {"receipt_given_on": "2099-01-01"}, 422),
        ("receipt", {"receipt_given_on": None}, 400),
    ])
    async def test_what_has_not_happened_stops_no_clock(
        self, house: House, clock: str, draft: dict[str, Any], status: int
    ) -> None:
        case = await house.case(subjects=[GIRL])
        before = (await the_concern(case))["child_notifications"]
        await case.kommune.post(f"{case.path}/child-notifications/{before[0]['id']}/{clock}", draft, status=status)
        assert (await the_concern(case))["child_notifications"] == before

    @pytest.mark.rule(32)
    async def test_a_clock_is_stopped_once_by_the_municipality(self, house: House) -> None:
        case = await house.case(subjects=[GIRL])
        child = (await the_concern(case))["child_notifications"][0]["id"]
        path = f"{case.path}/child-notifications/{child}/receipt"
        await case.politi.post(path, {"receipt_given_on": str(danish_day(now()))}, status=403)
        await stop_clocks(case, child)
        again = await case.kommune.post(path, {"receipt_given_on": str(danish_day(now()))}, status=409)
        assert again["type"] == "/problems/already-recorded"

    @pytest.mark.rule(70)
    async def test_the_case_does_not_close_while_a_clock_runs(self, house: House) -> None:
        case = await (await house.case(subjects=[GIRL])).clear()
        child = (await the_concern(case))["child_notifications"][0]["id"]
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen"}
        await case.kommune.post(f"{case.path}/child-notifications/{child}/hand-over", handed, status=200)
        closure = {
            "outcome": "unfounded", "content": {"reasons": "Grundløs."}, "disclosure": told(purpose="closure"),
        }
        refused = await case.kommune.post(f"{case.path}/closures", closure, status=409)
        assert "vurderingen eller bekræftelsen" in refused["detail"]
        await stop_clocks(case, child)
        assert await (await case.close()).stage() == "closed"

    @pytest.mark.rule(33)
    async def test_turning_18_leaves_the_task_and_both_ages_show(self, house: House) -> None:
        received = now() - timedelta(days=40)
        birthday = danish_day(now()) - timedelta(days=10)
        born = birthday.replace(year=birthday.year - 18, day=min(birthday.day, 28))
        case = await house.case(subjects=[{"birth_date": born.isoformat()}], received_at=received.isoformat())
        concern = await the_concern(case)
        subject = concern["subjects"][0]
        assert (subject["age_at_receipt"], subject["age_now"], subject["is_under_18_at_receipt"]) == (17, 18, True)
        assert [one["subject_id"] for one in concern["child_notifications"]] == [subject["id"]]
        assert (await case.kommune.get(case.path))["case"]["stage"] == "received"
        steps = (await case.kommune.get(f"{case.path}/next-steps"))["steps"]
        assert next(one for one in steps if one["act"] == "handOverChildNotification")["is_possible"]

    async def test_without_a_date_no_age_is_made_up(self, house: House) -> None:
        concern = await the_concern(await house.case(subjects=[{"is_under_18": True}]))
        subject = concern["subjects"][0]
        assert (subject["age_at_receipt"], subject["age_now"], subject["is_under_18_at_receipt"]) == (None, None, True)


class WhenThePoliceTakeAConcernIn:
    @pytest.mark.rule(42)
    @pytest.mark.rule(44)
    async def test_it_is_theirs_under_their_own_law_until_they_disclose_it(self, house: House) -> None:
        case = await recorded_by_the_police(house)
        await case.kommune.get(f"{case.path}/concerns/{case.concern_id}", status=404)
        regimes = await house.sql("SELECT regime FROM infohus.concern UNION SELECT regime FROM infohus.subject")
        assert [row["regime"] for row in regimes] == ["led"]
        draft = {**told("kbh-vestegns-politi"), "items": [{"kind": "concern", "id": case.concern_id}]}
        exchange = await case.politi.post(f"{case.path}/exchanges", draft)
        assert exchange["paragraph"] == "rpl-115-1"
        assert (await the_concern(case))["observation"] == "Set i byen."

    @pytest.mark.rule(17)
    @pytest.mark.rule(19)
    async def test_it_goes_the_same_way_to_a_common_scope_decision(self, house: House) -> None:
        case = await recorded_by_the_police(house)
        draft = {
            **told("kbh-vestegns-politi", purpose="scope_decision"),
            "items": [{"kind": "concern", "id": case.concern_id}],
        }
        await case.politi.post(f"{case.path}/exchanges", draft)
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "nothing_hinders"})
        proposal = await case.politi.post(f"{case.path}/scope-decisions", {
            "outcome": "within", "content": {"reasons": "Ekstremisme kan være på spil."},
            "disclosure": told("kbh-vestegns-politi", purpose="scope_decision"),
        })
        signature = {"content_hash": proposal["content_hash"]}
        path = f"{case.path}/scope-decisions/{proposal['id']}/signatures"
        await case.politi.post(path, signature, status=409)
        await case.kommune.post(path, signature)
        assert await case.stage() == "accepted"

    @pytest.mark.rule(32)
    async def test_a_child_s_task_is_the_municipality_s_when_it_is_disclosed(self, house: House) -> None:
        case = await recorded_by_the_police(house, subject=GIRL)
        child = (await the_concern(case, "politi"))["child_notifications"][0]["id"]
        path = f"{case.path}/child-notifications/{child}"
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen"}
        await case.kommune.post(f"{path}/hand-over", handed, status=404)
        draft = {**told("kbh-vestegns-politi"), "items": [
            {"kind": "concern", "id": case.concern_id}, {"kind": "child_notification", "id": child},
        ]}
        await case.politi.post(f"{case.path}/exchanges", draft)
        handed |= {"handed_over_at": now().isoformat()}
        await case.kommune.post(f"{path}/hand-over", handed, status=200)
        await stop_clocks(case, child)
        seen = (await the_concern(case, "politi"))["child_notifications"][0]
        # The task, until they are told what the municipality did about it.
        assert (seen["handed_over_at"], seen["receipt_given_on"]) == (None, None)
        steps = (await the_concern(case))["child_notifications"][0]["steps"]
        assert [one["step"] for one in steps] == ["handed_over", "assessed", "receipt_given"]
        await case.disclose(items=[{"kind": "child_notification_step", "id": one["id"]} for one in steps])
        seen = (await the_concern(case, "politi"))["child_notifications"][0]
        assert (seen["handed_over_at"] is None, seen["receipt_given_on"]) == (False, str(danish_day(now())))
