"""Months and years are the calendar's, whatever their length."""

from datetime import date

import pytest

from infohus.danish_calendar import later
from infohus.kernel.database.tables import Regime
from infohus.whole_case.rights.operations import answer_by


@pytest.mark.fault("C24")
class WhenSomethingComesBack:
    @pytest.mark.parametrize(("since", "every", "due"), [
        (date(2027, 1, 31), "P1M", date(2027, 2, 28)), (date(2028, 1, 31), "P1M", date(2028, 2, 29)),
        (date(2026, 12, 31), "P2M", date(2027, 2, 28)), (date(2026, 8, 31), "P6M", date(2027, 2, 28)),
        (date(2026, 7, 15), "P6M", date(2027, 1, 15)), (date(2026, 11, 30), "P13M", date(2027, 12, 30)),
        (date(2028, 2, 29), "P1Y", date(2029, 2, 28)), (date(2028, 2, 29), "P4Y", date(2032, 2, 29)),
        (date(2026, 12, 28), "P1W", date(2027, 1, 4)), (date(2028, 2, 28), "P2D", date(2028, 3, 1)),
    ])
    def test_it_is_due_on_the_same_day_of_a_later_month_or_the_months_last(
        self, since: date, every: str, due: date
    ) -> None:
        assert later(since, every) == due

    def test_twice_a_year_is_due_on_two_days_a_year(self) -> None:
        first = date(2026, 4, 9)
        assert [later(first, f"P{6 * times}M") for times in range(1, 5)] == [
            date(2026, 10, 9), date(2027, 4, 9), date(2027, 10, 9), date(2028, 4, 9),
        ]


@pytest.mark.fault("C24")
class WhenAMonthIsGivenForAnAnswer:
    @pytest.mark.parametrize(("received", "until"), [
        (date(2027, 1, 31), date(2027, 2, 28)), (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2027, 2, 28), date(2027, 3, 28)), (date(2026, 12, 15), date(2027, 1, 15)),
    ])
    def test_it_ends_on_the_same_day_of_the_next_month_or_the_months_last(self, received: date, until: date) -> None:
        assert answer_by(received, Regime.GDPR) == until
