"""A note or a document: when it happened, when it was entered, by whom, and what it says."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.persons.about import About
from infohus.kernel.database.tables import SCHEMA, Record, choice, owned_by_authority
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import Reason, optional_reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class WrittenKind(StrEnum):
    """A note as somebody writes it, or a document and which way it went."""

    NOTE = "note"
    RECEIVED = "received"
    SENT = "sent"
    INTERNAL_FINAL = "internal_final"


class NoteKind(StrEnum):
    """What a note is."""

    NOTE = WrittenKind.NOTE.value
    RECEIVED = WrittenKind.RECEIVED.value
    SENT = WrittenKind.SENT.value
    INTERNAL_FINAL = WrittenKind.INTERNAL_FINAL.value
    TAKEOVER = "takeover"
    """Why the police took the case over: made by that act alone (rule 84)."""


DOCUMENTS = frozenset({NoteKind.RECEIVED, NoteKind.SENT, NoteKind.INTERNAL_FINAL})
"""What needs a short subject (rule 69)."""


class Note(Record):
    """One note, append-only: a correction is a new note that points to the old.

    `happened_at` is the time of the event; of a document, when it was received, sent or became final.
    """

    __tablename__ = "note"
    __table_args__ = owned_by_authority()

    kind: Mapped[NoteKind] = choice(NoteKind, name="kind")
    happened_at: Mapped[datetime]
    corrects_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(f"{SCHEMA}.note.id"))
    subject: Mapped[Sealed | None] = mapped_column(SealedColumn)
    text: Mapped[Sealed] = mapped_column(SealedColumn)


class NoteDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A note as it is written. A document has a short subject, at most 200 characters. `about` is whom it concerns."""

    kind: WrittenKind = WrittenKind.NOTE
    happened_at: Moment
    subject: Annotated[str, optional_reason(200)] | None = None
    text: Reason
    corrects: UUID | None = None
    about: About | None = None
