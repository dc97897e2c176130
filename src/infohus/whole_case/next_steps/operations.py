"""Næste skridt: what this caller can do next in a case, and for what not yet: the rule, in Danish, and who can lift it.

Nothing is decided here. Who may is asked of the policies, what is possible of the procedure's table, what blocks
closing of the list that closing refuses by. An act that the policies do not give the caller is not mentioned at all.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.joint_decisions.operations import signatures_of
from infohus.cases.procedure.table import PROCEDURE, WAY
from infohus.casework.assessments.model import Assessment
from infohus.casework.measures.model import Recommendation
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.casework.screenings.model import Screening
from infohus.danish import words_for
from infohus.danish.acts import ACTS, NO_LONGER, REACHED_BY
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.blockers import ResolvableBy, blockers_of_closing
from infohus.whole_case.closures.model import Closure
from infohus.whole_case.decision_kinds import JOINT_DECISIONS
from infohus.whole_case.earlier_concerns.operations import require_earlier_concerns_seen


class WhyNot(msgspec.Struct, frozen=True):
    """Why an act is not possible now: the problem that its route would answer, the rule, what to do, who can."""

    problem: str
    rule: int
    words: str
    lifted_by: ResolvableBy


class NextStep(msgspec.Struct, frozen=True):
    """One act, its Danish name, and why it is not possible where it is not."""

    act: str
    name: str
    is_possible: bool
    why_not: WhyNot | None


OFFERED: Mapping[Action, int] = MappingProxyType({
    action: row.offered_under_rule for action, row in PROCEDURE.items() if row.offered_under_rule is not None
})
"""Acts on the case itself, in the order in which a case meets them, with the rule that each serves."""

PROPOSED: Mapping[Action, type[JointDecision]] = MappingProxyType({
    Action.PROPOSE_SCOPE_DECISION: ScopeDecision, Action.PROPOSE_SCREENING: Screening,
    Action.OPEN_ASSESSMENT: Assessment, Action.PROPOSE_RECOMMENDATION: Recommendation,
    Action.PROPOSE_CLOSURE: Closure,
})
"""What is proposed, of which one can be open at a time."""

_STATED = sa.select(
    sa.func.infohus.first_views_stated(sa.bindparam("case_id", type_=sa.Uuid)).label("authority_id")
)
_ASSESSED = sa.select(Assessment.id).where(Assessment.case_id == sa.bindparam("case_id")).limit(1)


async def next_steps(work: UnitOfWork) -> list[NextStep]:
    """List the acts that the policies give the caller in this case, possible or not."""
    open_kinds = {one.kind for one in await waiting_proposals(work)}
    steps = []
    for action in OFFERED:
        if work.allows(action):
            why_not = _too_early_or_late(work, action) or await _hindered(work, action, open_kinds)
            steps.append(NextStep(action.value, ACTS[PROCEDURE[action].words], why_not is None, why_not))
    return steps


async def _hindered(work: UnitOfWork, action: Action, open_kinds: set[str]) -> WhyNot | None:
    """Find what an act's own operation refuses at a stage that allows it."""
    refusal: errors.Refused | None = None
    lifter = ResolvableBy.NOBODY
    match action:
        case Action.HAND_OVER_CHILD_NOTIFICATION if not work.case.awaits_child_notification:
            refusal = errors.AlreadyRecorded()
        case Action.OPEN_ASSESSMENT if work.case.stage is Stage.ACTING and not await _was_assessed(work):
            refusal = errors.NotPossibleNow(stage=work.case.stage.value)
        case Action.STATE_FIRST_VIEW | Action.PROPOSE_SCOPE_DECISION:
            refusal, lifter = await _not_blind(work, action, open_kinds)
        case Action.PROPOSE_CLOSURE if Closure.__tablename__ not in open_kinds:
            return await _unfinished(work)
    if refusal is None and action in PROPOSED and PROPOSED[action].__tablename__ in open_kinds:
        refusal, lifter = errors.AlreadyProposed(), ResolvableBy.BOTH
    return None if refusal is None else _because(refusal, OFFERED[action], lifter)


