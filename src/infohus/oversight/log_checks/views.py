"""What the routes of log checks show: a check, its entries, its findings, and how far the log was looked at."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from infohus.danish_calendar import danish_day
from infohus.kernel.answers.etags import etag
from infohus.kernel.audit.formats.entry import Entry
from infohus.kernel.unit_of_work.not_readable import RecordNotReadable
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.findings import is_overdue, open_finding
from infohus.oversight.log_checks.model import Ending, EntryReview, LogCheck, LogFinding


class RiskRuleView(msgspec.Struct, frozen=True):
    """A rule that picks entries whatever the lot says; `why_not` tells why it cannot pick any here."""

    code: str
    text: str
    is_evaluable: bool
    why_not: str | None


class LogCheckView(msgspec.Struct, frozen=True, kw_only=True):
    """A check: what was announced, and all that is needed to draw it again (`docs/log-check.md`).

    `announced_size`, `secret` and `seed` (64 hexadecimal digits each), and `note`, the cosigned checkpoint, are there
    once it is drawn; `commitment` is the SHA-256 of the secret's characters. `is_steerable` says that no witness is in
    the seed: whoever runs the log and the reviewer can then choose together, and neither alone. Complete is a check of
    whose entries each has a review. With `log_of` it is of that institution's log: its places count what is shown of
    the period's days up to the announcement, whose leaf hashes have the SHA-256 `entries_digest`.
    """

    id: UUID
    authority: str
    log_of: str | None
    entries_digest: str | None
    announced_at: datetime
    announced_by: UUID
    period_from: date
    period_until: date
    first_index: int
    last_index: int
    sample: int
    need: int
    commitment: str
    drawn_at: datetime | None
    announced_size: int | None
    secret: str | None
    seed: str | None
    note: str | None
    is_steerable: bool | None
    entries: int
    reviewed: int
    is_complete: bool

    @classmethod
    def of(cls, check: LogCheck, entries: int, reviewed: int) -> "LogCheckView":
        """Show a check that has so many entries, of which so many are reviewed."""
        return cls(
            id=check.id, authority=check.authority_id, log_of=check.log_of,
            entries_digest=None if check.entries_digest is None else check.entries_digest.hex(),
            announced_at=check.announced_at,
            announced_by=check.announced_by, period_from=check.period_from, period_until=check.period_until,
            first_index=check.first_index, last_index=check.last_index, sample=check.sample, need=check.need,
            commitment=check.commitment.hex(), drawn_at=check.drawn_at, announced_size=check.announced_size,
            secret=check.secret,
            seed=None if check.seed is None else check.seed.hex(), note=check.note, is_steerable=check.is_steerable,
            entries=entries, reviewed=reviewed, is_complete=check.drawn_at is not None and entries == reviewed,
        )


class LogCheckOverview(msgspec.Struct, frozen=True):
    """Checks of a log, newest first; when the next is due, and what is open of the caller's own findings.

    The log is the own one, or an institution's. `next` is what to pass as `after` for older checks; `null` is the end.
    """

    next_due: date | None
    is_overdue: bool
    open_findings: int
    overdue_findings: int
    rules: list[RiskRuleView]
    checks: list[LogCheckView]
    next: UUID | None


class CheckedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that a check looks at, and why: `random`, or risk rules. `is_own` may not be reviewed by the caller."""

    leaf_index: int
    reasons: list[str]
    is_own: bool
    review: EntryReview | None
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    entry: Entry | None
    is_bad: bool


class OneLogCheck(msgspec.Struct, frozen=True):
    """A check with its entries."""

    check: LogCheckView
    items: list[CheckedEntry]


class LogFindingView(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at an entry, who answers for it until when, the answer and the ending; If-Match takes `etag`."""

    id: UUID
    check_id: UUID
    leaf_index: int
    recorded_at: datetime
    recorded_by: UUID
    owner: UUID
    answer_by: date
    is_overdue: bool
    text: str
    answer: str | None
    answered_at: datetime | None
    outcome: Ending | None
    remedy: str | None
    ended_at: datetime | None
    version: int
    etag: str

    @classmethod
    def opened(cls, work: UnitOfWork, finding: LogFinding) -> "LogFindingView":
        """Show a finding with its texts, which are opened for it."""
        texts = open_finding(work, finding)
        return cls(
            id=finding.id, check_id=finding.check_id, leaf_index=finding.leaf_index, recorded_at=finding.recorded_at,
            recorded_by=finding.recorded_by, owner=finding.owner_id, answer_by=finding.answer_by,
            is_overdue=is_overdue(finding, danish_day(work.now)), text=texts["text"], answer=texts.get("answer"),
            answered_at=finding.answered_at, outcome=finding.outcome, remedy=texts.get("remedy"),
            ended_at=finding.ended_at, version=finding.version, etag=etag(finding.version),
        )

    @classmethod
    def if_readable(cls, work: UnitOfWork, finding: LogFinding) -> "list[LogFindingView]":
        """Show a finding in a list, unless it was changed past the system."""
        try:
            return [cls.opened(work, finding)]
        except RecordNotReadable:
            return []
