"""Envelope v1: one text, sealed under the data key of one part of one version, bound to the place where it is stored.

1 byte version 0x01 ‖ 16 bytes key id ‖ 12 bytes nonce ‖ AES-256-GCM ciphertext with its 16-byte tag.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
KEY_BYTES = 32
SHORTEST = 45
"""Bytes of an envelope around an empty text: version, key id, nonce and tag."""
_NONCE = slice(17, 29)
_DOMAIN = b"infohus/v1"
_LENGTHS = tuple(length.to_bytes(4, "big") for length in range(256))
"""The lengths of nearly every part, as they are written before it."""


def length_prefixed(parts: Iterable[bytes]) -> bytes:
    """Write parts one after another, each after its length in 4 bytes, big-endian: no two lists give the same bytes."""
    return b"".join([
        (_LENGTHS[length] if (length := len(part)) < len(_LENGTHS) else length.to_bytes(4, "big")) + part
        for part in parts
    ])


class CannotOpen(Exception):  # noqa: N818 - names the situation
    """Another key, another place, another version, or changed: one error for every cause."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value is stored, and of which version of what, written by whom; elsewhere it does not open.

    `clear_digest` is the SHA-256 of the version's clear columns (`clear_columns.py`): they cannot be changed beside it.
    """

    kind: str
    part: str
    field: str
    record_id: UUID
    case_id: UUID
    owner_id: str
    version: int
    clear_digest: bytes

    def associated_data(self, key_id: UUID) -> bytes:
        """Write the place, and the key that seals there, as bytes: each part after its length, 4 bytes big-endian."""
        return _named(self.kind, self.part, self.field) + _of_version(
            self.record_id, self.case_id, self.owner_id, self.version, key_id, self.clear_digest
        )


@cache
def _named(kind: str, part: str, field_name: str) -> bytes:
    """Write domain, kind, part and field, each after its length; remembered for each sealed column."""
    return length_prefixed((_DOMAIN, kind.encode(), part.encode(), field_name.encode()))


@lru_cache(maxsize=16)
def _of_version(  # noqa: PLR0913, PLR0917 - what a version's place is made of
    record_id: UUID, case_id: UUID, owner_id: str, version: int, key_id: UUID, clear_digest: bytes
) -> bytes:
    """Write what all texts of a part have in common: they are opened and sealed one after another."""
    return length_prefixed((
        record_id.bytes, case_id.bytes, owner_id.encode(), version.to_bytes(8, "big"), key_id.bytes, clear_digest,
    ))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value as the database holds it."""

    envelope: bytes = field(repr=False)

    @property
    def key_id(self) -> UUID:
        """The id of the key that the envelope names.

        Raises:
            CannotOpen: it is too short to name one.
        """
        if len(self.envelope) < SHORTEST:
            raise CannotOpen
        return UUID(bytes=self.envelope[1:17])

    def __repr__(self) -> str:
        """Show the length alone."""
        return f"Sealed({len(self.envelope)} bytes)"


class DataKey:
    """The key of one part of one version: 32 random bytes, and the id its envelopes name."""

    __slots__ = ("_cipher", "key_id", "material")

    def __init__(self, key_id: UUID, material: bytes) -> None:
        """Take 32 bytes of key material.

        Raises:
            ValueError: it is not 32 bytes.
        """
        if len(material) != KEY_BYTES:
            message = "a data key is 32 bytes"
            raise ValueError(message)
        self.key_id = key_id
        self.material = material
        self._cipher: AESGCM | None = None

    def __repr__(self) -> str:
        """Show the id, never the material."""
        return f"DataKey({self.key_id})"

    @property
    def cipher(self) -> AESGCM:
        """The AES-256-GCM cipher under this key, made at first use."""
        if self._cipher is None:
            self._cipher = AESGCM(self.material)
        return self._cipher


def seal(key: DataKey, place: Place, text: str) -> Sealed:
    """Seal `text` for `place` under a fresh 96-bit nonce. Source: NIST SP 800-38D; architecture.md, "Sealing"."""
    nonce = os.urandom(12)
    ciphertext = key.cipher.encrypt(nonce, text.encode(), place.associated_data(key.key_id))
    return Sealed(VERSION + key.key_id.bytes + nonce + ciphertext)


def open_sealed(key: DataKey, place: Place, sealed: Sealed) -> str:
    """Open what was sealed for exactly this place under exactly this key.

    Raises:
        CannotOpen: it was not, or it is changed.
    """
    envelope = sealed.envelope
    if envelope[:17] != VERSION + key.key_id.bytes:
        raise CannotOpen
    try:
        return key.cipher.decrypt(envelope[_NONCE], envelope[29:], place.associated_data(key.key_id)).decode()
    except (InvalidTag, ValueError):
        raise CannotOpen from None
