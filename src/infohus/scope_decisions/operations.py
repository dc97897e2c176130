"""Propose, amend and sign a scope decision."""

import sqlalchemy as sa

from infohus.cases.joint import amend, propose, sign
from infohus.scope_decisions.model import ScopeDecision, ScopeDecisionDraft
from infohus.unit_of_work import UnitOfWork

BY_ID = sa.select(ScopeDecision).where(ScopeDecision.id == sa.bindparam("id"))


async def propose_scope_decision(work: UnitOfWork, draft: ScopeDecisionDraft) -> ScopeDecision:
    """Propose a scope decision, signed by the proposer and disclosed to the other authority."""
    decision = await propose(
        work, ScopeDecision, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure
    )
    work.done(decision.id)
    return decision


async def amend_scope_decision(work: UnitOfWork, decision: ScopeDecision, draft: ScopeDecisionDraft) -> ScopeDecision:
    """Change an open proposal; earlier signatures are void (rule 18)."""
    return await amend(work, decision, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure)


async def sign_scope_decision(work: UnitOfWork, decision: ScopeDecision, content_hash: bytes) -> ScopeDecision:
    """Sign a scope decision as it was read; both signatures make it."""
    await sign(work, decision, content_hash=content_hash)
    return decision
