"""Indsatser, der er gået i stå: a measure without any event for some days is listed for who can see it (rule 77).

Row security leaves the measures and the events that the caller's authority owns or was told. A measure of the other
side is not listed, and what the other side does in a shared one without telling moves nothing here (rule 44).
Source: United Kingdom (Amess), support "allowed to peter out".
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.casework.measures.model import IS_ENDED, FollowUp, Measure
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.answers.pages import NIL
from infohus.kernel.unit_of_work.unit import UnitOfWork

_LAST_EVENT = sa.func.greatest(
    Measure.recorded_at,
    sa.select(sa.func.max(FollowUp.recorded_at)).where(FollowUp.measure_id == Measure.id).scalar_subquery(),
)
_CASE_ID = sa.bindparam("case_id", type_=sa.Uuid)
_STALLED = (
    sa.select(
        Measure.id.label("measure_id"), Measure.case_id, Case.number.label("case_number"), Measure.responsible_id,
        _LAST_EVENT.label("last_event_at"),
    )
    .join_from(Measure, Case, Case.id == Measure.case_id)
    .where(
        Case.infohus_id == sa.bindparam("infohus_id", type_=sa.Uuid), Case.stage != Stage.CLOSED,
        sa.or_(_CASE_ID.is_(None), Case.id == _CASE_ID), ~IS_ENDED,
        sa.bindparam("quiet_before", type_=sa.DateTime(timezone=True)) > _LAST_EVENT,
        Measure.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(Measure.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
MOST_OF_A_CASE = 100


class StalledMeasureView(msgspec.Struct, frozen=True, kw_only=True):
    """A measure in which nothing has happened, as far as the caller's authority can see."""

    measure_id: UUID
    case_id: UUID
    case_number: str
    responsible_authority: str
    last_event_at: datetime


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
        )
        for row in rows
    ]
