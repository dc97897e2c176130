"""The digest of a version's clear columns, to which its texts are bound: a text does not open beside other columns."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODER = msgspec.json.Encoder(enc_hook=str, order="sorted")

NO_COLUMNS = hashlib.sha256(b"{}").digest()
"""The digest where no columns are bound."""


def digest_of(columns: Mapping[str, object]) -> bytes:
    """Compute the SHA-256, 32 bytes, of columns as JSON with sorted names and no spaces.

    Moments are in UTC and end in Z, with as many digits of the second as they need; days are ISO 8601; bytes are
    base64; ids are 36 characters; what holds nothing is `null`.
    """
    return hashlib.sha256(_ENCODER.encode({
        name: _in_utc(value) if isinstance(value, datetime) else value for name, value in columns.items()
    })).digest()


def _in_utc(value: datetime) -> datetime:
    return _EPOCH + (value - _EPOCH)
