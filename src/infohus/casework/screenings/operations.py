"""Propose, amend and sign a screening. The table of the procedure says which stage it leads to."""

from infohus.cases.joint_decisions.operations import amend, propose, sign
from infohus.casework.screenings.model import Screening, ScreeningDraft
from infohus.kernel.unit_of_work.unit import UnitOfWork


async def propose_screening(work: UnitOfWork, draft: ScreeningDraft) -> Screening:
    """Propose what the screening on existing information ends in."""
    return await propose(work, Screening, draft)


async def amend_screening(work: UnitOfWork, screening: Screening, draft: ScreeningDraft) -> Screening:
    """Change an open proposal (rule 18)."""
    return await amend(work, screening, draft)


async def sign_screening(work: UnitOfWork, screening: Screening, content_hash: bytes) -> Screening:
    """Sign as it was read; "qualify further" is then the joint reason that opens the tool (rule 35)."""
    return await sign(work, screening, content_hash)
