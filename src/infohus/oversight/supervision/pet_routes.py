"""The route of supervision of PET's requests: what the own authority was asked under PET-loven § 4 (rule 85)."""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.casework.exchanges.model import Answer
from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.audit.formats.entry import Track
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope

_MOMENT = sa.DateTime(timezone=True)
_ASKED = sa.func.infohus.pet_requests(sa.bindparam("infohus_id", type_=sa.Uuid())).table_valued(
    sa.column("id", sa.Uuid()), sa.column("case_id", sa.Uuid()), sa.column("asked_by", sa.Text()),
    sa.column("asked_at", _MOMENT), sa.column("recorded_at", _MOMENT), sa.column("answer", sa.Text()),
    sa.column("answer_exchange_id", sa.Uuid()), sa.column("answered_at", _MOMENT), name="asked",
)
_OF_INFOHUS = (
    sa.select(_ASKED, Case.number)
    .join(Case, Case.id == _ASKED.c.case_id)
    .where(_ASKED.c.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(_ASKED.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


class PetRequestLine(msgspec.Struct, frozen=True):
    """A request of PET's without its question, which a DPO asks for as for any content.

    It holds the asked authority's side back from erasure until it is answered.
    """

    id: UUID
    case_id: UUID
    case_number: str
    asked_by: str
    asked_at: datetime
    recorded_at: datetime
    answer: Answer | None
    answer_exchange_id: UUID | None
    answered_at: datetime | None


@get("/infohuse/{infohus_id:uuid}/pet-requests", operation_id="SupervisePetRequests")
async def requests(
    infohus_id: FromPath[UUID], log_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[PetRequestLine]:
    """List what PET asked the caller's own authority under PET-loven § 4, oldest first: when, and the answer."""
    async with log_scope.begin(Action.SUPERVISE_EXCHANGES, Infohus, infohus_id) as work:
        rows = await work.values(_OF_INFOHUS, infohus_id=infohus_id, after=after, limit=limit + 1)
        await work.side.look_at(*(row["case_id"] for row in rows), track=Track.PET)
        lines = [
            PetRequestLine(
                id=row["id"], case_id=row["case_id"], case_number=row["number"], asked_by=row["asked_by"],
                asked_at=row["asked_at"] or row["recorded_at"], recorded_at=row["recorded_at"],
                answer=None if row["answer"] is None else Answer(row["answer"]),
                answer_exchange_id=row["answer_exchange_id"], answered_at=row["answered_at"],
            )
            for row in rows
        ]
        return page_of(lines, [line.id for line in lines], limit=limit)


handlers = [requests]
