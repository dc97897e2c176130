"""Is an exported log whole? Hashes every entry, compares every tile and the signed root; says where it is wrong."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, VerifierKey, open_checkpoint
from infohus.kernel.audit.formats.emptying import EmptiedEntries
from infohus.kernel.audit.formats.merkle import EMPTY_ROOT, HASH_BYTES, fold, perfect_nodes, root_of
from infohus.kernel.audit.formats.tiles import LARGEST_BUNDLE, WIDTH, hashed_entries, hashes_in, tile_path, widths

Progress = Callable[[int], None]
TILES_PER_TASK = 64


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in which file or table, at which entry (0-based), and what, in Danish."""

    place: str
    index: int | None
    what: str

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.place}{'' if self.index is None else f', post {self.index}'}: {self.what}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found; `faults` is empty when the log is whole. The first `emptied` entries are emptied."""

    checkpoint: Checkpoint | None
    entries: int
    faults: tuple[Fault, ...]
    emptied: int = 0

    @property
    def is_whole(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.faults


def verify_export(
    folder: Path, keys: Sequence[VerifierKey], *, cores: int = 1, progress: Progress | None = None
) -> Verification:
    """Verify an exported log against keys that came from elsewhere: every entry, every tile, the signed root."""
    try:
        checkpoint = open_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), keys)
    except (OSError, UnicodeDecodeError, NotACheckpoint):
        return Verification(None, 0, (Fault("checkpoint", None, "ingen nøgle, vi stoler på, har underskrevet det"),))
    faults, emptied_entries = list[Fault](), EmptiedEntries()
    roots_of_full_tiles: dict[int, list[bytes]] = {}
    partial: dict[int, list[bytes]] = {}
    tiles = list(widths(checkpoint.size))
    bundles = [(folder, index, width) for level, index, width in tiles if level == 0]
    for done, bundle in _on_cores(bundles, cores):
        faults.extend(bundle.faults)
        emptied_entries.join(bundle.emptied_entries)
        if bundle.width == WIDTH:
            roots_of_full_tiles.setdefault(0, []).extend(bundle.roots)
        else:
            partial[0] = list(bundle.roots)
        if progress is not None:
            progress(done)
    for level, index, width in tiles[len(bundles) :]:
        path = tile_path(level, index, width)
        hashes = roots_of_full_tiles[level - 1][index * WIDTH : index * WIDTH + width]
        _compare(path, _read(folder, path, faults), hashes, faults, first=None)
        if width == WIDTH:
            roots_of_full_tiles.setdefault(level, []).append(root_of(hashes))
        else:
            partial[level] = hashes
    if not faults and _root(partial) != checkpoint.root:
        faults.append(Fault("checkpoint", None, "posterne giver en anden rod end den underskrevne"))
    faults.extend(Fault("tile/entries", index, what) for index, what in emptied_entries.faults() if not faults)
    return Verification(checkpoint, checkpoint.size, tuple(faults), emptied_entries.stop)


@dataclass(frozen=True, slots=True)
class _HashedBundle:
    """A verified bundle of entries: its root in `roots` when it is full, its leaf hashes when it is partial."""

    width: int
    roots: tuple[bytes, ...]
    emptied_entries: EmptiedEntries
    faults: tuple[Fault, ...]


def _on_cores(bundles: Sequence[tuple[Path, int, int]], cores: int) -> Iterator[tuple[int, _HashedBundle]]:
    """Verify bundles on several cores; give each in order, with the number of entries up to its end."""
    done = 0
    with ExitStack() as stack:
        if cores > 1 and len(bundles) > TILES_PER_TASK:
            # Forked: the process only reads and hashes, so it needs no lock that another thread may hold. A spawned one
            # would import infohus first, which takes longer than hashing a hundred thousand entries.
            pool = stack.enter_context(ProcessPoolExecutor(cores, mp_context=get_context("fork")))
            hashed: Iterable[_HashedBundle] = pool.map(_hash_bundle, bundles, chunksize=TILES_PER_TASK)
        else:
            hashed = map(_hash_bundle, bundles)
        for bundle in hashed:
            done += bundle.width
            yield done, bundle


def _hash_bundle(place: tuple[Path, int, int]) -> _HashedBundle:
    folder, index, width = place
    faults, emptied_entries = list[Fault](), EmptiedEntries(index * WIDTH)
    stored = _read(folder, tile_path(0, index, width), faults)
    hashes = _entry_hashes(folder, index, width, stored, emptied_entries, faults)
    return _HashedBundle(width, (root_of(hashes),) if width == WIDTH else tuple(hashes), emptied_entries, tuple(faults))


def _root(partial: dict[int, list[bytes]]) -> bytes:
    """Compute a tree's root from its partial tiles, by level."""
    frontier = [
        root_of(partial[level][index << height : (index + 1) << height])
        for level in sorted(partial, reverse=True)
        for height, index in perfect_nodes(0, len(partial[level]))
    ]
    return fold(frontier) if frontier else EMPTY_ROOT


def _entry_hashes(  # noqa: PLR0913, PLR0917
    folder: Path, index: int, width: int, stored: bytes, emptied_entries: EmptiedEntries, faults: list[Fault]
) -> list[bytes]:
    """Hash a bundle's entries and compare with the stored tile; an emptied entry counts by its stored hash."""
    path = tile_path("entries", index, width)
    bundle = _read_bundle(folder, path, faults)
    first = index * WIDTH
    try:
        hashes, ends = hashed_entries(bundle)
    except ValueError:
        hashes, ends = [], []
    if len(hashes) != width:
        faults.append(Fault(path, first, f"rummer {len(hashes)} hele poster i stedet for {width}"))
        return hashes_in(stored)
    positions = emptied_entries.see_bundle(first, bundle, ends)
    if positions and len(stored) == width * HASH_BYTES:
        stored_hashes = hashes_in(stored)
        for position in positions:
            hashes[position] = stored_hashes[position]
    _compare(path, stored, hashes, faults, first=first)
    return hashes


def _compare(path: str, stored: bytes, hashes: list[bytes], faults: list[Fault], *, first: int | None) -> None:
    if b"".join(hashes) == stored:
        return
    if len(stored) != len(hashes) * HASH_BYTES:
        faults.append(Fault(path, first, "et andet antal hashværdier end poster"))
        return
    for position, (theirs, ours) in enumerate(zip(hashes_in(stored), hashes, strict=True)):
        if theirs != ours:
            at = None if first is None else first + position
            faults.append(Fault(path, at, "er ikke, hvad der blev logget: dens hash er en anden"))


class _Buffer(threading.local):
    """Each thread's buffer for bundles, used again: allocating one per bundle costs half as much as hashing it."""

    def __init__(self) -> None:
        self.content = bytearray(LARGEST_BUNDLE + 1)


_BUFFER = _Buffer()


def _read_bundle(folder: Path, path: str, faults: list[Fault]) -> memoryview:
    """Read a bundle into this thread's buffer, until the next one; too long a file stays longer than any bundle."""
    buffer = memoryview(_BUFFER.content)
    try:
        with (folder / path).open("rb", buffering=0) as file:
            return buffer[: file.readinto(buffer)]
    except OSError:
        faults.append(Fault(path, None, "mangler"))
        return buffer[:0]


def _read(folder: Path, path: str, faults: list[Fault]) -> bytes:
    try:
        return (folder / path).read_bytes()
    except OSError:
        faults.append(Fault(path, None, "mangler"))
        return b""
