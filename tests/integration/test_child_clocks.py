"""A child's clocks: which days count, what cannot have been, and who cannot have been born."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from litestar.testing import AsyncTestClient

from house import CaseInHand, House, now
from infohus.app import create_app
from infohus.danish_calendar import danish_day
from persons import CPR

GIRL = {"name": "Pige", "birth_date": "2014-03-01"}


def a_concern(**more: Any) -> dict[str, Any]:
    """Write a concern down."""
    return {
        "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Noget nyt.",
        "told_reporter": "Vi ser på det.", **more,
    }


async def the_concern(case: CaseInHand) -> dict[str, Any]:
    """Read the case's first concern."""
    concern: dict[str, Any] = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    return concern


class WhenAChildIsConcerned:
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
