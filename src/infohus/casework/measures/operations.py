"""Propose and sign a recommendation, start a measure, follow it up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import Item
from infohus.cases.disclosures.operations import disclose
from infohus.cases.joint_decisions.closing_signatures import require_no_closure_signed
from infohus.cases.joint_decisions.operations import amend, propose, sign
from infohus.cases.participants import Area, invitations_of
from infohus.cases.persons.about import persons_named
from infohus.cases.procedure.table import PROCEDURE
from infohus.casework.measures.model import (
    FollowUp,
    FollowUpDraft,
    Measure,
    MeasureDraft,
    PreventionLevel,
    Recommendation,
    RecommendationDraft,
)
from infohus.casework.measures.refusals import (
    DelivererTakesNoPart,
    FollowUpInThePast,
    IndicatedMeasureIsAnothers,
    MeasureEndsWithOneOutcome,
    ResponsibleAuthorityMissing,
    ResponsibleAuthorityTakesNoPart,
)
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Authority, Participant
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork

MEASURE_BY_ID = sa.select(Measure).where(Measure.id == sa.bindparam("id"))
_OF_MEASURE = FollowUp.measure_id == sa.bindparam("measure_id")
FOLLOW_UPS = (
    sa.select(FollowUp)
    .where(_OF_MEASURE, FollowUp.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(FollowUp.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_END = sa.select(FollowUp).where(_OF_MEASURE, FollowUp.outcome.is_not(None)).order_by(FollowUp.id).limit(1)
_LAST_DATE = (
    sa.select(FollowUp).where(_OF_MEASURE, FollowUp.next_follow_up_on.is_not(None))
    .order_by(FollowUp.id.desc()).limit(1)
)
_COUNT = sa.select(sa.func.count().label("follow_ups")).select_from(FollowUp).where(_OF_MEASURE)

_TAKING_PART = sa.select(Participant).where(
    Participant.id == sa.bindparam("id"), Participant.case_id == sa.bindparam("case_id"),
    Participant.begins_at <= sa.func.infohus.acting_at(), Participant.ends_at.is_not(None),
    Participant.goes_on_at(sa.func.infohus.acting_at()),
)
"""Finds only invited professionals: a tovholder's participation has no end date."""
_SECTOR = sa.select(Authority.public_task_sector).where(Authority.id == sa.bindparam("id"))
FOR_INDICATED = frozenset({AuthorityKind.POLICE, AuthorityKind.SECURITY_SERVICE, AuthorityKind.PROBATION})
"""Who carries out an indgribende indsats, beside social support. Source: beredskabsplanen, forebyggelsestrekanten."""


async def propose_recommendation(work: UnitOfWork, draft: RecommendationDraft) -> Recommendation:
    """Propose what the infohus recommends; it is no decision on the citizen (rule 23)."""
    return await propose(work, Recommendation, draft)


async def amend_recommendation(
    work: UnitOfWork, recommendation: Recommendation, draft: RecommendationDraft
) -> Recommendation:
    """Change an open proposal (rule 18)."""
    return await amend(work, recommendation, draft)


async def sign_recommendation(
    work: UnitOfWork, recommendation: Recommendation, content_hash: bytes
) -> Recommendation:
    """Sign as it was read; with both signatures it is the infohus' recommendation."""
    return await sign(work, recommendation, content_hash)


async def start_measure(work: UnitOfWork, draft: MeasureDraft) -> Measure:
    """Record a measure with the one authority that carries it out in its own right (rule 23).

    Raises:
        ResponsibleAuthorityMissing, ResponsibleAuthorityTakesNoPart, FollowUpInThePast
        IndicatedMeasureIsAnothers: an indicated one is for the police, PET, probation or social support.
        DelivererTakesNoPart: the caller's authority has not drawn the deliverer in for measures, or not now, or their
            authority may not read it.
        ClosureIsSigned: the caller's authority has signed a closure.
        PersonsNotNamed, NoPersonOfTheSide: see `persons_named`.
    """
    await require_no_closure_signed(work)
    responsible = draft.responsible_authority
    if responsible is None:
        raise ResponsibleAuthorityMissing
    if responsible not in work.parties:
        raise ResponsibleAuthorityTakesNoPart
    if draft.follow_up_on < danish_day(work.now):
        raise FollowUpInThePast
    readers = {work.caller.authority_id, *(draft.disclosure.recipients if draft.disclosure else ())}
    if responsible not in readers:
        raise ResponsibleAuthorityTakesNoPart
    if draft.level is PreventionLevel.INDICATED:
        await _require_kind_for_indicated(work, responsible, draft)
    measure = work.create(
        Measure, sealed={"description": draft.description}, level=draft.level, kind=draft.kind,
        responsible_id=responsible, delivered_by=await _deliverer(work, draft, readers),
        is_social_support=draft.is_social_support, starts_on=draft.starts_on, follow_up_on=draft.follow_up_on,
        about=await persons_named(work, draft.about),
    )
    if draft.disclosure is not None:
        await disclose(work, draft.disclosure, [Item.of(measure)])
    work.done(measure.id)
    return measure


