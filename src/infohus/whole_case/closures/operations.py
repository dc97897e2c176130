"""Propose, amend and sign a closure; the second signature closes the case, and each side's retention runs from then."""

from infohus import errors
from infohus.cases.joint_decisions.operations import amend, propose, sign
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.blockers import Blocker, ResolvableBy, blockers_of_closing, refuse_unfinished
from infohus.whole_case.closures.model import Closure, ClosureDraft
from infohus.whole_case.earlier_concerns.operations import require_earlier_concerns_seen

_EARLIER = Blocker(
    errors.slug_of(errors.EarlierConcernsNotSeen), 78, "din bekræftelse af, at du har set, hvad der gik forud",
    ResolvableBy.YOURSELF, "Hent sagens tidligere henvendelser, og bekræft, at du har set dem.",
)


async def blockers_of_signing(work: UnitOfWork) -> list[Blocker]:
    """List everything for which a signature of the caller on a closure would be refused now."""
    blockers = await blockers_of_closing(work)
    try:
        await require_earlier_concerns_seen(work)
    except errors.EarlierConcernsNotSeen:
        return sorted([*blockers, _EARLIER], key=lambda blocker: blocker.code)
    return blockers


async def propose_closure(work: UnitOfWork, draft: ClosureDraft) -> Closure:
    """Propose why the case ends, whatever stands on the other's side.

    Raises:
        CaseHasUnfinishedBusiness: something joint, or of the own side, must be finished first (rule 70).
        EarlierConcernsNotSeen: the caller, who signs by proposing, has not confirmed the earlier concerns (rule 78).
    """
    await refuse_unfinished(work)
    await require_earlier_concerns_seen(work)
    return await propose(work, Closure, draft)


async def amend_closure(work: UnitOfWork, closure: Closure, draft: ClosureDraft) -> Closure:
    """Change an open proposal; whoever changes it signs it too (rule 18).

    Raises:
        CaseHasUnfinishedBusiness: something joint, or of the own side, must be finished first (rule 70).
        EarlierConcernsNotSeen: the caller has not confirmed the earlier concerns (rule 78).
    """
    await refuse_unfinished(work)
    await require_earlier_concerns_seen(work)
    return await amend(work, closure, draft)


async def sign_closure(work: UnitOfWork, closure: Closure, content_hash: bytes) -> Closure:
    """Sign the closure with this hash; the second signature closes the case, and each side's retention runs (rule 71).

    Raises:
        CaseHasUnfinishedBusiness: something joint, or of the own side, must be finished first (rule 70).
        EarlierConcernsNotSeen: the signer has not confirmed the earlier concerns (rule 78).
    """
    await refuse_unfinished(work)
    await require_earlier_concerns_seen(work)
    await sign(work, closure, content_hash)
    if closure.decided_at is not None:
        work.change(work.case, closed_at=work.now, outcome=closure.outcome)
    return closure
