"""Which records an exchange disclosed: to the caller's authority, or by it to anybody."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange
from infohus.cases.disclosures.onward_notices import OnwardNotice
from infohus.kernel.access.model import Disclosure
from infohus.kernel.unit_of_work.unit import UnitOfWork


class DisclosedRecord(msgspec.Struct, frozen=True, order=True):
    """A record that an exchange disclosed, as a kept mark or a correction names it; it stays named when withdrawn."""

    kind: str
    id: UUID


_NO_ITEMS = (Exchange.__tablename__, OnwardNotice.__tablename__)
"""Kinds of what an exchange discloses besides its items: itself, and what the owner of an item learns of it."""
_RECORDS = (
    sa.select(Disclosure.exchange_id, Disclosure.record_kind, Disclosure.record_id)
    .where(
        Disclosure.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))),
        *(Disclosure.record_kind != kind for kind in _NO_ITEMS),
        sa.or_(
            Disclosure.discloser_id == sa.bindparam("authority_id", type_=sa.Text),
            Disclosure.recipient_id == sa.bindparam("authority_id", type_=sa.Text),
        ),
    )
    .distinct()
)


async def records_of(work: UnitOfWork, exchanges: Sequence[Exchange]) -> dict[UUID, list[DisclosedRecord]]:
    """List what exchanges disclosed, by kind and id, with what this unit of work is about to disclose.

    A recipient sees what was disclosed to itself. What was given to one that takes no part is among it, what went back
    to its owner is not: the owner has it.
    """
    pending = {exchange.id for exchange in work.pending(Exchange)}
    stored = [one.id for one in exchanges if one.id not in pending]
    rows = await work.values(_RECORDS, exchange_ids=stored, authority_id=work.caller.authority_id) if stored else []
    found: dict[UUID, set[DisclosedRecord]] = {
        one.id: set(map(DisclosedRecord, one.given_kinds, one.given_ids)) for one in exchanges
    }
    for row in rows:
        found[row["exchange_id"]].add(DisclosedRecord(row["record_kind"], row["record_id"]))
    for new in work.pending(Disclosure):
        if new.exchange_id in found and new.record_kind not in _NO_ITEMS:
            found[new.exchange_id].add(DisclosedRecord(new.record_kind, new.record_id))
    return {exchange_id: sorted(records) for exchange_id, records in found.items()}
