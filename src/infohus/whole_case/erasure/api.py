"""The routes of holds, the archive's clearance, and erasure."""

from datetime import date, datetime
from functools import partial
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.listing import page_opened
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.erasure.model import (
    ArchiveClearance,
    ArchiveClearanceDraft,
    ArchiveDecision,
    ErasureLine,
    LegalHold,
    LegalHoldDraft,
)
from infohus.whole_case.erasure.operations import (
    CLEARANCE_BY_ID,
    HOLD_BY_ID,
    HOLDS,
    erasure_report,
    lift_hold,
    record_clearance,
    refuse_erasure,
    set_hold,
)

HOLDS_PATH = "/cases/{case_id:uuid}/legal-holds"


class LegalHoldView(msgspec.Struct, frozen=True):
    """A hold, and whether it stands."""

    id: UUID
    set_at: datetime
    set_by: UUID
    lifted_at: datetime | None
    reason: str

    @classmethod
    async def opened(cls, work: UnitOfWork, *holds: LegalHold) -> "list[LegalHoldView]":
        """Show holds with their reasons, which are opened for it."""
        texts = await work.open(*holds, reading=Action.READ_LEGAL_HOLD)
        return [
            cls(hold.id, hold.recorded_at, hold.recorded_by, hold.lifted_at, texts[hold.id]["reason"]) for hold in holds
        ]


class ArchiveClearanceView(msgspec.Struct, frozen=True):
    """What the archive decided."""

    id: UUID
    decision: ArchiveDecision
    decided_on: date
    reference: str


@post(HOLDS_PATH, operation_id="SetLegalHold")
async def hold(
    case_id: FromPath[UUID], data: JSONBody[LegalHoldDraft], idempotent_scope: NamedDependency[RequestScope],
) -> LegalHoldView:
    """Hold the caller's authority's records of the case back from erasure, with a reason."""
    async with idempotent_scope.begin(Action.SET_LEGAL_HOLD, Case, case_id) as work:
        held = await work.earlier(LegalHold, HOLD_BY_ID) or set_hold(work, data)
        return (await LegalHoldView.opened(work, held))[0]


@get(HOLDS_PATH, operation_id="ListLegalHolds")
async def holds(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[LegalHoldView]:
    """List the caller's authority's holds, lifted ones too."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        held = await work.rows(LegalHold, HOLDS, case_id=case_id, after=after, limit=limit + 1)
        return await page_opened(work, held, partial(LegalHoldView.opened, work), limit=limit)


@post(HOLDS_PATH + "/{hold_id:uuid}/lift", operation_id="LiftLegalHold", status_code=200)
async def lift(
    case_id: FromPath[UUID], hold_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope],
) -> LegalHoldView:
    """Lift a hold; that it stood remains."""
    async with idempotent_scope.begin(Action.LIFT_LEGAL_HOLD, LegalHold, hold_id, within=case_id) as work:
        held = work.subject(LegalHold)
        if not work.is_repetition:
            lift_hold(work, held)
        return (await LegalHoldView.opened(work, held))[0]


@post("/cases/{case_id:uuid}/archive-clearances", operation_id="RecordArchiveClearance")
async def clear(
    case_id: FromPath[UUID], data: JSONBody[ArchiveClearanceDraft], idempotent_scope: NamedDependency[RequestScope],
) -> ArchiveClearanceView:
    """Record what the archive decided for the caller's authority's records; the latest decision counts."""
    async with idempotent_scope.begin(Action.RECORD_ARCHIVE_CLEARANCE, Case, case_id) as work:
        clearance = await work.earlier(ArchiveClearance, CLEARANCE_BY_ID) or record_clearance(work, data)
        texts = await work.open(clearance, reading=Action.READ_ARCHIVE_CLEARANCE)
        return ArchiveClearanceView(
            clearance.id, clearance.decision, clearance.decided_on, texts[clearance.id]["reference"]
        )


@post("/cases/{case_id:uuid}/erasure", operation_id="EraseCase", status_code=200)
async def erase(case_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope]) -> None:
    """Refuse to erase the case, with what stands in the way; nothing is erased in this version."""
    async with idempotent_scope.begin(Action.ERASE_CASE, Case, case_id) as work:
        await refuse_erasure(work)


@get("/infohuse/{infohus_id:uuid}/erasure-report", operation_id="ReportErasure")
async def report(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[ErasureLine]:
    """List closed cases: when the caller's authority's records would be erased, what stands in the way, how many."""
    async with request_scope.begin(Action.REPORT_ERASURE, Infohus, infohus_id) as work:
        lines = await erasure_report(work, after=after, limit=limit + 1)
        return page_of(lines, [line.case_id for line in lines], limit=limit)


handlers = [hold, holds, lift, clear, erase, report]
