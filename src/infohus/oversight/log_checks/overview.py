"""What is counted over all checks of a log: how far each was reviewed, what is open, and when the next is due.

Row security leaves the checks of the caller's own authority, each of its own log (rule 90), and the findings that the
caller answers for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from infohus.danish_calendar import danish_day
from infohus.kernel.answers.pages import NIL
from infohus.kernel.audit.formats.entry import read
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.institution_checks import covered_days
from infohus.oversight.log_checks.model import LogCheck, LogCheckEntry, LogFinding

_AFTER = sa.bindparam("after", type_=sa.Uuid)
_LOG_OF = sa.bindparam("log_of", type_=sa.Text)
CHECKS_BEFORE = (
    sa.select(LogCheck)
    .where(sa.or_(_AFTER == NIL, LogCheck.id < _AFTER), LogCheck.log_of.is_not_distinct_from(_LOG_OF))
    .order_by(LogCheck.id.desc())
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists checks of the own log, or of an institution's, the newest first; `after` is the last one of the page before."""
_COUNTED = (
    sa.select(
        LogCheckEntry.check_id, sa.func.count().label("entries"), sa.func.count(LogCheckEntry.review).label("reviewed")
    )
    .where(LogCheckEntry.check_id == sa.func.any(sa.bindparam("check_ids", type_=sa.ARRAY(sa.Uuid))))
    .group_by(LogCheckEntry.check_id)
)
_OPEN = sa.select(
    sa.func.count().label("open"),
    sa.func.count().filter(LogFinding.answer_by < sa.bindparam("today", type_=sa.Date)).label("overdue"),
).where(LogFinding.ended_at.is_(None))
_COMPLETE = (
    sa.select(LogCheck.first_index, LogCheck.last_index, LogCheck.period_until, LogCheck.announced_at)
    .where(
        LogCheck.log_of.is_(None), LogCheck.drawn_at.is_not(None),
        ~sa.exists().where(LogCheckEntry.check_id == LogCheck.id, LogCheckEntry.review.is_(None)),
    )
    .order_by(LogCheck.first_index, LogCheck.last_index)
)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Covered:
    """How far complete checks have looked at the log without a gap.

    `next_index` is the first entry that none has, and `until` the last day that they cover; `None` before the first.
    """

    next_index: int
    until: date | None


async def entries_of(work: UnitOfWork, checks: Sequence[LogCheck]) -> Mapping[UUID, tuple[int, int]]:
    """Count the entries of each check, and those that were reviewed."""
    counted: dict[UUID, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in await work.values(_COUNTED, check_ids=[check.id for check in checks]):
        counted[row["check_id"]] = (row["entries"], row["reviewed"])
    return counted


async def open_findings(work: UnitOfWork) -> tuple[int, int]:
    """Count the findings that have not ended, and those of them whose day has passed."""
    row = (await work.values(_OPEN, today=danish_day(work.now)))[0]
    return row["open"], row["overdue"]


async def covered_by_checks(work: UnitOfWork, *, size: int) -> Covered:
    """Follow the complete checks from the log's first entry that is not emptied, as long as each begins where they end.

    A check that covers a day before it is over covers it until it was announced, and no later entry.
    """
    covered = Covered(await work.log.first_since(_BEGINNING, size=size), None)
    for row in await work.values(_COMPLETE):
        if row["first_index"] > covered.next_index:
            break
        if row["last_index"] >= covered.next_index:
            until = min(row["period_until"], danish_day(row["announced_at"]))
            covered = Covered(row["last_index"] + 1, until)
    return covered


async def next_due(work: UnitOfWork, months: int, log_of: str | None) -> date | None:
    """Count from the last day that is really covered, else from the log's first entry; `None` for an empty log."""
    if log_of is not None:
        days = await covered_days(work, log_of)
        begins = days.until or days.next_day
        return None if begins is None else begins + relativedelta(months=months)
    size = (await work.log.head()).size
    covered = await covered_by_checks(work, size=size)
    since = covered.until or await day_of_entry(work, covered.next_index, size=size)
    return None if since is None else since + relativedelta(months=months)


async def day_of_entry(work: UnitOfWork, index: int, *, size: int) -> date | None:
    """Give the Danish day of an entry; `None` where there is none."""
    encoded = await work.log.entry_at(index) if index < size else None
    entry = None if encoded is None else read(encoded)
    return None if entry is None else danish_day(entry.at)
