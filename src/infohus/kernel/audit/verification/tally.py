"""What an entry says of the entries before it on its persons, so that nobody leaves one out (rule 64).

The log puts a last field into each entry that names persons: for each of them [number, chain]. The number counts what
one authority has logged on the person, from 1; the chain is SHA-256(chain before ‖ core hash), after 32 zero bytes. An
entry's core is what the application wrote, so the entry without that field; its hash is a leaf hash (RFC 6962).
Authorities are counted apart: nobody's count tells what another has done.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from infohus.kernel.audit.formats.merkle import leaf_hash
from infohus.kernel.audit.formats.tiles import WIDTH, entries_in, tile_path, widths
from infohus.kernel.audit.verification.exported_log import Fault, Progress

NOTHING = bytes(32)
"""The chain of no entries."""
_FIELD = b',"tally":['
_CLOSES = b"}"


class _Telling(msgspec.Struct, frozen=True):
    """The part of an entry that counts; what else it holds is passed over."""

    authority: str | None
    persons: list[str]
    tally: list[tuple[int, str]] = []


_DECODER = msgspec.json.Decoder(_Telling)


def core_of(entry: bytes) -> bytes:
    """Give an entry as the application wrote it, without the tally that the log put at its end."""
    at = entry.rfind(_FIELD)
    return entry if at < 0 else entry[:at] + _CLOSES


def core_hash(entry: bytes) -> bytes:
    """Hash an entry's core as a leaf, 32 bytes."""
    return leaf_hash(core_of(entry))


def extend_chain(chain: bytes, core: bytes) -> bytes:
    """Give the chain with one entry more, of which `core` is the core's hash; all of 32 bytes."""
    return sha256(chain + core).digest()


def chain_over(cores: Iterable[bytes], start: bytes = NOTHING) -> bytes:
    """Give the chain over some entries' core hashes, oldest first, on top of `start`."""
    for core in cores:
        start = extend_chain(start, core)
    return start


@dataclass(slots=True)
class Tallies:
    """Follows a log from its first entry: does each entry count on from the one before it on the same person?

    Entries from before the log began to count are passed over; after the first that counts, every one must. What an
    emptied entry counted is not known, so the first on a person after it may begin anywhere.
    """

    so_far: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)
    """The last number and chain, by authority and person."""
    counts: bool = False
    has_emptied: bool = False

    def see(self, entry: bytes | None) -> str | None:
        """Take the next entry, `None` for an emptied one; give what is wrong with it, in Danish."""
        if not entry:
            self.has_emptied = True
            return None
        try:
            told = _DECODER.decode(entry)
        except msgspec.ValidationError:
            return "dens tælling kan ikke læses"
        except msgspec.DecodeError:
            return None
        if not told.tally and not (self.counts and told.persons):
            return None
        self.counts = True
        if len(told.persons) != len(told.tally) or len(set(told.persons)) != len(told.persons):
            return "tæller ikke med, hvem den handler om"
        core = core_hash(entry)
        wrong = [not self._goes_on(told, at, core) for at in range(len(told.persons))]
        return "tæller forkert: der mangler en post om en person, eller en er skudt ind" if any(wrong) else None

    def _goes_on(self, told: _Telling, at: int, core: bytes) -> bool:
        key, (number, said) = (told.authority or "", told.persons[at]), told.tally[at]
        before = self.so_far.get(key)
        try:
            chain = bytes.fromhex(said)
        except ValueError:
            return False
        # What is wrong is said once: the next entry is held against what this one says.
        self.so_far[key] = (number, chain)
        if before is None and self.has_emptied and number > 1:
            return True
        count, start = before or (0, NOTHING)
        return (number, chain) == (count + 1, extend_chain(start, core))

    def faults(self, place: str, first: int, entries: Sequence[bytes | None]) -> Iterator[Fault]:
        """Take the entries that stand at `first` and after it; give what is wrong."""
        for index, entry in enumerate(entries, first):
            wrong = self.see(entry)
            if wrong is not None:
                yield Fault(place, index, wrong)


def tally_faults(folder: Path, size: int, *, progress: Progress | None = None) -> list[Fault]:
    """Count an exported log's entries on each person again; the folder was verified before."""
    tallies, faults = Tallies(), list[Fault]()
    for level, index, width in widths(size):
        if level:
            break
        path = tile_path("entries", index, width)
        faults.extend(tallies.faults(path, index * WIDTH, entries_in((folder / path).read_bytes())))
        if progress is not None:
            progress(index * WIDTH + width)
    return faults
