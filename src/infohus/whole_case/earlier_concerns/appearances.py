"""In which cases of an infohus a person appears, found by the CPR number's index and never by name (rule 78).

Row security leaves only records that the caller's authority owns or was sent, in cases the caller takes part in.
Records of which the authority has no key any more (erasure) are left out.
"""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from infohus.cases.persons.model import Subject
from infohus.casework.concerns.model import Concern
from infohus.kernel.access.model import Case, Stage
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
    """When the concern came in; `None` where the caller cannot read the concern itself."""


def _appearing(subject: type[Subject]) -> AnySelect:
    has_key = sa.func.infohus.has_key(subject.id, subject.record_version)
    return (
        sa.select(
            subject.id.label("subject_id"), subject.concern_id, subject.case_id, Case.number, Case.stage,
            Case.opened_at, Case.closed_at, Case.outcome, Concern.received_at,
        )
        .join_from(subject, Case, Case.id == subject.case_id)
        .outerjoin(Concern, Concern.id == subject.concern_id)
        .where(Case.infohus_id == sa.bindparam("infohus_id", type_=sa.Uuid), has_key)
        .order_by(Case.opened_at, subject.id)
    )


_IN_THIS_CASE, _ELSEWHERE = aliased(Subject, name="here"), aliased(Subject, name="there")
_BY_INDEX = _appearing(Subject).where(Subject.cpr_index == sa.bindparam("cpr_index", type_=sa.LargeBinary))
_BY_CASE = _appearing(_ELSEWHERE).where(
    sa.exists().where(
        _ELSEWHERE.cpr_index == _IN_THIS_CASE.cpr_index, _ELSEWHERE.case_id != _IN_THIS_CASE.case_id,
        _IN_THIS_CASE.case_id == sa.bindparam("case_id", type_=sa.Uuid),
    )
)


async def appearances_of(work: UnitOfWork, cpr_index: bytes) -> list[Appearance]:
    """List where the person with this index (`cpr`) appears in the infohus, oldest case first."""
    rows = await work.values(_BY_INDEX, cpr_index=cpr_index, infohus_id=work.infohus_id)
    return [_appearance(row) for row in rows]


async def earlier_appearances(work: UnitOfWork) -> list[Appearance]:
    """List where the persons of the unit's case appear in other cases of the infohus, oldest case first."""
    rows = await work.values(_BY_CASE, case_id=work.case.id, infohus_id=work.infohus_id)
    return [_appearance(row) for row in rows]


def _appearance(row: Stored) -> Appearance:
    return Appearance(
        row["subject_id"], row["concern_id"], row["case_id"], row["number"], Stage(row["stage"]), row["opened_at"],
        row["closed_at"], row["outcome"], row["received_at"],
    )
