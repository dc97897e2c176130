"""The closure: its table, the document that both sign, and the draft that proposes it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from infohus.cases.disclosures.model import DisclosureDraft, LongText
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.procedure.outcomes import ClosureOutcome
from infohus.kernel.database.tables import owned_by_authority


class Closure(JointDecision):
    """A joint decision on why the case ends; its outcome is a `ClosureOutcome`."""

    __tablename__ = "closure"
    __table_args__ = owned_by_authority()


class ClosureContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why the case ends."""

    reasons: Annotated[LongText, Meta(min_length=1)]


class ClosureDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: ClosureOutcome
    content: ClosureContent
    disclosure: DisclosureDraft
