"""The digest of a whole row as stored: computed here alone, by whoever writes a row and by whoever reads it back.

What is hashed is JSON: a list of the table's name and an object of the row's columns in the order of their names,
without those that are null. Moments are written as microseconds since 1970 in UTC, bytes in base64, ids in lower case.
So a column that is added later and left null changes no digest.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import msgspec

WRAPPED_KEYS = frozenset({"wrapped_key", "answers_key", "wrapped_seed", "sealed", "taken_in"})
"""Columns of wrapped keys: they are outside of the digest, because a key is wrapped anew without an act on its row.

In the schema `keys` they are inside by their own digest, `key_digest`: there is nothing else to such a row.
"""

REVISION = "revision"
"""The column that counts what was stored of a row, from 1. Rows of a table without it never change."""

UNLOGGED: Mapping[str, str] = MappingProxyType({
    "alembic_version": "names the schema, and `infohus migrate` alone writes it",
    "answered_request": "idempotency keys, which end after a period; what a request recorded is logged",
    "case_number": "counts the cases that an infohus opened in a year; each case, with its number, is logged",
})
"""Tables whose rows no log names, and why; there are no others."""

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_ENCODER = msgspec.json.Encoder(enc_hook=str)


def digest_of(table: str, stored: Mapping[str, Any]) -> str:
    """Compute the SHA-256 of a row, hexadecimal; `stored` are all its columns as the driver sends or reads them."""
    content = {}
    for name in sorted(stored):
        value = stored[name]
        if value is None or name in WRAPPED_KEYS:
            continue
        content[name] = (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value
    return sha256(_ENCODER.encode([table, content])).hexdigest()


def key_of(stored: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    """Write a row's primary key as texts, by the columns' names: bytes hexadecimal, all else as it is written."""
    values = (stored[name] for name in sorted(names))
    return [value.hex() if isinstance(value, bytes) else str(value) for value in values]


def revision_of(stored: Mapping[str, Any]) -> int:
    """Give a row's revision; 1 where its table has none."""
    revision: int = stored.get(REVISION, 1)
    return revision
