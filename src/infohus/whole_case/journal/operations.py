"""Set an authority's own case number, export its journal note, and list its part of the log."""

import sqlalchemy as sa

from infohus.kernel.answers.etags import require_match
from infohus.kernel.answers.whole_answers import WholeAnswer
from infohus.kernel.audit.formats.entry import Entry
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.journal.gathering import GatheredNote
from infohus.whole_case.journal.model import (
    CaseLogLine,
    CaseLogPage,
    JournalNote,
    JournalReference,
    JournalReferenceDraft,
)

_OWN = sa.select(JournalReference).where(
    JournalReference.case_id == sa.bindparam("case_id"), JournalReference.authority_id == sa.bindparam("authority_id")
)


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


async def journal_note(work: UnitOfWork) -> WholeAnswer:
    """Gather the decisions and exchanges that the caller's authority may see, without case content.

    The log's entry of the export holds the SHA-256 of the text, so that a note can later be compared with it.
    """
    stored = await own_reference(work)
    reference = None
    if stored is not None:
        reference = (await work.open(stored, reading=Action.READ_JOURNAL_REFERENCE))[stored.id]["reference"]
    log = await work.log.head()
    note = GatheredNote(JournalNote(
        case_number=work.case.number, reference=reference, stage=work.case.stage, made_at=work.now, decisions=[],
        exchanges=[], log_origin=log.origin, log_size=log.size, log_root=log.root().hex(), text="", digest="",
    ))
    await note.gather(work)
    work.audit_draft.justification = f"sha256:{note.digest()}"
    return note.answer()


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
