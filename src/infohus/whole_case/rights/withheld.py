"""Which records of a case are withheld from who asks for access: restricted ones, and persons who are not released."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from infohus.casework.concerns.model import ReporterRelease
from infohus.kernel.access.model import RecordKey
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.rights.model import Release, Restriction

_IDS = sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))
_STANDING = sa.and_(Restriction.case_id == sa.bindparam("case_id"), Restriction.lifted_at.is_(None))
_RESTRICTED = sa.select(
    sa.func.infohus.own_restricted(sa.bindparam("infohus_id", type_=sa.Uuid), _IDS)
    .table_valued(sa.column("record_id", sa.Uuid))
    .render_derived()
)
_BY_BASIS = sa.select(Restriction.basis, sa.func.count().label("records")).where(
    _STANDING, sa.exists().where(
        RecordKey.record_id == Restriction.id,
        RecordKey.person_id == sa.func.any(sa.bindparam("persons", type_=sa.ARRAY(sa.Uuid))),
    ),
).group_by(Restriction.basis)
_RELEASED = sa.select(Release.record_id).where(
    Release.case_id == sa.bindparam("case_id"), Release.record_id == sa.func.any(_IDS)
)
_RELEASED_REPORTERS = sa.select(ReporterRelease.reporter_id.label("record_id")).where(
    ReporterRelease.case_id == sa.bindparam("case_id"), ReporterRelease.reporter_id == sa.func.any(_IDS)
)


async def restricted_among(work: UnitOfWork, ids: Sequence[UUID]) -> set[UUID]:
    """Give those of some ids that are withheld: own restricted records, the restrictions, exchanges of nothing else."""
    return {row["record_id"] for row in await work.values(_RESTRICTED, infohus_id=work.infohus_id, ids=ids)}


async def released_among(work: UnitOfWork, ids: Sequence[UUID]) -> set[UUID]:
    """Give those of some persons and reporters who may be handed out."""
    persons = await work.values(_RELEASED, case_id=work.case.id, ids=ids)
    reporters = await work.values(_RELEASED_REPORTERS, case_id=work.case.id, ids=ids)
    return {row["record_id"] for row in (*persons, *reporters)}


async def restricted_by_basis(work: UnitOfWork, persons: Sequence[UUID]) -> Counter[str]:
    """Count the standing restrictions of what concerns these persons by their provision (rule 79)."""
    counted = await work.values(_BY_BASIS, case_id=work.case.id, persons=list(persons))
    return Counter({row["basis"]: row["records"] for row in counted})
