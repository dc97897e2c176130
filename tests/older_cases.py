"""A case that was opened days ago, so that what was told in it may lie as far back."""

from uuid import UUID

from house import CaseInHand


async def as_old_as(case: CaseInHand, days: int) -> CaseInHand:
    """Say that the case was opened, and its tovholdere took part, so many days before they did."""
    for statement in (
        'UPDATE infohus."case" SET opened_at = opened_at - make_interval(days => $2) WHERE id = $1',
        "UPDATE infohus.participant SET begins_at = begins_at - make_interval(days => $2) WHERE case_id = $1",
    ):
        await case.house.sql(statement, UUID(case.id), days)
    return case
