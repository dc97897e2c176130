"""Whoever knows everything published, and the rule itself, cannot narrow a hidden count to fewer than five numbers.

Two attackers: one lists every world there is and keeps those the rule would publish so; one solves equations. Each must
first break a weaker rule, or its failure would say nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infohus.oversight.statistics.suppression import THRESHOLD, Published, median_row, published

Rule = Callable[[Sequence[int]], Published]
POSSIBLE_VALUES = 5
"""The least number of values that a hidden count may have for a reader who knows the rule and all that is published."""
LISTED = ((1, 30), (2, 30), (3, 25), (4, 20), (5, 14))
"""Every table of so many rows, up to so high a total."""
COUNTS = st.lists(st.integers(0, 12) | st.integers(0, 300), min_size=1, max_size=8)


# --- rules that leak ------------------------------------------------------------------------------------------------
def only_the_small(counts: Sequence[int]) -> Published:
    """Primary suppression alone."""
    return Published(tuple(None if one < THRESHOLD else one for one in counts), sum(counts))


def two_smallest(counts: Sequence[int]) -> Published:
    """The textbook's secondary suppression: the next smallest is hidden too. Which one that is tells of its count."""
    if all(one >= THRESHOLD for one in counts):
        return Published(tuple(counts), sum(counts))
    small = sum(one < THRESHOLD for one in counts)
    order = sorted(range(len(counts)), key=lambda row: (counts[row], row))
    hidden = set(order[:max(small, 2)])
    return Published(tuple(None if row in hidden else one for row, one in enumerate(counts)), sum(counts))


def with_zeros_shown(counts: Sequence[int]) -> Published:
    """The rule, but a zero is no small count."""
    shown = published([one or THRESHOLD for one in counts])
    pairs = zip(counts, shown.counts, strict=True)
    return Published(tuple(0 if one == 0 else seen for one, seen in pairs), sum(counts))


# --- the attacker who lists worlds ----------------------------------------------------------------------------------
def tables(rows: int, total: int) -> Iterator[tuple[int, ...]]:
    """List every table of so many rows with this total."""
    if rows == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables(rows - 1, total - first):
            yield (first, *rest)


def fewest_possible(rule: Rule, rows: int, highest_total: int) -> int:
    """Give, over all tables, how few values a hidden row can have in the worlds that look the same when published."""
    worlds: dict[Published, list[tuple[int, ...]]] = defaultdict(list)
    for total in range(highest_total + 1):
        for counts in tables(rows, total):
            worlds[rule(counts)].append(counts)
    return min(
        (
            len({world[row] for world in alike})
            for shown, alike in worlds.items()
            for row, count in enumerate(shown.counts) if count is None
        ),
        default=POSSIBLE_VALUES,
    )


class WhenTheReaderKnowsTheRule:
    @pytest.mark.rule(75)
    @pytest.mark.parametrize(("rows", "highest_total"), LISTED)
    def test_every_hidden_count_may_be_one_of_five_numbers_or_more(self, rows: int, highest_total: int) -> None:
        assert fewest_possible(published, rows, highest_total) == POSSIBLE_VALUES

    @pytest.mark.parametrize(("rule", "rows"), [(only_the_small, 3), (two_smallest, 3), (with_zeros_shown, 3)])
    def test_a_weaker_rule_is_broken(self, rule: Rule, rows: int) -> None:
        assert fewest_possible(rule, rows, 20) < POSSIBLE_VALUES

    @pytest.mark.rule(75)
    @given(COUNTS, st.data())
    def test_large_tables_too_have_a_world_for_each_of_five_values(
        self, counts: list[int], data: st.DataObject
    ) -> None:
        """The proof's own worlds, tried on tables too large to list."""
        shown = published(counts)
        hidden = [row for row, count in enumerate(shown.counts) if count is None]
        if shown.total is None or not hidden:
            return
        row = data.draw(st.sampled_from(hidden))
        rest, covers = sum(counts[one] for one in hidden), []
        for cover in hidden:
            for value in range(THRESHOLD):
                world = [0 if one in hidden else counts[one] for one in range(len(counts))]
                if row == cover:
                    other = next(one for one in hidden if one != cover)
                    world[other], world[cover] = value, rest - value
                else:
                    world[row], world[cover] = value, rest - value
                if published(world) == shown:
                    covers.append(world[row])
        assert len(set(covers)) >= POSSIBLE_VALUES


