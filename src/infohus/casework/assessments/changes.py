"""What changed since the last assessment: dimension by dimension, in words that both sides may read. Nothing counts.

Neither side learns here of a text that only the other holds: such texts are left out for both (rule 44).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.casework.assessments.model import Answer, Assessment, Contribution
from infohus.kernel.access.model import Case, Disclosure, Infohus
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.unit import UnitOfWork

Said = tuple[Answer, str | None]
"""What somebody brought to a dimension: the answer, and its words."""


class Difference(StrEnum):
    """How a dimension stands compared with last time; no value is better or worse than another (rule 38)."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class DimensionChange(msgspec.Struct, frozen=True):
    """One dimension compared with the assessment before."""

    dimension: str
    difference: Difference


def _reads(authority: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    told = sa.exists().where(
        Disclosure.record_id == Contribution.id, Disclosure.recipient_id == authority,
        Disclosure.withdrawn_at.is_(None),
    )
    return sa.or_(Contribution.authority_id == authority, told)


_BOTH_READ = (
    sa.select(Contribution)
    .join(Case, Case.id == Contribution.case_id)
    .join(Infohus, Infohus.id == Case.infohus_id)
    .where(
        Contribution.assessment_id == sa.bindparam("assessment_id"),
        _reads(sa.type_coerce(Infohus.municipality_id, sa.Text())),
        _reads(sa.type_coerce(Infohus.police_id, sa.Text())),
    )
    .order_by(Contribution.id)
)
_BEFORE = (
    sa.select(Assessment)
    .where(Assessment.case_id == sa.bindparam("case_id"), Assessment.version == sa.bindparam("version"))
    .limit(1)
)


def differences(
    before: Mapping[str, Iterable[Said]], after: Mapping[str, Iterable[Said]], dimensions: Iterable[str]
) -> list[DimensionChange]:
    """Compare dimension by dimension, in the template's order; one that nobody spoke of either time is left out."""
    found = []
    for dimension in dimensions:
        earlier, later = sorted(before.get(dimension, ()), key=str), sorted(after.get(dimension, ()), key=str)
        if not earlier and not later:
            continue
        if not earlier:
            difference = Difference.ADDED
        elif not later:
            difference = Difference.REMOVED
        else:
            difference = Difference.UNCHANGED if earlier == later else Difference.CHANGED
        found.append(DimensionChange(dimension, difference))
    return found


async def changes_since(
    work: UnitOfWork, assessment: Assessment, dimensions: Iterable[str]
) -> tuple[UUID | None, list[DimensionChange]]:
    """Compare an assessment with the one before, as far as both may read; gives the one before, and the changes.

    What this very unit brings is compared from the next reading on.
    """
    before = await work.row(Assessment, _BEFORE, case_id=assessment.case_id, version=assessment.version - 1)
    if before is None:
        return None, []
    earlier, later = await _said(work, before), await _said(work, assessment)
    return before.id, differences(earlier, later, dimensions)


async def _said(work: UnitOfWork, assessment: Assessment) -> dict[str, list[Said]]:
    contributions = await work.rows(Contribution, _BOTH_READ, assessment_id=assessment.id)
    texts = await work.open(*contributions, reading=Action.READ_ASSESSMENT)
    said: dict[str, list[Said]] = {}
    for one in contributions:
        said.setdefault(one.dimension, []).append((one.answer, texts[one.id].get("text")))
    return said
