"""The routes of log checks, of their findings, and of the notice that use is logged."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter

from infohus.danish_calendar import danish_day
from infohus.kernel.answers.etags import VERSIONED, IfMatch, etag, require_match
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.audit.formats.entry import Entry, read
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.not_readable import RecordNotReadable
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.drawing import CHECK_BY_ID, DrawDraft, LogCheckDraft, announce, check_of, draw_entries
from infohus.oversight.log_checks.findings import (
    ENTRIES,
    FINDINGS,
    EntryReviewDraft,
    FindingAnswerDraft,
    RemedyDraft,
    answer_finding,
    end_finding,
    finding_of,
    is_overdue,
    judge,
    open_finding,
)
from infohus.oversight.log_checks.model import Ending, EntryReview, LogCheck, LogCheckEntry, LogFinding
from infohus.oversight.log_checks.notice import LogNotice, NoticeState, acknowledge, notice, who_has_read
from infohus.oversight.log_checks.overview import CHECKS_BEFORE, entries_of, next_due, open_findings
from infohus.oversight.log_checks.risk_rules import RULES

CHECKS = "/log/checks"
FINDING = "/log/findings/{finding_id:uuid}"
NOTICE = "/log/notice"
CheckedIndex = Annotated[int, PathParameter(ge=0, le=2**53, description="The entry's place in the log, 0-based.")]


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
    whose entries each has a review.
    """

    id: UUID
    authority: str
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
            id=check.id, authority=check.authority_id, announced_at=check.announced_at,
            announced_by=check.announced_by, period_from=check.period_from, period_until=check.period_until,
            first_index=check.first_index, last_index=check.last_index, sample=check.sample, need=check.need,
            commitment=check.commitment.hex(), drawn_at=check.drawn_at, announced_size=check.announced_size,
            secret=check.secret,
            seed=None if check.seed is None else check.seed.hex(), note=check.note, is_steerable=check.is_steerable,
            entries=entries, reviewed=reviewed, is_complete=check.drawn_at is not None and entries == reviewed,
        )


class LogCheckOverview(msgspec.Struct, frozen=True):
    """Checks of the own log, newest first; when the next is due, and what is open of the caller's own findings.

    `next` is what to pass as `after` for older checks; `null` is the end.
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
    """What was found at an entry, who answers for it until when, the answer and the ending; `version` is its ETag's."""

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

    @classmethod
    def opened(cls, work: UnitOfWork, finding: LogFinding) -> "LogFindingView":
        """Show a finding with its texts, which are opened for it."""
        texts = open_finding(work, finding)
        return cls(
            id=finding.id, check_id=finding.check_id, leaf_index=finding.leaf_index, recorded_at=finding.recorded_at,
            recorded_by=finding.recorded_by, owner=finding.owner_id, answer_by=finding.answer_by,
            is_overdue=is_overdue(finding, _today(work)), text=texts["text"], answer=texts.get("answer"),
            answered_at=finding.answered_at, outcome=finding.outcome, remedy=texts.get("remedy"),
            ended_at=finding.ended_at, version=finding.version,
        )

    @classmethod
    def if_readable(cls, work: UnitOfWork, finding: LogFinding) -> "list[LogFindingView]":
        """Show a finding in a list, unless it was changed past the system."""
        try:
            return [cls.opened(work, finding)]
        except RecordNotReadable:
            return []


@post(CHECKS, operation_id="AnnounceLogCheck")
async def announce_check(
    data: JSONBody[LogCheckDraft], idempotent_log_scope: NamedDependency[RequestScope],
    signer: NamedDependency[PooledSigner], log_check_least_sample: NamedDependency[int],
) -> LogCheckView:
    """Announce a check of the log: its draw hangs on a checkpoint to come and on a secret that is promised now."""
    async with idempotent_log_scope.begin(Action.ANNOUNCE_LOG_CHECK) as work:
        check = await work.earlier(LogCheck, CHECK_BY_ID) or await announce(
            work, data, signer, least_sample=log_check_least_sample
        )
        return LogCheckView.of(check, 0, 0)


