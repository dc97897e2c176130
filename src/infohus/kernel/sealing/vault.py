"""The vault: makes, wraps and unwraps keys. It neither seals nor opens a text, and stores nothing.

The data key of each part of each version is wrapped for the authority that wrote it, under a key expanded from the
secret of a person on its side of the case, or of that side, and for whoever it is disclosed to, under a key of the
exchange. The keeper of each
authority wraps its secrets, opens what is sealed to it, and signs what it discloses.
"""

import hmac
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from cachetools import LRUCache, TTLCache

from infohus.kernel.sealing.envelope import KEY_BYTES, CannotOpen, DataKey, length_prefixed
from infohus.kernel.sealing.exchange_keys import ExchangeKey, ExchangeKeyPlace, seed_context
from infohus.kernel.sealing.intake import REMEMBERED_INTAKE_KEYS, seal_to
from infohus.kernel.sealing.keepers import INSTALLATION, KeyKeeper, supervision_of
from infohus.kernel.sealing.signatures import NotSigned, Signers, exchange_statement, intake_statement
from infohus.kernel.sealing.wraps import KeyPlace, expanded, unwrap, wrap

REMEMBERED_KEYS = 4096

_OWN, _TAKEN_IN, _KEPT = b"infohus/v1/own", b"infohus/v1/exchanges", b"infohus/v1/kept"
"""What a side's secret is expanded for: its own data keys, the exchange keys it took in, the data keys it keeps."""


@dataclass(frozen=True, slots=True)
class WrappedSecret:
    """The secret of one authority's side of a case, as its keeper wrapped it and as it was just read.

    With a `person_id` it is that person's on the side.
    """

    case_id: UUID
    authority_id: str
    wrapped: bytes = field(repr=False)
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PublicIntakeKey:
    """An authority's intake key in an infohus as it is stored, with the signature by which it counts."""

    authority_id: str
    infohus_id: UUID
    generation: int
    suite: int
    public_key: bytes
    signer_key_id: str
    signature: bytes

    def statement(self) -> bytes:
        """Write what its authority's keeper signed."""
        return intake_statement(
            authority_id=self.authority_id, infohus_id=self.infohus_id, generation=self.generation, suite=self.suite,
            public_key=self.public_key,
        )


