"""How long each authority keeps a closed case (rule 71): by the first row of `retention.toml` that fits the case."""

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus.cases.persons.model import Subject, counts_as_child
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Case
from infohus.kernel.database.statements import Stored
from infohus.kernel.database.tables import Regime
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.model import Closure
from infohus.whole_case.closures.side_ends import own_end

TABLE = Path(__file__).parent / "retention.toml"


class RetentionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row: which cases it is for, how many days from closure, and the source. A field left out fits every case."""

    name: Annotated[str, Meta(pattern="^[a-z_]{1,40}$")]
    days: Annotated[int, Meta(ge=1, le=36_525)]
    source: Annotated[str, Meta(min_length=1)]
    outcomes: list[str] | None = None
    age: Literal["under_18", "adult"] | None = None
    regime: Regime | None = None
    authority: str | None = None

    def fits(self, *, outcome: str, is_child: bool, regime: Regime, authority: str) -> bool:
        """Say whether the row is for a closed case with this outcome, as this authority keeps it."""
        return (
            (self.outcomes is None or outcome in self.outcomes)
            and self.age in {None, "under_18" if is_child else "adult"}
            and self.regime in {None, regime}
            and self.authority in {None, authority}
        )


class Retention(NamedTuple):
    """How long the caller's authority keeps a closed case, counted from the day of closure, not from the last edit."""

    rule: RetentionRule
    runs_from: date
    erase_after: date


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: list[RetentionRule]


def read_retention(document: str) -> tuple[RetentionRule, ...]:
    """Read a table from TOML. Its last row must fit every case, so that no case is without a period.

    Raises:
        ValueError: it is no such table, its last row does not fit every case, or two rows have the same name.
    """
    rules = tuple(msgspec.convert(tomllib.loads(document), _Document).rule)
    names = [rule.name for rule in rules]
    last = rules[-1] if rules else None
    is_for_all = last is not None and (last.outcomes, last.age, last.regime, last.authority) == (None,) * 4
    if not is_for_all or len(set(names)) != len(names):
        message = "the last row of a retention table is for every case, and each row has a name of its own"
        raise ValueError(message)
    return rules


@cache
def retention_table() -> tuple[RetentionRule, ...]:
    """Read the table that is shipped, once per process."""
    return read_retention(TABLE.read_text(encoding="utf-8"))


def rule_for(
    rules: Sequence[RetentionRule], *, outcome: str, is_child: bool, regime: Regime, authority: str
) -> RetentionRule:
    """Find the first row that fits the case; there is always one, the last."""
    return next(
        rule for rule in rules if rule.fits(outcome=outcome, is_child=is_child, regime=regime, authority=authority)
    )


HAS_CHILD = sa.exists().where(Subject.case_id == Case.id, counts_as_child(Subject)).label("has_child")
"""The column that says whether the caller's side knows of a person who was, or may have been, under 18 at receipt."""
_CLOSED = sa.select(Case.closed_at, Case.outcome, HAS_CHILD).where(
    Case.id == sa.bindparam("case_id"), Case.closed_at.is_not(None)
)


_ENDED = (
    sa.select(
        sa.bindparam("ended_at", type_=sa.DateTime(timezone=True)).label("closed_at"), Closure.outcome, HAS_CHILD
    )
    .join(Case, Case.id == Closure.case_id)
    .where(Closure.case_id == sa.bindparam("case_id"), Closure.decided_at.is_(None))
)
"""The same columns of a side that has ended, by the outcome that its authority signed for."""


async def own_retention(work: UnitOfWork) -> Retention | None:
    """Give how long the caller's authority keeps the unit's case; `None` while it, or the own side, has not ended."""
    ended = await work.values(_CLOSED, case_id=work.case.id)
    if not ended and (ended_at := await own_end(work)) is not None:
        ended = await work.values(_ENDED, case_id=work.case.id, ended_at=ended_at)
    return retention_of(work, ended[0]) if ended else None


def retention_of(work: UnitOfWork, closed: Stored) -> Retention:
    """Give how long the caller's authority keeps a closed case, of which a row has `closed_at`, `outcome`, `has_child`.

    It follows from what is joint and from the persons whom the caller's own side knows. It is not stored: whoever
    signed last would write it for the other side, and would have to know whom that side knows.
    """
    closed_on = danish_day(closed["closed_at"])
    rule = rule_for(
        retention_table(), outcome=closed["outcome"], is_child=closed["has_child"], regime=work.regime,
        authority=work.caller.authority_id,
    )
    return Retention(rule, closed_on, closed_on + timedelta(days=rule.days))
