"""What the caller can do next in a case; for what is not possible now, the rule, in Danish, and who can change that.

Nothing is decided here: the policies say what the caller may do, the procedure's table what the stage allows, and the
list that closing refuses by what blocks closing. An action that the policies refuse the caller is not listed.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.joint_decisions.operations import signatures_of
from infohus.cases.procedure.table import PROCEDURE, WAY
from infohus.casework.assessments.model import Assessment
from infohus.casework.measures.model import Recommendation
from infohus.casework.scope_decisions.first_views import require_first_view_possible
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.casework.screenings.model import Screening
from infohus.danish import STAGES, words_for
from infohus.danish.acts import ACTS, NO_LONGER, REACHED_BY
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.blockers import (
    ResolvableBy,
    blockers_of_closing,
    can_be_signed,
    hand_over_waits,
    has_hand_over,
)
from infohus.whole_case.closures.model import Closure
from infohus.whole_case.decision_kinds import JOINT_DECISIONS
from infohus.whole_case.earlier_concerns.operations import require_earlier_concerns_seen
from infohus.whole_case.next_steps.child_steps import duties_to_children
from infohus.whole_case.next_steps.exchange_steps import acts_on_exchanges


class WhyNot(msgspec.Struct, frozen=True):
    """Why an act is not possible now: the problem that its route would answer, the rule, what to do, who can."""

    problem: str
    rule: int
    words: str
    lifted_by: ResolvableBy


class NextStep(msgspec.Struct, frozen=True):
    """One act, its Danish name, and why it is not possible where it is not.

    `on` are the exchanges, requests or underretninger that it can be done with; empty for an act on the case.
    """

    act: str
    name: str
    is_possible: bool
    why_not: WhyNot | None
    on: list[UUID] = []


OFFERED: Mapping[Action, int] = MappingProxyType({
    action: row.offered_under_rule for action, row in PROCEDURE.items() if row.offered_under_rule is not None
})
"""Actions on the case itself, in the order in which a case meets them, each with the rule that it serves."""

PROPOSED: Mapping[Action, type[JointDecision]] = MappingProxyType({
    Action.PROPOSE_SCOPE_DECISION: ScopeDecision, Action.PROPOSE_SCREENING: Screening,
    Action.OPEN_ASSESSMENT: Assessment, Action.PROPOSE_RECOMMENDATION: Recommendation,
    Action.PROPOSE_CLOSURE: Closure,
})
"""Actions that propose a joint decision, of which a case can have one open of each kind."""

OPENING = frozenset({Action.START_MEASURE, Action.REQUEST_INFORMATION, *PROPOSED}) - {Action.PROPOSE_CLOSURE}
"""Actions that open something, which nobody does who has signed a closure (rule 70)."""
_SIGNED_CLOSURE = "a closure that the caller's authority has signed"

_ASSESSED = sa.select(Assessment.id).where(Assessment.case_id == sa.bindparam("case_id")).limit(1)


async def next_steps(work: UnitOfWork) -> list[NextStep]:
    """List the actions that the policies allow the caller in the case, possible now or not.

    What is owed to a child comes first, for its clocks run; what can be done with exchanges comes last.
    """
    waiting = await waiting_proposals(work)
    open_kinds = {proposal.kind for proposal in waiting}
    if any(one.kind == Closure.__tablename__ and work.caller.authority_id in one.signed_by for one in waiting):
        open_kinds.add(_SIGNED_CLOSURE)
    duties = await duties_to_children(work)
    steps = [
        NextStep(action.value, ACTS[PROCEDURE[action].words], is_possible=True, why_not=None, on=on)
        for action, on in duties.items()
    ]
    for action in OFFERED:
        if action in duties or not work.allows(action):
            continue
        if action is not Action.HAND_OVER_CHILD_NOTIFICATION or await has_hand_over(work):
            why_not = await _too_early_or_late(work, action) or await _hindered(work, action, open_kinds)
            steps.append(NextStep(action.value, ACTS[PROCEDURE[action].words], why_not is None, why_not))
    for action, on in (await acts_on_exchanges(work)).items():
        steps.append(NextStep(action.value, ACTS[PROCEDURE[action].words], is_possible=True, why_not=None, on=on))
    return steps


async def _hindered(work: UnitOfWork, action: Action, open_kinds: set[str]) -> WhyNot | None:
    """Find why an action's operation would refuse it at a stage that allows it."""
    refusal: errors.Refused | None = None
    lifted_by = ResolvableBy.NOBODY
    match action:
        case Action.HAND_OVER_CHILD_NOTIFICATION if not await hand_over_waits(work):
            refusal = errors.AlreadyRecorded()
        case Action.OPEN_ASSESSMENT if work.case.stage is Stage.ACTING and not await _was_assessed(work):
            refusal = errors.NotPossibleNow(stage=work.case.stage.value)
        case Action.STATE_FIRST_VIEW:
            refusal = await _first_view_refusal(work, open_kinds)
        case _ if action in OPENING and _SIGNED_CLOSURE in open_kinds:
            refusal, lifted_by = errors.ClosureIsSigned(), ResolvableBy.YOURSELF
        case Action.PROPOSE_CLOSURE if Closure.__tablename__ not in open_kinds:
            return await _unfinished(work)
    if refusal is None and action in PROPOSED and PROPOSED[action].__tablename__ in open_kinds:
        refusal, lifted_by = errors.AlreadyProposed(), ResolvableBy.BOTH
    return None if refusal is None else _because(refusal, OFFERED[action], lifted_by)


