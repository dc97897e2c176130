"""How a joint decision is shown, and what is sent to sign it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.joint_decisions.document import document_of
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.joint_decisions.operations import signatures_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.unit import UnitOfWork

Content = TypeVar("Content", bound=msgspec.Struct)
Warn = Callable[[UnitOfWork, Any], Awaitable[list[str]]]
"""Gives Danish warnings on a decision's content for its signers; a warning refuses nothing."""


class SignatureDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed: the hash of the content that was read, 64 hexadecimal digits."""

    content_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class SignatureView(msgspec.Struct, frozen=True):
    """Who signed, for whom, when."""

    authority_id: str
    person_id: UUID
    signed_at: datetime


class DecisionView(msgspec.Struct, Generic[Content], frozen=True, kw_only=True):
    """A joint decision: `decided_at` is set once both authorities signed the same `content_hash`."""

    id: UUID
    case_id: UUID
    proposed_by: str
    outcome: str
    content: Content
    content_hash: str
    exchange_id: UUID | None
    decided_at: datetime | None
    signatures: list[SignatureView]
    warnings: list[str]
    told: Told | None


async def decision_view(
    work: UnitOfWork, decision: JointDecision, content: type[Content], *, reading: Action, warn: Warn | None = None
) -> DecisionView[Content]:
    """Open a decision, with the signatures on its present content."""
    texts = (await work.open(decision, reading=reading))[decision.id]
    signatures = await signatures_of(work, decision)
    document = document_of(texts["content"], content)
    return DecisionView(
        id=decision.id, case_id=decision.case_id, proposed_by=decision.authority_id, outcome=decision.result,
        content=document, content_hash=decision.content_hash.hex(),
        exchange_id=decision.exchange_id, decided_at=decision.decided_at,
        signatures=[SignatureView(row.authority_id, row.person_id, row.signed_at) for row in signatures],
        warnings=await warn(work, document) if warn else [], told=(await told_of(work, decision)).get(decision.id),
    )
