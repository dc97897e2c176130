"""A child's clocks: which days count, what cannot have been, and who cannot have been born."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from litestar.testing import AsyncTestClient

from house import CaseInHand, House, now, told
from infohus.app import create_app
from infohus.danish_calendar import danish_day
from persons import CPR, recorded_by_the_police

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


async def told_to_the_municipality(case: CaseInHand, *kinds: str, at: datetime | None = None) -> dict[str, Any]:
    """Let the police disclose their concern with these of its records; give the municipality's task, if it sees one."""
    read = await the_concern(case, "politi")
    records = {"subject": read["subjects"][0], "child_notification": read["child_notifications"][0]}
    items = [{"kind": "concern", "id": case.concern_id}, *({"kind": one, "id": records[one]["id"]} for one in kinds)]
    draft = {**told("kbh-vestegns-politi"), "items": items}
    if at is not None:
        draft |= {"exchanged_at": at.isoformat(), "channel": "phone"}
    await case.politi.post(f"{case.path}/exchanges", draft)
    return next(iter((await the_concern(case))["child_notifications"]), {})


class WhenAChildIsConcerned:
    @pytest.mark.rule(79)
    async def test_a_concern_shows_the_tasks_of_its_own_persons(self, house: House) -> None:
        case = await house.case(subjects=[GIRL])
        other = await case.kommune.post(f"{case.path}/concerns", a_concern(subjects=[{**GIRL, "name": "Søster"}]))
        for concern_id in (case.concern_id, other["id"]):
            concern = await case.kommune.get(f"{case.path}/concerns/{concern_id}")
            assert [one["subject_id"] for one in concern["child_notifications"]] == [
                one["id"] for one in concern["subjects"]
            ]

    @pytest.mark.rule(83)
    @pytest.mark.fault("C3")
    @pytest.mark.parametrize(("step", "field"), [
        ("hand-over", "handed_over_at"), ("assessment", "assessed_at"), ("receipt", "receipt_given_on"),
    ])
    async def test_no_step_is_before_the_municipality_s_receipt(self, house: House, step: str, field: str) -> None:
        received = now() - timedelta(days=3)
        case = await house.case(subjects=[GIRL], received_at=received.isoformat())
        before = (await the_concern(case))["child_notifications"]
        path = f"{case.path}/child-notifications/{before[0]['id']}/{step}"
        more = {"handed_over_to": "StraXen"} if step == "hand-over" else {}
        for early in (received - timedelta(days=1), received - timedelta(days=400)):
            when = danish_day(early) if step == "receipt" else early
            refused = await case.kommune.post(path, {**more, field: when.isoformat()}, status=422)
            assert (refused["type"], field in refused["detail"]) == ("/problems/before-the-clock-began", True)
        if step != "receipt":
            barely = (received - timedelta(seconds=1)).isoformat()
            await case.kommune.post(path, {**more, field: barely}, status=422)
        assert (await the_concern(case))["child_notifications"] == before
        at_once = danish_day(received) if step == "receipt" else received
        await case.kommune.post(path, {**more, field: at_once.isoformat()}, status=200)

    @pytest.mark.rule(82)
    @pytest.mark.fault("C2")
    @pytest.mark.parametrize(("person", "field"), [
        ({"birth_date": "2050-01-01"}, "birth_date"), ({"birth_date": "1900-01-01"}, "birth_date"),
        ({"birth_date": "2026-05-13"}, "birth_date"),
    ])
    async def test_nobody_was_born_after_the_concern_or_longer_ago_than_anybody_lives(
        self, house: House, person: dict[str, Any], field: str
    ) -> None:
        received = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
        draft = a_concern(subjects=[{"name": "Den anden", "birth_date": "1990-01-01"}, person])
        draft |= {"received_at": received.isoformat()}
        for path in (f"/infohuse/{house.infohus_id}/concerns", f"{(await house.case()).path}/concerns"):
            refused = await house.person("kommune").post(path, draft, status=422)
            assert (refused["type"], f"subjects[1].{field}" in refused["detail"]) == (
                "/problems/birth-date-not-possible", True,
            )
            assert "1900" not in str(refused)
            assert "2050" not in str(refused)

    @pytest.mark.rule(82)
    async def test_nobody_s_cpr_number_is_younger_than_the_concern(self, house: House) -> None:
        draft = a_concern(subjects=[{"cpr_number": CPR}], received_at="1903-01-01T00:00:00Z")
        refused = await house.person("kommune").post(f"/infohuse/{house.infohus_id}/concerns", draft, status=422)
        assert refused["type"] == "/problems/birth-date-not-possible"
        assert "subjects[0].cpr_number" in refused["detail"]

    @pytest.mark.rule(82)
    async def test_a_year_that_nobody_can_mean_is_no_birth_year(self, house: House) -> None:
        for year in ("9999", "1811"):
            draft = a_concern(subjects=[{"birth_date": f"{year}-01-01"}])
            await house.person("kommune").post(f"/infohuse/{house.infohus_id}/concerns", draft, status=422)

    @pytest.mark.rule(32)
    @pytest.mark.fault("C25")
    @pytest.mark.parametrize(("saturday_counts", "last"), [(True, "2026-05-20"), (False, "2026-05-21")])
    async def test_saturday_is_a_hverdag_by_setting(
        self, house: House, *, saturday_counts: bool, last: str
    ) -> None:
        draft = a_concern(subjects=[GIRL], received_at="2026-05-12T14:00:00Z")
        settings = msgspec.structs.replace(house.settings, saturday_counts=saturday_counts)
        async with AsyncTestClient(create_app(settings)) as again:
            headers = {"Authorization": f"Bearer {house.person('kommune').token}"}
            made = await again.post(f"/infohuse/{house.infohus_id}/concerns", json=draft, headers=headers)
        concern = await house.person("kommune").get(f"/cases/{made.json()['case_id']}/concerns/{made.json()['id']}")
        assert concern["child_notifications"][0]["receipt_by"] == last


