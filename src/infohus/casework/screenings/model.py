"""Screening: the row, and the document both sign."""


import msgspec

from infohus.cases.disclosures.model import DisclosureDraft
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.procedure.outcomes import ScreeningOutcome
from infohus.kernel.database.tables import owned_by_authority
from infohus.kernel.requests.words import Reason


class Screening(JointDecision):
    """What both conclude on existing information."""

    __tablename__ = "screening"
    __table_args__ = owned_by_authority()


class ScreeningContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was weighed, and why it ends as it does."""

    considered: Reason
    reasons: Reason


class ScreeningDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: ScreeningOutcome
    content: ScreeningContent
    disclosure: DisclosureDraft
