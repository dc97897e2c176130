"""The tally: each entry counts the entries on its persons, so that an omitted one shows (rule 64).

The database adds a last field to each entry that names persons: [number, chain] for each of them. The number counts
one authority's entries on the person on one track, from 1, so it says nothing of other authorities, nor of PET's track.
The chain is SHA-256(previous chain ‖ core hash), the first after 32 zero bytes. The core is the entry without that
field; its hash is a leaf hash.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from infohus.kernel.audit.formats.entry import Entry, Track, read
from infohus.kernel.audit.formats.merkle import leaf_hash
from infohus.kernel.audit.formats.tiles import WIDTH, entries_in, tile_path, widths
from infohus.kernel.audit.verification.exported_log import Fault, Progress

NOTHING = bytes(32)
"""The chain before the first entry."""
_FIELD = b',"tally":['
_CLOSES = b"}"


def core_of(entry: bytes) -> bytes:
    """Give an entry as the application wrote it, without the tally that the database added."""
    at = entry.rfind(_FIELD)
    return entry if at < 0 else entry[:at] + _CLOSES


def core_hash(entry: bytes) -> bytes:
    """Hash an entry's core as a leaf, 32 bytes."""
    return leaf_hash(core_of(entry))


def extend_chain(chain: bytes, core: bytes) -> bytes:
    """Give the chain after one more entry; `core` is its core hash. All are 32 bytes."""
    return sha256(chain + core).digest()


@dataclass(slots=True)
class Tallies:
    """Checks that each entry's tally continues the person's previous one; entries are given from a log's first on.

    An emptied entry's tally is lost, so once one was seen a person's first number may be any.
    """

    so_far: dict[tuple[str, str, Track], tuple[int, bytes]] = field(default_factory=dict)
    """The newest number and chain, by authority, person and track."""
    has_emptied: bool = False
    act: tuple[str, str, int, int] | None = None
    """The act of several entries that goes on: correlation id, action, the number of its last part, how many."""
    _just_emptied: bool = False

    def see(self, entry: bytes | None) -> str | None:
        """Take the next entry, `None` for an emptied one; give what is wrong with it, in Danish."""
        if entry is None:
            self.has_emptied = self._just_emptied = True
            return None
        fields = read(entry)
        if fields is None:
            return "er ingen post i format 2"
        if not self._continues_act(fields):
            return "er en del af en handling, hvis andre dele ikke står ved siden af"
        tally = fields.tally if isinstance(fields.tally, list) else []
        if len(fields.persons) != len(tally) or len(set(fields.persons)) != len(fields.persons):
            return "tæller ikke med, hvem den handler om"
        if not tally:
            return None
        core = core_hash(entry)
        wrong = [not self._continues(fields, at, counted, core) for at, counted in enumerate(tally)]
        return "tæller forkert: der mangler en post om en person, eller en er skudt ind" if any(wrong) else None

    def _continues_act(self, fields: Entry) -> bool:
        """Say whether parts 1 … n of an act follow one another; the first of them may be emptied."""
        number, count = fields.part if isinstance(fields.part, tuple) else (1, 1)
        before = None if number == 1 else (fields.correlation, fields.action, number - 1, count)
        is_next = self.act == before or (self.act is None and self._just_emptied)
        self._just_emptied = False
        # Each fault is reported once, here too.
        self.act = (fields.correlation, fields.action, number, count) if number < count else None
        return is_next and 1 <= number <= count

    def ends(self, place: str, size: int) -> list[Fault]:
        """Give what is wrong with the log's end: an act of several entries is appended whole."""
        return [] if self.act is None else [Fault(place, size - 1, "slutter midt i en handling af flere poster")]

    def _continues(self, fields: Entry, at: int, counted: tuple[int, str], core: bytes) -> bool:
        key, (number, encoded) = (fields.authority or "", fields.persons[at], fields.track), counted
        before = self.so_far.get(key)
        try:
            chain = bytes.fromhex(encoded)
        except ValueError:
            return False
        # Each fault is reported once: the next entry is compared with what this one says, right or wrong.
        self.so_far[key] = (number, chain)
        if before is None and self.has_emptied and number > 1:
            return True
        count, start = before or (0, NOTHING)
        return (number, chain) == (count + 1, extend_chain(start, core))

    def faults(self, place: str, first: int, entries: Sequence[bytes | None]) -> Iterator[Fault]:
        """Take the entries from index `first` on; give their faults."""
        for index, entry in enumerate(entries, first):
            wrong = self.see(entry)
            if wrong is not None:
                yield Fault(place, index, wrong)


def tally_faults(folder: Path, size: int, *, progress: Progress | None = None) -> list[Fault]:
    """Recount an exported log's entries on each person; `folder` must have been verified."""
    tallies, faults = Tallies(), list[Fault]()
    for level, index, width in widths(size):
        if level:
            break
        path = tile_path("entries", index, width)
        entries = [entry or None for entry in entries_in((folder / path).read_bytes())]
        faults.extend(tallies.faults(path, index * WIDTH, entries))
        if progress is not None:
            progress(index * WIDTH + width)
    return [*faults, *tallies.ends("tile/entries", size)]
