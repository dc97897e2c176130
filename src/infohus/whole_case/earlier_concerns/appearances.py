"""In which cases a person appears: by CPR number alone, whatever way the name was spelt (rule 78).

Row security narrows every answer to what the caller's authority owns or was told in cases the caller takes part in.
What was erased does not appear: its case key is gone. Another infohus' persons have other indexes.
"""

from datetime import datetime
from functools import cache
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.kernel.access.model import Case, CaseKey, Stage
from infohus.kernel.database.statements import AnySelect, Stored
from infohus.kernel.database.tables import SCHEMA, Row
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


async def appearances_of(work: UnitOfWork, cpr_index: bytes) -> list[Appearance]:
    """List where a person appears in the infohus, oldest first."""
    rows = await work.values(_by_index(), cpr_index=cpr_index, infohus_id=work.infohus_id)
    return [_appearance(row) for row in rows]


async def earlier_appearances(work: UnitOfWork) -> list[Appearance]:
    """List where the persons of the unit's case appear in other cases of the infohus, oldest first."""
    rows = await work.values(_by_case(), case_id=work.case.id, infohus_id=work.infohus_id)
    return [_appearance(row) for row in rows]


def _appearance(row: Stored) -> Appearance:
    return Appearance(
        row["subject_id"], row["concern_id"], row["case_id"], row["number"], Stage(row["stage"]), row["opened_at"],
        row["closed_at"], row["outcome"], row["received_at"],
    )


@cache
def _by_index() -> AnySelect:
    there = _subjects()
    return _appearing(there).where(there.c.cpr_index == sa.bindparam("cpr_index", type_=sa.LargeBinary))


@cache
def _by_case() -> AnySelect:
    here, there = _subjects().alias("here"), _subjects().alias("there")
    same = sa.and_(there.c.cpr_index == here.c.cpr_index, there.c.case_id != here.c.case_id)
    of_case = sa.exists().where(same, here.c.case_id == sa.bindparam("case_id", type_=sa.Uuid))
    return _appearing(there).where(of_case)


def _subjects() -> sa.FromClause:
    # A slice's table, by name: this file stands below the slices.
    return Row.metadata.tables[f"{SCHEMA}.subject"]


def _appearing(subject: sa.FromClause) -> AnySelect:
    concern = Row.metadata.tables[f"{SCHEMA}.concern"]
    kept = sa.exists().where(CaseKey.case_id == subject.c.case_id, CaseKey.authority_id == subject.c.authority_id)
    return (
        sa.select(
            subject.c.id.label("subject_id"), subject.c.concern_id, subject.c.case_id, Case.number, Case.stage,
            Case.opened_at, Case.closed_at, Case.outcome, concern.c.received_at,
        )
        .join_from(subject, Case, Case.id == subject.c.case_id)
        .outerjoin(concern, concern.c.id == subject.c.concern_id)
        .where(Case.infohus_id == sa.bindparam("infohus_id", type_=sa.Uuid), kept)
        .order_by(Case.opened_at, subject.c.id)
    )
