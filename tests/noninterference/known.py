"""What is known to leak and is being mended. Nothing may be added that is meant to stay; the list is to become empty."""

from collections.abc import Mapping
from dataclasses import dataclass

from noninterference.observing import LOGS_ARE_COMPARED


@dataclass(frozen=True, slots=True)
class KnownLeak:
    """A place in the answers to one operation that is left out of the comparison, and why it still leaks."""

    operation: str
    place: str
    reason: str


_ONE_LOG = "both authorities write in one log, whose length and leaf indexes tell how much the other did"
_OF_LOGS: Mapping[str, tuple[str, ...]] = {
    "ReviewExchange": ("/leaf_index", "/proof", "/records/*/written_at_index"),
    "export the journal note": ("/log_size", "/log_root", "/text", "/digest"),
}
KNOWN_LEAKS: tuple[KnownLeak, ...] = (
    *(
        KnownLeak(operation, place, _ONE_LOG) for operation, places in _OF_LOGS.items() for place in places
        if not LOGS_ARE_COMPARED
    ),
)
KNOWN_REFUSALS: dict[str, str] = {}
"""Problems that tell of the other side, with the reason; an act that is answered with one in one run is struck."""


def masked_places(operation: str) -> frozenset[str]:
    """List the places that are left out in the answers to an operation."""
    return frozenset(leak.place for leak in KNOWN_LEAKS if leak.operation == operation)
