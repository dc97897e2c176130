"""A CPR number is found however it is written, and general words are left alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infohus.danish_calendar import later
from infohus.plan.network.naming import Named, named_in
from infohus.plan.obligations import due_on

GAPS = st.sampled_from(["", " ", "-", " - ", ".", "/", "\n", "\u00a0", "\u2013", "\u2011", "\u200b", "\u00ad"])
LETTERS = st.text(st.characters(codec="utf-8", categories=("L", "Zs", "Po")), max_size=40)


class WhenATextHoldsACprNumber:
    @pytest.mark.rule(25)
    @given(
        before=LETTERS, after=LETTERS, day=st.dates(date(1900, 1, 1), date(1909, 12, 31)), serial=st.integers(0, 9999),
        gaps=st.tuples(GAPS, GAPS, GAPS, GAPS), replaced=st.booleans(), long=st.booleans(),
        zero=st.sampled_from([ord("0"), 0x0660, 0xFF10]),
    )
    def test_it_is_found_however_it_is_written(  # noqa: PLR0917 - every way of writing it
        self, before: str, after: str, day: date, serial: int, gaps: tuple[str, str, str, str], replaced: bool,  # noqa: FBT001
        long: bool, zero: int,  # noqa: FBT001
    ) -> None:
        number = f"{serial:04}"
        parts = (
            f"{day.day + 60 * replaced:02}", f"{day.month:02}", f"{day.year:04}" if long else f"{day.year % 100:02}",
            number[:2], number[2:],
        )
        joined = "".join(part + gap for part, gap in zip(parts, (*gaps, ""), strict=True))
        written = "".join(chr(zero + int(sign)) if sign in "0123456789" else sign for sign in joined)
        assert Named.CPR_NUMBER in named_in(f"{before} {written} {after}")

    @pytest.mark.rule(25)
    @pytest.mark.parametrize("text", [
        "", "Ring på 41 74 90 90.", "Ring på +45 41 74 90 90.", "Mødet er 23.11.2026 kl. 14.30.", "CVR 11931316",
        "2024 og 2025 og 2026", "Fra 2018 til 2026: 104 henvendelser, 8 velbegrundede.", "EAN 5798009999999",
    ])
    def test_what_is_none_is_left_alone(self, text: str) -> None:
        assert named_in(text) == set()


class WhenATextNamesACase:
    @pytest.mark.rule(25)
    @pytest.mark.parametrize(("text", "expected"), [
        ("Se sag 2026-00012.", {Named.CASE_NUMBER}),
        ("Se sag 2026 00012.", {Named.CASE_NUMBER}),
        ("/cases/01a20000-0000-7000-8000-000000000115", {Named.IDENTIFIER}),
        ("01A2000000007000800000000000F115", {Named.IDENTIFIER}),
        ("2026-00012 og 010104-1234", {Named.CASE_NUMBER, Named.CPR_NUMBER}),
    ])
    def test_it_is_found(self, text: str, expected: set[Named]) -> None:
        assert named_in(text) == expected


class WhenADueDateIsComputed:
    @given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), count=st.integers(1, 99), unit=st.sampled_from("YMWD"))
    def test_it_comes_later_and_longer_periods_come_no_sooner(self, day: date, count: int, unit: str) -> None:
        due = later(day, f"P{count}{unit}")
        assert day < due <= later(day, f"P{count}Y")
        assert unit not in "YM" or due.day == day.day or (due.day < day.day and later(due, "P1D").day == 1)

    @pytest.mark.parametrize(("day", "period", "expected"), [
        (date(2024, 2, 29), "P1Y", date(2025, 2, 28)), (date(2024, 2, 29), "P4Y", date(2028, 2, 29)),
        (date(2024, 1, 31), "P1M", date(2024, 2, 29)), (date(2024, 12, 31), "P2W", date(2025, 1, 14)),
        (date(2024, 12, 31), "P12M", date(2025, 12, 31)), (date(2024, 4, 1), "P2Y", date(2026, 4, 1)),
    ])
    def test_months_end_where_they_end(self, day: date, period: str, expected: date) -> None:
        assert later(day, period) == expected

    def test_a_year_is_due_when_it_ends_and_nothing_is_made_up(self) -> None:
        promised = date(2024, 4, 9)
        assert due_on(every=None, due_year=2028, since=promised) == date(2028, 12, 31)
        assert due_on(every=None, due_year=None, since=promised) is None
