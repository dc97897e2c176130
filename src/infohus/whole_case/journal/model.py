"""An authority's own reference to a case, and what a journal note says."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import Consent
from infohus.kernel.access.model import Stage
from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.database.tables import VersionedRecord, once_per_record, owned_by_authority
from infohus.kernel.requests.words import label
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class JournalReference(VersionedRecord):
    """The case's number in one authority's own journal; no other authority reads it."""

    __tablename__ = "journal_reference"
    __table_args__ = owned_by_authority(once_per_record("journal_reference", "case_id", "authority_id"))

    set_at: Mapped[datetime]
    reference: Mapped[Sealed] = mapped_column(SealedColumn)


class JournalReferenceDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The case's number in the authority's own journal."""

    reference: Annotated[str, Meta(pattern=r"^[^\r\n]*$"), label(100)]


class JournalReferenceView(msgspec.Struct, frozen=True):
    """The reference, and when it was last set; neither before it is set for the first time."""

    reference: str | None
    set_at: datetime | None


class JournalSignature(msgspec.Struct, frozen=True):
    """For which authority a decision was signed, and when."""

    authority: str
    signed_at: datetime


class JournalDecision(msgspec.Struct, frozen=True):
    """A decision that both made: its kind, its outcome, and the hash of the document that was signed."""

    kind: str
    outcome: str
    decided_at: datetime
    content_hash: str
    signatures: list[JournalSignature]


class JournalExchange(msgspec.Struct, frozen=True):
    """A videregivelse: who told whom, after which paragraph, what was declared, and the hash of what it disclosed.

    `withdrawn_from` and `is_corrected` are what became of it, as far as the authority may see (rules 13 and 16).
    """

    id: UUID
    discloser: str
    recipients: list[str]
    paragraph: str
    exchanged_at: datetime
    declared_not_for_investigation: bool
    consent: Consent | None
    manifest: str
    withdrawn_from: list[str]
    is_corrected: bool


class JournalNote(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority takes home: decisions and proof, never content.

    `log_size` and `log_root` (32 bytes, hexadecimal) name the log as it stood; `text` is the same in Danish, to be put
    into the authority's own journal, and the log holds its SHA-256, `digest`.
    """

    case_number: str
    reference: str | None
    stage: Stage
    made_at: datetime
    decisions: list[JournalDecision]
    exchanges: list[JournalExchange]
    log_origin: str
    log_size: int
    log_root: str
    text: str
    digest: str


class CaseLogLine(msgspec.Struct, frozen=True):
    """An entry of the own log about the case: who did what when. `told`: the authorities it disclosed to."""

    index: int
    at: datetime
    person: UUID | None
    action: str
    outcome: Outcome
    told: list[str]
    opened: int
    wrote: int


class CaseLogPage(msgspec.Struct, frozen=True):
    """Some lines, and the index to go on behind; `None` is the end.

    `bad` are the places among them at which the log holds something that is no entry, on this case or not.
    """

    items: list[CaseLogLine]
    next: int | None
    bad: list[int]
