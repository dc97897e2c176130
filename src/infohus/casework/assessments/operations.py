"""Open the tool, contribute, conclude and sign. No score is computed (rule 38)."""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import Item
from infohus.cases.disclosures.operations import disclose
from infohus.cases.joint_decisions.document import document_of
from infohus.cases.joint_decisions.operations import amend, begin_decision, sign
from infohus.cases.persons.about import persons_named
from infohus.casework.assessments.model import (
    Answer,
    Assessment,
    Conclusion,
    ConclusionDraft,
    Contribution,
    ContributionsDraft,
    OpeningDraft,
)
from infohus.casework.assessments.template import Side
from infohus.casework.assessments.templates import template_in_force, template_of
from infohus.kernel.access.model import Stage
from infohus.kernel.requests.words import has_words
from infohus.kernel.unit_of_work.unit import UnitOfWork

FIRST_VERSION = 1
BY_ID = sa.select(Assessment).where(Assessment.id == sa.bindparam("id"))
CONTRIBUTIONS = (
    sa.select(Contribution)
    .where(
        Contribution.assessment_id == sa.bindparam("assessment_id"),
        Contribution.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(Contribution.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
BROUGHT = (
    sa.select(Contribution.recorded_by, Contribution.authority_id, Contribution.dimension)
    .where(Contribution.assessment_id == sa.bindparam("assessment_id"))
    .distinct()
)
"""Lists who brought something to which dimension, once each, as far as the caller may read it."""
_DESCRIBED = (
    sa.select(Contribution.dimension)
    .where(
        Contribution.assessment_id == sa.bindparam("assessment_id"), Contribution.answer == Answer.DESCRIBED,
        Contribution.text.is_not(None),
    )
    .distinct()
)
ASSESSMENTS_OF_CASE = (
    sa.select(Assessment)
    .where(Assessment.case_id == sa.bindparam("case_id"), Assessment.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(Assessment.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_LATEST = sa.select(sa.func.coalesce(sa.func.max(Assessment.version), 0).label("version")).where(
    Assessment.case_id == sa.bindparam("case_id")
)


async def open_assessment(work: UnitOfWork, draft: OpeningDraft) -> Assessment:
    """Open the tool after a screening that both signed ended in "qualify further" (rule 35).

    While measures are under way, a case that was assessed before can be assessed again, as a new version (rule 40).

    Raises:
        AlreadyProposed: an assessment is open.
        NotPossibleNow: the case has measures and was never assessed before.
    """
    latest = (await work.values(_LATEST, case_id=work.case.id))[0]["version"]
    if latest == 0 and work.case.stage is not Stage.QUALIFYING:
        raise errors.NotPossibleNow(stage=work.case.stage.value)
    template = (await template_in_force(work)).template
    assessment = await begin_decision(
        work, Assessment, Conclusion(), outcome="concluded", disclosure=draft.disclosure,
        opened_at=work.now, version=latest + 1, template_id=template.id, template_digest=template.digest(),
        users_are_trained=draft.users_are_trained,
    )
    work.done(assessment.id)
    return assessment


async def contribute(work: UnitOfWork, assessment: Assessment, draft: ContributionsDraft) -> list[Contribution]:
    """Record contributions; with a disclosure they are exchanged in the same act.

    Raises:
        DecisionAlreadyMade: both have signed the assessment (rule 40).
        UnknownDimension: the template has no such dimension.
        PersonsNotNamed, NoPersonOfTheSide: see `persons_named`.
    """
    if assessment.decided_at is not None:
        raise errors.DecisionAlreadyMade
    template = await template_of(work, assessment)
    contributions = []
    for at, one in enumerate(draft.contributions):
        template.side_of(one.dimension)
        contributions.append(work.create(
            Contribution, sealed={"text": one.text, "source": one.source}, assessment_id=assessment.id,
            dimension=one.dimension, answer=one.answer, origin=one.origin, is_first_hand=one.is_first_hand,
            dated_on=one.dated_on, about=await persons_named(work, one.about, field=f"contributions[{at}].about"),
        ))
    if draft.disclosure is not None:
        await disclose(work, draft.disclosure, [Item.of(one) for one in contributions])
    work.done(contributions[0].id)
    return contributions


async def conclude_assessment(work: UnitOfWork, assessment: Assessment, draft: ConclusionDraft) -> Assessment:
    """Write the conclusion and propose it for signing.

    Raises:
        AssessmentOneSided: one side, or problems or resources, has no text (rule 37), or `what_changed` is (40).
        UnknownDimension: the template has no such dimension.
    """
    await _refuse_one_sided(work, assessment, draft.content)
    template = await template_of(work, assessment)
    for dimension in draft.content.dimensions_to_work_on:
        template.side_of(dimension)
    return await amend(work, assessment, draft)


async def sign_assessment(work: UnitOfWork, assessment: Assessment, content_hash: bytes) -> Assessment:
    """Sign the conclusion as it was read. An assessment without one cannot be signed.

    Raises:
        AssessmentOneSided: there is no conclusion yet, or it is one-sided (rule 37).
    """
    texts = (await work.open(assessment))[assessment.id]
    await _refuse_one_sided(work, assessment, document_of(texts["content"], Conclusion))
    return await sign(work, assessment, content_hash)


async def _refuse_one_sided(work: UnitOfWork, assessment: Assessment, conclusion: Conclusion) -> None:
    template = await template_of(work, assessment)
    described = {
        template.side_of(row["dimension"]) for row in await work.values(_DESCRIBED, assessment_id=assessment.id)
    }
    missing = [
        name
        for name, is_there in (
            ("risiko og trussel", Side.RISK_AND_THREAT in described),
            ("trivsel og modstandskraft", Side.WELLBEING_AND_RESILIENCE in described),
            ("problemer", has_words(conclusion.problems)),
            ("ressourcer", has_words(conclusion.resources)),
            (
                "hvad der er ændret siden sidst",
                assessment.version == FIRST_VERSION or has_words(conclusion.what_changed),
            ),
        )
        if not is_there
    ]
    if missing:
        raise errors.AssessmentOneSided(missing=", ".join(missing))
