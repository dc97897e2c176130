"""In which cases of an infohus a person appears, found by the CPR number's index and never by name (rule 78).

Row security leaves only records that the caller's authority owns or was sent, in cases the caller takes part in.
Records of which the authority has no key any more (erasure) are left out.
"""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from infohus.cases.persons.model import Subject
from infohus.casework.concerns.model import Concern
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.database.statements import AnySelect, Stored
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.earlier_concerns.model import Happening, Moment


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
_LAST = aliased(Subject, name="last")
_BY_INDEX = (
    _appearing(Subject)
    .where(
        Subject.cpr_index == sa.bindparam("cpr_index", type_=sa.LargeBinary),
        ~sa.exists().where(
            _LAST.id == sa.bindparam("after", type_=sa.Uuid),
            sa.tuple_(Subject.concern_id, Subject.id) <= sa.tuple_(_LAST.concern_id, _LAST.id),
        ),
    )
    .order_by(None)
    .order_by(Subject.concern_id, Subject.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_BY_CASE = _appearing(_ELSEWHERE).where(
    sa.exists().where(
        _ELSEWHERE.cpr_index == _IN_THIS_CASE.cpr_index, _ELSEWHERE.case_id != _IN_THIS_CASE.case_id,
        _IN_THIS_CASE.case_id == sa.bindparam("case_id", type_=sa.Uuid),
    )
)


_earlier = _BY_CASE.order_by(None).cte("earlier")
_NO_CONCERN, _NO_OUTCOME = sa.cast(sa.null(), sa.Uuid), sa.cast(sa.null(), sa.Text)
_moment = sa.union(
    sa.select(
        _earlier.c.concern_id.label("id"), sa.func.coalesce(_earlier.c.received_at, _earlier.c.opened_at).label("at"),
        sa.literal(Happening.CONCERN_RECEIVED.value, sa.Text).label("what"), _earlier.c.case_id,
        _earlier.c.number, _earlier.c.concern_id.label("concern_id"), _NO_OUTCOME.label("outcome"),
    ),
    sa.select(
        _earlier.c.case_id.label("id"), _earlier.c.closed_at.label("at"),
        sa.literal(Happening.CASE_CLOSED.value, sa.Text).label("what"), _earlier.c.case_id,
        _earlier.c.number, _NO_CONCERN.label("concern_id"), sa.cast(_earlier.c.outcome, sa.Text).label("outcome"),
    ).where(_earlier.c.closed_at.is_not(None)),
).cte("moment")
_before = _moment.alias("before")
_IS_LATER = sa.exists().where(
    _before.c.id == sa.bindparam("after", type_=sa.Uuid),
    sa.tuple_(_moment.c.at, _moment.c.what, _moment.c.id) > sa.tuple_(_before.c.at, _before.c.what, _before.c.id),
)
_IS_THERE = sa.exists().where(_before.c.id == sa.bindparam("after", type_=sa.Uuid))
_MOMENTS = (
    sa.select(_moment)
    .where(sa.or_(~_IS_THERE, _IS_LATER))
    .order_by(_moment.c.at, _moment.c.what, _moment.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_NO_BYTES = sa.literal(b"", sa.LargeBinary)
_ids = sa.func.string_agg(
    sa.func.uuid_send(_earlier.c.subject_id), aggregate_order_by(_NO_BYTES, _earlier.c.subject_id)
)
_ALL_EARLIER = sa.select(
    sa.func.count().label("appearances"), sa.func.sha256(sa.func.coalesce(_ids, _NO_BYTES)).label("digest"),
).select_from(_earlier)


async def appearances_of(work: UnitOfWork, cpr_index: bytes, *, after: UUID, limit: int) -> list[Appearance]:
    """List where the person with this index (`cpr`) appears in the infohus, in the order of the concerns."""
    rows = await work.values(_BY_INDEX, cpr_index=cpr_index, infohus_id=work.infohus_id, after=after, limit=limit)
    return [_appearance(row) for row in rows]


async def earlier_moments(work: UnitOfWork, *, after: UUID, limit: int) -> list[tuple[UUID, Moment]]:
    """List what happened in other cases of the infohus to the persons of this one, oldest first, each with an id.

    It goes on behind the moment `after`; where that is not among them any more, from the first.
    """
    rows = await work.values(_MOMENTS, case_id=work.case.id, infohus_id=work.infohus_id, after=after, limit=limit)
    return [
        (row["id"], Moment(
            row["at"], Happening(row["what"]), row["case_id"], row["number"], row["concern_id"], row["outcome"]
        ))
        for row in rows
    ]


async def all_earlier(work: UnitOfWork) -> tuple[int, bytes]:
    """Count the appearances of the case's persons in other cases, and give the digest of all of them, 32 bytes."""
    row = (await work.values(_ALL_EARLIER, case_id=work.case.id, infohus_id=work.infohus_id))[0]
    return row["appearances"], row["digest"]


def _appearance(row: Stored) -> Appearance:
    return Appearance(
        row["subject_id"], row["concern_id"], row["case_id"], row["number"], Stage(row["stage"]), row["opened_at"],
        row["closed_at"], row["outcome"], row["received_at"],
    )