@dataclass(frozen=True, slots=True)
class SealedExchangeKey:
    """An exchange key as it is stored: sealed to its recipient's intake key, and signed by its discloser."""

    place: ExchangeKeyPlace
    sealed: bytes = field(repr=False)
    signer_key_id: str
    signature: bytes

    def statement(self, disclosed: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Write what the discloser's keeper signed; `disclosed` are digests of each wrap and of what it discloses."""
        place = self.place
        return exchange_statement(
            exchange_id=place.exchange_id, case_id=place.case_id, discloser_id=place.discloser_id,
            recipient_id=place.recipient_id, generation=place.generation, number=place.number, sealed=self.sealed,
            disclosed=disclosed,
        )


def require_signed(intake: PublicIntakeKey, signers: Signers) -> None:
    """Return when an intake key is its authority's, by a signature of its keeper's that counts.

    Raises:
        NotSigned: it is not, or its numbers are none that can be signed.
    """
    try:
        statement = intake.statement()
    except OverflowError:
        raise NotSigned from None
    signers.verify(intake.authority_id, intake.signer_key_id, statement, intake.signature)


def is_signed(intake: PublicIntakeKey, signers: Signers) -> bool:
    """Say whether an intake key is its authority's; see `require_signed`."""
    try:
        require_signed(intake, signers)
    except NotSigned:
        return False
    return True


Remembered = tuple[WrappedSecret, bytes]


class Vault:
    """Makes, wraps and unwraps keys, and computes keyed indexes. Keys expanded from secrets are cached for minutes."""

    def __init__(
        self, keeper: KeyKeeper, signers: Signers, clock: Callable[[], datetime], *, keep_keys_seconds: int = 300
    ) -> None:
        """Take the keeper of the authorities' keys, the signers whose word counts, and a clock in aware UTC."""
        self._keeper = keeper
        self._signers = signers
        self._clock = clock
        self._latest = clock()
        self._remembered: TTLCache[Remembered, bytes, datetime] = TTLCache(
            REMEMBERED_KEYS, timedelta(seconds=keep_keys_seconds), timer=lambda: self._latest
        )
        self._signed: LRUCache[PublicIntakeKey, bool] = LRUCache(REMEMBERED_INTAKE_KEYS)

    def __repr__(self) -> str:
        """Show none of its keys."""
        return "Vault()"

    def keeper_key_id(self, authority_id: str) -> str:
        """Name the keeper's key that wraps an authority's secrets now."""
        return self._keeper.key_id(authority_id)

    def new_side_secret(self, case_id: UUID, authority_id: str, person_id: UUID | None = None) -> WrappedSecret:
        """Make the secret of an authority's side or of a person on it, 32 random bytes, wrapped by its keeper."""
        wrapped = self._keeper.wrap(authority_id, os.urandom(KEY_BYTES), _side_context(case_id, person_id))
        return WrappedSecret(case_id, authority_id, wrapped, person_id)

    def opens(self, secret: WrappedSecret) -> bool:
        """Say whether a stored secret is its side's: whether the keeper wrapped it for exactly this side or person."""
        try:
            self._expanded(secret, _OWN)
        except CannotOpen:
            return False
        return True

    def new_data_key(self) -> DataKey:
        """Make the data key of one part of one version, 32 random bytes; its id tells of no other that was made."""
        return DataKey(uuid4(), os.urandom(KEY_BYTES))

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

    # --- what a side's own secret opens ------------------------------------------------------------------------------
    def wrap_own(self, data_key: DataKey, place: KeyPlace, secret: WrappedSecret) -> bytes:
        """Wrap the data key of a version that the authority wrote, bound to its place; 60 bytes."""
        return wrap(self._expanded(secret, _OWN), place.associated_data(), data_key.material)

    def unwrap_own(self, wrapped: bytes, place: KeyPlace, secret: WrappedSecret) -> DataKey:
        """Unwrap a data key that was wrapped for exactly this place.

        Raises:
            CannotOpen: it was wrapped for another place, or changed.
        """
        return DataKey(place.key_id, unwrap(self._expanded(secret, _OWN), place.associated_data(), wrapped))

    def wrap_kept(self, data_key: DataKey, place: KeyPlace, secret: WrappedSecret) -> bytes:
        """Wrap the data key of a version that the authority was told of and keeps, bound to its place; 60 bytes."""
        return wrap(self._expanded(secret, _KEPT), place.associated_data(), data_key.material)

    def unwrap_kept(self, wrapped: bytes, place: KeyPlace, secret: WrappedSecret) -> DataKey:
        """Unwrap a data key that was kept for exactly this place.

        Raises:
            CannotOpen: it was kept for another place, or changed.
        """
        return DataKey(place.key_id, unwrap(self._expanded(secret, _KEPT), place.associated_data(), wrapped))

    # --- exchange keys -----------------------------------------------------------------------------------------------
    def new_exchange_key(self, place: ExchangeKeyPlace) -> ExchangeKey:
        """Make an exchange key, 32 random bytes."""
        return ExchangeKey(place, os.urandom(KEY_BYTES))

    def sealed_and_signed(
        self, key: ExchangeKey, intake: PublicIntakeKey, disclosed: Iterable[tuple[bytes, bytes]]
    ) -> SealedExchangeKey:
        """Seal an exchange key to a recipient's intake key, and let the discloser's keeper sign it.

        `disclosed` are digests of each data key wrapped under it and of what that discloses.

        Raises:
            NotSigned: the intake key is not the recipient's.
            IntakeKeyNotUsable: it is no public key.
        """
        self.require_signed(intake)
        unsigned = SealedExchangeKey(key.place, seal_to(intake.public_key, key.material, key.place.info()), "", b"")
        signed = self._keeper.sign(key.place.discloser_id, unsigned.statement(disclosed))
        return SealedExchangeKey(key.place, unsigned.sealed, *signed)

    def require_signed(self, intake: PublicIntakeKey) -> None:
        """Return when an intake key is its authority's, by the signature of that authority's keeper.

        Raises:
            NotSigned: it is not.
        """
        # What was verified stays so: neither the key nor the signers that count change while the process runs.
        if intake not in self._signed:
            require_signed(intake, self._signers)
            self._signed[intake] = True

    def open_exchange_key(
        self, stored: SealedExchangeKey, disclosed: Iterable[tuple[bytes, bytes]], *, wrapped_seed: bytes
    ) -> ExchangeKey:
        """Verify who signed an exchange key, and only then let the recipient's keeper open it.

        Raises:
            NotSigned: the discloser did not sign this key, or not with these data keys.
            CannotOpen: it was not sealed to the recipient's intake key for exactly this place.
        """
        place = stored.place
        self._signers.verify(
            place.discloser_id, stored.signer_key_id, stored.statement(disclosed), stored.signature
        )
        context = seed_context(place.infohus_id, place.generation)
        return ExchangeKey(
            place,
            self._keeper.open_intake(place.recipient_id, wrapped_seed, context, stored.sealed, place.info()),
        )

    def taken_in(self, key: ExchangeKey, secret: WrappedSecret) -> bytes:
        """Wrap an exchange key under the recipient's own secret, bound to its place; 60 bytes."""
        return wrap(self._expanded(secret, _TAKEN_IN), key.place.associated_data(), key.material)

    def open_taken_in(self, wrapped: bytes, place: ExchangeKeyPlace, secret: WrappedSecret) -> ExchangeKey:
        """Open an exchange key that was taken in for exactly this place.

        Raises:
            CannotOpen: it was taken in for another place, or changed.
        """
        return ExchangeKey(place, unwrap(self._expanded(secret, _TAKEN_IN), place.associated_data(), wrapped))

    # --- remembering -------------------------------------------------------------------------------------------------
    def forget(self, case_id: UUID) -> None:
        """Drop the keys expanded from the secrets of a case's sides from memory."""
        self.forget_the_old()
        for entry in [entry for entry in self._remembered if entry[0].case_id == case_id]:
            del self._remembered[entry]

    def forget_the_old(self) -> None:
        """Drop the expanded keys whose seconds have passed. Each use does so; an idle process must call this.

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

    def _expanded(self, secret: WrappedSecret, use: bytes) -> bytes:
        """Expand a secret for one use; it is bound to case, authority and person, so a swapped one opens nothing."""
        entry = (secret, use)
        self.forget_the_old()
        remembered = self._remembered.get(entry)
        if remembered is not None:
            return remembered
        context = _side_context(secret.case_id, secret.person_id)
        material = self._keeper.unwrap(secret.authority_id, secret.wrapped, context)
        of_person = () if secret.person_id is None else (secret.person_id.bytes,)
        derived = expanded(material, use, secret.case_id.bytes, secret.authority_id.encode(), *of_person)
        self._remembered[entry] = derived
        # With `keep_keys_seconds=0` the key that was just stored has expired already.
        self._remembered.expire()
        return derived


def _side_context(case_id: UUID, person_id: UUID | None) -> bytes:
    if person_id is None:
        return length_prefixed((b"side", case_id.bytes))
    return length_prefixed((b"person", case_id.bytes, person_id.bytes))


def _supervision_context(row_id: UUID, key_id: UUID) -> bytes:
    return length_prefixed((b"supervision", row_id.bytes, key_id.bytes))