class WhenThePoliceLearnOfTheChildFirst:
    @pytest.mark.rule(32)
    @pytest.mark.rule(83)
    @pytest.mark.fault("C3")
    async def test_the_clocks_run_from_the_municipality_s_own_receipt(self, house: House) -> None:
        received = now() - timedelta(days=30)
        draft = a_concern(subjects=[GIRL], received_at=received.isoformat())
        recorded = await house.person("politi").post(f"/infohuse/{house.infohus_id}/concerns", draft)
        case = CaseInHand(house, recorded["case_id"], recorded["id"])
        (theirs,) = (await the_concern(case, "politi"))["child_notifications"]
        assert (theirs["assess_by"], theirs["receipt_by"]) == (None, None)
        assert (theirs["assessment_is_overdue"], theirs["receipt_is_overdue"]) == (False, False)
        before = now()
        task = await told_to_the_municipality(case, "child_notification")
        began = datetime.fromisoformat(task["assess_by"]) - timedelta(hours=24)
        assert before <= began <= now()
        assert (task["assessment_is_overdue"], task["receipt_is_overdue"]) == (False, False)
        path = f"{case.path}/child-notifications/{task['id']}"
        early = {"assessed_at": (began - timedelta(seconds=1)).isoformat()}
        refused = await case.kommune.post(f"{path}/assessment", early, status=422)
        assert refused["type"] == "/problems/before-the-clock-began"
        await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
        # The police see neither clock, whatever the municipality does.
        assert (await the_concern(case, "politi"))["child_notifications"] == [theirs]

    @pytest.mark.rule(83)
    async def test_they_hand_over_nothing_before_they_received_it(self, house: House) -> None:
        case = await recorded_by_the_police(house, subject=GIRL)
        (task,) = (await the_concern(case, "politi"))["child_notifications"]
        handed = {"handed_over_at": (now() - timedelta(days=1)).isoformat(), "handed_over_to": "StraXen", "text": "Ja."}
        path = f"{case.path}/child-notifications/{task['id']}/hand-over"
        assert (await case.politi.post(path, handed, status=422))["type"] == "/problems/before-the-clock-began"
        await case.politi.post(path, {**handed, "handed_over_at": now().isoformat()}, status=200)

    @pytest.mark.rule(82)
    async def test_a_task_made_by_an_age_runs_from_when_the_person_was_told(self, house: House) -> None:
        case = await recorded_by_the_police(house, subject={"name": "Ung"})
        assert await told_to_the_municipality(case, "subject") == {}
        subject = (await the_concern(case))["subjects"][0]["id"]
        told_by = now()
        await case.kommune.post(f"{case.path}/subjects/{subject}/ages", {"is_under_18": True, "reason": "Skolen."})
        (task,) = (await the_concern(case))["child_notifications"]
        assert datetime.fromisoformat(task["assess_by"]) - timedelta(hours=24) <= told_by


