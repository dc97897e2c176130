"""What is known to leak and is being mended. Nothing is added that is meant to stay; the lists are to become empty."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownLeak:
    """A place in the answers to one operation that is left out of the comparison, and why it still leaks."""

    operation: str
    place: str
    reason: str


KNOWN_LEAKS: tuple[KnownLeak, ...] = ()
KNOWN_REFUSALS: dict[str, str] = {}
"""Problems that tell of the other side, with the reason; an act that is answered with one in one run is struck."""


def masked_places(operation: str) -> frozenset[str]:
    """List the places that are left out in the answers to an operation."""
    return frozenset(leak.place for leak in KNOWN_LEAKS if leak.operation == operation)
