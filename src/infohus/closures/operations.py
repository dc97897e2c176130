"""Propose, amend and sign a closure."""

import sqlalchemy as sa

from infohus.cases.joint import amend, propose, sign
from infohus.closures.model import Closure, ClosureDraft
from infohus.unit_of_work import UnitOfWork

BY_ID = sa.select(Closure).where(Closure.id == sa.bindparam("id"))


async def propose_closure(work: UnitOfWork, draft: ClosureDraft) -> Closure:
    """Propose a closure, signed by the proposer and disclosed to the other authority."""
    decision = await propose(
        work, Closure, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure
    )
    work.done(decision.id)
    return decision


async def amend_closure(work: UnitOfWork, decision: Closure, draft: ClosureDraft) -> Closure:
    """Change an open proposal; earlier signatures are void (rule 18)."""
    return await amend(work, decision, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure)


async def sign_closure(work: UnitOfWork, decision: Closure, content_hash: bytes) -> Closure:
    """Sign a closure as it was read; both signatures make it."""
    await sign(work, decision, content_hash=content_hash)
    return decision
