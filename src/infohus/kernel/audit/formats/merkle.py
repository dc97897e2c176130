"""Merkle trees as RFC 6962 defines them. Pure: bytes in, bytes out, every hash 32 bytes, indexes 0-based.

A perfect node is named by (level, index): the root of leaves index·2^level to (index+1)·2^level − 1.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = tuple[int, int]
HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class ProofDoesNotHold(Exception):  # noqa: N818 - names the situation
    """A proof does not lead from what it claims to the root."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry. Source: RFC 6962, section 2.1: MTH({d(0)}) = SHA-256(0x00 || d(0))."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children. Source: RFC 6962, section 2.1: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees that make up a tree, largest first. Appending needs no more of a tree."""

    __slots__ = ("_roots", "size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        """Start from a tree of `size` leaves, 0 for an empty one.

        Raises:
            ValueError: the number of roots is not the number of ones in `size`.
        """
        if len(roots) != size.bit_count():
            message = f"a tree of {size} leaves has {size.bit_count()} roots, not {len(roots)}"
            raise ValueError(message)
        self.size = size
        self._roots = list(roots)

    def append(self, hashed: bytes) -> bytes:
        """Append a leaf hash; give it and the hash of each node it completes, lowest first, as one row stores them."""
        completed = [hashed]
        carry = self.size
        while carry & 1:
            hashed = sha256(b"\x01" + self._roots.pop() + hashed).digest()
            completed.append(hashed)
            carry >>= 1
        self._roots.append(hashed)
        self.size += 1
        return b"".join(completed)

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The roots, largest subtree first."""
        return tuple(self._roots)

    @property
    def stored(self) -> bytes:
        """The roots one after another, as the database stores them."""
        return b"".join(self._roots)

    def root(self) -> bytes:
        """Give the tree's root."""
        return fold(self._roots) if self._roots else EMPTY_ROOT


def fold(roots: Sequence[bytes]) -> bytes:
    """Join the roots of neighbouring perfect subtrees, largest first, into the root above them; at least one."""
    joined = roots[-1]
    for root in reversed(roots[:-1]):
        joined = node_hash(root, joined)
    return joined


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Give the root of a list of leaf hashes, level by level."""
    level = list(leaf_hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        odd = level.pop() if len(level) % 2 else None
        level = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)
        ]
        if odd is not None:
            level.append(odd)
    return level[0]


def place_of(node: Node) -> tuple[int, int]:
    """Say where the database stores a node: (row, byte offset in the row's hashes)."""
    level, index = node
    return ((index + 1) << level) - 1, level * HASH_BYTES


def perfect_nodes(start: int, end: int) -> list[Node]:
    """Split leaves start … end−1 into perfect nodes, largest first; `start` is 0 or where RFC 6962 splits."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def inclusion_ranges(index: int, size: int) -> list[list[Node]]:
    """Name the perfect nodes of each hash in an inclusion proof, the leaf's sibling first. Source: RFC 6962, 2.1.1.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        message = f"there is no leaf {index} in a tree of {size}"
        raise ValueError(message)
    ranges: list[list[Node]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            ranges.append(perfect_nodes(middle, end))
            end = middle
        else:
            ranges.append(perfect_nodes(start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, size: int) -> list[list[Node]]:
    """Name the perfect nodes of each hash in a consistency proof. Source: RFC 6962, section 2.1.2 (SUBPROOF).

    Raises:
        ValueError: not 0 < old_size <= size.
    """
    if not 0 < old_size <= size:
        message = f"no proof from {old_size} to {size}"
        raise ValueError(message)
    ranges: list[list[Node]] = []
    start, end, whole = 0, size, True
    while old_size != end:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if old_size <= middle:
            ranges.append(perfect_nodes(middle, end))
            end = middle
        else:
            ranges.append(perfect_nodes(start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append(perfect_nodes(start, end))
    return ranges[::-1]


def proof_from(ranges: Sequence[Sequence[Node]], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """Compute the hashes of a proof from perfect nodes' hashes."""
    return [fold([hash_of(node) for node in nodes]) for nodes in ranges]


def verify_inclusion(*, hashed: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash stands at `index` in the tree. Source: RFC 9162, section 2.1.3.2.

    Raises:
        ProofDoesNotHold: the proof leads to another root, or has another length than it must.
    """
    if not 0 <= index < size:
        raise ProofDoesNotHold
    position, last = index, size - 1
    for sibling in proof:
        if last == 0:
            raise ProofDoesNotHold
        if position & 1 or position == last:
            hashed = node_hash(sibling, hashed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        position, last = position >> 1, last >> 1
    if last or hashed != root:
        raise ProofDoesNotHold


def verify_consistency(  # noqa: C901 - one algorithm, in the order the RFC gives it
    *, old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of `size` begins with the tree of `old_size`. Source: RFC 9162, section 2.1.4.2.

    Raises:
        ProofDoesNotHold: the proof does not show it, or has another length than it must.
    """
    if old_size == size:
        if proof or old_root != root:
            raise ProofDoesNotHold
        return
    if old_size == 0:
        if proof:
            raise ProofDoesNotHold
        return
    if not 0 < old_size < size or not (proof or old_size & (old_size - 1) == 0):
        raise ProofDoesNotHold
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofDoesNotHold
        if position & 1 or position == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        position, last = position >> 1, last >> 1
    if last or older != old_root or newer != root:
        raise ProofDoesNotHold
