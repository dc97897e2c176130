"""The routes of log checks, of their findings, and of the notice that use is logged."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from infohus.danish_calendar import danish_day
from infohus.kernel.answers.etags import VERSIONED, IfMatch, require_match
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.audit.formats.entry import Entry, read
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.institution_logs.shown import require_checked
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
    judge,
)
from infohus.oversight.log_checks.institution_checks import announced_entries
from infohus.oversight.log_checks.model import LogCheck, LogCheckEntry, LogFinding
from infohus.oversight.log_checks.notice import LogNotice, NoticeState, acknowledge, notice, who_has_read
from infohus.oversight.log_checks.overview import CHECKS_BEFORE, entries_of, next_due, open_findings
from infohus.oversight.log_checks.risk_rules import rules_of
from infohus.oversight.log_checks.views import (
    CheckedEntry,
    LogCheckOverview,
    LogCheckView,
    LogFindingView,
    OneLogCheck,
    RiskRuleView,
)

CHECKS = "/log/checks"
FINDING = "/log/findings/{finding_id:uuid}"
NOTICE = "/log/notice"
LogOf = Annotated[
    str | None,
    QueryParameter(
        pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60,
        description="An institution without a DPO of its own, whose log the caller checks.",
    ),
]
CheckedIndex = Annotated[int, PathParameter(ge=0, le=2**53, description="The entry's place in the log, 0-based.")]


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
    limit: Limit = 50, log_of: LogOf = None,
) -> LogCheckOverview:
    """List the checks of the own log, or of an institution's, when the next is due, and what is overdue."""
    async with log_scope.begin(Action.LIST_LOG_CHECKS) as work:
        if log_of is not None:
            await require_checked(work, log_of)
        checks = await work.rows(LogCheck, CHECKS_BEFORE, after=after, limit=limit + 1, log_of=log_of)
        counted = await entries_of(work, checks[:limit])
        views = [LogCheckView.of(check, *counted[check.id]) for check in checks]
        page = page_of(views, [check.id for check in checks], limit=limit)
        due, (is_open, overdue) = await next_due(work, log_check_every_months, log_of), await open_findings(work)
        return LogCheckOverview(
            due, due is not None and due < _today(work), is_open, overdue,
            [RiskRuleView(rule.code, rule.text, rule.picks is not None, rule.why_not) for rule in rules_of(log_of)],
            page.items, page.next,
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
            [shown] = await _checked(work, check, [one for one in entries if one.leaf_index == leaf_index])
            return shown
        reviewed, _ = await judge(work, check, leaf_index, data)
        [shown] = await _checked(work, check, [reviewed])
        work.audit_draft.give_out([leaf_index], of=shown.entry if check.log_of is None else None)
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
    idempotent_log_scope: NamedDependency[RequestScope], if_match: IfMatch = None,
) -> Response[LogFindingView]:
    """Answer a finding, as the one who answers for it."""
    async with idempotent_log_scope.begin(Action.ANSWER_LOG_FINDING) as work:
        finding = await finding_of(work, finding_id)
        if not work.is_repetition:
            require_match(if_match, finding.version)
            answer_finding(work, finding, data)
        return _versioned(LogFindingView.opened(work, finding))


@post(FINDING + "/remedy", operation_id="EndLogFinding", status_code=200, response_headers=VERSIONED)
async def remedy(
    finding_id: FromPath[UUID], data: JSONBody[RemedyDraft],
    idempotent_log_scope: NamedDependency[RequestScope],
    if_match: IfMatch = None,
) -> Response[LogFindingView]:
    """End a finding: what was done about it, or that the answer explains it."""
    async with idempotent_log_scope.begin(Action.END_LOG_FINDING) as work:
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
    items = await _checked(work, check, entries)
    return OneLogCheck(LogCheckView.of(check, len(entries), reviewed), items)


async def _checked(work: UnitOfWork, check: LogCheck, entries: list[LogCheckEntry]) -> list[CheckedEntry]:
    read_at = await _entries_at(work, check, {entry.leaf_index for entry in entries})
    return [
        CheckedEntry(
            leaf_index=one.leaf_index, reasons=one.reasons, is_own=one.caller_id == work.caller.person_id,
            review=one.review, reviewed_by=one.reviewed_by, reviewed_at=one.reviewed_at,
            entry=read_at[one.leaf_index][0], is_bad=read_at[one.leaf_index][1],
        )
        for one in entries
    ]


async def _entries_at(work: UnitOfWork, check: LogCheck, places: set[int]) -> dict[int, tuple[Entry | None, bool]]:
    """Read the entries of a check at some places, each with whether it is none; an emptied one is `None`."""
    if check.log_of is None:
        encoded = {place: await work.log.entry_at(place) for place in sorted(places)}
        found = {place: None if one is None else read(one) for place, one in encoded.items()}
        return {place: (found[place], one is not None and found[place] is None) for place, one in encoded.items()}
    work.audit_draft.justification = f"log-of:{check.log_of}"
    shown = [
        one async for some in announced_entries(work, check, check.log_of) for one in some if one.place in places
    ]
    entries = {one.place: one.entry for one in shown}
    await work.side.look_at(*(one.case for one in entries.values() if one is not None and one.case is not None))
    return {place: (entry, entry is None) for place, entry in entries.items()}


def _versioned(view: LogFindingView) -> Response[LogFindingView]:
    return Response(view, headers={"ETag": view.etag})


def _today(work: UnitOfWork) -> date:
    return danish_day(work.now)


handlers = [
    announce_check, list_checks, one_check, draw_check, review, list_findings, answer, remedy, read_notice,
    acknowledge_notice, notice_readers,
]
