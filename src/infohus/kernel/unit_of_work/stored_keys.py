"""Where the wraps of a version's data keys stand, and who may read the version: parts of queries, and queries."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.model import KNOWN, DisclosedKey, Disclosure, RecordKey

_AUTHORITY_ID = sa.bindparam("authority_id", type_=sa.Text)
_RECORD_IDS = sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))
_NOT_GIVEN = (
    sa.cast(sa.null(), sa.Uuid).label("exchange_id"), sa.cast(sa.null(), sa.Integer).label("number"),
    sa.cast(sa.null(), sa.LargeBinary).label("content"),
)
"""What an owner's own wrap says of an exchange."""
WRAPS = sa.select(
    sa.union_all(
        sa.select(
            RecordKey.record_id, RecordKey.record_version, RecordKey.part, RecordKey.key_id,
            RecordKey.authority_id.label("owner_id"), *_NOT_GIVEN, RecordKey.wrapped_key,
        ).where(
            RecordKey.record_id == sa.func.any(_RECORD_IDS), RecordKey.authority_id == _AUTHORITY_ID
        ),
        sa.select(
            DisclosedKey.record_id, DisclosedKey.record_version, DisclosedKey.part, DisclosedKey.key_id,
            DisclosedKey.owner_id, DisclosedKey.exchange_id, DisclosedKey.number, DisclosedKey.content,
            DisclosedKey.wrapped_key,
        ).where(
            DisclosedKey.record_id == sa.func.any(_RECORD_IDS),
            DisclosedKey.recipient_id == _AUTHORITY_ID,
        ),
    ).subquery()
)
"""An authority's wraps of the data keys of records: as who wrote the version, and by exchanges."""
READERS = sa.select(Disclosure.record_id, Disclosure.record_version, Disclosure.recipient_id).where(
    Disclosure.record_id == sa.func.any(_RECORD_IDS), KNOWN,
)
"""To which authorities which versions are disclosed and not withdrawn, or kept; and exchanges, withdrawn or not."""


class StoredKey(NamedTuple):
    """A data key of a version, wrapped for the caller's authority.

    A recipient has it by key `number` of an exchange; `content` is the digest of what that disclosed.
    """

    part: str
    key_id: UUID
    owner_id: str
    exchange_id: UUID | None
    number: int | None
    content: bytes | None
    wrapped_key: bytes

    @property
    def exchange_key(self) -> tuple[UUID, int] | None:
        """The exchange key that it is wrapped under, by exchange and number; `None` for an owner's own wrap."""
        return None if self.exchange_id is None or self.number is None else (self.exchange_id, self.number)


def own_keys_of(record: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of a version's data keys that `:authority_id` has as who wrote it."""
    own = sa.select(sa.func.row(
        RecordKey.part, RecordKey.key_id, RecordKey.authority_id, RecordKey.wrapped_key,
    )).where(
        RecordKey.record_id == record.c.id, RecordKey.record_version == record.c.record_version,
        RecordKey.authority_id == _AUTHORITY_ID,
    )
    return sa.func.array(own.correlate(record).scalar_subquery())


def given_keys_of(record: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of a version's data keys that `:authority_id` has by exchanges."""
    given = sa.select(sa.func.row(*(getattr(DisclosedKey, name) for name in StoredKey._fields))).where(
        DisclosedKey.record_id == record.c.id, DisclosedKey.record_version == record.c.record_version,
        DisclosedKey.recipient_id == _AUTHORITY_ID,
    )
    return sa.func.array(given.correlate(record).scalar_subquery())


def stored_keys(own: Iterable[Sequence[Any]], given: Iterable[Sequence[Any]]) -> tuple[StoredKey, ...]:
    """Read the columns of `own_keys_of` and `given_keys_of`."""
    return (
        *(StoredKey(part, key_id, owner, None, None, None, wrapped) for part, key_id, owner, wrapped in own),
        *(StoredKey(*key) for key in given),
    )


def readers_of(record: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of the authorities to which this version is disclosed and that may know of it; see `KNOWN`."""
    disclosed = sa.select(Disclosure.recipient_id).where(
        Disclosure.record_id == record.c.id, Disclosure.record_version == record.c.record_version,
        KNOWN,
    )
    return sa.func.array(disclosed.scalar_subquery())
