"""The vault: makes, wraps and unwraps keys. It neither seals nor opens a text, and stores nothing.

The data key of each part of each version is wrapped for each authority that may read it, under a key derived from that
authority's case key, which the keeper wraps under the authority's own key. Disclosing adds a wrap and copies nothing.
"""

import hmac
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from cachetools import TTLCache

from infohus.kernel.database.tables import new_id
from infohus.kernel.sealing.envelope import KEY_BYTES, DataKey, length_prefixed
from infohus.kernel.sealing.keepers import INSTALLATION, KeyKeeper, supervision_of
from infohus.kernel.sealing.wraps import KeyPlace, expanded, unwrap, wrap

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

    def new_case_key(self, case_id: UUID, authority_id: str) -> bytes:
        """Make a case key, 32 random bytes, and give it wrapped by the authority's keeper, 60 bytes."""
        return self._keeper.wrap(authority_id, os.urandom(KEY_BYTES), _case_key_context(case_id))

    def new_data_key(self) -> DataKey:
        """Make the data key of one part of one version, 32 random bytes."""
        return DataKey(new_id(), os.urandom(KEY_BYTES))

    def new_supervision_key(self, authority_id: str, row_id: UUID) -> tuple[bytes, DataKey]:
        """Make the data key of a row's texts for an authority's supervision, and give it wrapped, 60 bytes."""
        key = self.new_data_key()
        context = _supervision_context(row_id, key.key_id)
        return self._keeper.wrap(supervision_of(authority_id), key.material, context), key

    def unwrap_supervision_key(self, authority_id: str, row_id: UUID, key_id: UUID, wrapped: bytes) -> DataKey:
        """Unwrap the data key that was wrapped for an authority's supervision at this row.

        Raises:
            CannotOpen: it was wrapped for another authority or row, or changed.
        """
        context = _supervision_context(row_id, key_id)
        return DataKey(key_id, self._keeper.unwrap(supervision_of(authority_id), wrapped, context))

    def wrap_data_key(self, data_key: DataKey, place: KeyPlace, *, wrapped_case_key: bytes) -> bytes:
        """Wrap a data key under the case key of its reader, bound to its place; 60 bytes."""
        return wrap(self._wrapping_key(place, wrapped_case_key), place.associated_data(), data_key.material)

    def unwrap_data_key(self, wrapped: bytes, place: KeyPlace, *, wrapped_case_key: bytes) -> DataKey:
        """Unwrap a data key that was wrapped for exactly this place.

        Raises:
            CannotOpen: it was wrapped for another place, or changed.
        """
        return DataKey(
            place.key_id, unwrap(self._wrapping_key(place, wrapped_case_key), place.associated_data(), wrapped)
        )

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
        return hmac.digest(self._keeper.index_key(infohus_id), length_prefixed((b"infohus/v1", *parts)), "sha256")

    def _wrapping_key(self, place: KeyPlace, wrapped_case_key: bytes) -> bytes:
        """Derive the key that wraps data keys from case key, case and authority: a swapped case key opens nothing."""
        case_id, authority_id = place.case_id, place.reader_id
        entry = (case_id, authority_id, wrapped_case_key)
        self.forget_the_old()
        remembered = self._remembered.get(entry)
        if remembered is not None:
            return remembered
        case_key = self._keeper.unwrap(authority_id, wrapped_case_key, _case_key_context(case_id))
        derived = expanded(case_key, b"infohus/v1/wrap", case_id.bytes, authority_id.encode())
        self._remembered[entry] = derived
        # With `keep_case_keys_seconds=0` the key that was just stored has expired already.
        self._remembered.expire()
        return derived


def _case_key_context(case_id: UUID) -> bytes:
    return length_prefixed((b"case", case_id.bytes))


def _supervision_context(row_id: UUID, key_id: UUID) -> bytes:
    return length_prefixed((b"supervision", row_id.bytes, key_id.bytes))
