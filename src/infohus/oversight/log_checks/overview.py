"""What is counted over all checks of a log: how far each was reviewed, what is open, and when the next is due.

Row security leaves the checks of the caller's own authority, each of its own log (rule 90), and the findings that the
caller answers for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from infohus.danish_calendar import danish_day
from infohus.kernel.answers.pages import NIL
from infohus.kernel.audit.formats.entry import read
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.model import LogCheck, LogCheckEntry, LogFinding

_AFTER = sa.bindparam("after", type_=sa.Uuid)
CHECKS_BEFORE = (
    sa.select(LogCheck)
    .where(sa.or_(_AFTER == NIL, LogCheck.id < _AFTER))
    .order_by(LogCheck.id.desc())
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists checks, the newest first; `after` is the last one of the page before."""
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
_LAST_COMPLETE = sa.select(sa.func.max(LogCheck.period_until).label("until")).where(
    LogCheck.drawn_at.is_not(None),
    ~sa.exists().where(LogCheckEntry.check_id == LogCheck.id, LogCheckEntry.review.is_(None)),
)


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


async def next_due(work: UnitOfWork, months: int) -> date | None:
    """Count from the latest day of a complete check, else from the log's first entry; `None` for an empty log."""
    ended: date | None = (await work.values(_LAST_COMPLETE))[0]["until"]
    if ended is None:
        first = await work.log.entry_at(0)
        entry = None if first is None else read(first)
        ended = None if entry is None else danish_day(entry.at)
    return None if ended is None else ended + relativedelta(months=months)
