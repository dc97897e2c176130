"""In which cases a person appears: by CPR number alone, whatever way the name was spelt (rule 78).

Row security narrows every answer to what the caller's authority owns or was told in cases the caller takes part in.
What was erased does not appear: its case key is gone. Another infohus' persons have other indexes.
"""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from infohus.cases.persons.model import Subject
from infohus.casework.concerns.model import Concern
from infohus.kernel.access.model import Case, CaseKey, Stage
from infohus.kernel.database.statements import AnySelect, Stored
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Appearance(msgspec.Struct, frozen=True):
    """A person in a concern of a case, as far as the caller may see it. Nothing that was written about anyone."""

    subject_id: UUID
    concern_id: UUID
    case_id: UUID
    number: str
    stage: Stage
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None
    received_at: datetime | None
    """When the concern came in; null where the concern itself was not disclosed."""


def _appearing(subject: type[Subject]) -> AnySelect:
    kept = sa.exists().where(CaseKey.case_id == subject.case_id, CaseKey.authority_id == subject.authority_id)
    return (
        sa.select(
            subject.id.label("subject_id"), subject.concern_id, subject.case_id, Case.number, Case.stage,
            Case.opened_at, Case.closed_at, Case.outcome, Concern.received_at,
        )
        .join_from(subject, Case, Case.id == subject.case_id)
        .outerjoin(Concern, Concern.id == subject.concern_id)
        .where(Case.infohus_id == sa.bindparam("infohus_id", type_=sa.Uuid), kept)
        .order_by(Case.opened_at, subject.id)
    )


_HERE, _THERE = aliased(Subject, name="here"), aliased(Subject, name="there")
_BY_INDEX = _appearing(Subject).where(Subject.cpr_index == sa.bindparam("cpr_index", type_=sa.LargeBinary))
_BY_CASE = _appearing(_THERE).where(
    sa.exists().where(
        _THERE.cpr_index == _HERE.cpr_index, _THERE.case_id != _HERE.case_id,
        _HERE.case_id == sa.bindparam("case_id", type_=sa.Uuid),
    )
)


async def appearances_of(work: UnitOfWork, cpr_index: bytes) -> list[Appearance]:
    """List where a person appears in the infohus, oldest first."""
    rows = await work.values(_BY_INDEX, cpr_index=cpr_index, infohus_id=work.infohus_id)
    return [_appearance(row) for row in rows]


async def earlier_appearances(work: UnitOfWork) -> list[Appearance]:
    """List where the persons of the unit's case appear in other cases of the infohus, oldest first."""
    rows = await work.values(_BY_CASE, case_id=work.case.id, infohus_id=work.infohus_id)
    return [_appearance(row) for row in rows]


def _appearance(row: Stored) -> Appearance:
    return Appearance(
        row["subject_id"], row["concern_id"], row["case_id"], row["number"], Stage(row["stage"]), row["opened_at"],
        row["closed_at"], row["outcome"], row["received_at"],
    )
