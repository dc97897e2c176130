"""Intake keys: a key sealed to an authority by whoever knows its public key, and opened by its key keeper alone.

HPKE, base mode, single-shot. Source: RFC 9180; the KEM is X-Wing (MLKEM768-X25519), which is still a draft: that is why
each sealed value begins with the number of its suite, and why none lives longer than it must.
"""

import hashlib
from functools import lru_cache
from typing import NewType
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from infohus.kernel.sealing.envelope import KEY_BYTES, CannotOpen, length_prefixed

SUITE = 1
"""MLKEM768_X25519, HKDF-SHA256, AES-256-GCM: the only suite there is."""
SEED_BYTES = 32
PUBLIC_KEY_BYTES = 1184 + 32
"""The public keys of ML-KEM-768 and of X25519, one after the other."""
SEALED_BYTES = 1 + 1088 + 32 + KEY_BYTES + 16
"""Suite number, ML-KEM ciphertext, X25519 share, and the key with the tag of AES-256-GCM."""

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_ML_KEM_SEED_BYTES = 64
REMEMBERED_INTAKE_KEYS = 256
_LONGEST_INFO_BYTES = 65_535

Info = NewType("Info", bytes)
"""What a sealed key is for, as bytes; whoever opens it must say the same."""


class IntakeKeyNotUsable(Exception):  # noqa: N818 - names the situation
    """The bytes are no public key of this suite, so nothing is sealed to them."""


def exchange_info(  # noqa: PLR0913 - all that an exchange key is for
    *, exchange_id: UUID, case_id: UUID, discloser_id: str, recipient_id: str, generation: int, number: int
) -> Info:
    """Say which key of which exchange is sealed, for whom: each part after its length, 4 bytes big-endian.

    `generation` is the recipient's intake key's; `number` counts the exchange's keys. Both are 8 bytes, big-endian.
    """
    return Info(length_prefixed((
        b"infohus/v1/exchange", exchange_id.bytes, case_id.bytes, discloser_id.encode(), recipient_id.encode(),
        generation.to_bytes(8, "big"), number.to_bytes(8, "big"),
    )))


def public_key_of(seed: bytes) -> bytes:
    """Compute the public key, 1,216 bytes, of a seed of 32 random bytes."""
    kem, share = _expanded(seed)
    return kem.public_key().public_bytes_raw() + share.public_key().public_bytes_raw()


def seal_to(public_key: bytes, key: bytes, info: Info) -> bytes:
    """Seal a 32-byte key for whoever holds the seed of `public_key`, bound to `info`; 1,169 bytes.

    Nothing here says whose key it is: verify its signature first (`signatures.py`).

    Raises:
        IntakeKeyNotUsable: it is no such key, or one that makes no secret (a share of low order).
        ValueError: the key is not 32 bytes, or there is no info.
    """
    _require_info(info)
    if len(key) != KEY_BYTES:
        message = "a key is 32 bytes"
        raise ValueError(message)
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise IntakeKeyNotUsable
    try:
        return bytes((SUITE,)) + _SUITE.encrypt(key, _read(public_key), info)
    except ValueError:
        raise IntakeKeyNotUsable from None


@lru_cache(maxsize=REMEMBERED_INTAKE_KEYS)
def _read(public_key: bytes) -> hpke.MLKEM768X25519PublicKey:
    """Read a public key; remembered, for the same few are sealed to again and again."""
    return hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public_key[:-32]), X25519PublicKey.from_public_bytes(public_key[-32:])
    )


def open_with(seed: bytes, sealed: bytes, info: Info) -> bytes:
    """Open what was sealed to the public key of `seed` for exactly this `info`; 32 bytes. For key keepers alone.

    Raises:
        CannotOpen: it was not, it was changed, or it is of another suite.
        ValueError: there is no info.
    """
    _require_info(info)
    # A length of its own for each suite: nothing of another form reaches the library.
    if len(sealed) != SEALED_BYTES or sealed[0] != SUITE:
        raise CannotOpen
    try:
        return _SUITE.decrypt(sealed[1:], hpke.MLKEM768X25519PrivateKey(*_expanded(seed)), info)
    except (InvalidTag, ValueError):  # a changed share of X25519 can be of low order
        raise CannotOpen from None


def _expanded(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """Expand a seed into the two private keys, which the library cannot store. Source: draft-connolly-cfrg-xwing-kem.

    "expanded = SHAKE256(sk, 96); (pk_M, sk_M) = ML-KEM-768.KeyGen_internal(expanded[0:32], expanded[32:64]);
    sk_X = expanded[64:96]".
    """
    if len(seed) != SEED_BYTES:
        message = "a seed is 32 bytes"
        raise ValueError(message)
    expanded = hashlib.shake_256(seed).digest(_ML_KEM_SEED_BYTES + 32)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED_BYTES:]),
    )


def _require_info(info: Info) -> None:
    # The library lets `info` be left out: then a sealed key would open wherever it is put.
    if not 0 < len(info) <= _LONGEST_INFO_BYTES:
        message = "info says what a sealed key is for, and cannot be left out"
        raise ValueError(message)
