"""How long each authority keeps a closed case (rule 71): by the first row of `retention.toml` that fits the case."""

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.access.model import Authority, Case
from infohus.kernel.database.tables import Regime, Row

TABLE = Path(__file__).parent / "retention.toml"


class Retention(Row):
    """How long one authority keeps a closed case, counted from the day of closure and not from the last edit."""

    __tablename__ = "retention"

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id), primary_key=True)
    rule: Mapped[str]
    runs_from: Mapped[date] = mapped_column(sa.Date)
    erase_after: Mapped[date] = mapped_column(sa.Date)


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


def erase_after(rule: RetentionRule, closed_on: date) -> date:
    """Give the last day a case is kept."""
    return closed_on + timedelta(days=rule.days)