async def _first_view_refusal(work: UnitOfWork, open_kinds: set[str]) -> errors.Refused | None:
    """Find why the caller cannot state a first view any more."""
    try:
        await require_first_view_possible(work)
    except (errors.AlreadyRecorded, errors.FirstViewTooLate) as refusal:
        return refusal
    return errors.AlreadyProposed() if ScopeDecision.__tablename__ in open_kinds else None


async def _too_early_or_late(work: UnitOfWork, action: Action) -> WhyNot | None:
    row = PROCEDURE[action]
    try:
        row.require_ordinary_stage(work.case)
        row.require_possible(work.case, work.resolved.side)
    except errors.ScreeningAwaitsChildNotification as refusal:
        # What the police recorded they hand over themselves; what the municipality told them of, the municipality.
        is_theirs = work.caller.authority_kind is AuthorityKind.POLICE and await hand_over_waits(work)
        return _because(refusal, 32, ResolvableBy.POLICE if is_theirs else ResolvableBy.MUNICIPALITY)
    except errors.NotPossibleNow as refusal:
        words, lifted_by = NO_LONGER.format(stage=STAGES[work.case.stage.value]), ResolvableBy.NOBODY
        ahead = [stage for stage in WAY if stage in row.stages]
        if work.case.stage in WAY and ahead and WAY.index(work.case.stage) < WAY.index(ahead[0]):
            # Only the police check moves a case by one authority; every later stage is reached by a joint decision.
            words, lifted_by = REACHED_BY[ahead[0].value], ResolvableBy.BOTH
            if ahead[0] in PROCEDURE[Action.RECORD_CLEARANCE_CHECK].leads_to.values():
                lifted_by = ResolvableBy.POLICE
        return WhyNot(f"/problems/{refusal.slug}", OFFERED[action], words, lifted_by)
    return None


async def _unfinished(work: UnitOfWork) -> WhyNot | None:
    blockers = await blockers_of_closing(work)
    if blockers:
        missing = ", ".join(blocker.what for blocker in blockers)
        refusal = errors.CaseHasUnfinishedBusiness(missing=missing)
        return _because(refusal, blockers[0].rule, blockers[0].lifted_by)
    try:
        await require_earlier_concerns_seen(work)
    except errors.EarlierConcernsNotSeen as refusal:
        return _because(refusal, 78, ResolvableBy.YOURSELF)
    return None


def _because(refusal: errors.Refused, rule: int, lifted_by: ResolvableBy) -> WhyNot:
    return WhyNot(f"/problems/{refusal.slug}", rule, words_for(refusal)[1], lifted_by)


async def _was_assessed(work: UnitOfWork) -> bool:
    return bool(await work.values(_ASSESSED, case_id=work.case.id))


class Waiting(msgspec.Struct, frozen=True):
    """An open proposal that the caller has read access to: whose signature it waits for."""

    kind: str
    id: str
    waits_for_you: bool
    signed_by: list[str]


async def waiting_proposals(work: UnitOfWork) -> list[Waiting]:
    """List the open joint decisions that the caller can read and the stage lets be signed, and who has signed each."""
    waiting = []
    for model in JOINT_DECISIONS:
        if not can_be_signed(model, work.case.stage):
            continue
        for decision in await work.rows(model, _open(model), case_id=work.case.id):
            signed = sorted(signature.authority_id for signature in await signatures_of(work, decision))
            waiting.append(Waiting(
                model.__tablename__, str(decision.id), work.caller.authority_id not in signed, signed
            ))
    return waiting


@cache
def _open(model: type[JointDecision]) -> AnySelect:
    return sa.select(model).where(model.case_id == sa.bindparam("case_id"), model.decided_at.is_(None))
