"""Which records an exchange can disclose. A reporter's identity is not among them (rule 29)."""

from enum import StrEnum
from functools import cache
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.disclosure import Item
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.unit_of_work.unit import UnitOfWork


class DisclosableKind(StrEnum):
    """Kinds of records that an exchange can name; each is a table's name."""

    CONCERN = "concern"
    SUBJECT = "subject"
    CLEARANCE_CHECK = "clearance_check"
    INFORMATION = "information"
    CONTRIBUTION = "contribution"
    MEASURE = "measure"
    FOLLOW_UP = "follow_up"
    CHILD_NOTIFICATION = "child_notification"
    CUSTODY_RELEASE = "custody_release"
    NOTE = "note"


class ItemDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One record to disclose."""

    kind: DisclosableKind
    id: UUID


Items = Annotated[list[ItemDraft], Meta(max_length=100)]


@cache
def record_of_kind(kind: StrEnum) -> tuple[type[Record], AnySelect]:
    """Give the model whose table a kind names, and the statement that finds one by `:id` and `:case_id`.

    Raises:
        LookupError: no table of records has that name.
    """
    for mapper in Row.registry.mappers:
        model = mapper.class_
        if model.__tablename__ == kind.value and issubclass(model, Record):
            return model, sa.select(model).where(
                model.id == sa.bindparam("id"), model.case_id == sa.bindparam("case_id")
            )
    raise LookupError(kind)


async def items_of(work: UnitOfWork, drafts: Items) -> list[Item]:
    """Find the records to disclose among those the caller's authority can see.

    Raises:
        NotAvailable: one is unknown, or another authority's that was never disclosed to the caller's.
    """
    items = []
    for draft in dict.fromkeys(drafts):
        model, statement = record_of_kind(draft.kind)
        record = await work.row(model, statement, id=draft.id, case_id=work.case.id)
        if record is None:
            raise errors.NotAvailable
        items.append(Item.of(record))
    return items
