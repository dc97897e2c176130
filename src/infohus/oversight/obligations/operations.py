"""List the obligations of the plan in force, and record that one was met, which sets its next due date."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta, field

from infohus import errors
from infohus.danish_calendar import danish_day
from infohus.kernel.answers.pages import Page, page_of
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Label
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.obligations.model import Fulfilment
from infohus.oversight.obligations.refusals import FulfilmentNotPossible, UnknownAudience
from infohus.plan.in_force import plan_in_force
from infohus.plan.model import PlanObligation
from infohus.plan.obligations import due_after_fulfilment

MOST_ATTENDING = 100_000

_OWED = (
    sa.select(PlanObligation)
    .where(
        PlanObligation.infohus_id == sa.bindparam("infohus_id"), PlanObligation.is_owed,
        PlanObligation.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(PlanObligation.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_OBLIGATION = sa.select(PlanObligation).where(
    PlanObligation.id == sa.bindparam("id"), PlanObligation.infohus_id == sa.bindparam("infohus_id"),
    PlanObligation.is_owed,
)
MOST_SHOWN = 20
_place = sa.func.row_number().over(
    partition_by=Fulfilment.obligation_id, order_by=(Fulfilment.fulfilled_on.desc(), Fulfilment.id.desc())
)
_newest = (
    sa.select(Fulfilment.id, _place.label("place"))
    .where(Fulfilment.obligation_id == sa.func.any(sa.bindparam("obligation_ids", type_=sa.ARRAY(sa.Uuid))))
    .subquery()
)
_NEWEST_FULFILMENTS = (
    sa.select(Fulfilment)
    .join(_newest, _newest.c.id == Fulfilment.id)
    .where(_newest.c.place <= MOST_SHOWN)
    .order_by(Fulfilment.fulfilled_on, Fulfilment.id)
)
_FULFILMENTS = (
    sa.select(Fulfilment)
    .where(
        Fulfilment.obligation_id == sa.bindparam("obligation_id"),
        Fulfilment.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(Fulfilment.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_FULFILMENT = sa.select(Fulfilment).where(Fulfilment.id == sa.bindparam("id"))


class Attendance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many of an audience of the plan were told: a count and nobody's name."""

    audience: Label
    attended: Annotated[int, Meta(ge=0, le=MOST_ATTENDING)]


class FulfilmentDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That an obligation was met, and on which day; a briefing says to whom and how many."""

    fulfilled_on: Day
    briefed: Annotated[list[Attendance], Meta(max_length=50)] = field(default_factory=list)


class FulfilmentView(msgspec.Struct, frozen=True):
    """One time it was met."""

    fulfilled_on: date
    briefed: list[Attendance]
    recorded_at: datetime


class ObligationView(msgspec.Struct, frozen=True, kw_only=True):
    """An obligation: who owns it, when it is due, whether that has passed. `version` is its ETag's.

    `fulfilments` are the newest, oldest first; `GET …/fulfilments` lists all.
    """

    id: UUID
    code: str
    text: str
    owner: str
    every: str | None
    due_on: date | None
    is_overdue: bool
    version: int
    fulfilments: list[FulfilmentView]


async def obligations_owed(work: UnitOfWork, *, after: UUID, limit: int) -> list[ObligationView]:
    """List the obligations of the plan in force by id, with the newest times each was met."""
    owed = await work.rows(PlanObligation, _OWED, infohus_id=work.infohus.id, after=after, limit=limit)
    return await _views(work, owed)


async def obligation_owed(work: UnitOfWork, obligation_id: UUID) -> PlanObligation:
    """Find one obligation of the plan in force.

    Raises:
        NotAvailable: the plan in force has none with this id.
    """
    obligation = await work.row(PlanObligation, _OBLIGATION, id=obligation_id, infohus_id=work.infohus.id)
    if obligation is None:
        raise errors.NotAvailable
    return obligation


async def obligation_view(work: UnitOfWork, obligation: PlanObligation) -> ObligationView:
    """Show one obligation, with the fulfilment that this unit of work records."""
    return (await _views(work, [obligation]))[0]


async def fulfilments_of(
    work: UnitOfWork, obligation: PlanObligation, *, after: UUID, limit: int
) -> Page[FulfilmentView]:
    """List each time an obligation was met, in the order in which that was recorded."""
    met = await work.rows(Fulfilment, _FULFILMENTS, obligation_id=obligation.id, after=after, limit=limit + 1)
    return page_of([_shown(one) for one in met], [one.id for one in met], limit=limit)


async def was_recorded(work: UnitOfWork, obligation: PlanObligation) -> bool:
    """Say whether an earlier request with this Idempotency-Key recorded its fulfilment.

    Raises:
        IdempotencyKeyReused: the key was sent before for another obligation.
    """
    earlier = await work.earlier(Fulfilment, _FULFILMENT)
    if earlier is not None and earlier.obligation_id != obligation.id:
        raise errors.IdempotencyKeyReused
    return earlier is not None


async def record_fulfilment(work: UnitOfWork, obligation: PlanObligation, draft: FulfilmentDraft) -> Fulfilment:
    """Record that an obligation was met, and set its next due date, or none where the plan does not repeat it.

    Raises:
        FulfilmentNotPossible: the day lies ahead, or before the day it was last met.
        UnknownAudience: an audience is not one of the plan's, or is named twice.
    """
    today = danish_day(work.now)
    last = obligation.fulfilled_on
    if draft.fulfilled_on > today or (last is not None and draft.fulfilled_on < last):
        raise FulfilmentNotPossible
    audiences = [attendance.audience for attendance in draft.briefed]
    if len(set(audiences)) < len(audiences) or not set(audiences) <= await _audiences(work):
        raise UnknownAudience
    fulfilment = work.add(Fulfilment(
        infohus_id=work.infohus.id, obligation_id=obligation.id, obligation_version=obligation.version,
        fulfilled_on=draft.fulfilled_on, audiences=audiences, recorded_at=work.now,
        attendance=[attendance.attended for attendance in draft.briefed],
    ))
    work.change(
        obligation, fulfilled_on=draft.fulfilled_on, version=obligation.version + 1,
        due_on=due_after_fulfilment(every=obligation.every, fulfilled_on=draft.fulfilled_on),
    )
    work.done(fulfilment.id)
    return fulfilment


async def _audiences(work: UnitOfWork) -> set[str]:
    plan = await plan_in_force(work)
    return set() if plan is None else {audience.centre for audience in plan.document.briefing_audiences}


async def _views(work: UnitOfWork, obligations: list[PlanObligation]) -> list[ObligationView]:
    met = await work.rows(Fulfilment, _NEWEST_FULFILMENTS, obligation_ids=[row.id for row in obligations])
    met += work.pending(Fulfilment)
    today = danish_day(work.now)
    return [
        ObligationView(
            id=row.id, code=row.code, text=row.text, owner=row.owner, every=row.every, due_on=row.due_on,
            is_overdue=row.due_on is not None and row.due_on < today, version=row.version,
            fulfilments=[_shown(fulfilment) for fulfilment in met if fulfilment.obligation_id == row.id],
        )
        for row in obligations
    ]


def _shown(fulfilment: Fulfilment) -> FulfilmentView:
    counts = zip(fulfilment.audiences, fulfilment.attendance, strict=True)
    return FulfilmentView(fulfilment.fulfilled_on, [Attendance(*count) for count in counts], fulfilment.recorded_at)
