"""Write a note or register a document. A stored one is never changed; a correction is a new one."""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.persons.about import persons_named
from infohus.casework.notes.model import DOCUMENTS, Note, NoteDraft, NoteKind
from infohus.casework.notes.refusals import DocumentWithoutSubject
from infohus.kernel.unit_of_work.unit import UnitOfWork

NOTE_BY_ID = sa.select(Note).where(Note.id == sa.bindparam("id"))
NOTES_OF_CASE = (
    sa.select(Note)
    .where(Note.case_id == sa.bindparam("case_id"), Note.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(Note.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists only what the caller's authority may see: row security leaves the rest out."""
_IN_CASE = sa.select(Note.authority_id).where(
    Note.id == sa.bindparam("id"), Note.case_id == sa.bindparam("case_id")
)


async def write_note(work: UnitOfWork, draft: NoteDraft) -> Note:
    """Write a note for the caller's own authority; the others do not see it until it is exchanged.

    Raises:
        InTheFuture: `happened_at` is later than now.
        DocumentWithoutSubject: a document needs a subject (rule 69).
        NotAvailable: `corrects` is no note of the caller's authority in this case.
        PersonsNotNamed, NoPersonOfTheSide: see `persons_named`.
    """
    if draft.happened_at > work.now:
        raise errors.InTheFuture(field="happened_at")
    subject = (draft.subject or "").strip()
    kind = NoteKind(draft.kind.value)
    if kind in DOCUMENTS and not subject:
        raise DocumentWithoutSubject
    if draft.corrects is not None:
        corrected = await work.values(_IN_CASE, id=draft.corrects, case_id=work.case.id)
        if [row["authority_id"] for row in corrected] != [work.caller.authority_id]:
            raise errors.NotAvailable(field="corrects")
    note = work.create(
        Note, sealed={"subject": subject or None, "text": draft.text}, kind=kind, happened_at=draft.happened_at,
        corrects_id=draft.corrects, about=await persons_named(work, draft.about),
    )
    work.done(note.id)
    return note
