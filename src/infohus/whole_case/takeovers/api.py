"""The route by which the police take a case over."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.casework.notes.model import Note
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.takeovers.operations import TAKEOVER_BY_ID, TakeoverDraft, take_over_case


class TakeoverView(msgspec.Struct, frozen=True, kw_only=True):
    """That the case was taken over; `note_id` is the own note that says why."""

    case_id: UUID
    stage: Stage
    taken_over_at: datetime
    note_id: UUID


@post("/cases/{case_id:uuid}/takeover", operation_id="TakeOverCase")
async def take_over(
    case_id: FromPath[UUID], data: JSONBody[TakeoverDraft], idempotent_scope: NamedDependency[RequestScope],
) -> TakeoverView:
    """Take an open case over as police alone, with a reason that stays on the police side."""
    async with idempotent_scope.begin(Action.TAKE_OVER_CASE, Case, case_id) as work:
        note = await work.earlier(Note, TAKEOVER_BY_ID) or await take_over_case(work, data)
        return TakeoverView(
            case_id=case_id, stage=work.case.stage, taken_over_at=note.happened_at, note_id=note.id,
        )


handlers = [take_over]
