"""The closure: its table, the document that both sign, and the draft that proposes it."""


import msgspec

from infohus.cases.disclosures.model import DisclosureDraft
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.procedure.outcomes import ClosureOutcome
from infohus.kernel.database.tables import owned_by_authority
from infohus.kernel.requests.words import Reason


class Closure(JointDecision):
    """A joint decision on why the case ends; its outcome is a `ClosureOutcome`."""

    __tablename__ = "closure"
    __table_args__ = owned_by_authority()


class ClosureContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why the case ends."""

    reasons: Reason


class ClosureDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: ClosureOutcome
    content: ClosureContent
    disclosure: DisclosureDraft
