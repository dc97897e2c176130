"""Take a case over."""

import msgspec
import sqlalchemy as sa

from infohus.cases.persons.about import About, persons_named
from infohus.cases.procedure.outcomes import TakeoverOutcome
from infohus.cases.procedure.table import next_stage
from infohus.casework.notes.model import Note, NoteKind
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork

SUBJECT = "Overtaget af politiet alene"
TAKEOVER_BY_ID = sa.select(Note).where(Note.id == sa.bindparam("id"))


class TakeoverDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why; the police side's own, which the municipality does not see. It concerns whom `about` names."""

    reason: Reason
    about: About | None = None


async def take_over_case(work: UnitOfWork, draft: TakeoverDraft) -> Note:
    """Take the case over at whatever open stage it is: what was proposed there, and is not decided, stays undecided.

    The reason is a note of the police side. Of the case both see that it was taken over, and when.

    Raises:
        PersonsNotNamed, NoPersonOfTheSide: of whom the reason is about; see `persons_named`.
    """
    note = work.create(
        Note, sealed={"subject": SUBJECT, "text": draft.reason}, kind=NoteKind.TAKEOVER, happened_at=work.now,
        corrects_id=None, about=await persons_named(work, draft.about),
    )
    work.change(work.case, stage=next_stage(work.action, TakeoverOutcome.TAKEN_OVER), taken_over_at=work.now)
    work.done(note.id)
    return note
