"""Screening: the row, and the document both sign."""

from typing import Annotated

import msgspec
from msgspec import Meta

from infohus.cases.disclosures.model import DisclosureDraft, LongText
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.procedure.outcomes import ScreeningOutcome
from infohus.kernel.database.tables import owned_by_authority


class Screening(JointDecision):
    """What both conclude on existing information."""

    __tablename__ = "screening"
    __table_args__ = owned_by_authority()


class ScreeningContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was weighed, and why it ends as it does."""

    considered: Annotated[LongText, Meta(min_length=1)]
    reasons: Annotated[LongText, Meta(min_length=1)]


class ScreeningDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: ScreeningOutcome
    content: ScreeningContent
    disclosure: DisclosureDraft
