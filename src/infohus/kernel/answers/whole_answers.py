"""Answers that are given out piece by piece, when their size and digest are known, and the log has the digest.

What breaks off is shorter than its Content-Length says, so nobody takes it for whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from litestar.response import Stream


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer in pieces: `pieces` gives the same each time; `digest` is its SHA-256, 64 hexadecimal digits."""

    pieces: Callable[[], Iterator[bytes]]
    size: int
    digest: str

    @classmethod
    def of(cls, pieces: Callable[[], Iterator[bytes]]) -> Self:
        """Measure what `pieces` gives."""
        size, digest = 0, sha256()
        for piece in pieces():
            size += len(piece)
            digest.update(piece)
        return cls(pieces, size, digest.hexdigest())


def in_pieces(answer: WholeAnswer, *, media_type: str, name: str | None = None) -> Stream:
    """Give an answer out, as a file of this name where it has one; only after the end of the unit that made it."""
    headers = {"Content-Length": str(answer.size)}
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Stream(answer.pieces, media_type=media_type, headers=headers)
