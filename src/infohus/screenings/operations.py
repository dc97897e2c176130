"""Propose, amend and sign a screening."""

import sqlalchemy as sa

from infohus.cases.joint import amend, propose, sign
from infohus.screenings.model import Screening, ScreeningDraft
from infohus.unit_of_work import UnitOfWork

BY_ID = sa.select(Screening).where(Screening.id == sa.bindparam("id"))


async def propose_screening(work: UnitOfWork, draft: ScreeningDraft) -> Screening:
    """Propose a screening, signed by the proposer and disclosed to the other authority."""
    decision = await propose(
        work, Screening, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure
    )
    work.done(decision.id)
    return decision


async def amend_screening(work: UnitOfWork, decision: Screening, draft: ScreeningDraft) -> Screening:
    """Change an open proposal; earlier signatures are void (rule 18)."""
    return await amend(work, decision, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure)


async def sign_screening(work: UnitOfWork, decision: Screening, content_hash: bytes) -> Screening:
    """Sign a screening as it was read; both signatures make it."""
    await sign(work, decision, content_hash=content_hash)
    return decision