@get(CHECKS, operation_id="ListLogChecks")
async def list_checks(
    log_scope: NamedDependency[RequestScope], log_check_every_months: NamedDependency[int], after: After = NIL,
    limit: Limit = 50,
) -> LogCheckOverview:
    """List the checks, when the next is due, and what is overdue."""
    async with log_scope.begin(Action.LIST_LOG_CHECKS) as work:
        checks = await work.rows(LogCheck, CHECKS_BEFORE, after=after, limit=limit + 1)
        counted = await entries_of(work, checks[:limit])
        views = [LogCheckView.of(check, *counted[check.id]) for check in checks]
        page = page_of(views, [check.id for check in checks], limit=limit)
        due, (is_open, overdue) = await next_due(work, log_check_every_months), await open_findings(work)
        return LogCheckOverview(
            due, due is not None and due < _today(work), is_open, overdue,
            [RiskRuleView(rule.code, rule.text, rule.picks is not None, rule.why_not) for rule in RULES], page.items,
            page.next,
        )


@get(CHECKS + "/{check_id:uuid}", operation_id="ReadLogCheck")
async def one_check(
    check_id: FromPath[UUID], log_scope: NamedDependency[RequestScope]
) -> OneLogCheck:
    """Read a check with its entries."""
    async with log_scope.begin(Action.READ_LOG_CHECK) as work:
        check = await check_of(work, check_id)
        return await _shown(work, check, await work.rows(LogCheckEntry, ENTRIES, check_id=check_id))


@post(CHECKS + "/{check_id:uuid}/draw", operation_id="DrawLogCheck", status_code=200)
async def draw_check(
    check_id: FromPath[UUID], data: JSONBody[DrawDraft],
    idempotent_log_scope: NamedDependency[RequestScope],
    signer: NamedDependency[PooledSigner],
) -> OneLogCheck:
    """Draw a check's entries from the secret and the first cosigned checkpoint after its announcement; once.

    Keep that checkpoint before you tell the secret: whoever runs the log could still choose another.
    """
    async with idempotent_log_scope.begin(Action.DRAW_LOG_CHECK) as work:
        check = await check_of(work, check_id)
        if work.is_repetition:
            return await _shown(work, check, await work.rows(LogCheckEntry, ENTRIES, check_id=check_id))
        return await _shown(work, check, await draw_entries(work, check, data, signer))


@post(CHECKS + "/{check_id:uuid}/entries/{leaf_index:int}/review", operation_id="ReviewLogEntry", status_code=200)
async def review(
    check_id: FromPath[UUID], leaf_index: CheckedIndex, data: JSONBody[EntryReviewDraft],
    idempotent_log_scope: NamedDependency[RequestScope],
) -> CheckedEntry:
    """Say that an entry is in order, or what was found; never of one's own."""
    async with idempotent_log_scope.begin(Action.REVIEW_LOG_ENTRY) as work:
        check = await check_of(work, check_id)
        if work.is_repetition:
            entries = await work.rows(LogCheckEntry, ENTRIES, check_id=check_id)
            return await _checked(work, next(one for one in entries if one.leaf_index == leaf_index))
        reviewed, _ = await judge(work, check, leaf_index, data)
        shown = await _checked(work, reviewed)
        work.audit_draft.give_out([leaf_index], of=shown.entry)
        return shown


@get("/log/findings", operation_id="ListLogFindings")
async def list_findings(
    log_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50
) -> Page[LogFindingView]:
    """List the findings of the own authority's checks, or those that the caller answers for."""
    async with log_scope.begin(Action.LIST_LOG_FINDINGS) as work:
        findings = await work.rows(LogFinding, FINDINGS, after=after, limit=limit + 1)
        page = page_of(findings, [finding.id for finding in findings], limit=limit)
        views = [view for finding in page.items for view in LogFindingView.if_readable(work, finding)]
        return Page(views, page.next, list(work.audit_draft.not_readable))


