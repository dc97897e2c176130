"""Hide small counts so that they cannot be computed, by subtraction or by knowing this rule. Pure.

Hiding the counts under `THRESHOLD` (primary suppression) is not enough, for a total minus what is shown is what is
hidden; so others are hidden too (secondary suppression). A reader who knows this rule can also list the tables from
which it makes what is published; so the choice of hidden rows must not reveal their counts either.

**What is published.** Tables with one column: rows, each a count of records, and their total. There are no
cross-tabulations, so a table has one equation, and tables of a year share nothing but, some of them, the total.

**The rule**, for counts c₁ … cₖ with the total T:

1. T < 5: everything is hidden, the total too.
2. No count under 5: everything is shown.
3. Otherwise the hidden rows H are those under 5 and the *last* row, whatever it holds. If H is a single row, or its
   sum is under 5, the last row that is not in H joins it.

A zero is a count under 5 and is hidden as one: shown, it would say that nobody is in the row, and would narrow the
hidden ones to 1–4. For the same reason no row that equals the total is shown.

**What it guarantees.** Whoever knows the rule and everything published finds for each hidden count at least
`POSSIBLE_VALUES` whole numbers that may be it.

Proof. Case 1: each row may be any of 0 … 4, the others making up a total under 5. In case 3 let R ≥ 5 be the sum of H,
z the last row, and S the rows under 5. If H is S with z, let y = z, otherwise let y be the row that joined. A row
joins only when z is in S and S is one row or sums to under 5; it holds 5 or more, so H then is long and large enough
and no second one joins. So every row of H but y is under 5. Take one of them, j, and any v in 0 … 4. Give j the value
v, y the value R - v ≥ 1, the others of H zero. The total and the rows shown are as before. The rule hides H again:

- y = z: the rows under 5 are H without z, or H; with z either way H, of two rows or more and the sum R ≥ 5.
- y joined: if R - v ≥ 5, the rows under 5 are H without y. They sum to v < 5, so one joins, and the last row outside
  is y as before. If R - v < 5, all of H is under 5; it has two rows or more and the sum R, and nothing joins.

So j may be any of 0 … 4, and y any of R - 4 … R. Tables that share a total are independent once it is known, and
tables of other years and other infohuse count other records; so what is possible in each stays possible together. ∎

Sources: Hundepool and others, Statistical Disclosure Control, Wiley 2012, chapters 4 (primary and secondary
suppression, protection intervals) and 5 (frequency tables); Kenthapadi, Mishra and Nissim, Simulatable Auditing, PODS
2005 (a refusal must not tell what it refuses). That the last row is always the second one hidden is our own choice.
"""

from collections.abc import Sequence
from typing import NamedTuple

THRESHOLD = 5
"""Counts under this are hidden (rule 75)."""


class Published(NamedTuple):
    """A table's counts, in the order of its rows, and their total as they may be shown; `None` is hidden."""

    counts: tuple[int | None, ...]
    total: int | None


def published(counts: Sequence[int]) -> Published:
    """Hide the counts that must be hidden. The last row is hidden with any other: it should be the least informative.

    Raises:
        ValueError: there is no row, or a count is negative.
    """
    if not counts or min(counts) < 0:
        message = "a table has rows, and a count is not negative"
        raise ValueError(message)
    total = sum(counts)
    if total < THRESHOLD:
        return Published((None,) * len(counts), None)
    hidden = _hidden_rows(counts)
    return Published(tuple(None if row in hidden else count for row, count in enumerate(counts)), total)


def _hidden_rows(counts: Sequence[int]) -> set[int]:
    hidden = {row for row, count in enumerate(counts) if count < THRESHOLD}
    if not hidden:
        return hidden
    last = len(counts) - 1
    hidden.add(last)
    if len(hidden) == 1 or sum(counts[row] for row in hidden) < THRESHOLD:
        hidden.add(max(row for row in range(last) if row not in hidden))
    return hidden


def median_row(table: Published) -> int | None:
    """Find the row that holds the median of ordered rows, from what is published and nothing else.

    With an even number of records it is the lower of the two in the middle. `None` when what is hidden could move it:
    a median of the true counts would say something about hidden ones.
    """
    if table.total is None:
        return None
    middle = (table.total + 1) // 2
    hidden = [row for row, count in enumerate(table.counts) if count is None]
    left_over = table.total - sum(count or 0 for count in table.counts)
    shown = 0
    for row, count in enumerate(table.counts):
        most_before = shown + (left_over if any(other < row for other in hidden) else 0)
        shown += count or 0
        least_until = shown + (left_over if all(other <= row for other in hidden) else 0)
        if most_before < middle <= least_until:
            return row
    return None
