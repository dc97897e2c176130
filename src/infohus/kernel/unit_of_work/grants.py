"""What an exchange gives its recipients: a row for each version disclosed, and wraps of the version's data keys."""

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.model import Disclosure
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.pending_writes import PendingWrites


class DisclosedRecord(Protocol):
    """A version that an exchange discloses: its table's name, record and number, and the authority that wrote it."""

    @property
    def kind(self) -> str: ...

    @property
    def record_id(self) -> UUID: ...

    @property
    def record_version(self) -> int: ...

    @property
    def owner(self) -> str: ...


WITHDRAWING = sa.select(
    sa.func.infohus.withdraw(
        sa.bindparam("exchange_id", type_=sa.Uuid), sa.bindparam("recipient_id", type_=sa.Text),
        sa.bindparam("kinds", type_=sa.ARRAY(sa.Text)),
    ).table_valued("record_id", "part", "record_version", "owner_id", "case_id", "key_id", name="withdrawn")
)
"""Takes away the wraps that an exchange gave a recipient; returns the ids of the records, and the key rows deleted."""
WITHDRAWN = sa.select(Disclosure).where(
    Disclosure.exchange_id == sa.bindparam("exchange_id"), Disclosure.recipient_id == sa.bindparam("recipient_id"),
    Disclosure.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
)


class Grants:
    """Gives the recipients of an exchange the keys of what it discloses."""

    def __init__(self, keys: Keyring, writes: PendingWrites) -> None:
        """Wrap what `keys` holds, and write it when the unit ends."""
        self._keys = keys
        self._writes = writes

    async def give(self, exchange_id: UUID, records: Sequence[DisclosedRecord], recipients: Iterable[str]) -> None:
        """Add a row for each version and recipient, and a wrap of each of the version's data keys; none for its owner.

        Raises:
            NotAvailable: the caller's authority cannot open one of them itself.
        """
        await self._keys.bring([(one.record_id, one.record_version) for one in records])
        for recipient_id in recipients:
            await self._keys.bring_case_key(recipient_id)
            for one in records:
                version = (one.record_id, one.record_version)
                self._writes.insert(Disclosure.of(
                    exchange_id=exchange_id, record_id=one.record_id, recipient_id=recipient_id,
                    record_version=one.record_version, record_kind=one.kind, case_id=self._keys.case_id,
                    discloser_id=self._keys.authority_id, via=self._keys.given_by(version),
                ), unless_there=False)
                if recipient_id == one.owner:
                    continue
                for key in self._keys.wraps_for(recipient_id, version, owner_id=one.owner, exchange_id=exchange_id):
                    self._writes.insert(key, unless_there=False)
