"""Propose, amend and sign a scope decision, or differ from it."""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import Item
from infohus.cases.disclosures.operations import disclose
from infohus.cases.joint_decisions.operations import amend, propose, require_open, require_shown_to_the_other, sign
from infohus.cases.procedure.outcomes import ScopeOutcome
from infohus.cases.procedure.table import next_stage
from infohus.casework.scope_decisions.model import (
    DisagreementDraft,
    ScopeDecision,
    ScopeDecisionDraft,
    ScopeDisagreement,
)
from infohus.casework.scope_decisions.residences import require_known_residents
from infohus.kernel.unit_of_work.unit import UnitOfWork

DISAGREEMENT_BY_ID = sa.select(ScopeDisagreement).where(ScopeDisagreement.id == sa.bindparam("id"))


async def propose_scope_decision(work: UnitOfWork, draft: ScopeDecisionDraft) -> ScopeDecision:
    """Propose where the concern belongs."""
    await require_known_residents(work, draft.content.residences, draft.disclosure.recipients)
    return await propose(work, ScopeDecision, draft)


async def amend_scope_decision(
    work: UnitOfWork, decision: ScopeDecision, draft: ScopeDecisionDraft
) -> ScopeDecision:
    """Change an open proposal (rule 18)."""
    await require_known_residents(work, draft.content.residences, draft.disclosure.recipients)
    return await amend(work, decision, draft)


async def sign_scope_decision(work: UnitOfWork, decision: ScopeDecision, content_hash: bytes) -> ScopeDecision:
    """Sign as it was read; with a municipal and a police tovholder's signature it is decided (rule 17)."""
    return await sign(work, decision, content_hash)


async def differ(work: UnitOfWork, decision: ScopeDecision, draft: DisagreementDraft) -> ScopeDisagreement:
    """Differ from a proposal: the concern is not taken in, and each side's reason stands (rule 17).

    Raises:
        DecisionAlreadyMade: both have signed, or they differed already.
        AlreadySigned: the caller's authority made the proposal; it is the other's to differ.
        ChangedMeanwhile: there is a later version, which was not disclosed to the caller.
        NotShownToTheOther: the other tovholder's authority is no recipient, and would not learn the reason.
    """
    await require_shown_to_the_other(work, draft.disclosure)
    await require_open(work, decision)
    if decision.authority_id == work.caller.authority_id:
        raise errors.AlreadySigned
    disagreement = work.create(ScopeDisagreement, sealed={"reason": draft.reason}, scope_decision_id=decision.id)
    await disclose(work, draft.disclosure, [Item.of(disagreement)])
    work.change(decision, differed_at=work.now, decided_at=work.now)
    work.change(work.case, stage=next_stage(work.action, ScopeOutcome.DISAGREED))
    work.done(disagreement.id)
    return disagreement
