"""Set and lift legal holds, record the archive's decision, and report what would be erased. Nothing is erased."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from infohus import errors
from infohus.casework.exchanges.model import InformationRequest
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.retention import HAS_CHILD, own_retention, retention_of
from infohus.whole_case.erasure.model import (
    CLEARING,
    ArchiveClearance,
    ArchiveClearanceDraft,
    ArchiveDecision,
    ErasureLine,
    Hindrance,
    LegalHold,
    LegalHoldDraft,
)
from infohus.whole_case.erasure.own_records import OWN_RECORDS
from infohus.whole_case.erasure.refusals import ErasureNotBuiltYet, ErasureRefused

HOLD_BY_ID = sa.select(LegalHold).where(LegalHold.id == sa.bindparam("id"))
HOLDS = (
    sa.select(LegalHold)
    .where(LegalHold.case_id == sa.bindparam("case_id"), LegalHold.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(LegalHold.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
CLEARANCE_BY_ID = sa.select(ArchiveClearance).where(ArchiveClearance.id == sa.bindparam("id"))
_CASE_IDS = sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid))
_STANDING_HOLDS = sa.select(LegalHold.case_id).where(
    LegalHold.case_id == sa.func.any(_CASE_IDS), LegalHold.lifted_at.is_(None)
)
_PET_WAITS = sa.select(InformationRequest.case_id).where(
    InformationRequest.case_id == sa.func.any(_CASE_IDS), InformationRequest.under_pet_loven_4,
    InformationRequest.answer.is_(None), InformationRequest.asked_of == sa.bindparam("authority_id", type_=sa.Text),
)
"""Finds the cases in which PET's request holds the own side back until it is answered (rules 72 and 85)."""
_CLEARANCES = (
    sa.select(ArchiveClearance.case_id, ArchiveClearance.decision)
    .where(ArchiveClearance.case_id == sa.func.any(_CASE_IDS))
    .order_by(ArchiveClearance.id)
)
_KEPT = (
    sa.select(Case.id, Case.number, Case.stage, Case.closed_at, Case.outcome, HAS_CHILD)
    .where(
        Case.infohus_id == sa.bindparam("infohus_id"), Case.closed_at.is_not(None),
        Case.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(Case.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Finds the closed cases that row security shows the caller."""


def _counted(model: type[Record]) -> AnySelect:
    return (
        sa.select(
            sa.literal(model.__tablename__).label("kind"), model.case_id.label("case_id"),
            sa.func.count().label("records"),
        )
        .where(model.case_id == sa.func.any(_CASE_IDS), model.authority_id == sa.bindparam("authority_id"))
        .group_by(model.case_id)
    )


_ALL_COUNTED = sa.union_all(*(_counted(model) for model in OWN_RECORDS)).subquery()
_COUNTS = sa.select(_ALL_COUNTED.c.kind, _ALL_COUNTED.c.case_id, _ALL_COUNTED.c.records).order_by(_ALL_COUNTED.c.kind)
"""Counts an authority's own records by table, for the cases of `:case_ids`."""
IN_DANISH = {
    Hindrance.NOT_CLOSED: "sagen er ikke afsluttet", Hindrance.STILL_KEPT: "sagen skal stadig gemmes",
    Hindrance.LEGAL_HOLD: "sagen er holdt tilbage fra sletning",
    Hindrance.NOT_CLEARED_BY_THE_ARCHIVE: "arkivet har ikke godkendt, at den slettes",
}


def set_hold(work: UnitOfWork, draft: LegalHoldDraft) -> LegalHold:
    """Hold the caller's authority's records of the case back from erasure."""
    hold = work.create(LegalHold, sealed={"reason": draft.reason}, lifted_at=None)
    work.done(hold.id)
    return hold


def lift_hold(work: UnitOfWork, hold: LegalHold) -> LegalHold:
    """Lift a hold; that it stood remains.

    Raises:
        AlreadyRecorded: it was lifted before.
    """
    if hold.lifted_at is not None:
        raise errors.AlreadyRecorded
    work.change(hold, lifted_at=work.now)
    return hold


def record_clearance(work: UnitOfWork, draft: ArchiveClearanceDraft) -> ArchiveClearance:
    """Record what the archive decided about the records of the caller's authority.

    Raises:
        InTheFuture: the day of the decision lies ahead.
    """
    if draft.decided_on > danish_day(work.now):
        raise errors.InTheFuture(field="decided_on")
    clearance = work.create(
        ArchiveClearance, sealed={"reference": draft.reference}, decision=draft.decision, decided_on=draft.decided_on
    )
    work.done(clearance.id)
    return clearance


async def refuse_erasure(work: UnitOfWork) -> None:
    """Refuse to erase the case, always: erasing is not built yet.

    Raises:
        ErasureRefused: something stands in the way, all of which it names (rule 72).
        ErasureNotBuiltYet: nothing stands in the way (rule 73).
    """
    kept = await own_retention(work)
    if kept is None:
        raise ErasureRefused(reasons=IN_DANISH[Hindrance.NOT_CLOSED])
    hindrances = [Hindrance.STILL_KEPT] if kept.erase_after >= danish_day(work.now) else []
    hindrances += (await _hindrances(work, [work.case.id]))[work.case.id]
    if hindrances:
        raise ErasureRefused(reasons=", ".join(IN_DANISH[hindrance] for hindrance in hindrances))
    raise ErasureNotBuiltYet


async def erasure_report(work: UnitOfWork, *, after: UUID, limit: int) -> list[ErasureLine]:
    """List closed cases by id, with the number of the caller's authority's own records of each kind."""
    closed = await work.values(_KEPT, infohus_id=work.infohus_id, after=after, limit=limit)
    case_ids: list[UUID] = [row["id"] for row in closed]
    hindrances = await _hindrances(work, case_ids)
    records: dict[UUID, dict[str, int]] = {case_id: {} for case_id in case_ids}
    for row in await work.values(_COUNTS, case_ids=case_ids, authority_id=work.caller.authority_id):
        records[row["case_id"]][row["kind"]] = row["records"]
    return [
        ErasureLine(
            case_id=row["id"], case_number=row["number"], stage=Stage(row["stage"]), rule=kept.rule.name,
            erase_after=kept.erase_after, records=records[row["id"]],
            hindered_by=[
                *([Hindrance.STILL_KEPT] if kept.erase_after >= danish_day(work.now) else []), *hindrances[row["id"]],
            ],
        )
        for row, kept in ((row, retention_of(work, row)) for row in closed)
    ]


async def _hindrances(work: UnitOfWork, case_ids: Sequence[UUID]) -> dict[UUID, list[Hindrance]]:
    holds = [
        *await work.values(_STANDING_HOLDS, case_ids=case_ids),
        *await work.values(_PET_WAITS, case_ids=case_ids, authority_id=work.caller.authority_id),
    ]
    held = {row["case_id"] for row in holds}
    latest = {row["case_id"]: row["decision"] for row in await work.values(_CLEARANCES, case_ids=case_ids)}
    cleared = {case_id for case_id, decision in latest.items() if ArchiveDecision(decision) in CLEARING}
    return {
        case_id: [
            *([Hindrance.LEGAL_HOLD] if case_id in held else []),
            *([] if case_id in cleared else [Hindrance.NOT_CLEARED_BY_THE_ARCHIVE]),
        ]
        for case_id in case_ids
    }