async def _require_kind_for_indicated(work: UnitOfWork, responsible: str, draft: MeasureDraft) -> None:
    kind = work.parties[responsible]
    if kind in FOR_INDICATED:
        return
    sector = (await work.values(_SECTOR, id=responsible))[0]["public_task_sector"]
    gives_support = kind is AuthorityKind.MUNICIPALITY or sector == "social"
    if not (draft.is_social_support and gives_support):
        raise IndicatedMeasureIsAnothers


async def _deliverer(work: UnitOfWork, draft: MeasureDraft, readers: Collection[str]) -> UUID | None:
    if draft.deliverer is None:
        return None
    participant = await work.row(Participant, _TAKING_PART, id=draft.deliverer, case_id=work.case.id)
    if participant is None or participant.acts_for not in readers:
        raise DelivererTakesNoPart
    invitation = (await invitations_of(work, [participant.id])).get(participant.id)
    if invitation is None or Area.MEASURES not in invitation.scope:
        raise DelivererTakesNoPart
    return participant.person_id


async def record_follow_up(work: UnitOfWork, measure: Measure, draft: FollowUpDraft) -> FollowUp:
    """Record what was found, and when somebody looks again, or with what outcome the measure ends.

    Who else learns of it, its date and its outcome is what its disclosure says; the measure itself stays as it was.

    Raises:
        FollowUpInThePast, DecisionAlreadyMade
        NotPossibleNow: it would tell somebody, in a case that the police handle alone.
        MeasureEndsWithOneOutcome: neither a next date nor an outcome is stated, or both are.
    """
    if draft.disclosure is not None and work.case.stage not in PROCEDURE[Action.RECORD_EXCHANGE].stages:
        raise errors.NotPossibleNow(stage=work.case.stage.value)
    if (await course_of(work, measure)).end is not None:
        raise errors.DecisionAlreadyMade
    if (draft.next_follow_up_on is None) is (draft.outcome is None):
        raise MeasureEndsWithOneOutcome
    if draft.next_follow_up_on is not None and draft.next_follow_up_on < danish_day(work.now):
        raise FollowUpInThePast
    follow_up = work.create(
        FollowUp, sealed={"text": draft.text}, measure_id=measure.id, delivered_by=measure.delivered_by,
        next_follow_up_on=draft.next_follow_up_on, outcome=draft.outcome, about=await work.whom(measure),
    )
    if draft.disclosure is not None:
        await disclose(work, draft.disclosure, [Item.of(follow_up)])
    work.done(follow_up.id)
    return follow_up


@dataclass(frozen=True, slots=True)
class Course:
    """What became of a measure, as far as the caller may read it: how many follow-ups, its end, and the next date."""

    follow_ups: int
    end: FollowUp | None
    follow_up_on: date


async def course_of(work: UnitOfWork, measure: Measure) -> Course:
    """Say what the follow-ups that the caller may read come to, with the one that this unit is about to write."""
    pending = work.pending(FollowUp)
    count = (await work.values(_COUNT, measure_id=measure.id))[0]["follow_ups"]
    end = await work.row(FollowUp, _END, measure_id=measure.id)
    last = await work.row(FollowUp, _LAST_DATE, measure_id=measure.id)
    dates = [measure.follow_up_on, *(one.next_follow_up_on for one in (last, *pending) if one is not None)]
    return Course(
        count + len(pending), end or next((one for one in pending if one.outcome is not None), None),
        [on for on in dates if on is not None][-1],
    )