class WhenNobodyKnowsWhomToTell:
    @pytest.mark.rule(83)
    @pytest.mark.fault("C3")
    async def test_a_receipt_is_not_possible_and_is_not_invented(self, house: House) -> None:
        case = await (await house.case(subjects=[GIRL], reporter_kind="citizen", reporter_is_anonymous=True)).accept()
        (task,) = (await the_concern(case))["child_notifications"]
        path, today = f"{case.path}/child-notifications/{task['id']}", str(danish_day(now()))
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen"}
        await case.kommune.post(f"{path}/hand-over", handed, status=200)
        await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
        not_possible = {"receipt_given_on": today, "is_not_possible": True}
        shown = await case.kommune.post(f"{path}/receipt", not_possible, status=200)
        assert (shown["receipt_is_not_possible"], shown["receipt_given_on"]) == (True, None)
        for again in (not_possible, {"receipt_given_on": today}):
            await case.kommune.post(f"{path}/receipt", again, status=409)
        assert await (await case.close()).stage() == "closed"

    @pytest.mark.rule(83)
    async def test_it_is_possible_where_a_reporter_or_the_other_authority_is_known(self, house: House) -> None:
        ours = await house.case(subjects=[GIRL], reporter={"name": "Lærer Lærersen"})
        theirs = await recorded_by_the_police(house, subject=GIRL)
        tasks = [
            (await the_concern(ours))["child_notifications"][0],
            await told_to_the_municipality(theirs, "child_notification", "subject"),
        ]
        body = {"receipt_given_on": str(danish_day(now())), "is_not_possible": True}
        for case, task in zip((ours, theirs), tasks, strict=True):
            path = f"{case.path}/child-notifications/{task['id']}/receipt"
            refused = await case.kommune.post(path, body, status=422)
            assert refused["type"] == "/problems/reporter-is-known"
            await case.kommune.post(path, {**body, "is_not_possible": False}, status=200)


class WhenACaseHasEnded:
    @pytest.mark.rule(83)
    @pytest.mark.parametrize("ends", ["hindered", "closed"])
    async def test_the_underretning_is_handed_over_all_the_same(self, house: House, ends: str) -> None:
        case = await recorded_by_the_police(house, subject={"name": "Ung", "is_under_18": False})
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})
        if ends == "closed":
            await case.close()
        assert await case.stage() == ends
        subject = (await the_concern(case, "politi"))["subjects"][0]["id"]
        said = {"is_under_18": True, "earlier_is_wrong": True, "reason": "Set i passet."}
        await case.politi.post(f"{case.path}/subjects/{subject}/ages", said)
        (task,) = (await the_concern(case, "politi"))["child_notifications"]
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen", "text": "Bange."}
        await case.politi.post(f"{case.path}/child-notifications/{task['id']}/hand-over", handed, status=200)


