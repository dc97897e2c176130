"""Indsatser, der er gået i stå: a measure without any event for some days is listed for both tovholdere (rule 77).

A database function finds them and gives ids, authorities and times: an event that the caller may not read counts too,
and a measure that was not disclosed to the caller is named without its content.
Source: United Kingdom (Amess), support "allowed to peter out".
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.kernel.answers.pages import NIL
from infohus.kernel.unit_of_work.unit import UnitOfWork

_OF_INFOHUS = sa.func.infohus.stalled_measures(
    sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("case_id", type_=sa.Uuid),
    sa.bindparam("quiet_before", type_=sa.DateTime(timezone=True)),
).table_valued("measure_id", "case_id", "case_number", "responsible_id", "last_event_at", "may_be_read")
_STALLED = (
    sa.select(_OF_INFOHUS)
    .where(sa.column("measure_id") > sa.bindparam("after", type_=sa.Uuid))
    .order_by(sa.column("measure_id"))
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
MOST_OF_A_CASE = 100


class StalledMeasureView(msgspec.Struct, frozen=True, kw_only=True):
    """A measure in which nothing has happened. When `may_be_read` is false it answers as if it did not exist."""

    measure_id: UUID
    case_id: UUID
    case_number: str
    responsible_authority: str
    last_event_at: datetime
    may_be_read: bool


async def stalled_measures(
    work: UnitOfWork, *, quiet_days: int, case_id: UUID | None = None, after: UUID = NIL, limit: int = MOST_OF_A_CASE
) -> list[StalledMeasureView]:
    """List measures of the caller's cases without any event for `quiet_days`, by the unit's own clock."""
    rows = await work.values(
        _STALLED, infohus_id=work.infohus_id, case_id=case_id, quiet_before=work.now - timedelta(days=quiet_days),
        after=after, limit=limit,
    )
    return [
        StalledMeasureView(
            measure_id=row["measure_id"], case_id=row["case_id"], case_number=row["case_number"],
            responsible_authority=row["responsible_id"], last_event_at=row["last_event_at"],
            may_be_read=row["may_be_read"],
        )
        for row in rows
    ]
