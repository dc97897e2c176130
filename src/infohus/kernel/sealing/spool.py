"""An answer that must be whole before any of it is given out, held outside of memory: sealed, in a file without a name.

Its digest stands in the log before its first byte leaves. The key is never stored, so what is left of the file when the
process dies tells nothing. What is shorter than a chunk is not written anywhere.
"""

import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import IO, Generic, TypeVar
from weakref import finalize

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK_BYTES = 65_536
_TAG_BYTES = 16
Line = TypeVar("Line")
_NONCE_BYTES = 12


class SealedSpool:
    """Bytes written one after another, and read again from the first on, as often as wanted."""

    __slots__ = ("__weakref__", "_file", "_key", "_rest", "_stored", "size")

    def __init__(self) -> None:
        """Begin with nothing, under a key of its own."""
        self.size = 0
        self._key = AESGCM(os.urandom(32))
        self._rest = bytearray()
        self._stored = 0
        self._file: IO[bytes] | None = None

    def write(self, piece: bytes) -> None:
        """Add bytes behind the others."""
        self._rest += piece
        self.size += len(piece)
        while len(self._rest) >= CHUNK_BYTES:
            self._store(bytes(self._rest[:CHUNK_BYTES]))
            del self._rest[:CHUNK_BYTES]

    def pieces(self) -> Iterator[bytes]:
        """Give what was written, at most `CHUNK_BYTES` at a time."""
        for number in range(self._stored):
            yield self._load(number)
        if self._rest:
            yield bytes(self._rest)

    def lines(self) -> Iterator[bytes]:
        """Give what was written line by line, without the line feeds; every line was written with one."""
        begun = b""
        for piece in self.pieces():
            *whole, begun = (begun + piece).split(b"\n")
            yield from whole

    def _store(self, chunk: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the spool
            finalize(self, self._file.close)
        # A number is used for one chunk only, and the key for one spool: no nonce comes twice.
        self._file.seek(0, os.SEEK_END)
        self._file.write(self._key.encrypt(_nonce(self._stored), chunk, None))
        self._stored += 1

    def _load(self, number: int) -> bytes:
        assert self._file is not None  # noqa: S101 - a chunk is stored in it
        self._file.seek(number * (CHUNK_BYTES + _TAG_BYTES))
        return self._key.decrypt(_nonce(number), self._file.read(CHUNK_BYTES + _TAG_BYTES), None)


class SealedLines(Generic[Line]):
    """Values of one type, held in a spool as lines of JSON, oldest first."""

    __slots__ = ("_spool", "_type", "count")

    def __init__(self, of: type[Line]) -> None:
        """Begin with none."""
        self.count = 0
        self._type = of
        self._spool = SealedSpool()

    def add(self, line: Line) -> None:
        """Add a value behind the others."""
        self._spool.write(msgspec.json.encode(line) + b"\n")
        self.count += 1

    def first(self, count: int) -> Iterator[Line]:
        """Read the first values."""
        return (msgspec.json.decode(line, type=self._type) for line in islice(self._spool.lines(), count))

    def array(self, count: int) -> Iterator[bytes]:
        """Give the first values as a JSON array, piece by piece."""
        yield b"["
        for number, line in enumerate(islice(self._spool.lines(), count)):
            yield b"," + line if number else line
        yield b"]"


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")