class WhenThePoliceHandOver:
    @pytest.mark.rule(83)
    @pytest.mark.rule(105)
    @pytest.mark.fault("C3")
    @pytest.mark.parametrize("stage", ["received", "hindered", "police_alone"])
    async def test_it_is_an_exchange_with_a_basis_of_its_own_to_the_municipality(
        self, house: House, stage: str
    ) -> None:
        case = await recorded_by_the_police(house, subject={"name": "Ung", "cpr_number": CPR, "is_under_18": True})
        if stage == "hindered":
            await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})
        if stage == "police_alone":
            await case.politi.post(f"{case.path}/takeover", {"reason": "En sag for politiet."})
        read = await the_concern(case, "politi")
        (task,), (child,) = read["child_notifications"], read["subjects"]
        await case.kommune.get(f"{case.path}/concerns/{case.concern_id}", status=404)
        handed_at = now()
        handed = {"handed_over_at": handed_at.isoformat(), "handed_over_to": "StraXen", "text": "Han er på gaden."}
        shown = await case.politi.post(f"{case.path}/child-notifications/{task['id']}/hand-over", handed, status=200)
        (given,) = (await case.kommune.get(f"{case.path}/exchanges"))["items"]
        exchange = await case.kommune.get(f"{case.path}/exchanges/{given['id']}")
        assert (exchange["paragraph"], exchange["recipients"]) == ("bl-133", ["ishoj-kommune"])
        assert (exchange["purpose"], sorted(exchange["categories"])) == (
            "child_notification", ["cpr_number", "purely_private"],
        )
        told_ids = {row["record_id"] for row in await house.sql("SELECT record_id FROM infohus.disclosure")}
        assert {str(one) for one in told_ids} == {child["id"], task["id"], shown["steps"][0]["id"], exchange["id"]}
        entry = (await house.entries())[-1]
        logged = next(one for one in await house.entries() if one.action == "handOverChildNotification")
        assert (logged.justification, logged.recipients, entry is not None) == ("bl-133", ["ishoj-kommune"], True)
        assert exchange["summary"] == "Han er på gaden."
        (line,) = (await case.kommune.get(f"{case.path}/child-notifications"))["items"]
        assert (line["child"]["name"], line["task"]["id"]) == ("Ung", task["id"])
        began = datetime.fromisoformat(line["task"]["assess_by"]) - timedelta(hours=24)
        assert abs(began - handed_at) < timedelta(seconds=1)
        # What made the police worry does not go along.
        await case.kommune.get(f"{case.path}/concerns/{case.concern_id}", status=404)
        await house.assert_logs_are_whole()

    @pytest.mark.rule(83)
    async def test_it_says_what_the_worry_is_unless_the_municipality_was_told(self, house: House) -> None:
        case = await recorded_by_the_police(house, subject=GIRL)
        (task,) = (await the_concern(case, "politi"))["child_notifications"]
        path = f"{case.path}/child-notifications/{task['id']}/hand-over"
        for text in ({}, {"text": None}, {"text": ""}):
            handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen", **text}
            refused = await case.politi.post(path, handed, status=422)
            assert refused["type"] == "/problems/hand-over-without-words"
        assert (await case.kommune.get(f"{case.path}/exchanges"))["items"] == []
        await case.politi.post(f"{case.path}/exchanges", {
            **told("kbh-vestegns-politi"), "items": [{"kind": "concern", "id": case.concern_id}],
        })
        await case.politi.post(path, {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen"}, status=200)

    @pytest.mark.rule(83)
    @pytest.mark.rule(32)
    async def test_it_is_corrected_and_never_withdrawn(self, house: House) -> None:
        """Else a child would fall out of its clocks, and the case could be closed."""
        case = await recorded_by_the_police(house, subject=GIRL)
        (task,) = (await the_concern(case, "politi"))["child_notifications"]
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen", "text": "Bange."}
        await case.politi.post(f"{case.path}/child-notifications/{task['id']}/hand-over", handed, status=200)
        (given,) = (await case.politi.get(f"{case.path}/exchanges"))["items"]
        path, taking_back = f"{case.path}/exchanges/{given['id']}", {"recipient": "ishoj-kommune", "reason": "En fejl."}
        refused = await case.politi.post(f"{path}/withdrawals", taking_back, status=422)
        assert refused["type"] == "/problems/underretning-is-not-withdrawn"
        steps = (await case.politi.get(f"{case.path}/next-steps"))["steps"]
        assert [one["act"] for one in steps if given["id"] in one["on"]] == ["correctExchange"]
        (line,) = (await case.kommune.get(f"{case.path}/child-notifications"))["items"]
        assert line["task"]["assess_by"]
        body = {"recipients": [], "purpose": "child_notification", "categories": ["ordinary"], "necessity": "En anden."}
        right = await case.politi.post(f"{path}/corrections", {**body, "summary": "Det var hendes søster."})
        assert right["paragraph"] == "bl-133"

    @pytest.mark.rule(83)
    @pytest.mark.rule(32)
    async def test_what_is_owed_to_the_child_comes_first_in_the_next_steps(self, house: House) -> None:
        """Whoever has to hand over is told of which; then the municipality of its two clocks, each until it stopped."""
        case = await recorded_by_the_police(house, subject=GIRL)
        (task,) = (await the_concern(case, "politi"))["child_notifications"]
        path, owed = f"{case.path}/child-notifications/{task['id']}", [task["id"]]

        async def first(by: str) -> list[tuple[str, list[str]]]:
            steps = (await house.person(by).get(f"{case.path}/next-steps"))["steps"]
            return [(one["act"], one["on"]) for one in steps if one["on"] == owed][:3]

        assert (await first("politi"), await first("kommune")) == ([("handOverChildNotification", owed)], [])
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen", "text": "Bange."}
        await case.politi.post(f"{path}/hand-over", handed, status=200)
        both = [("recordAssessmentOfChild", owed), ("recordReceiptToReporter", owed)]
        assert (await first("politi"), await first("kommune")) == ([], both)
        await case.kommune.post(f"{path}/assessment", {"assessed_at": now().isoformat()}, status=200)
        assert await first("kommune") == both[1:]
        await case.kommune.post(f"{path}/receipt", {"receipt_given_on": danish_day(now()).isoformat()}, status=200)
        assert await first("kommune") == []

    @pytest.mark.rule(83)
    async def test_nothing_under_115_is_an_underretning(self, house: House) -> None:
        case = await recorded_by_the_police(house, subject=GIRL)
        draft = {**told("kbh-vestegns-politi", purpose="child_notification"), "summary": "Et barn."}
        refused = await case.politi.post(f"{case.path}/exchanges", draft, status=422)
        assert refused["type"] == "/problems/child-is-notified-by-itself"

    @pytest.mark.rule(83)
    async def test_disclosing_the_child_hands_nothing_over(self, house: House) -> None:
        case = await recorded_by_the_police(house, subject=GIRL)
        task = await told_to_the_municipality(case, "subject", "child_notification")
        assert (task["handed_over_at"], task["steps"]) == (None, [])
        assert (await the_concern(case, "politi"))["child_notifications"][0]["handed_over_at"] is None

    @pytest.mark.rule(70)
    @pytest.mark.rule(83)
    async def test_it_blocks_the_police_until_then_and_the_municipality_from_then_on(self, house: House) -> None:
        case = await (await house.case()).accept()
        added = await case.politi.post(f"{case.path}/concerns", a_concern(subjects=[GIRL]))
        (task,) = (await case.politi.get(f"{case.path}/concerns/{added['id']}"))["child_notifications"]
        path, closing = f"{case.path}/child-notifications/{task['id']}", f"{case.path}/closing"
        [blocker] = (await case.politi.get(closing))["blockers"]
        assert (blocker["code"], blocker["on"]) == ("child-notification-not-handed-over", [task["id"]])
        assert (await case.kommune.get(closing))["blockers"] == []
        draft = {
            "outcome": "completed", "content": {"reasons": "Målet er nået."}, "disclosure": told(purpose="closure"),
        }
        proposal = await case.kommune.post(f"{case.path}/closures", draft)
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen", "text": "Bange."}
        await case.politi.post(f"{path}/hand-over", handed, status=200)
        assert (await case.politi.get(closing))["blockers"] == []
        [blocker] = (await case.kommune.get(closing))["blockers"]
        assert (blocker["code"], blocker["on"]) == ("child-notification-clock-runs", [task["id"]])
        assert (await case.kommune.get(f"{case.path}/closures/{proposal['id']}"))["signatures"] == []
