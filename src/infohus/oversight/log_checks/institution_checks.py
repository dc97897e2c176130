"""A check of an institution's log by a DPO who sees a part of it: what it covers, and what it can draw (rule 90).

Its places count the entries that are shown of the period's days, up to the announcement, from 0. The announcement says
a digest of them, so that nobody who learns the secret can choose among others: what is told later, or stands in the log
later though it is dated earlier, leaves them as they are, and what is emptied or changed shows.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from infohus.danish_calendar import danish_day, end_of_day, start_of_day
from infohus.kernel.audit.formats.merkle import leaf_hash
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.institution_logs.shown import Shown, all_shown, require_checked, shown
from infohus.oversight.log_checks.model import LogCheck, LogCheckEntry
from infohus.oversight.log_checks.refusals import EntriesNotAsAnnounced, NothingInPeriod, PeriodLeavesGap

_COMPLETE = (
    sa.select(LogCheck.period_from, LogCheck.period_until, LogCheck.announced_at)
    .where(
        LogCheck.log_of == sa.bindparam("log_of", type_=sa.Text), LogCheck.drawn_at.is_not(None),
        ~sa.exists().where(LogCheckEntry.check_id == LogCheck.id, LogCheckEntry.review.is_(None)),
    )
    .order_by(LogCheck.period_from, LogCheck.period_until)
)

_DATED_BEFORE = timedelta(minutes=4)
"""How long before a check was announced an entry can be dated that stands behind the announcement in the log.

Both are dated at most two minutes beside the moment of their append. Source: decision 28.
"""


@dataclass(frozen=True, slots=True)
class Period:
    """From which day a check looks, its first and last place, and the digest of another log's entries."""

    since: date
    first: int
    last: int
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class CoveredDays:
    """How far complete checks have looked without a gap: the last day, and the day on which the next begins."""

    until: date | None
    next_day: date | None


async def covered_days(work: UnitOfWork, log_of: str) -> CoveredDays:
    """Follow the complete checks of an institution's log from the first entry that is shown.

    The day of an announcement is looked at again, and so is the day before one that was announced just past midnight:
    an entry of it could stand behind the announcement.
    """
    first = await shown(work, log_of, limit=1)
    entry = first[0].entry if first else None
    covered = CoveredDays(None, None if entry is None else danish_day(entry.at))
    for row in await work.values(_COMPLETE, log_of=log_of):
        if covered.next_day is None or row["period_from"] > covered.next_day:
            break
        announced_on = danish_day(row["announced_at"] - _DATED_BEFORE)
        until = min(row["period_until"], announced_on)
        if covered.until is None or until > covered.until:
            covered = CoveredDays(until, until + timedelta(days=until < announced_on))
    return covered


@dataclass(slots=True)
class EntriesOfDays:
    """What is shown of some days of an institution's log up to a moment, read some thousand at a time.

    At most `most`, the first in the log: what was appended after the announcement of so many stands behind them.
    `count` and `digest` say how many there were, and the SHA-256 of their leaf hashes in order, once all are read.
    """

    log_of: str
    since: date
    until: date
    announced_at: datetime
    most: int | None = None
    count: int = 0
    digest: bytes = b""

    async def read(self, work: UnitOfWork) -> AsyncIterator[list[Shown]]:
        """Read them all."""
        hashed, before = sha256(), min(end_of_day(self.until), self.announced_at)
        async for shown_next in all_shown(work, self.log_of, since=start_of_day(self.since), before=before):
            some = shown_next if self.most is None else shown_next[: self.most - self.count]
            self.count += len(some)
            hashed.update(b"".join(leaf_hash(one.encoded) for one in some))
            yield some
            if self.count == self.most:
                break
        self.digest = hashed.digest()


async def period_of(
    work: UnitOfWork, log_of: str, since: date | None, until: date, *, leaves_gap: bool
) -> Period:
    """Find what a check of an institution's log looks at; without a day it begins where the last complete one ended.

    Raises:
        NotAvailable: the caller does not check this log.
        NothingInPeriod: nothing is shown of it.
        PeriodLeavesGap: it begins later than the last complete one ended, and does not say so.
    """
    await require_checked(work, log_of)
    uncovered_since = (await covered_days(work, log_of)).next_day
    since = since or uncovered_since
    if since is None or uncovered_since is None:
        raise NothingInPeriod
    days = EntriesOfDays(log_of, since, until, work.now)
    async for _ in days.read(work):
        pass
    if not days.count:
        raise NothingInPeriod
    if since > uncovered_since and not leaves_gap:
        raise PeriodLeavesGap(since=str(uncovered_since))
    return Period(since, 0, days.count - 1, days.digest)


async def announced_entries(work: UnitOfWork, check: LogCheck, log_of: str) -> AsyncIterator[list[Shown]]:
    """Give the entries that a check was announced on, some thousand at a time.

    Raises:
        EntriesNotAsAnnounced: at the end, if they are others now: emptied after their period, or changed.
    """
    days = EntriesOfDays(log_of, check.period_from, check.period_until, check.announced_at, check.last_index + 1)
    async for some in days.read(work):
        yield some
    if days.digest != check.entries_digest:
        raise EntriesNotAsAnnounced
