"""The vault: makes, wraps and unwraps keys. It neither seals nor opens a text, and stores nothing.

A record's data key is wrapped for each authority that may read, under a key derived from that authority's case key,
which the keeper wraps under the authority's own key. Disclosing adds a wrap and copies nothing.
"""

import hmac
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from cachetools import TTLCache
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from infohus.kernel.database.tables import new_id
from infohus.kernel.sealing.envelope import KEY_BYTES, CannotOpen, DataKey
from infohus.kernel.sealing.keepers import INSTALLATION, KeyKeeper, supervision_of

REMEMBERED_CASE_KEYS = 2048

Remembered = tuple[UUID, str, bytes]


class Vault:
    """Makes, wraps and unwraps keys, and computes keyed indexes. Keys derived from case keys are cached for minutes."""

    def __init__(self, keeper: KeyKeeper, clock: Callable[[], datetime], *, keep_case_keys_seconds: int = 300) -> None:
        """Take the keeper of the authorities' keys and a clock in aware UTC."""
        self._keeper = keeper
        self._clock = clock
        self._latest = clock()
        self._remembered: TTLCache[Remembered, bytes, datetime] = TTLCache(
            REMEMBERED_CASE_KEYS, timedelta(seconds=keep_case_keys_seconds), timer=lambda: self._latest
        )

    def __repr__(self) -> str:
        """Show none of its keys."""
        return "Vault()"

    def keeper_key_id(self, authority_id: str) -> str:
        """Name the keeper's key that wraps an authority's case keys now."""
        return self._keeper.key_id(authority_id)

    def new_case_key(self, authority_id: str) -> bytes:
        """Make a case key, 32 random bytes, and give it wrapped by the authority's keeper, 40 bytes."""
        return self._keeper.wrap(authority_id, os.urandom(KEY_BYTES))

    def new_data_key(self) -> DataKey:
        """Make a record's data key, 32 random bytes."""
        return DataKey(new_id(), os.urandom(KEY_BYTES))

    def new_supervision_key(self, authority_id: str) -> tuple[bytes, DataKey]:
        """Make a data key for an authority's supervision alone, and give it wrapped by the keeper, 40 bytes."""
        key = self.new_data_key()
        return self._keeper.wrap(supervision_of(authority_id), key.material), key

    def unwrap_supervision_key(self, authority_id: str, wrapped: bytes) -> bytes:
        """Unwrap what was wrapped for an authority's supervision.

        Raises:
            CannotOpen: it was wrapped for another, or changed.
        """
        return self._keeper.unwrap(supervision_of(authority_id), wrapped)

    def wrap_data_key(
        self, data_key: DataKey, *, case_id: UUID, authority_id: str, wrapped_case_key: bytes
    ) -> bytes:
        """Wrap a data key for one authority in one case; 40 bytes. Source: RFC 5649."""
        return aes_key_wrap_with_padding(self._wrapping_key(case_id, authority_id, wrapped_case_key), data_key.material)

    def unwrap_data_key(
        self, wrapped: bytes, *, key_id: UUID, case_id: UUID, authority_id: str, wrapped_case_key: bytes
    ) -> DataKey:
        """Unwrap a data key that was wrapped for this authority in this case.

        Raises:
            CannotOpen: it was wrapped for another authority or case, or changed.
        """
        try:
            material = aes_key_unwrap_with_padding(self._wrapping_key(case_id, authority_id, wrapped_case_key), wrapped)
        except (InvalidUnwrap, ValueError):
            raise CannotOpen from None
        if len(material) != KEY_BYTES:
            raise CannotOpen
        return DataKey(key_id, material)

    def forget(self, case_id: UUID) -> None:
        """Drop the keys derived from a case's keys from memory."""
        self.forget_the_old()
        for entry in [entry for entry in self._remembered if entry[0] == case_id]:
            del self._remembered[entry]

    def forget_the_old(self) -> None:
        """Drop the derived keys whose seconds have passed. Each use does so; an idle process must call this.

        When the clock was set back, all are dropped: they would live longer otherwise.
        """
        now = self._clock()
        if now < self._latest:
            self._remembered.clear()
        self._latest = now
        self._remembered.expire()

    def index(self, infohus_id: UUID, kind: str, value: str) -> bytes:
        """Compute the keyed index of a value that is looked up, 32 bytes. Equal values give equal indexes."""
        return self._keyed(infohus_id, b"index", kind.encode(), value.encode())

    def fingerprint(self, infohus_id: UUID | None, payload: bytes) -> bytes:
        """Compute a keyed fingerprint of `payload`, 32 bytes; an unkeyed hash of a number is undone by trying all."""
        return self._keyed(infohus_id or INSTALLATION, b"fingerprint", payload)

    def _keyed(self, infohus_id: UUID, *parts: bytes) -> bytes:
        message = b"".join(len(part).to_bytes(4, "big") + part for part in (b"infohus/v1", *parts))
        return hmac.digest(self._keeper.index_key(infohus_id), message, "sha256")

    def _wrapping_key(self, case_id: UUID, authority_id: str, wrapped_case_key: bytes) -> bytes:
        """Derive the key that wraps data keys from case key, case and authority: a swapped case key opens nothing.

        Source: RFC 5869, section 2.3 (expand: the case key is uniformly random already).
        """
        entry = (case_id, authority_id, wrapped_case_key)
        self.forget_the_old()
        remembered = self._remembered.get(entry)
        if remembered is not None:
            return remembered
        case_key = self._keeper.unwrap(authority_id, wrapped_case_key)
        info = b"".join(
            len(part).to_bytes(4, "big") + part for part in (b"infohus/v1/wrap", case_id.bytes, authority_id.encode())
        )
        derived = HKDFExpand(hashes.SHA256(), KEY_BYTES, info).derive(case_key)
        self._remembered[entry] = derived
        # With `keep_case_keys_seconds=0` the key that was just stored has expired already.
        self._remembered.expire()
        return derived
