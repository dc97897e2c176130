"""The C2SP tlog-tiles layout: paths, bundles, and a writer that keeps at most one tile per level in memory."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from infohus.kernel.audit.formats.merkle import HASH_BYTES, root_of

File: TypeAlias = tuple[str, bytes]
"""A file of the layout: its path below the log's folder, and its content."""

WIDTH = 256
LENGTH_BYTES = 2
LARGEST_BUNDLE = WIDTH * (LENGTH_BYTES + 2 ** (8 * LENGTH_BYTES) - 1)


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Give a tile's path; `level` is "entries" for an entry bundle. Source: C2SP tlog-tiles, "Merkle Tree"."""
    digits = str(index)
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{number}" + (f".p/{width}" if width < WIDTH else "")


def widths(size: int) -> Iterator[tuple[int, int, int]]:
    """List (level, index, width) of every hash tile of a tree, lowest level first."""
    level = 0
    while size:
        for index in range(size // WIDTH):
            yield level, index, WIDTH
        if size % WIDTH:
            yield level, size // WIDTH, size % WIDTH
        size //= WIDTH
        level += 1


def bundle_of(entries: list[bytes]) -> bytes:
    """Join entries, each preceded by its length in 2 bytes, big-endian."""
    return b"".join(len(entry).to_bytes(LENGTH_BYTES, "big") + entry for entry in entries)


def entries_in(bundle: bytes) -> list[bytes]:
    """Split a bundle into its entries.

    Raises:
        ValueError: the lengths do not add up.
    """
    entries = []
    at = 0
    while at < len(bundle):
        end = at + LENGTH_BYTES + int.from_bytes(bundle[at : at + LENGTH_BYTES], "big")
        if end > len(bundle) or at + LENGTH_BYTES > len(bundle):
            message = "the bundle ends inside an entry"
            raise ValueError(message)
        entries.append(bundle[at + LENGTH_BYTES : end])
        at = end
    return entries


def hashed_entries(bundle: memoryview) -> tuple[list[bytes], list[int]]:
    """Hash a bundle's entries as leaves; give the hashes and the offset at which each entry ends.

    Destroys the bundle: the byte before each entry, the second of its length, is overwritten with the leaf prefix 0x00
    (RFC 6962, section 2.1), because copying each entry would cost as much as hashing it.

    Raises:
        ValueError: the lengths do not add up.
    """
    hashes, ends, at, size = list[bytes](), list[int](), 0, len(bundle)
    while at < size:
        end = at + LENGTH_BYTES + (bundle[at] << 8 | bundle[at + 1]) if at + LENGTH_BYTES <= size else size + 1
        if end > size:
            message = "the bundle ends inside an entry"
            raise ValueError(message)
        bundle[at + 1] = 0
        hashes.append(sha256(bundle[at + 1 : end]).digest())
        ends.append(end)
        at = end
    return hashes, ends


class TileBuilder:
    """Makes a log's tiles and entry bundles as files; keeps at most one unfinished tile for each level."""

    def __init__(self) -> None:
        """Start an empty log."""
        self._entries: list[bytes] = []
        self._levels: list[list[bytes]] = [[]]
        self._written: list[int] = [0]

    def append(self, entry: bytes, hashed: bytes) -> Iterator[File]:
        """Take the next entry with its leaf hash, and give the files that it completes."""
        self._entries.append(entry)
        self._levels[0].append(hashed)
        return self._full() if len(self._entries) == WIDTH else iter(())

    def finish(self) -> Iterator[File]:
        """Give the remaining entries and hashes as partial tiles."""
        if self._entries:
            yield _file("entries", self._written[0], bundle_of(self._entries), len(self._entries))
        for level, hashes in enumerate(self._levels):
            if hashes:
                yield _file(level, self._written[level], b"".join(hashes), len(hashes))

    def _full(self) -> Iterator[File]:
        yield _file("entries", self._written[0], bundle_of(self._entries), WIDTH)
        self._entries = []
        level = 0
        while len(self._levels[level]) == WIDTH:
            hashes = self._levels[level]
            yield _file(level, self._written[level], b"".join(hashes), WIDTH)
            self._written[level] += 1
            self._levels[level] = []
            if level + 1 == len(self._levels):
                self._levels.append([])
                self._written.append(0)
            level += 1
            self._levels[level].append(root_of(hashes))


def _file(level: int | str, index: int, content: bytes, width: int) -> File:
    return tile_path(level, index, width), content


class TileWriter:
    """Writes a log's entries and hashes as tiles below a folder."""

    def __init__(self, folder: Path) -> None:
        """Start an empty log in `folder`."""
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._tiles = TileBuilder()

    def append(self, entry: bytes, hashed: bytes) -> None:
        """Take the next entry with its leaf hash."""
        for file in self._tiles.append(entry, hashed):
            self.write(*file)

    def finish(self) -> None:
        """Write the remaining entries and hashes as partial tiles."""
        for file in self._tiles.finish():
            self.write(*file)

    def add(self, name: str, text: str) -> None:
        """Write a text file beside the tiles."""
        self.write(name, text.encode())

    def write(self, name: str, content: bytes) -> None:
        """Write a file below the folder."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def hashes_in(tile: bytes) -> list[bytes]:
    """Split a hash tile into its hashes."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
