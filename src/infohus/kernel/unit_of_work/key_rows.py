"""What a unit asks and writes in the schema `keys`, and what the audit entry says of the rows written there."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import (
    ExchangeKey,
    IntakeKey,
    IntakeSecret,
    KeptKey,
    KeyRow,
    SideSecret,
)
from infohus.kernel.access.model import DisclosedKey
from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.row_digests import WRAPPED_KEYS, key_of
from infohus.kernel.database.statements import Stored, column_names_of, table_of

INSERTED, UPDATED = "INSERT 0 1", "UPDATE 1"
WRITTEN = {INSERTED, UPDATED}
"""What PostgreSQL answers where it wrote the row."""
TAKEN_IN, DELETED = 2, 3
"""The revisions of an exchange key after the first, as which it is sealed."""

_AUTHORITY_ID = sa.bindparam("authority_id", type_=sa.Text)
_ASKED = sa.func.unnest(sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid))).table_valued(
    sa.column("case_id", sa.Uuid), name="asked"
).render_derived()
_SECRETS = sa.select(sa.func.row(SideSecret.person_id, SideSecret.generation, SideSecret.wrapped_key)).where(
    SideSecret.case_id == _ASKED.c.case_id, SideSecret.authority_id == _AUTHORITY_ID,
)
_SEED = sa.select(IntakeSecret.wrapped_seed).where(
    ExchangeKey.sealed.is_not(None), IntakeSecret.authority_id == ExchangeKey.recipient_id,
    IntakeSecret.infohus_id == ExchangeKey.infohus_id, IntakeSecret.generation == ExchangeKey.generation,
)
_GIVEN = sa.select(
    sa.func.row(*table_of(ExchangeKey).columns, _SEED.correlate(table_of(ExchangeKey)).scalar_subquery())
).where(ExchangeKey.case_id == _ASKED.c.case_id, ExchangeKey.recipient_id == _AUTHORITY_ID)
KEYS = sa.select(
    _ASKED.c.case_id, sa.func.array(_SECRETS.correlate(_ASKED).scalar_subquery()).label("secrets"),
    sa.func.array(_GIVEN.correlate(_ASKED).scalar_subquery()).label("given"),
)
"""For each case the stored secrets of the authority's side and of its persons, and the exchange keys given to it."""
WRAPPED = sa.select(DisclosedKey).where(
    DisclosedKey.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))),
    DisclosedKey.recipient_id == _AUTHORITY_ID,
)
KEPT = sa.select(KeptKey).where(
    KeptKey.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
    KeptKey.authority_id == _AUTHORITY_ID,
).order_by(KeptKey.part, KeptKey.id)
INTAKE_KEYS = (
    sa.select(IntakeKey)
    .where(
        IntakeKey.infohus_id == sa.bindparam("infohus_id", type_=sa.Uuid),
        IntakeKey.authority_id == sa.func.any(sa.bindparam("authority_ids", type_=sa.ARRAY(sa.Text))),
    )
    .order_by(IntakeKey.generation)
)
TAKE_IN = (
    sa.update(ExchangeKey)
    .where(
        ExchangeKey.exchange_id == sa.bindparam("of_exchange"), ExchangeKey.recipient_id == sa.bindparam("recipient"),
        ExchangeKey.number == sa.bindparam("of_number"),
    )
    .values(sealed=None, taken_in=sa.bindparam("wrapped", type_=sa.LargeBinary), revision=TAKEN_IN)
)
WITHDRAW = sa.select(sa.func.keys.withdraw(
    sa.bindparam("exchange_id", type_=sa.Uuid), sa.bindparam("recipient_id", type_=sa.Text),
    sa.bindparam("numbers", type_=sa.ARRAY(sa.Integer)),
))


def given_keys(row: Stored) -> list[dict[str, Any]]:
    """Read the exchange keys in a row of `KEYS` by their columns' names, each with the seed that opens it as sealed."""
    names = (*column_names_of(ExchangeKey), "wrapped_seed")
    return [dict(zip(names, key, strict=True)) for key in row["given"]]


def inserted(model: type[KeyRow], columns: Mapping[str, Any]) -> Wrote:
    """Describe a row that was inserted."""
    return wrote_of(table_of(model), "insert", before={}, after=_with_digest(columns))


def taken_in(stored: Mapping[str, Any], wrapped: bytes) -> Wrote:
    """Describe an exchange key that its recipient takes in, which was read as `stored`."""
    before = {name: stored[name] for name in column_names_of(ExchangeKey)}
    after = _with_digest({**before, "sealed": None, "taken_in": wrapped, "revision": TAKEN_IN})
    return wrote_of(table_of(ExchangeKey), "update", before=before, after=after)


def deleted_exchange_key(exchange_id: UUID, recipient_id: str, number: int) -> Wrote:
    """Describe an exchange key that its discloser withdraws; whether it was taken in is not the discloser's to know."""
    columns = {"exchange_id": exchange_id, "recipient_id": recipient_id, "number": number}
    key = key_of(columns, tuple(columns))
    return Wrote("delete", str(table_of(ExchangeKey).name), key, DELETED, None)


def _with_digest(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Add what PostgreSQL computes of the key that the row holds."""
    key = next(columns[name] for name in sorted(WRAPPED_KEYS) if columns.get(name) is not None)
    return {**columns, "key_digest": sha256(key).digest()}
