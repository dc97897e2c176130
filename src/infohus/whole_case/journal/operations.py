"""Set the own reference, take decisions and proof home, and look at the own part of the log."""

import hashlib
from functools import cache
from typing import Any

import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.joint_decisions.operations import signatures_of
from infohus.kernel.answers.etags import require_match
from infohus.kernel.audit.formats.entry import Entry
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.decision_kinds import JOINT_DECISIONS
from infohus.whole_case.journal.model import (
    CaseLogLine,
    CaseLogPage,
    JournalDecision,
    JournalExchange,
    JournalNote,
    JournalReference,
    JournalReferenceDraft,
    JournalSignature,
)
from infohus.whole_case.journal.note import note_in_danish

_OWN = sa.select(JournalReference).where(
    JournalReference.case_id == sa.bindparam("case_id"), JournalReference.authority_id == sa.bindparam("authority_id")
)
_EXCHANGES = (
    sa.select(Exchange).where(Exchange.case_id == sa.bindparam("case_id")).order_by(Exchange.exchanged_at, Exchange.id)
)


async def own_reference(work: UnitOfWork) -> JournalReference | None:
    """Give the caller's authority's reference; row security hides the others'."""
    return await work.row(
        JournalReference, _OWN, case_id=work.case.id, authority_id=work.caller.authority_id
    )


async def set_reference(work: UnitOfWork, draft: JournalReferenceDraft, if_match: str | None) -> JournalReference:
    """Set the reference the first time, or change the one that was fetched.

    Raises:
        VersionNotStated, ChangedMeanwhile: there is one already.
    """
    known = await own_reference(work)
    sealed = {"reference": draft.reference.strip()}
    if known is None:
        return work.create(JournalReference, sealed=sealed, set_at=work.now)
    require_match(if_match, known.record_version)
    await work.open(known, reading=Action.READ_JOURNAL_REFERENCE)
    await work.rewrite(known, sealed=sealed, set_at=work.now)
    return known


async def journal_note(work: UnitOfWork) -> JournalNote:
    """Gather what was decided and told, as far as the caller's authority sees it, without a word of content.

    The log's entry of this act holds the hash of the text, so that a note in another system can be shown to be ours.
    """
    known = await own_reference(work)
    reference = None
    if known is not None:
        reference = (await work.open(known, reading=Action.READ_JOURNAL_REFERENCE))[known.id]["reference"]
    decisions = [
        JournalDecision(
            one.__tablename__, one.outcome, one.decided_at, one.content_hash.hex(),
            sorted(
                (JournalSignature(signed.authority_id, signed.signed_at) for signed in await signatures_of(work, one)),
                key=lambda signed: signed.signed_at,
            ),
        )
        for one in await _made_decisions(work) if one.decided_at is not None
    ]
    exchanges = [
        JournalExchange(
            one.id, one.authority_id, one.recipients, one.paragraph.value, one.exchanged_at, one.manifest.hex()
        )
        for one in await work.rows(Exchange, _EXCHANGES, case_id=work.case.id)
    ]
    head = await work.log.head()
    facts: dict[str, Any] = {
        "case_number": work.case.number, "reference": reference, "made_at": work.now,
        "decisions": decisions, "exchanges": exchanges, "log_origin": head.origin, "log_size": head.size,
        "log_root": head.root().hex(),
    }
    text = note_in_danish(**facts)
    digest = hashlib.sha256(text.encode()).hexdigest()
    work.audit_draft.justification = f"sha256:{digest}"
    return JournalNote(**facts, stage=work.case.stage, text=text, digest=digest)


async def own_log(work: UnitOfWork, *, after: int, limit: int) -> CaseLogPage:
    """List entries about the case by the caller's authority, or of a disclosure to it; not what the others do."""
    ours = work.caller.authority_id

    def is_ours(entry: Entry) -> bool:
        return entry.case == work.case.id and (entry.authority == ours or ours in entry.recipients)

    found, goes_on = await work.log.entries_where(is_ours, after=after, limit=limit)
    return CaseLogPage([_line(index, entry, ours) for index, entry in found], goes_on)


def _line(index: int, entry: Entry, ours: str) -> CaseLogLine:
    is_own = entry.authority == ours
    return CaseLogLine(
        index, entry.at, entry.authority, entry.caller if is_own else None, entry.action, entry.outcome,
        entry.recipients if is_own else [ours], len(entry.opened) if is_own else 0, len(entry.wrote) if is_own else 0,
    )


async def _made_decisions(work: UnitOfWork) -> list[JointDecision]:
    made: list[JointDecision] = []
    for model in JOINT_DECISIONS:
        made += await work.rows(model, _of_case(model), case_id=work.case.id)
    return sorted(made, key=lambda one: (one.decided_at is None, one.decided_at, one.id))


@cache
def _of_case(model: type[JointDecision]) -> AnySelect:
    return sa.select(model).where(model.case_id == sa.bindparam("case_id"), model.decided_at.is_not(None))
