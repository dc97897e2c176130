"""Fælles afgrænsning: its outcome and the document both sign."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from infohus.cases.disclosure import DisclosureDraft, LongText
from infohus.cases.joint import JointDecision
from infohus.tables import owned_by_authority


class ScopeOutcome(StrEnum):
    """Where the concern belongs."""

    WITHIN = "within"
    OUTSIDE = "outside"
    POLICE_ALONE = "police_alone"


class ScopeDecision(JointDecision):
    """Whether the concern is infohus work, decided by both."""

    __tablename__ = "scope_decision"
    __table_args__ = owned_by_authority()


class ScopeContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the decision rests on, in each side's own words."""

    reasons: Annotated[LongText, Meta(min_length=1)]
    considered: LongText = ""


class ScopeDecisionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: ScopeOutcome
    content: ScopeContent
    disclosure: DisclosureDraft
