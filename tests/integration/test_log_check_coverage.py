"""What log checks cover: from where the last complete one ended, no gap unsaid, no fewer entries than the least."""

from typing import Any

import pytest

from checked_log import CHECKS, COMMITMENT, busy, drawn, logged, review, today
from house import House
from infohus.kernel.audit.formats.draw import commitment_of


async def complete(house: House, **draft: Any) -> dict[str, Any]:
    """Draw a check and review all of it."""
    check = await drawn(house, **draft)
    for one in check["items"]:
        await review(house, check, one["leaf_index"], by="jurist" if one["is_own"] else "dpo")
    overview: dict[str, Any] = await house.person("dpo").get(CHECKS)
    return overview


class WhenChecksFollowEachOther:
    @pytest.mark.rule(63)
    async def test_without_days_a_check_begins_where_the_last_complete_one_ended(self, house: House) -> None:
        for day in ("2025-01-02", "2025-03-01", "2025-06-01"):
            await logged(house, f"{day}T10:00:00Z")
        overview = await complete(house, period_from="2025-01-02", period_until="2025-03-01")
        assert overview["next_due"] == "2025-09-01"
        draft = {"commitment": "1" * 64}
        check = await house.person("dpo").post(CHECKS, draft)
        assert (check["first_index"], check["period_from"]) == (2, "2025-06-01")

    @pytest.mark.rule(63)
    async def test_one_that_leaves_a_gap_says_so_and_does_not_put_off_the_next(self, house: House) -> None:
        for day in ("2025-01-02", "2025-03-01", "2025-06-01"):
            await logged(house, f"{day}T10:00:00Z")
        days = {"period_from": "2025-03-01", "period_until": "2025-06-30"}
        refused = await house.person("dpo").post(CHECKS, {**days, "commitment": COMMITMENT}, status=422)
        assert (refused["type"], "2025-01-02" in refused["detail"]) == ("/problems/period-leaves-gap", True)
        overview = await complete(house, **days, leaves_gap=True)
        assert ([one["is_complete"] for one in overview["checks"]], overview["next_due"]) == ([True], "2025-07-02")
        other = "e" * 64
        overview = await complete(
            house, period_from="2025-01-02", period_until="2025-02-28", secret=other,
            commitment=commitment_of(other).hex(),
        )
        assert overview["next_due"] == "2025-12-30"

    @pytest.mark.rule(63)
    async def test_fewer_entries_than_the_installation_s_least_are_refused(self, house: House) -> None:
        await busy(house)
        draft = {"period_from": today(), "period_until": today(), "commitment": COMMITMENT, "sample": 1}
        refused = await house.person("dpo").post(CHECKS, draft, status=422)
        assert (refused["type"], "2 poster" in refused["detail"]) == ("/problems/sample-too-small", True)