@post(FINDING + "/answer", operation_id="AnswerLogFinding", status_code=200, response_headers=VERSIONED)
async def answer(
    finding_id: FromPath[UUID], data: JSONBody[FindingAnswerDraft],
    idempotent_scope: NamedDependency[RequestScope], if_match: IfMatch = None,
) -> Response[LogFindingView]:
    """Answer a finding, as the one who answers for it."""
    async with idempotent_scope.begin(Action.ANSWER_LOG_FINDING) as work:
        finding = await finding_of(work, finding_id)
        if not work.is_repetition:
            require_match(if_match, finding.version)
            answer_finding(work, finding, data)
        return _versioned(LogFindingView.opened(work, finding))


@post(FINDING + "/remedy", operation_id="EndLogFinding", status_code=200, response_headers=VERSIONED)
async def remedy(
    finding_id: FromPath[UUID], data: JSONBody[RemedyDraft],
    idempotent_scope: NamedDependency[RequestScope],
    if_match: IfMatch = None,
) -> Response[LogFindingView]:
    """End a finding: what was done about it, or that the answer explains it."""
    async with idempotent_scope.begin(Action.END_LOG_FINDING) as work:
        finding = await finding_of(work, finding_id)
        if not work.is_repetition:
            require_match(if_match, finding.version)
            end_finding(work, finding, data)
        return _versioned(LogFindingView.opened(work, finding))


@get(NOTICE, operation_id="ReadLogNotice")
async def read_notice(request_scope: NamedDependency[RequestScope]) -> LogNotice:
    """Read the notice that all use is logged."""
    async with request_scope.begin(Action.READ_LOG_NOTICE) as work:
        return await notice(work)


@post(NOTICE + "/acknowledgement", operation_id="AcknowledgeLogNotice", status_code=200)
async def acknowledge_notice(idempotent_scope: NamedDependency[RequestScope]) -> LogNotice:
    """Say that one has read the notice; a second time changes nothing."""
    async with idempotent_scope.begin(Action.ACKNOWLEDGE_LOG_NOTICE) as work:
        return await acknowledge(work)


@get(NOTICE + "/acknowledgements", operation_id="ListLogNoticeReaders")
async def notice_readers(
    log_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> NoticeState:
    """List who has read the notice, page by page, and who uses infohus and has not."""
    async with log_scope.begin(Action.LIST_LOG_NOTICE_READERS) as work:
        return await who_has_read(work, after=after, limit=limit)


async def _shown(work: UnitOfWork, check: LogCheck, entries: list[LogCheckEntry]) -> OneLogCheck:
    reviewed = sum(entry.review is not None for entry in entries)
    work.audit_draft.give_out(entry.leaf_index for entry in entries)
    items = [await _checked(work, entry) for entry in entries]
    return OneLogCheck(LogCheckView.of(check, len(entries), reviewed), items)


async def _checked(work: UnitOfWork, checked: LogCheckEntry) -> CheckedEntry:
    encoded = await work.log.entry_at(checked.leaf_index)
    entry = None if encoded is None else read(encoded)
    return CheckedEntry(
        leaf_index=checked.leaf_index, reasons=checked.reasons, is_own=checked.caller_id == work.caller.person_id,
        review=checked.review, reviewed_by=checked.reviewed_by, reviewed_at=checked.reviewed_at,
        entry=entry, is_bad=entry is None and encoded is not None,
    )


def _versioned(view: LogFindingView) -> Response[LogFindingView]:
    return Response(view, headers={"ETag": etag(view.version)})


def _today(work: UnitOfWork) -> date:
    return danish_day(work.now)


handlers = [
    announce_check, list_checks, one_check, draw_check, review, list_findings, answer, remedy, read_notice,
    acknowledge_notice, notice_readers,
]