class WhenATableIsPublished:
    @pytest.mark.rule(75)
    @given(COUNTS)
    def test_what_is_shown_is_true_and_never_small(self, counts: list[int]) -> None:
        shown = published(counts)
        assert all(seen in {None, true} for seen, true in zip(shown.counts, counts, strict=True))
        assert all(seen is None or seen >= THRESHOLD for seen in (*shown.counts, shown.total))

    @given(COUNTS)
    def test_nothing_is_hidden_without_need(self, counts: list[int]) -> None:
        hidden = sum(count is None for count in published(counts).counts)
        small = sum(count < THRESHOLD for count in counts)
        if sum(counts) >= THRESHOLD:
            assert small <= hidden <= small + (1 if small else 0)

    @given(COUNTS)
    def test_no_row_of_several_is_shown_to_be_everybody(self, counts: list[int]) -> None:
        shown = published(counts)
        assert len(counts) == 1 or shown.total is None or shown.total not in shown.counts

    @pytest.mark.parametrize(("counts", "shown"), [
        ((20, 9, 7), ((20, 9, 7), 36)),
        ((20, 9, 3), ((20, None, None), 32)),
        ((20, 9, 0), ((20, None, None), 29)),
        ((20, 0, 0), ((None, None, None), 20)),
        ((3, 9, 7), ((None, 9, None), 19)),
        ((20, 4, 3), ((20, None, None), 27)),
        ((20, 2, 2), ((None, None, None), 24)),
        ((1, 1, 2), ((None, None, None), None)),
        ((0, 0, 0), ((None, None, None), None)),
        ((4,), ((None,), None)),
        ((5,), ((5,), 5)),
    ])
    def test_these_are(self, counts: tuple[int, ...], shown: tuple[tuple[int | None, ...], int | None]) -> None:
        assert published(counts) == shown

    @pytest.mark.parametrize("counts", [(), (3, -1)])
    def test_what_is_no_table_is_refused(self, counts: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="a table has rows"):
            published(counts)


