"""Where the wraps of a version's data keys stand, and who may read the version: parts of queries, and queries."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.model import KNOWN, DisclosedKey, Disclosure, RecordKey
from infohus.kernel.database.marks import marks_in
from infohus.kernel.database.statements import Stored

_AUTHORITY_ID = sa.bindparam("authority_id", type_=sa.Text)
_RECORD_IDS = sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))
_NOT_GIVEN = (
    sa.cast(sa.null(), sa.Uuid).label("exchange_id"), sa.cast(sa.null(), sa.Integer).label("number"),
    sa.cast(sa.null(), sa.LargeBinary).label("content"),
)
"""What an owner's own wrap says of an exchange."""
_NO_PERSON = sa.cast(sa.null(), sa.Uuid).label("person_id")
_NO_MARKS = sa.cast(sa.null(), sa.ARRAY(sa.LargeBinary)).label("concerns")
_WRAPPED_BY = sa.and_(
    DisclosedKey.exchange_id == Disclosure.exchange_id, DisclosedKey.record_id == Disclosure.record_id,
    DisclosedKey.recipient_id == Disclosure.recipient_id,
)
WRAPS = sa.select(
    sa.union_all(
        sa.select(
            RecordKey.record_id, RecordKey.record_version, RecordKey.part, RecordKey.key_id,
            RecordKey.authority_id.label("owner_id"), *_NOT_GIVEN, RecordKey.wrapped_key, RecordKey.person_id,
            _NO_MARKS,
        ).where(
            RecordKey.record_id == sa.func.any(_RECORD_IDS), RecordKey.authority_id == _AUTHORITY_ID
        ),
        sa.select(
            Disclosure.record_id, Disclosure.record_version, DisclosedKey.part, DisclosedKey.key_id,
            DisclosedKey.owner_id, Disclosure.exchange_id, DisclosedKey.number, DisclosedKey.content,
            DisclosedKey.wrapped_key, _NO_PERSON, Disclosure.concerns,
        ).select_from(Disclosure).outerjoin(DisclosedKey, _WRAPPED_BY).where(
            Disclosure.record_id == sa.func.any(_RECORD_IDS),
            Disclosure.recipient_id == _AUTHORITY_ID,
        ),
    ).subquery()
)
"""An authority's wraps of the data keys of records: as who wrote the version, and by exchanges.

Of what was withdrawn there is a row without a key, which says whom it concerns.
"""
READERS = sa.select(Disclosure.record_id, Disclosure.record_version, Disclosure.recipient_id).where(
    Disclosure.record_id == sa.func.any(_RECORD_IDS), KNOWN,
)
"""To which authorities which versions are disclosed and not withdrawn, or kept; and exchanges, withdrawn or not."""


Marks = tuple[UUID, Collection[bytes]]
"""What an exchange says of whom a record concerns: the exchange's id, and `Disclosure.concerns`."""

NEXT_VERSION = sa.select(sa.func.infohus.next_version(sa.bindparam("record_id", type_=sa.Uuid)).label("version"))
"""Gives the number of a record's next version."""


class StoredKey(NamedTuple):
    """A data key of a version, wrapped for the caller's authority.

    A recipient has it by key `number` of an exchange; `content` is the digest of what that disclosed. `person_id` is
    the person whose secret wraps an owner's own.
    """

    part: str
    key_id: UUID
    owner_id: str
    exchange_id: UUID | None
    number: int | None
    content: bytes | None
    wrapped_key: bytes
    person_id: UUID | None = None

    @property
    def name(self) -> tuple[UUID, int] | None:
        """Name the exchange key that it is wrapped under, if one gave it."""
        return None if self.exchange_id is None or self.number is None else (self.exchange_id, self.number)


def stored_key(row: Stored) -> list[StoredKey]:
    """Read a row of `WRAPS`: one key, or none of what was withdrawn."""
    return [] if row["part"] is None else [StoredKey(*(row[name] for name in StoredKey._fields))]


def own_keys_of(record: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of a version's data keys that `:authority_id` has as who wrote it."""
    own = sa.select(sa.func.row(
        RecordKey.part, RecordKey.key_id, RecordKey.authority_id, RecordKey.wrapped_key, RecordKey.person_id,
    )).where(
        RecordKey.record_id == record.c.id, RecordKey.record_version == record.c.record_version,
        RecordKey.authority_id == _AUTHORITY_ID,
    )
    return sa.func.array(own.correlate(record).scalar_subquery())


def given_keys_of(record: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of a version's data keys that `:authority_id` has by exchanges."""
    given = sa.select(sa.func.row(*(getattr(DisclosedKey, name) for name in StoredKey._fields[:-1]))).where(
        DisclosedKey.record_id == record.c.id, DisclosedKey.record_version == record.c.record_version,
        DisclosedKey.recipient_id == _AUTHORITY_ID,
    )
    return sa.func.array(given.correlate(record).scalar_subquery())


def marks_on(record: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of what exchanges with `:authority_id` say of whom a version concerns: withdrawn ones, too.

    The marks of one stand one after the other: of an array in a row without a name, a new connection knows no decoder.
    """
    mark = sa.func.unnest(Disclosure.concerns).column_valued("mark")
    written = sa.select(
        sa.func.coalesce(sa.func.string_agg(mark, sa.literal(b"", sa.LargeBinary)), sa.literal(b"", sa.LargeBinary))
    ).scalar_subquery()
    marks = sa.select(sa.func.row(Disclosure.exchange_id, written)).where(
        Disclosure.record_id == record.c.id, Disclosure.record_version == record.c.record_version,
        Disclosure.recipient_id == _AUTHORITY_ID,
    )
    return sa.func.array(marks.correlate(record).scalar_subquery())


def marks_told(column: Iterable[Sequence[Any]]) -> list[Marks]:
    """Read the column of `marks_on`."""
    return [(exchange_id, marks_in(written)) for exchange_id, written in column]


def stored_keys(own: Iterable[Sequence[Any]], given: Iterable[Sequence[Any]]) -> tuple[StoredKey, ...]:
    """Read the columns of `own_keys_of` and `given_keys_of`."""
    return (
        *(
            StoredKey(part, key_id, owner, None, None, None, wrapped, person_id)
            for part, key_id, owner, wrapped, person_id in own
        ),
        *(StoredKey(*key) for key in given),
    )


def readers_of(record: sa.FromClause) -> sa.ColumnElement[Any]:
    """Write the column of the authorities to which this version is disclosed and that may know of it; see `KNOWN`."""
    disclosed = sa.select(Disclosure.recipient_id).where(
        Disclosure.record_id == record.c.id, Disclosure.record_version == record.c.record_version,
        KNOWN,
    )
    return sa.func.array(disclosed.scalar_subquery())
