"""Which day it is between midnight and two o'clock in Denmark, when the clock's own day, in UTC, is still yesterday."""

from datetime import UTC, date, datetime, time, timedelta
from secrets import token_hex
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from checked_log import CHECKS, COMMITMENT
from conftest import Database
from house import MUNICIPALITY, CaseInHand, House
from plan_obligations import fulfil, load, owed
from stopped_clock import StoppedClock

BEFORE_IT = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
HALF_PAST_MIDNIGHT = (
    (datetime(2026, 7, 14, 22, 30, tzinfo=UTC), date(2026, 7, 15)),
    (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), date(2026, 11, 20)),
)
"""In summer and in winter: 00.30 Danish time, and the Danish day."""
A_DAY = timedelta(days=1)
NEVER = "2099-01-01"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """Give `house`, which opens after this, a clock that is set by hand."""
    clock = StoppedClock.installed(monkeypatch)
    clock.at = BEFORE_IT
    return clock


async def answers(case: CaseInHand, path: str, column: str, today: date, **rest: Any) -> list[str]:
    """Try yesterday, today and tomorrow as a day; say how each was answered."""
    said = []
    for day in (today - A_DAY, today, today + A_DAY):
        answer = await case.kommune.call("POST", f"{case.path}/{path}", json={**rest, column: str(day)})
        said.append("recorded" if answer.status_code == 201 else answer.json()["type"].removeprefix("/problems/"))
    return said


@pytest.mark.fault("C19")
class WhenItIsHalfPastMidnightInDenmark:
    async def test_a_subject_may_have_been_released_from_custody_today(self, house: House, clock: StoppedClock) -> None:
        case = await house.case()
        for clock.at, today in HALF_PAST_MIDNIGHT:
            assert await answers(
                case, "custody-releases", "released_on", today, judgement="at_risk", basis="Efter en vurdering."
            ) == ["recorded", "recorded", "in-the-future"]

    async def test_a_measure_is_followed_up_today_at_the_earliest(self, house: House, clock: StoppedClock) -> None:
        case = await (await house.case()).recommend()
        draft = {
            "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Mentor.",
            "starts_on": "2026-12-01",
        }
        measure = await case.kommune.post(f"{case.path}/measures", {**draft, "follow_up_on": NEVER})
        follow_ups = f"measures/{measure['id']}/follow-ups"
        for clock.at, today in HALF_PAST_MIDNIGHT:
            started = await answers(case, "measures", "follow_up_on", today, **draft)
            followed_up = await answers(case, follow_ups, "next_follow_up_on", today, text="Godt i gang.")
            assert started == followed_up == ["follow-up-in-the-past", "recorded", "recorded"]

    async def test_a_closed_case_is_kept_from_today(self, house: House, clock: StoppedClock) -> None:
        for clock.at, today in HALF_PAST_MIDNIGHT:
            case = await (await (await house.case()).clear()).close()
            (kept,) = await case.kommune.get(f"{case.path}/retention")
            assert (kept["runs_from"], kept["erase_after"]) == (str(today), str(today + timedelta(days=180)))

    async def test_the_archive_may_have_decided_today(self, house: House, clock: StoppedClock) -> None:
        case = await (await (await house.case()).clear()).close()
        for clock.at, today in HALF_PAST_MIDNIGHT:
            assert await answers(
                case, "archive-clearances", "decided_on", today, decision="may_be_discarded", reference="RA 26/1"
            ) == ["recorded", "recorded", "in-the-future"]

    async def test_a_case_is_kept_on_its_last_day_and_no_longer_when_that_was_yesterday(
        self, house: House, clock: StoppedClock
    ) -> None:
        case = await (await (await house.case()).clear()).close()
        for clock.at, today in HALF_PAST_MIDNIGHT:
            for last_day, is_kept in ((today - A_DAY, False), (today, True)):
                closed_on = datetime.combine(last_day - timedelta(days=180), time(12), UTC)
                await house.sql('UPDATE infohus."case" SET closed_at = $1', closed_on)
                refused = await case.kommune.post(f"{case.path}/erasure", status=409)
                (line,) = (await case.kommune.get(f"/infohuse/{house.infohus_id}/erasure-report"))["items"]
                assert ("skal stadig gemmes" in refused["detail"]) is ("still_kept" in line["hindered_by"]) is is_kept

    async def test_somebody_may_have_asked_for_access_today(self, house: House, clock: StoppedClock) -> None:
        case = await house.case()
        for clock.at, today in HALF_PAST_MIDNIGHT:
            assert await answers(case, "access-requests", "received_on", today, asked="Hvad har I om mig?") == [
                "recorded", "recorded", "in-the-future",
            ]

    async def test_an_answer_or_a_review_that_was_due_yesterday_is_overdue(
        self, house: House, clock: StoppedClock
    ) -> None:
        for at, today in HALF_PAST_MIDNIGHT:
            clock.at = at - timedelta(days=5)
            case = await house.case()
            for day in (today - A_DAY, today):
                asked = {"received_on": str(day - relativedelta(months=1)), "asked": "Hvad?"}
                await case.kommune.post(f"{case.path}/access-requests", asked)
                await case.kommune.post(f"{case.path}/restrictions", {
                    "item": {"kind": "information", "id": await case.note()}, "basis": "dbl-22-1", "reason": "Kilden.",
                    "review_on": str(day),
                })
            clock.at = at
            answers_due = (await case.kommune.get(f"{case.path}/access-requests"))["items"]
            restricted = (await case.kommune.get(f"{case.path}/restrictions"))["items"]
            overdue = await case.kommune.get(f"/infohuse/{house.infohus_id}/overdue-reviews")
            assert [one["is_overdue"] for one in answers_due] == [True, False]
            assert [one["review_is_overdue"] for one in restricted] == [True, False]
            assert restricted[0]["id"] in [one["restriction_id"] for one in overdue["items"]]
            assert restricted[1]["id"] not in [one["restriction_id"] for one in overdue["items"]]

    async def test_a_restriction_is_looked_at_again_tomorrow_at_the_earliest(
        self, house: House, clock: StoppedClock
    ) -> None:
        case = await house.case()
        for clock.at, today in HALF_PAST_MIDNIGHT:
            item = {"kind": "information", "id": await case.note()}
            assert await answers(
                case, "restrictions", "review_on", today, item=item, basis="dbl-22-1", reason="Kilden kan genkendes."
            ) == ["review-in-the-past", "review-in-the-past", "recorded"]

    async def test_a_request_with_a_key_of_its_own_was_answered_today(self, house: House, clock: StoppedClock) -> None:
        case = await house.case()
        for clock.at, today in HALF_PAST_MIDNIGHT:
            kommune = case.kommune
            kommune.headers["Idempotency-Key"] = f"note-{today}"
            await kommune.post(f"{case.path}/information", {"text": "Moren er bekymret.", "source": "samtale"})
        answered = await house.sql("SELECT acted_on FROM infohus.answered_request ORDER BY acted_on")
        assert [row["acted_on"] for row in answered] == [today for _, today in HALF_PAST_MIDNIGHT]

    async def test_the_reporter_may_have_got_the_receipt_today_and_lacks_it_since_yesterday(
        self, house: House, clock: StoppedClock
    ) -> None:
        for clock.at, today in HALF_PAST_MIDNIGHT:
            case = await house.case(subjects=[{"name": "Barn", "is_under_18": True}])
            await house.sql("UPDATE infohus.child_notification SET receipt_by = $1", today - A_DAY)
            (child,) = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["child_notifications"]
            receipt = f"{case.path}/child-notifications/{child['id']}/receipt"
            tomorrow = await case.kommune.post(receipt, {"receipt_given_on": str(today + A_DAY)}, status=422)
            given = await case.kommune.post(receipt, {"receipt_given_on": str(today)}, status=200)
            assert (child["receipt_is_overdue"], tomorrow["type"]) == (True, "/problems/in-the-future")
            assert given["receipt_given_on"] == str(today)

    async def test_what_the_plan_promises_may_be_met_today_and_is_late_since_yesterday(
        self, house: House, database: Database, clock: StoppedClock
    ) -> None:
        await load(house, database)
        due = "UPDATE infohus.obligation SET due_on = $2 WHERE code = $1"
        for clock.at, today in HALF_PAST_MIDNIGHT:
            await house.sql(due, "annual-status", today - A_DAY)
            await house.sql(due, "key-staff-briefing", today)
            found = await owed(house)
            assert [found[code]["is_overdue"] for code in ("annual-status", "key-staff-briefing")] == [True, False]
            cards = found["action-cards"]
            tried = [await fulfil(house, cards, {"fulfilled_on": str(day)}) for day in (today + A_DAY, today)]
            assert [answer.status_code for answer in tried] == [422, 201]

    async def test_the_log_is_checked_until_yesterday_or_today_and_not_until_tomorrow(
        self, house: House, clock: StoppedClock
    ) -> None:
        await house.case()
        for clock.at, today in HALF_PAST_MIDNIGHT:
            dpo = house.person("dpo")
            draft = {"period_from": "2026-07-01", "commitment": COMMITMENT}
            await dpo.post(CHECKS, {**draft, "period_until": str(today + A_DAY)}, status=422)
            made = [
                await dpo.post(CHECKS, {**draft, **until, "commitment": token_hex(32)})
                for until in ({"period_until": str(today)}, {})
            ]
            assert [one["period_until"] for one in made] == [str(today), str(today - A_DAY)]


