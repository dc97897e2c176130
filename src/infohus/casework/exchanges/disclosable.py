"""Which records an exchange can disclose, and finding them. A reporter's identity is not among them (rule 29)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.model import Item
from infohus.kernel.database.tables import Record
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
    CHILD_NOTIFICATION_STEP = "child_notification_step"
    CUSTODY_RELEASE = "custody_release"
    NOTE = "note"


class ItemDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One record to disclose."""

    kind: DisclosableKind
    id: UUID


Items = Annotated[list[ItemDraft], Meta(max_length=100)]


class DisclosableRecords:
    """Finds the records that an exchange names. The models are handed in, because no step may import another's."""

    __slots__ = ("_by_kind",)

    def __init__(self, models: Mapping[DisclosableKind, type[Record]]) -> None:
        """Take the model of every kind."""
        self._by_kind = {
            kind: (model, sa.select(model).where(
                model.id == sa.bindparam("id"), model.case_id == sa.bindparam("case_id")
            ))
            for kind, model in models.items()
        }

    async def items_of(self, work: UnitOfWork, drafts: Items) -> list[Item]:
        """Find the records to disclose among those the caller's authority can see.

        Raises:
            NotAvailable: one is unknown, or another authority's that was never disclosed to the caller's.
        """
        items = []
        for draft in dict.fromkeys(drafts):
            model, statement = self._by_kind[draft.kind]
            record = await work.row(model, statement, id=draft.id, case_id=work.case.id)
            if record is None:
                raise errors.NotAvailable(field="items")
            items.append(Item.of(record))
        return items
