"""Fælles beslutning: the rows of a sealed document that both authorities sign, and of their signatures."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.access.model import Authority, Case
from infohus.kernel.database.tables import Changing, Row, VersionedRecord, new_id
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class JointKind(StrEnum):
    """Kinds of joint decision; each is a table's name."""

    ASSESSMENT = "assessment"
    CLOSURE = "closure"
    RECOMMENDATION = "recommendation"
    SCOPE_DECISION = "scope_decision"
    SCREENING = "screening"


class JointDecision(VersionedRecord, Changing):
    """What both tovholdere decide together. `content` is the salted document as JSON.

    `content_hash` is what is signed: it covers the document, its outcome, its kind, the record and the case.
    """

    __abstract__ = True

    has_own_key: ClassVar = True
    concerns_everybody: ClassVar = True
    changes_later: ClassVar = frozenset({"exchange_id", "decided_at"})

    outcome: Mapped[str]
    content: Mapped[Sealed] = mapped_column(SealedColumn)
    content_hash: Mapped[bytes]
    exchange_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Exchange.id))
    decided_at: Mapped[datetime | None]

    @property
    def result(self) -> str:
        """What came of it, as it is shown and counted: the outcome, unless the two differed."""
        return self.outcome


class Signature(Row, Changing):
    """One natural person's signature, for one authority, on exactly one content of one version."""

    __tablename__ = "signature"
    __table_args__ = (
        sa.UniqueConstraint(
            "record_id", "content_hash", "authority_id", "withdrawn_at", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), index=True)
    record_id: Mapped[UUID]
    record_version: Mapped[int]
    record_kind: Mapped[str]
    content_hash: Mapped[bytes]
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    person_id: Mapped[UUID]
    signed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """When its authority took it back; only a signature on a closure ever is."""
