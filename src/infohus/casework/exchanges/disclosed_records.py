"""Which records an exchange disclosed: to the caller's authority, or by it to anybody."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from infohus.cases.disclosures.model import Exchange
from infohus.cases.disclosures.onward_notices import OnwardNotice
from infohus.casework.exchanges.aftermath import Aftermath
from infohus.kernel.access.model import Disclosure
from infohus.kernel.sealing.column import WHOLE
from infohus.kernel.unit_of_work.unit import UnitOfWork


class DisclosedRecord(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """A record that an exchange disclosed, as a kept mark or a correction names it; it stays named when withdrawn.

    `parts` are those that were disclosed of a record that has several (rule 87).
    """

    kind: str
    id: UUID
    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: str, record_id: UUID, parts: Iterable[str]) -> "DisclosedRecord":
        """Name a record; that it went whole where it has one part needs no word."""
        return cls(kind, record_id, tuple(sorted({*parts} - {WHOLE})))


_NO_ITEMS = (Exchange.__tablename__, OnwardNotice.__tablename__)
"""Kinds of what an exchange discloses besides its items: itself, and what the owner of an item learns of it."""


def records_of(
    work: UnitOfWork, exchanges: Sequence[Exchange], found: Mapping[UUID, Aftermath]
) -> dict[UUID, list[DisclosedRecord]]:
    """List what exchanges disclosed, by kind and id, with what this unit of work is about to disclose.

    A recipient sees what was disclosed to itself. What was given to one that takes no part is among it, what went back
    to its owner is not: the owner has it.
    """
    records: dict[UUID, set[DisclosedRecord]] = {
        one.id: {
            DisclosedRecord.of(kind, record_id, parts.split(","))
            for kind, record_id, parts in zip(one.given_kinds, one.given_ids, one.given_parts, strict=True)
        }
        for one in exchanges
    }
    for one in exchanges:
        records[one.id].update(
            DisclosedRecord.of(told.kind, told.record_id, told.parts) for told in found[one.id].disclosed
            if told.kind not in _NO_ITEMS and work.caller.authority_id in {told.discloser_id, told.recipient_id}
        )
    for new in work.pending(Disclosure):
        if new.exchange_id in records and new.record_kind not in _NO_ITEMS:
            records[new.exchange_id].add(DisclosedRecord.of(new.record_kind, new.record_id, new.parts))
    return {exchange_id: sorted(told) for exchange_id, told in records.items()}
