"""Review entries of a check, record findings, answer them and end them (rule 63)."""

from datetime import date
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Coordinator
from infohus.kernel.database.tables import new_id
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.actors import Actor
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.model import Ending, EntryReview, LogCheck, LogCheckEntry, LogFinding
from infohus.oversight.log_checks.refusals import FindingNotComplete, OwnEntryReviewed

ENTRIES = (
    sa.select(LogCheckEntry)
    .where(LogCheckEntry.check_id == sa.bindparam("check_id"))
    .order_by(LogCheckEntry.leaf_index)
)
_ENTRY = sa.select(LogCheckEntry).where(
    LogCheckEntry.check_id == sa.bindparam("check_id"), LogCheckEntry.leaf_index == sa.bindparam("leaf_index")
)
FINDINGS = (
    sa.select(LogFinding)
    .where(LogFinding.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(LogFinding.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists findings; row security leaves those of the caller's authority's checks and those the caller answers for."""
_FINDING = sa.select(LogFinding).where(LogFinding.id == sa.bindparam("id"))
_OWNERS = sa.select(
    sa.union(
        sa.select(Coordinator.person_id).where(Coordinator.authority_id == sa.bindparam("authority_id")),
        sa.select(Actor.person_id).where(Actor.authority_id == sa.bindparam("authority_id")),
    ).subquery("owners")
)
"""Whoever can answer for a finding: the authority's tovholdere, and whoever has signed in for it."""


class EntryReviewDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a reviewer says of an entry. A finding has a text, somebody of the authority who answers, and until when."""

    review: EntryReview
    text: Reason | None = None
    owner: UUID | None = None
    answer_by: Day | None = None


class FindingAnswerDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What its owner answers to a finding."""

    text: Reason


class RemedyDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a finding ends, and what was done."""

    outcome: Ending
    text: Reason


def record_finding(work: UnitOfWork, entry: LogCheckEntry, draft: EntryReviewDraft) -> LogFinding:
    """Record a finding at an entry, sealed for the supervision of the caller's authority; `draft` must be complete."""
    finding = LogFinding(
        id=new_id(), check_id=entry.check_id, leaf_index=entry.leaf_index,
        authority_id=work.caller.authority_id, recorded_at=work.now, recorded_by=work.caller.person_id,
        owner_id=draft.owner, answer_by=draft.answer_by, version=1,
    )
    work.seal_for_supervision(finding, text=draft.text)
    return work.add(finding)


def answer_finding(work: UnitOfWork, finding: LogFinding, draft: FindingAnswerDraft) -> None:
    """Answer a finding as the person who answers for it, once.

    Raises:
        NotAvailable: the caller does not answer for it.
        AlreadyRecorded: it was answered, or has ended.
    """
    if finding.owner_id != work.caller.person_id:
        raise errors.NotAvailable
    if finding.answered_at is not None or finding.ended_at is not None:
        raise errors.AlreadyRecorded
    work.seal_for_supervision(finding, answer=draft.text)
    work.change(finding, answer=finding.answer, answered_at=work.now, version=finding.version + 1)


def end_finding(work: UnitOfWork, finding: LogFinding, draft: RemedyDraft) -> None:
    """End a finding: what was done, or that the answer explains it.

    Raises:
        NotAvailable: it is another authority's, or the caller answers for it.
        AlreadyRecorded: it has ended.
    """
    if finding.authority_id != work.caller.authority_id or finding.owner_id == work.caller.person_id:
        raise errors.NotAvailable
    if finding.ended_at is not None:
        raise errors.AlreadyRecorded
    work.seal_for_supervision(finding, remedy=draft.text)
    work.change(
        finding, remedy=finding.remedy, outcome=draft.outcome, ended_at=work.now, version=finding.version + 1
    )


def open_finding(work: UnitOfWork, finding: LogFinding) -> dict[str, str]:
    """Open a finding's texts; the log names each that was opened.

    Raises:
        NotAvailable: it is another authority's.
        RecordNotReadable: it was changed past the system.
    """
    return work.open_for_supervision(finding, "text", "answer", "remedy")


async def judge(
    work: UnitOfWork, check: LogCheck, leaf_index: int, draft: EntryReviewDraft
) -> tuple[LogCheckEntry, LogFinding | None]:
    """Review an entry, once: it is in order, or there is a finding.

    Raises:
        NotAvailable: the entry is not in the check.
        OwnEntryReviewed: the entry is of the caller's own action.
        AlreadyRecorded: it was reviewed before.
        FindingNotComplete: a finding without text, without another of the authority who answers, or with a past day.
    """
    entry = await work.row(LogCheckEntry, _ENTRY, check_id=check.id, leaf_index=leaf_index)
    if entry is None:
        raise errors.NotAvailable
    if entry.caller_id == work.caller.person_id:
        raise OwnEntryReviewed
    if entry.review is not None:
        raise errors.AlreadyRecorded
    finding = None
    if draft.review is EntryReview.FINDING:
        await _require_complete(work, draft)
        finding = record_finding(work, entry, draft)
    work.change(entry, review=draft.review, reviewed_by=work.caller.person_id, reviewed_at=work.now)
    return entry, finding


async def finding_of(work: UnitOfWork, finding_id: UUID) -> LogFinding:
    """Find a finding that the caller may see.

    Raises:
        NotAvailable: there is none with this id.
    """
    finding = await work.row(LogFinding, _FINDING, id=finding_id)
    if finding is None:
        raise errors.NotAvailable
    return finding


def is_overdue(finding: LogFinding, today: date) -> bool:
    """Say whether a finding has not ended, and its deadline has passed."""
    return finding.ended_at is None and finding.answer_by < today


async def _require_complete(work: UnitOfWork, draft: EntryReviewDraft) -> None:
    owners = {row["person_id"] for row in await work.values(_OWNERS, authority_id=work.caller.authority_id)}
    today = danish_day(work.now)
    if (
        draft.text is None or draft.owner not in owners or draft.owner == work.caller.person_id
        or draft.answer_by is None or draft.answer_by < today
    ):
        raise FindingNotComplete

