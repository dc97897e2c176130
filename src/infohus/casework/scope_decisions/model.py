"""Fælles afgrænsning: the document both sign, and the other side's reason when they differ."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import DisclosureDraft
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.procedure.outcomes import ProposedScope, ScopeOutcome
from infohus.kernel.database.tables import Record, owned_by_authority
from infohus.kernel.requests.words import OptionalReason, Reason, label
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class ScopeDecision(JointDecision):
    """Whether the concern is infohus work, decided by both; `differed_at` is when the other side saw it differently."""

    __tablename__ = "scope_decision"
    __table_args__ = owned_by_authority()

    changes_later: ClassVar = JointDecision.changes_later | {"differed_at"}

    differed_at: Mapped[datetime | None]

    @property
    def result(self) -> str:
        """The outcome proposed, or that the two differed."""
        return self.outcome if self.differed_at is None else ScopeOutcome.DISAGREED.value


class ScopeDisagreement(Record):
    """The other side's reason for seeing it differently; the concern is then not taken in (rule 17)."""

    concerns_everybody: ClassVar = True

    __tablename__ = "scope_disagreement"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("scope_decision_id"))

    scope_decision_id: Mapped[UUID]
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class DisagreementDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why the signer differs, and the § 115 fields of telling the proposer."""

    reason: Reason
    disclosure: DisclosureDraft


UNKNOWN_HOME = "unknown"


class Residence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a subject lives when the decision is made: a municipality's name or code, or `unknown` (rule 21)."""

    subject_id: UUID
    home_municipality: Annotated[str, label(60)]


class ScopeContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the decision rests on, in each side's own words."""

    reasons: Reason
    considered: OptionalReason = ""
    residences: Annotated[list[Residence], Meta(max_length=20)] = []


class ScopeDecisionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: ProposedScope
    content: ScopeContent
    disclosure: DisclosureDraft
