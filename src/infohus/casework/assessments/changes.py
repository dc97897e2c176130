"""Which dimensions changed since the assessment before, by contributions that both authorities may read.

A contribution that only one of them may read is left out for both, so neither learns of it here (rule 44).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Self
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.casework.assessments.model import Answer, Assessment, Contribution
from infohus.kernel.access.model import STANDS, Case, Disclosure, Infohus
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.listing import in_turn
from infohus.kernel.unit_of_work.unit import UnitOfWork

AT_ONCE = 20
Said = tuple[Answer, str | None]
"""What one contribution says of a dimension: the answer, and its text."""


@dataclass(slots=True)
class Sayings:
    """What was said of a dimension in whatever order: how often, and the sum of the digests of all that was."""

    count: int = 0
    _digests: int = 0

    @classmethod
    def of(cls, said: Iterable[Said]) -> Self:
        """Gather what was said."""
        sayings = cls()
        for one in said:
            sayings.add(one)
        return sayings

    def add(self, said: Said) -> None:
        """Take in what one more contribution says; its text is not kept."""
        digest = sha256(msgspec.json.encode(said)).digest()
        self.count, self._digests = self.count + 1, (self._digests + int.from_bytes(digest, "big")) % 2**256


_NOTHING = Sayings()


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


def _may_read(authority: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    is_disclosed = sa.exists().where(
        Disclosure.record_id == Contribution.id, Disclosure.recipient_id == authority,
        STANDS,
    )
    return sa.or_(Contribution.authority_id == authority, is_disclosed)


_READ_BY_BOTH = (
    sa.select(Contribution)
    .join(Case, Case.id == Contribution.case_id)
    .join(Infohus, Infohus.id == Case.infohus_id)
    .where(
        Contribution.assessment_id == sa.bindparam("assessment_id"),
        _may_read(sa.type_coerce(Infohus.municipality_id, sa.Text())),
        _may_read(sa.type_coerce(Infohus.police_id, sa.Text())),
        Contribution.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(Contribution.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_OF_VERSION = (
    sa.select(Assessment)
    .where(Assessment.case_id == sa.bindparam("case_id"), Assessment.version == sa.bindparam("version"))
    .limit(1)
)


def differences(
    before: Mapping[str, Sayings], after: Mapping[str, Sayings], dimensions: Iterable[str]
) -> list[DimensionChange]:
    """Compare dimension by dimension, in the order of `dimensions`; one without contributions in both is left out."""
    changes = []
    for dimension in dimensions:
        earlier, later = before.get(dimension, _NOTHING), after.get(dimension, _NOTHING)
        if not earlier.count and not later.count:
            continue
        if not earlier.count:
            difference = Difference.ADDED
        elif not later.count:
            difference = Difference.REMOVED
        else:
            difference = Difference.UNCHANGED if earlier == later else Difference.CHANGED
        changes.append(DimensionChange(dimension, difference))
    return changes


async def changes_since(
    work: UnitOfWork, assessment: Assessment, dimensions: Iterable[str]
) -> tuple[UUID | None, list[DimensionChange]]:
    """Compare an assessment with the one before; gives the id of the one before, and the changes.

    Only stored contributions are compared, not those that this unit of work is about to write.
    """
    before = await work.row(Assessment, _OF_VERSION, case_id=assessment.case_id, version=assessment.version - 1)
    if before is None:
        return None, []
    earlier, later = await _sayings_by_dimension(work, before), await _sayings_by_dimension(work, assessment)
    return before.id, differences(earlier, later, dimensions)


async def _sayings_by_dimension(work: UnitOfWork, assessment: Assessment) -> dict[str, Sayings]:
    sayings: dict[str, Sayings] = {}
    async for some in in_turn(work, Contribution, _READ_BY_BOTH, at_once=AT_ONCE, assessment_id=assessment.id):
        texts = await work.open(*some, reading=Action.READ_ASSESSMENT)
        for one in some:
            sayings.setdefault(one.dimension, Sayings()).add((one.answer, texts[one.id].get("text")))
        work.forget(*some)
    return sayings
