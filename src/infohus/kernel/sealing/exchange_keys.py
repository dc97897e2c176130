"""Exchange keys: what an exchange gives one recipient, and what the data keys it discloses are wrapped under.

The discloser makes one, wraps with it and seals it to the recipient's intake key in one unit, and keeps none. Nothing
here is remembered.
"""

from dataclasses import dataclass
from uuid import UUID

from infohus.kernel.sealing.envelope import DataKey, length_prefixed
from infohus.kernel.sealing.intake import Info, exchange_info
from infohus.kernel.sealing.wraps import KeyPlace, expanded, unwrap, wrap

_DISCLOSED = b"infohus/v1/disclosed-key"
_TAKEN_IN = b"infohus/v1/taken-in"


@dataclass(frozen=True, slots=True)
class ExchangeKeyPlace:
    """Which key of which exchange, for whom: `number` counts the keys of one exchange for one recipient.

    `generation` is that of the recipient's intake key in the infohus. `person_id` is the person that the key goes with,
    `None` where it goes with the recipient's whole side: the wraps under it are bound to that, and signed with it.
    """

    exchange_id: UUID
    case_id: UUID
    discloser_id: str
    recipient_id: str
    infohus_id: UUID
    generation: int
    number: int
    person_id: UUID | None = None

    def info(self) -> Info:
        """Say to what the key is bound as long as it is sealed to the recipient's intake key."""
        return exchange_info(
            exchange_id=self.exchange_id, case_id=self.case_id, discloser_id=self.discloser_id,
            recipient_id=self.recipient_id, generation=self.generation, number=self.number,
        )

    def associated_data(self) -> bytes:
        """Say to what the key is bound once its recipient has taken it in."""
        return length_prefixed((_TAKEN_IN, self.infohus_id.bytes, self.info()))


class ExchangeKey:
    """An exchange key in hand: 32 bytes, for as long as a unit of work lasts."""

    __slots__ = ("_wrapping_key", "material", "place")

    def __init__(self, place: ExchangeKeyPlace, material: bytes) -> None:
        """Take the key's 32 bytes, and where it belongs."""
        self.place = place
        self.material = material
        self._wrapping_key = expanded(
            material, _DISCLOSED, place.exchange_id.bytes, place.recipient_id.encode(), place.number.to_bytes(8, "big")
        )

    def __repr__(self) -> str:
        """Show none of it."""
        return "ExchangeKey()"

    def wrap(self, data_key: DataKey, place: KeyPlace) -> bytes:
        """Wrap a data key that the exchange discloses, bound to its place; 60 bytes."""
        return wrap(self._wrapping_key, place.associated_data(), data_key.material)

    def unwrap(self, wrapped: bytes, place: KeyPlace) -> DataKey:
        """Unwrap a data key that was wrapped for exactly this place.

        Raises:
            CannotOpen: it was wrapped for another place or under another key, or changed.
        """
        return DataKey(place.key_id, unwrap(self._wrapping_key, place.associated_data(), wrapped))


def seed_context(infohus_id: UUID, generation: int) -> bytes:
    """Say for which infohus and generation the seed of an authority's intake key is wrapped."""
    return length_prefixed((b"infohus/v1/intake-seed", infohus_id.bytes, generation.to_bytes(8, "big")))
