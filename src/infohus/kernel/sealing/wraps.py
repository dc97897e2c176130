"""Wraps: a key sealed under another key with AES-256-GCM, bound to all that it is for.

12 bytes nonce ‖ ciphertext of 32 bytes ‖ 16-byte tag. Wrap bytes that were put at another row do not open, so nobody
can be made to disclose one key in the place of another.
"""

import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from infohus.kernel.sealing.envelope import KEY_BYTES, CannotOpen, length_prefixed

WRAP_BYTES = 12 + KEY_BYTES + 16
_DATA_KEY = b"infohus/v1/data-key"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Which key a wrap holds, of what, and for whom: all that its row says of it.

    `owner_id` wrote the version, `reader_id` opens it. `exchange_id` is the exchange that gave the key, and `content`
    the digest of what it disclosed; both are `None` for the owner. `person_id` is the person that the key goes with;
    `None` where it goes with the whole side.
    """

    record_id: UUID
    version: int
    part: str
    key_id: UUID
    owner_id: str
    reader_id: str
    case_id: UUID
    exchange_id: UUID | None = None
    person_id: UUID | None = None
    content: bytes | None = None

    def associated_data(self) -> bytes:
        """Write it as bytes: each part after its length, 4 bytes big-endian; what is `None` has length 0."""
        return length_prefixed((
            _DATA_KEY, self.record_id.bytes, self.version.to_bytes(8, "big"), self.part.encode(), self.key_id.bytes,
            self.owner_id.encode(), self.reader_id.encode(), self.case_id.bytes,
            b"" if self.person_id is None else self.person_id.bytes,
            b"" if self.exchange_id is None else self.exchange_id.bytes, self.content or b"",
        ))


def wrap(wrapping_key: bytes, context: bytes, key: bytes) -> bytes:
    """Wrap a 32-byte key, bound to `context`; 60 bytes. Source: NIST SP 800-38D; architecture.md, "Sealing"."""
    nonce = os.urandom(12)
    return nonce + AESGCM(wrapping_key).encrypt(nonce, key, context)


def unwrap(wrapping_key: bytes, context: bytes, wrapped: bytes) -> bytes:
    """Unwrap what was wrapped under this key for exactly this context.

    Raises:
        CannotOpen: it was not, or it was changed.
    """
    if len(wrapped) != WRAP_BYTES:
        raise CannotOpen
    try:
        return AESGCM(wrapping_key).decrypt(wrapped[:12], wrapped[12:], context)
    except InvalidTag:
        raise CannotOpen from None


def expanded(secret: bytes, *label: bytes) -> bytes:
    """Expand a secret of 32 random bytes into the key of one use, 32 bytes: another label gives another key.

    Source: RFC 5869, section 2.3 (expand: the secret is uniformly random already).
    """
    return HKDFExpand(hashes.SHA256(), KEY_BYTES, length_prefixed(label)).derive(secret)
