"""Set an authority's own case number, export its journal note, and list its part of the log."""

import hashlib
from functools import cache
from typing import Any

import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange, Paragraph
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.joint_decisions.operations import signatures_of
from infohus.casework.exchanges.exchange_facts import recipients_shown
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
    sa.select(Exchange)
    .where(Exchange.case_id == sa.bindparam("case_id"), Exchange.paragraph != Paragraph.ON_REQUEST_OF_PET)
    .order_by(Exchange.exchanged_at, Exchange.id)
)
"""A note leaves the system, and many read it: nothing in it tells that PET asked (rule 85)."""


async def own_reference(work: UnitOfWork) -> JournalReference | None:
    """Give the caller's authority's reference, where it has set one."""
    return await work.row(
        JournalReference, _OWN, case_id=work.case.id, authority_id=work.caller.authority_id
    )


async def set_reference(work: UnitOfWork, draft: JournalReferenceDraft, if_match: str | None) -> JournalReference:
    """Set the reference; where there is one, replace it if `if_match` names its version.

    Raises:
        VersionNotStated: there is one already, and `if_match` is missing.
        ChangedMeanwhile: there is one already, of another version.
    """
    stored = await own_reference(work)
    sealed = {"reference": draft.reference.strip()}
    if stored is None:
        return work.create(JournalReference, sealed=sealed, set_at=work.now)
    require_match(if_match, stored.record_version)
    await work.open(stored, reading=Action.READ_JOURNAL_REFERENCE)
    await work.rewrite(stored, sealed=sealed, set_at=work.now)
    return stored


async def journal_note(work: UnitOfWork) -> JournalNote:
    """Gather the decisions and exchanges that the caller's authority may see, without case content.

    The log's entry of the export holds the SHA-256 of the text, so that a note can later be compared with it.
    """
    stored = await own_reference(work)
    reference = None
    if stored is not None:
        reference = (await work.open(stored, reading=Action.READ_JOURNAL_REFERENCE))[stored.id]["reference"]
    decisions = [
        JournalDecision(
            decision.__tablename__, decision.result, decision.decided_at, decision.content_hash.hex(),
            sorted(
                (JournalSignature(row.authority_id, row.signed_at) for row in await signatures_of(work, decision)),
                key=lambda signature: signature.signed_at,
            ),
        )
        for decision in await _made_decisions(work) if decision.decided_at is not None
    ]
    exchanges = [
        JournalExchange(
            exchange.id, exchange.authority_id, recipients_shown(exchange, work.caller.authority_id),
            exchange.paragraph.value, exchange.exchanged_at,
            exchange.declared_not_for_investigation, exchange.consent, exchange.manifest.hex(),
        )
        for exchange in await work.rows(Exchange, _EXCHANGES, case_id=work.case.id)
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
    """List the case's entries in the log of the caller's authority, from index `after` + 1 on."""

    def concerns_it(entry: Entry | None) -> bool:
        return entry is not None and entry.case == work.case.id

    places, next_after = await work.log.places_where(concerns_it, after=after, limit=limit)
    work.audit_draft.give_out(place.index for place in places)
    return CaseLogPage(
        [_line(place.index, place.entry) for place in places if place.entry is not None], next_after,
        [place.index for place in places if place.is_bad],
    )


def _line(index: int, entry: Entry) -> CaseLogLine:
    return CaseLogLine(
        index, entry.at, entry.caller, entry.action, entry.outcome, entry.recipients, len(entry.opened),
        len(entry.wrote),
    )


async def _made_decisions(work: UnitOfWork) -> list[JointDecision]:
    made: list[JointDecision] = []
    for model in JOINT_DECISIONS:
        made += await work.rows(model, _of_case(model), case_id=work.case.id)
    return sorted(made, key=lambda decision: (decision.decided_at is None, decision.decided_at, decision.id))


@cache
def _of_case(model: type[JointDecision]) -> AnySelect:
    return sa.select(model).where(model.case_id == sa.bindparam("case_id"), model.decided_at.is_not(None))
