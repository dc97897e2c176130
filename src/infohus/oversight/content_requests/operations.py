"""Ask for the content of one record, with a reason, and read it (rule 90)."""

from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.cases.persons.cpr_numbers import read_cpr_number
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import Record, new_id
from infohus.kernel.requests.words import Reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.content_requests.model import OPEN_FOR, ContentKind, ContentRequest

ONE = sa.select(ContentRequest).where(ContentRequest.id == sa.bindparam("id"))
LISTED = (
    sa.select(ContentRequest)
    .where(
        ContentRequest.infohus_id == sa.bindparam("infohus_id"),
        ContentRequest.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(ContentRequest.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists requests of an infohus; row security leaves those of the caller's authority."""
_CPR_NUMBER = "cpr_number"
_SHOWN_ELSEWHERE = frozenset({"id", "case_id", "authority_id", "record_version", "recorded_at", "recorded_by"})


class ContentRequestDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which record's content is asked for, and why."""

    kind: ContentKind
    record_id: UUID
    reason: Reason


def request_content(work: UnitOfWork, draft: ContentRequestDraft) -> ContentRequest:
    """Record a request; whether there is such a record is seen by who reads it."""
    asked = ContentRequest(
        id=new_id(), infohus_id=work.infohus_id, authority_id=work.caller.authority_id, record_kind=draft.kind,
        record_id=draft.record_id, requested_at=work.now, requested_by=work.caller.person_id,
        ends_at=work.now + OPEN_FOR,
    )
    work.seal_for_supervision(asked, reason=draft.reason)
    return work.add(asked)


async def texts_of(work: UnitOfWork, record: Record) -> dict[str, str]:
    """Open a record's texts; a CPR number is masked (rule 53).

    Raises:
        NotAvailable: the request has ended, or no exchange gives the caller's authority a key.
    """
    texts = (await work.open(record, reading=Action.OPEN_ON_REQUEST))[record.id]
    if _CPR_NUMBER in texts:
        texts[_CPR_NUMBER] = read_cpr_number(texts[_CPR_NUMBER]).masked
    return texts


def facts_of(record: Record) -> dict[str, str]:
    """Give a record's clear columns as JSON, but keyed indexes, digests and wrapped keys, and those that are empty."""
    columns = [
        column.name for column in table_of(type(record)).columns
        if column.name not in _SHOWN_ELSEWHERE and not isinstance(column.type, SealedColumn)
    ]
    values = {name: getattr(record, name) for name in columns}
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in values.items() if value is not None and not _is_or_holds_bytes(value)
    }


def _is_or_holds_bytes(value: object) -> bool:
    return isinstance(value, bytes) or (isinstance(value, list) and any(isinstance(one, bytes) for one in value))
