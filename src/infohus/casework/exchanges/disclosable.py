"""Which records an exchange can disclose, and finding them. A reporter's identity is not among them (rule 29)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.model import Item
from infohus.casework.exchanges.refusals import RecordHasNoSuchPart
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.places import parts_of
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


class RecordPart(StrEnum):
    """Parts of a record that can be told without the others: what was seen, how it was read, what was answered."""

    OBSERVATION = "observation"
    INTERPRETATION = "interpretation"
    TOLD_REPORTER = "told_reporter"


class NamedRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One record, as far as the caller's authority has it."""

    kind: DisclosableKind
    id: UUID


class ItemDraft(NamedRecord, frozen=True, forbid_unknown_fields=True):
    """One record to disclose; of a concern, which `parts` alone (rule 87). Left out, all that the discloser has."""

    parts: Annotated[list[RecordPart], Meta(min_length=1, max_length=3)] | None = None


Items = Annotated[list[ItemDraft], Meta(max_length=100)]
NamedRecords = Annotated[list[NamedRecord], Meta(max_length=100)]


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

    async def items_of(self, work: UnitOfWork, drafts: Sequence[NamedRecord]) -> list[Item]:
        """Find the records to disclose among those the caller's authority can see, in the parts that are named.

        A record that is named twice is disclosed once, in the parts of both.

        Raises:
            The same as `named`.
        """
        return [Item.of(record, parts) for _, record, parts in await self.named(work, drafts)]

    async def named(
        self, work: UnitOfWork, drafts: Sequence[NamedRecord]
    ) -> list[tuple[DisclosableKind, Record, list[str]]]:
        """Find the records that are named, each once, with the parts of it that are.

        Raises:
            NotAvailable: one is unknown, or another authority's that was never disclosed to the caller's, nor any part
                that is named.
            RecordHasNoSuchPart: a part is named of a record of another kind.
        """
        found = []
        for kind, record_id in dict.fromkeys((draft.kind, draft.id) for draft in drafts):
            model, statement = self._by_kind[kind]
            record = await work.row(model, statement, id=record_id, case_id=work.case.id)
            if record is None:
                raise errors.NotAvailable(field="items")
            named = [draft for draft in drafts if (draft.kind, draft.id) == (kind, record_id)]
            found.append((kind, record, await _parts_of(work, record, named)))
        return found


async def _parts_of(work: UnitOfWork, record: Record, named: Sequence[NamedRecord]) -> list[str]:
    held = await work.parts_of(record)
    parts = [one.parts if isinstance(one, ItemDraft) else None for one in named]
    asked = {part.value for some in parts for part in some or ()}
    if not asked <= set(parts_of(type(record))):
        raise RecordHasNoSuchPart(field="items")
    if not asked <= set(held):
        raise errors.NotAvailable(field="items")
    return held if None in parts else sorted(asked)
