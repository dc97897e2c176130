"""Propose, amend and sign a closure; the second signature closes the case and sets the retention periods."""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.joint_decisions.operations import amend, propose, sign
from infohus.cases.procedure.outcomes import ClosureOutcome
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Authority, CaseKey
from infohus.kernel.database.tables import Regime
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.blockers import blockers_of_closing
from infohus.whole_case.closures.model import Closure, ClosureDraft
from infohus.whole_case.closures.retention import Retention, erase_after, retention_table, rule_for
from infohus.whole_case.earlier_concerns.operations import require_earlier_concerns_seen

RETENTION = sa.select(Retention).where(Retention.case_id == sa.bindparam("case_id")).order_by(Retention.authority_id)
_KEY_HOLDERS = (
    sa.select(Authority.id, Authority.regime)
    .join(CaseKey, CaseKey.authority_id == Authority.id)
    .where(CaseKey.case_id == sa.bindparam("case_id"))
)
_HAS_CHILD = sa.select(sa.func.infohus.has_child(sa.bindparam("case_id", type_=sa.Uuid)).label("has_child"))


async def propose_closure(work: UnitOfWork, draft: ClosureDraft) -> Closure:
    """Propose why the case ends.

    Raises:
        CaseHasUnfinishedBusiness: something must be finished first, which it names (rule 70).
        EarlierConcernsNotSeen: the caller, who signs by proposing, has not confirmed the earlier concerns (rule 78).
    """
    await _refuse_unfinished(work)
    await require_earlier_concerns_seen(work)
    return await propose(work, Closure, draft)


async def amend_closure(work: UnitOfWork, closure: Closure, draft: ClosureDraft) -> Closure:
    """Change an open proposal; whoever changes it signs it too (rule 18).

    Raises:
        EarlierConcernsNotSeen: the caller has not confirmed the earlier concerns (rule 78).
    """
    await require_earlier_concerns_seen(work)
    return await amend(work, closure, draft)


async def sign_closure(work: UnitOfWork, closure: Closure, content_hash: bytes) -> Closure:
    """Sign the closure with this hash; the second signature closes the case and sets its retention (rule 71).

    Raises:
        CaseHasUnfinishedBusiness: something must be finished that was not there at the proposal (rule 70).
        EarlierConcernsNotSeen: the signer has not confirmed the earlier concerns (rule 78).
    """
    await _refuse_unfinished(work)
    await require_earlier_concerns_seen(work)
    await sign(work, closure, content_hash)
    if closure.decided_at is not None:
        await _start_retention(work, ClosureOutcome(closure.outcome))
    return closure


async def _start_retention(work: UnitOfWork, outcome: ClosureOutcome) -> None:
    closed_on = danish_day(work.now)
    work.change(work.case, closed_at=work.now, outcome=outcome.value)
    is_child = (await work.values(_HAS_CHILD, case_id=work.case.id))[0]["has_child"]
    for holder in await work.values(_KEY_HOLDERS, case_id=work.case.id):
        rule = rule_for(
            retention_table(), outcome=outcome.value, is_child=is_child, regime=Regime(holder["regime"]),
            authority=holder["id"],
        )
        work.add(Retention(
            case_id=work.case.id, authority_id=holder["id"], rule=rule.name, runs_from=closed_on,
            erase_after=erase_after(rule, closed_on),
        ))


async def _refuse_unfinished(work: UnitOfWork) -> None:
    blockers = await blockers_of_closing(work)
    if blockers:
        raise errors.CaseHasUnfinishedBusiness(missing=", ".join(blocker.what for blocker in blockers))