class WhenTheMedianIsPublished:
    @given(COUNTS)
    def test_it_is_the_true_one_and_follows_from_what_is_shown(self, counts: list[int]) -> None:
        shown = published(counts)
        row = median_row(shown)
        if row is not None:
            ordered = [place for place, count in enumerate(counts) for _ in range(count)]
            assert ordered[(len(ordered) - 1) // 2] == row

    @given(COUNTS.filter(lambda counts: min(counts) >= THRESHOLD))
    def test_it_is_always_told_when_nothing_is_hidden(self, counts: list[int]) -> None:
        assert median_row(published(counts)) is not None

    @given(st.lists(st.integers(0, 9), min_size=2, max_size=4))
    def test_it_is_told_whenever_every_world_has_the_same(self, counts: list[int]) -> None:
        shown = published(counts)
        if shown.total is None:
            assert median_row(shown) is None
            return
        middle = (shown.total + 1) // 2
        medians = {
            next(row for row in range(len(world)) if sum(world[:row + 1]) >= middle)
            for world in tables(len(counts), shown.total)
            if all(seen in {None, one} for seen, one in zip(shown.counts, world, strict=True))
        }
        assert median_row(shown) == (medians.pop() if len(medians) == 1 else None)


# --- the attacker who solves equations, over tables, years and infohuse ---------------------------------------------
Cell = tuple[object, ...]


@dataclass
class Equations:
    """Whole numbers from zero on, and sums that are known to be equal: bounds are drawn in until nothing moves."""

    lowest: dict[Cell, int] = field(default_factory=dict)
    highest: dict[Cell, int] = field(default_factory=dict)
    sums: list[tuple[Cell, tuple[Cell, ...]]] = field(default_factory=list)
    published: set[Cell] = field(default_factory=set)

    def know(self, cell: Cell, number: int | None, *, at_most: int = 10**6) -> None:
        """Take a cell for a number, or for hidden."""
        low, high = (0, at_most) if number is None else (number, number)
        self.lowest[cell] = max(low, self.lowest.get(cell, 0))
        self.highest[cell] = min(high, self.highest.get(cell, at_most))

    def solve(self) -> None:
        """Draw every bound in as far as the sums allow."""
        before = None
        while before != (before := (tuple(self.lowest.items()), tuple(self.highest.items()))):
            for total, parts in self.sums:
                self._draw(total, sum(self.lowest[one] for one in parts), sum(self.highest[one] for one in parts))
                for part in parts:
                    others = [one for one in parts if one != part]
                    self._draw(
                        part, self.lowest[total] - sum(self.highest[one] for one in others),
                        self.highest[total] - sum(self.lowest[one] for one in others),
                    )

    def _draw(self, cell: Cell, low: int, high: int) -> None:
        self.lowest[cell] = max(self.lowest[cell], low)
        self.highest[cell] = min(self.highest[cell], high)
        assert self.lowest[cell] <= self.highest[cell], "what is published contradicts itself"

    def narrowest(self) -> int:
        """Give how few values a cell can have that is no published number."""
        widths = [self.highest[cell] - low + 1 for cell, low in self.lowest.items() if cell not in self.published]
        return min(widths, default=POSSIBLE_VALUES)

    def read(self, place: Cell, codes: Sequence[object], shown: Published, *, total: Cell) -> None:
        """Read one published table. `total` names what is counted, so that tables of the same records share it."""
        cells: list[Cell] = [(*place, code) for code in codes]
        for cell, number in [*zip(cells, shown.counts, strict=True), (total, shown.total)]:
            # Only a count under 5 hides a total, and everything in the table with it.
            self.know(cell, number, at_most=THRESHOLD - 1 if shown.total is None else 10**6)
            if number is not None:
                self.published.add(cell)
        self.sums.append((total, tuple(cells)))


RECORD = st.tuples(st.integers(0, 3), st.integers(0, 4))
"""One report: its channel and its form."""
YEARS = st.lists(st.lists(RECORD, max_size=60), min_size=1, max_size=3)


def counted(records: Sequence[tuple[int, int]], column: int, rows: int) -> list[int]:
    """Count records by one of their columns."""
    return [sum(record[column] == row for record in records) for row in range(rows)]


def read_year(knowledge: Equations, place: Cell, records: Sequence[tuple[int, int]], rule: Rule) -> None:
    """Publish a year's two tables of the same reports, and let the attacker read both."""
    for column, rows in ((0, 4), (1, 5)):
        shown = rule(counted(records, column, rows))
        knowledge.read((*place, column), range(rows), shown, total=(*place, "total"))


class WhenTheReaderSolvesEquations:
    @pytest.mark.rule(75)
    @given(st.lists(YEARS, min_size=1, max_size=2))
    def test_no_tables_of_any_years_and_infohuse_together_narrow_a_hidden_count(
        self, infohuse: list[list[list[tuple[int, int]]]]
    ) -> None:
        knowledge = Equations()
        for infohus, years in enumerate(infohuse):
            for year, records in enumerate(years):
                read_year(knowledge, (infohus, year), records, published)
        knowledge.solve()
        assert knowledge.narrowest() >= POSSIBLE_VALUES

    def test_the_same_attacker_breaks_primary_suppression(self) -> None:
        knowledge = Equations()
        records = [(0, 0)] * 20 + [(1, 1)] * 3 + [(2, 2)] * 7 + [(3, 3)] * 8
        read_year(knowledge, (0, 0), records, only_the_small)
        knowledge.solve()
        assert knowledge.lowest[0, 0, 0, 1] == knowledge.highest[0, 0, 0, 1] == 3

    def test_a_total_that_one_table_shows_breaks_the_one_that_hides_it(self) -> None:
        knowledge = Equations()
        knowledge.read(("a",), range(2), Published((None, None), None), total=("total",))
        knowledge.read(("b",), range(1), Published((0,), 0), total=("total",))
        knowledge.solve()
        assert (knowledge.highest["a", 0], knowledge.highest["a", 1]) == (0, 0)


class WhenAYearIsCountedTwice:
    """Why it never is: tests/integration/test_yearly_status.py."""

    def test_the_difference_tells_of_one_person_past_any_suppression(self) -> None:
        before = [(row, row) for row in range(4) for _ in range(9)]
        totals, rows = zip(
            *((shown.total, shown.counts) for shown in (
                published(counted(records, 0, 4)) for records in (before, [*before, (2, 4)])
            )), strict=True,
        )
        assert totals[1] - totals[0] == 1
        assert [new - old for old, new in zip(*rows, strict=True)] == [0, 0, 1, 0]
