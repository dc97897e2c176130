"""Fælles beslutning: the rows of a sealed document that both authorities sign, and of their signatures."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.access.model import Authority, Case
from infohus.kernel.database.tables import Record, Row, new_id
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class JointDecision(Record):
    """What both tovholdere decide together. `content` is the salted document as JSON, `content_hash` its SHA-256."""

    __abstract__ = True

    outcome: Mapped[str]
    content: Mapped[Sealed] = mapped_column(SealedColumn)
    content_hash: Mapped[bytes]
    exchange_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Exchange.id))
    decided_at: Mapped[datetime | None]


class Signature(Row):
    """One natural person's signature, for one authority, on exactly one content."""

    __tablename__ = "signature"
    __table_args__ = (
        sa.UniqueConstraint(
            "record_id", "content_hash", "authority_id", "withdrawn_at", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), index=True)
    record_id: Mapped[UUID]
    record_kind: Mapped[str]
    content_hash: Mapped[bytes]
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    person_id: Mapped[UUID]
    signed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """When its authority took it back; only a signature on a closure ever is."""
