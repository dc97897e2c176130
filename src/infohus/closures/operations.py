"""Propose, amend and sign a closure."""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.joint import amend, propose, sign
from infohus.cases.unfinished import unfinished_business
from infohus.closures.model import Closure, ClosureDraft, ClosureOutcome, Retention
from infohus.closures.retention import RULES, erase_after
from infohus.ground import CaseKey
from infohus.unit_of_work import UnitOfWork

RETENTION = sa.select(Retention).where(Retention.case_id == sa.bindparam("case_id")).order_by(Retention.authority_id)
_KEY_HOLDERS = sa.select(CaseKey.authority_id).where(CaseKey.case_id == sa.bindparam("case_id"))
BY_ID = sa.select(Closure).where(Closure.id == sa.bindparam("id"))


async def propose_closure(work: UnitOfWork, draft: ClosureDraft) -> Closure:
    """Propose a closure, signed by the proposer and disclosed to the other authority.

    Raises:
        CaseHasUnfinishedBusiness: naming what must be finished first (rule 70).
    """
    await _refuse_unfinished(work)
    decision = await propose(
        work, Closure, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure
    )
    work.done(decision.id)
    return decision


async def amend_closure(work: UnitOfWork, decision: Closure, draft: ClosureDraft) -> Closure:
    """Change an open proposal; earlier signatures are void (rule 18)."""
    return await amend(work, decision, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure)


async def sign_closure(work: UnitOfWork, decision: Closure, content_hash: bytes) -> Closure:
    """Sign a closure as it was read; with both signatures the case is closed and the retention clock runs (rule 71)."""
    await _refuse_unfinished(work)
    if await sign(work, decision, content_hash=content_hash):
        outcome = ClosureOutcome(decision.outcome)
        work.change(work.case, closed_at=work.now, outcome=outcome.value)
        closed_on = work.now.date()
        for holder in await work.values(_KEY_HOLDERS, case_id=work.case.id):
            work.add(Retention(
                case_id=work.case.id, authority_id=holder["authority_id"], rule=RULES[outcome].name,
                runs_from=closed_on, erase_after=erase_after(outcome, closed_on),
            ))
    return decision


async def _refuse_unfinished(work: UnitOfWork) -> None:
    missing = await unfinished_business(work)
    if missing:
        raise errors.CaseHasUnfinishedBusiness(missing=", ".join(missing))
