"""Propose and sign a recommendation, start a measure, follow it up."""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosure import Item, disclose
from infohus.cases.joint import amend, propose, sign
from infohus.measures.model import FollowUp, FollowUpDraft, Measure, MeasureDraft, Recommendation, RecommendationDraft
from infohus.unit_of_work import UnitOfWork

MEASURE_BY_ID = sa.select(Measure).where(Measure.id == sa.bindparam("id"))
FOLLOW_UP_BY_ID = sa.select(FollowUp).where(FollowUp.id == sa.bindparam("id"))
FOLLOW_UPS = sa.select(FollowUp).where(FollowUp.measure_id == sa.bindparam("measure_id")).order_by(FollowUp.id)


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
    """Sign as it was read; both signatures make it the infohus' recommendation."""
    return await sign(work, recommendation, content_hash)


async def start_measure(work: UnitOfWork, draft: MeasureDraft) -> Measure:
    """Record a measure with the one authority that carries it out in its own right (rule 23).

    Raises:
        ResponsibleAuthorityMissing, ResponsibleAuthorityTakesNoPart, FollowUpInThePast
    """
    responsible = draft.responsible_authority
    if responsible is None:
        raise errors.ResponsibleAuthorityMissing
    if responsible not in work.parties:
        raise errors.ResponsibleAuthorityTakesNoPart
    if draft.follow_up_on < work.now.date():
        raise errors.FollowUpInThePast
    measure = work.create(
        Measure, sealed={"description": draft.description}, level=draft.level, kind=draft.kind,
        responsible_id=responsible, starts_on=draft.starts_on, follow_up_on=draft.follow_up_on, ended_at=None,
    )
    told = draft.disclosure.recipients if draft.disclosure else []
    if responsible not in {work.caller.authority_id, *told}:
        raise errors.ResponsibleAuthorityTakesNoPart
    if draft.disclosure is not None:
        await disclose(work, draft.disclosure, [Item.of(measure)])
    work.done(measure.id)
    return measure


async def record_follow_up(work: UnitOfWork, measure: Measure, draft: FollowUpDraft) -> FollowUp:
    """Record what was found, and when somebody looks again; without a next date the measure ends.

    Raises:
        FollowUpInThePast, DecisionAlreadyMade
    """
    if measure.ended_at is not None:
        raise errors.DecisionAlreadyMade
    if draft.next_follow_up_on is not None and draft.next_follow_up_on < work.now.date():
        raise errors.FollowUpInThePast
    follow_up = work.create(
        FollowUp, sealed={"text": draft.text}, measure_id=measure.id, next_follow_up_on=draft.next_follow_up_on
    )
    texts = (await work.open(measure))[measure.id]
    if draft.next_follow_up_on is None:
        await work.rewrite(measure, sealed=texts, ended_at=work.now)
    else:
        await work.rewrite(measure, sealed=texts, follow_up_on=draft.next_follow_up_on)
    if draft.disclosure is not None:
        await disclose(work, draft.disclosure, [Item.of(follow_up)])
    work.done(follow_up.id)
    return follow_up