@pytest.mark.fault("C19")
class WhenItIsNewYearsNightInDenmark:
    @pytest.mark.parametrize(("at", "status"), [
        (datetime(2024, 12, 31, 22, 59, 59, tzinfo=UTC), 409), (datetime(2024, 12, 31, 23, 0, tzinfo=UTC), 201),
    ])
    async def test_the_year_is_over_at_danish_midnight(
        self, house: House, clock: StoppedClock, at: datetime, status: int
    ) -> None:
        clock.at = at
        await house.person("kommune").post(f"/infohuse/{house.infohus_id}/yearly-status/2024", status=status)

    @pytest.mark.parametrize(("at", "year"), [
        (datetime(2024, 12, 31, 22, 59, 59, tzinfo=UTC), "2024"), (datetime(2024, 12, 31, 23, 0, tzinfo=UTC), "2025"),
    ])
    async def test_a_new_case_is_numbered_in_the_danish_year(
        self, house: House, clock: StoppedClock, at: datetime, year: str
    ) -> None:
        clock.at = at
        case = await house.case()
        assert (await case.kommune.get(case.path))["case"]["number"].split("-")[0] == year


@pytest.mark.fault("C19")
class WhenAYearIsCounted:
    async def test_what_was_recorded_in_new_years_night_belongs_to_its_danish_year(
        self, house: House, clock: StoppedClock
    ) -> None:
        for moment in ("2024-12-31T22:59:00+00:00", "2024-12-31T23:01:00+00:00"):
            clock.at = datetime.fromisoformat(moment)
            for _ in range(6):
                await house.case()
        totals = []
        for clock.at in (datetime(2025, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)):
            year = clock.at.year - 1
            released = await house.person("kommune").post(f"/infohuse/{house.infohus_id}/yearly-status/{year}")
            totals.append(next(one["total"] for one in released["status"]["tables"] if one["code"] == "channel"))
        assert totals == [6, 6]
