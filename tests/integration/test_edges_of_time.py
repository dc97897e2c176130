"""What happens exactly when a period begins or ends, with the clock set to it; ask for `clock` before `house`."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from house import CLEARANCE, MUNICIPALITY, PROBATION, House, Person
from invitations import invitation
from stopped_clock import StoppedClock

INSTANT = {"microseconds": 1}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock.installed(monkeypatch)


async def answer_to(person: Person, path: str, body: Any) -> str:
    """Post; give "done" or the situation that it was refused in."""
    answer = await person.call("POST", path, json=body)
    return "done" if answer.is_success else answer.json()["type"].removeprefix("/problems/")


class WhenSomebodyIsDrawnIn:
    @pytest.mark.rule(22)
    async def test_it_ends_after_it_begins_and_after_now(self, clock: StoppedClock, house: House) -> None:
        case = await house.case()
        too_short = "participation-ends-before-it-begins"
        told_them = [
            await answer_to(case.kommune, f"{case.path}/participants", invitation(PROBATION, **period))
            for period in (
                {"begins_at": clock.moment(days=3), "ends_at": clock.moment(days=3)},
                {"begins_at": clock.moment(days=3), "ends_at": clock.moment(days=2)},
                {"begins_at": clock.moment(days=-3), "ends_at": clock.moment(days=-2)},
                {"begins_at": clock.moment(days=-3), "ends_at": clock.moment()},
                {"ends_at": clock.moment()},
                {"begins_at": clock.moment(days=3), "ends_at": clock.moment(days=3, **INSTANT)},
                {"begins_at": clock.moment(days=-3), "ends_at": clock.moment(**INSTANT)},
                {"ends_at": clock.moment(**INSTANT)},
            )
        ]
        assert told_them == [*[too_short] * 5, *["done"] * 3]

    @pytest.mark.rule(22)
    async def test_access_is_from_the_first_moment_until_just_before_the_last(
        self, clock: StoppedClock, house: House
    ) -> None:
        case, adviser = await house.case(), house.person("raadgiver")
        period = {"begins_at": clock.moment(days=1), "ends_at": clock.moment(days=2)}
        for authority, person_id in ((MUNICIPALITY, adviser.person_id), (PROBATION, uuid4())):
            draft = invitation(authority, person_id=str(person_id), **period)
            await case.kommune.post(f"{case.path}/participants", draft)
        note, seen, told_them = await case.note(), [], []
        telling = {**CLEARANCE, "recipients": [PROBATION], "summary": "Sagt på mødet."}
        for passing in ({"days": 1, "microseconds": -1}, INSTANT, {"days": 1, "microseconds": -1}, INSTANT):
            clock.move(**passing)
            adviser = house.person("raadgiver")
            seen.append([
                (await adviser.call("GET", path)).status_code for path in (case.path, f"{case.path}/information/{note}")
            ])
            told_them.append(await answer_to(house.person("kommune"), f"{case.path}/exchanges", telling))
        assert seen == [[404, 404], [200, 200], [200, 200], [404, 404]]
        assert told_them == ["recipient-takes-no-part", "done", "done", "recipient-takes-no-part"]

    @pytest.mark.rule(22)
    async def test_it_is_extended_before_it_is_over_and_to_be_longer(self, clock: StoppedClock, house: House) -> None:
        case, draft = await house.case(), invitation(PROBATION, ends_at=clock.moment(days=1))
        first = await case.kommune.post(f"{case.path}/participants", draft)
        path, reason = f"{case.path}/participants/{first['id']}/extension", "Forløbet varer ved."
        ends_at = datetime.fromisoformat(first["ends_at"])
        told_them = []
        for at, until in ((clock.at, ends_at), (ends_at, clock.at.replace(year=2027))):
            clock.at = at
            body = {"ends_at": until.isoformat(), "reason": reason}
            told_them.append(await answer_to(case.house.person("kommune"), path, body))
        assert told_them == ["participation-ends-before-it-begins", "participation-cannot-be-extended"]
        # At that same moment they are drawn in anew, and not as somebody who takes part.
        draft = {**draft, "ends_at": clock.moment(days=1)}
        assert await answer_to(case.kommune, f"{case.path}/participants", draft) == "done"


CLEARED: dict[str, Any] = {"decision": "may_be_discarded", "reference": "RA 26/1"}


class WhenACaseIsKept:
    @pytest.mark.rule(71)
    @pytest.mark.rule(72)
    async def test_it_is_still_kept_on_its_last_day_and_not_the_day_after(
        self, clock: StoppedClock, house: House
    ) -> None:
        case = await (await (await house.case()).clear()).close()
        path = f"{case.path}/archive-clearances"
        assert await answer_to(case.kommune, path, {**CLEARED, "decided_on": str(clock.day(1))}) == "in-the-future"
        assert await answer_to(case.kommune, path, {**CLEARED, "decided_on": str(clock.day())}) == "done"
        seen = []
        for last_day in (clock.day(), clock.day(-1)):
            closed_on = datetime.combine(last_day - timedelta(days=180), time(12), UTC)
            await house.sql('UPDATE infohus."case" SET closed_at = $2 WHERE id = $1', UUID(case.id), closed_on)
            report = await case.kommune.get(f"/infohuse/{house.infohus_id}/erasure-report")
            answer = (await case.kommune.call("POST", f"{case.path}/erasure")).json()
            seen.append((report["items"][0]["hindered_by"], answer["type"], "skal stadig gemmes" in answer["detail"]))
        assert seen == [
            (["still_kept"], "/problems/erasure-refused", True), ([], "/problems/erasure-not-built-yet", False),
        ]


class WhenAnExchangeIsRecorded:
    @pytest.mark.rule(12)
    async def test_it_is_late_after_a_day_and_may_lie_two_minutes_ahead(
        self, clock: StoppedClock, house: House
    ) -> None:
        case, seen = await (await house.case()).as_old_as(2), []
        for later in (
            {"hours": -24, "microseconds": -1}, {"hours": -24}, {"minutes": 2}, {"minutes": 2, **INSTANT},
        ):
            body = {**CLEARANCE, "summary": "Sagt på mødet.", "exchanged_at": clock.moment(**later)}
            answer = (await case.kommune.call("POST", f"{case.path}/exchanges", json=body)).json()
            seen.append(answer["is_late"] if "is_late" in answer else answer["type"])
        assert seen == [True, False, False, "/problems/in-the-future"]

    async def test_its_receipt_is_overdue_after_three_days(self, clock: StoppedClock, house: House) -> None:
        case = await house.case()
        given = await case.kommune.post(f"{case.path}/exchanges", {**CLEARANCE, "summary": "Sagt på mødet."})
        seen = []
        for passing in ({"hours": 72}, INSTANT):
            clock.move(**passing)
            receipts = await house.person("politi").get(f"{case.path}/exchanges/{given['id']}/receipts")
            seen.append(receipts["is_overdue"])
        assert seen == [False, True]


class WhenADayOrMomentIsStated:
    """What happened did not happen tomorrow; what is to come does not lie behind."""

    async def test_today_is_no_future_and_no_past(self, clock: StoppedClock, house: House) -> None:
        case = await (await house.case()).recommend()
        concern = {"kind": "concern", "id": case.concern_id}
        measure = {
            "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Mentor.",
            "starts_on": "2026-12-01",
        }
        yesterday, today, tomorrow = (str(clock.day(later)) for later in (-1, 0, 1))
        release = {"judgement": "at_risk", "basis": "Udtalelse."}
        restriction = {"item": concern, "basis": "dbl-22-2", "reason": "Efterforskning."}
        note = {"kind": "sent", "subject": "Brev", "text": "Sendt."}
        told_them = {
            (path, field, stated): await answer_to(case.kommune, f"{case.path}/{path}", {**body, field: stated})
            for path, field, body, days in (
                ("custody-releases", "released_on", release, (tomorrow, today)),
                ("access-requests", "received_on", {"asked": "Alt."}, (tomorrow, today)),
                ("restrictions", "review_on", restriction, (yesterday, today, tomorrow)),
                ("measures", "follow_up_on", measure, (yesterday, today)),
                ("notes", "happened_at", note, (clock.moment(**INSTANT), clock.moment())),
            )
            for stated in days
        }
        assert list(told_them.values()) == [
            "in-the-future", "done", "in-the-future", "done", "review-in-the-past", "review-in-the-past", "done",
            "follow-up-in-the-past", "done", "in-the-future", "done",
        ]

    async def test_an_answer_or_a_review_is_overdue_the_day_after(self, clock: StoppedClock, house: House) -> None:
        case = await (await house.case()).clear()
        asked = await case.kommune.post(
            f"{case.path}/access-requests", {"asked": "Alt.", "received_on": str(clock.day())}
        )
        last = datetime.fromisoformat(f"{asked['answer_by']}T12:00:00+00:00")
        await case.kommune.post(f"{case.path}/restrictions", {
            "item": {"kind": "concern", "id": case.concern_id}, "basis": "dbl-22-2", "reason": "Efterforskning.",
            "review_on": asked["answer_by"],
        })
        seen, kommune = [], house.person("kommune")
        for clock.at in (last, last.replace(day=last.day + 1)):
            kommune = house.person("kommune")
            (request,) = (await kommune.get(f"{case.path}/access-requests"))["items"]
            (restriction,) = (await kommune.get(f"{case.path}/restrictions"))["items"]
            seen.append((request["is_overdue"], restriction["review_is_overdue"]))
        assert seen == [(False, False), (True, True)]
