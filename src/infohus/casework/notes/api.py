"""The routes of notes and documents."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.told import Told, told_of
from infohus.casework.notes.model import Note, NoteDraft, NoteKind
from infohus.casework.notes.operations import NOTE_BY_ID, NOTES_OF_CASE, write_note
from infohus.kernel.access.model import Case
from infohus.kernel.answers.pages import NIL, After, Limit, Page
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.listing import page_opened
from infohus.kernel.unit_of_work.unit import UnitOfWork

NOTES = "/cases/{case_id:uuid}/notes"


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """A note. `is_late`: it was entered more days after the event than the duty to note allows."""

    id: UUID
    owner: str
    kind: NoteKind
    happened_at: datetime
    recorded_at: datetime
    recorded_by: UUID
    is_late: bool
    subject: str | None
    text: str
    corrects: UUID | None
    about: list[UUID]
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, *notes: Note, late_after_days: int) -> "list[NoteView]":
        """Open notes."""
        texts, told = await work.open(*notes, reading=Action.READ_NOTE), await told_of(work, *notes)
        return [
            cls(
                id=note.id, owner=note.authority_id, kind=note.kind, happened_at=note.happened_at,
                recorded_at=note.recorded_at, recorded_by=note.recorded_by, corrects=note.corrects_id,
                is_late=note.recorded_at - note.happened_at > timedelta(days=late_after_days),
                subject=texts[note.id].get("subject"), text=texts[note.id]["text"],
                about=work.about(note), told=told.get(note.id),
            )
            for note in notes
        ]


@post(NOTES, operation_id="WriteNote")
async def write(
    case_id: FromPath[UUID], data: JSONBody[NoteDraft], idempotent_scope: NamedDependency[RequestScope],
    note_late_after_days: NamedDependency[int],
) -> NoteView:
    """Write a note, or register a document; the other authority does not see it."""
    async with idempotent_scope.begin(Action.WRITE_NOTE, Case, case_id) as work:
        note = await work.earlier(Note, NOTE_BY_ID) or await write_note(work, data)
        return (await NoteView.opened(work, note, late_after_days=note_late_after_days))[0]


@get(NOTES, operation_id="ListNotes")
async def list_notes(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], note_late_after_days: NamedDependency[int],
    after: After = NIL, limit: Limit = 50,
) -> Page[NoteView]:
    """List the notes and documents of the caller's authority, and those it was told, in the order they were entered."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        notes = await work.rows(Note, NOTES_OF_CASE, case_id=case_id, after=after, limit=limit + 1)
        view = partial(NoteView.opened, work, late_after_days=note_late_after_days)
        return await page_opened(work, notes, view, limit=limit)


@get(NOTES + "/{note_id:uuid}", operation_id="ReadNote")
async def read_note(
    case_id: FromPath[UUID], note_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    note_late_after_days: NamedDependency[int],
) -> NoteView:
    """Read one note; another authority's undisclosed one answers as if it did not exist."""
    async with request_scope.begin(Action.READ_NOTE, Note, note_id, within=case_id) as work:
        return (await NoteView.opened(work, work.subject(Note), late_after_days=note_late_after_days))[0]


handlers = [write, list_notes, read_note]