async def _not_blind(
    work: UnitOfWork, action: Action, open_kinds: set[str],
) -> tuple[errors.Refused | None, ResolvableBy]:
    """Find why somebody cannot state a first view any more, or not propose before the other has stated theirs."""
    stated = {row["authority_id"] for row in await work.values(_STATED, case_id=work.case.id)}
    is_open = ScopeDecision.__tablename__ in open_kinds
    if action is Action.STATE_FIRST_VIEW:
        if work.caller.authority_id in stated:
            return errors.AlreadyRecorded(), ResolvableBy.NOBODY
        too_late = errors.AlreadyProposed() if is_open else None
        return too_late, ResolvableBy.NOBODY
    waits = stated == {work.caller.authority_id} and not is_open
    return (errors.FirstViewAwaitsTheOther(), ResolvableBy.THE_OTHER) if waits else (None, ResolvableBy.NOBODY)


def _too_early_or_late(work: UnitOfWork, action: Action) -> WhyNot | None:
    row = PROCEDURE[action]
    try:
        row.require_possible(work.case)
    except errors.ScreeningAwaitsChildNotification as refusal:
        return _because(refusal, 32, ResolvableBy.MUNICIPALITY)
    except errors.NotPossibleNow as refusal:
        words, lifter = NO_LONGER.format(why=words_for(refusal)[1]), ResolvableBy.NOBODY
        ahead = [stage for stage in WAY if stage in row.stages]
        if work.case.stage in WAY and ahead and WAY.index(work.case.stage) < WAY.index(ahead[0]):
            # The police check brings a case to its second stage; all that comes later, both tovholdere decide.
            words, lifter = REACHED_BY[ahead[0].value], ResolvableBy.BOTH
            if ahead[0] in PROCEDURE[Action.RECORD_CLEARANCE_CHECK].leads_to.values():
                lifter = ResolvableBy.POLICE
        return WhyNot(f"/problems/{refusal.slug}", OFFERED[action], words, lifter)
    return None


async def _unfinished(work: UnitOfWork) -> WhyNot | None:
    blockers = await blockers_of_closing(work)
    if blockers:
        missing = ", ".join(one.what for one in blockers)
        refusal = errors.CaseHasUnfinishedBusiness(missing=missing)
        return _because(refusal, blockers[0].rule, blockers[0].lifted_by)
    try:
        await require_earlier_concerns_seen(work)
    except errors.EarlierConcernsNotSeen as refusal:
        return _because(refusal, 78, ResolvableBy.YOURSELF)
    return None


def _because(refusal: errors.Refused, rule: int, lifter: ResolvableBy) -> WhyNot:
    return WhyNot(f"/problems/{refusal.slug}", rule, words_for(refusal)[1], lifter)


async def _was_assessed(work: UnitOfWork) -> bool:
    return bool(await work.values(_ASSESSED, case_id=work.case.id))


class Waiting(msgspec.Struct, frozen=True):
    """An open proposal that the caller has read access to: whose signature it waits for."""

    kind: str
    id: str
    waits_for_you: bool
    signed_by: list[str]


async def waiting_proposals(work: UnitOfWork) -> list[Waiting]:
    """List open joint decisions with whose signatures they have."""
    found = []
    for model in JOINT_DECISIONS:
        for one in await work.rows(model, _open(model), case_id=work.case.id):
            signed = sorted(signature.authority_id for signature in await signatures_of(work, one))
            found.append(Waiting(
                model.__tablename__, str(one.id), work.caller.authority_id not in signed, signed
            ))
    return found


@cache
def _open(model: type[JointDecision]) -> AnySelect:
    return sa.select(model).where(model.case_id == sa.bindparam("case_id"), model.decided_at.is_(None))
