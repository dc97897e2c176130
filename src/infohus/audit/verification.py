"""Is the log whole? Trusts rows and keys, and nothing that is written about them. Says where it is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import asyncpg

from infohus.audit.checkpoint import Checkpoint, NotACheckpoint, VerifierKey, open_checkpoint
from infohus.audit.emptying import EmptiedFront
from infohus.audit.log import AnyConnection, head_of, rows_of
from infohus.audit.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, fold, leaf_hash, perfect_nodes, root_of
from infohus.audit.tiles import WIDTH, entries_in, hashes_in, tile_path, widths

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (a file or a row), at which entry (0-based), and what."""

    place: str
    index: int | None
    what: str

    def __str__(self) -> str:
        """Say it in one line, in Danish: DPOs read it."""
        return f"{self.place}{'' if self.index is None else f', post {self.index}'}: {self.what}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found; `faults` is empty when the log is whole. `emptied` counts from the first entry."""

    checkpoint: Checkpoint | None
    entries: int
    faults: tuple[Fault, ...]
    emptied: int = 0

    @property
    def is_whole(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.faults


def verify_export(folder: Path, keys: Sequence[VerifierKey], *, progress: Progress | None = None) -> Verification:
    """Verify an exported log against keys that came from elsewhere: every entry, every tile, the signed root."""
    try:
        checkpoint = open_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), keys)
    except (OSError, UnicodeDecodeError, NotACheckpoint):
        return Verification(None, 0, (Fault("checkpoint", None, "ingen nøgle, vi stoler på, har underskrevet det"),))
    faults, front = list[Fault](), EmptiedFront()
    roots_of_full_tiles: dict[int, list[bytes]] = {}
    partial: dict[int, list[bytes]] = {}
    for level, index, width in widths(checkpoint.size):
        stored = _read(folder, tile_path(level, index, width), faults)
        if level == 0:
            hashes = _entry_hashes(folder, index, width, stored, front, faults)
            if progress is not None:
                progress(index * WIDTH + width)
        else:
            hashes = roots_of_full_tiles[level - 1][index * WIDTH : index * WIDTH + width]
            _compare(tile_path(level, index, width), stored, hashes, faults, first=None)
        if width == WIDTH:
            roots_of_full_tiles.setdefault(level, []).append(root_of(hashes))
        else:
            partial[level] = hashes
    if not faults and _root(partial) != checkpoint.root:
        faults.append(Fault("checkpoint", None, "posterne giver en anden rod end den underskrevne"))
    faults.extend(Fault("tile/entries", index, what) for index, what in front.faults() if not faults)
    return Verification(checkpoint, checkpoint.size, tuple(faults), front.rows)


def _root(partial: dict[int, list[bytes]]) -> bytes:
    """Join the partial tiles of a tree, highest level first, into its root."""
    frontier = [
        root_of(partial[level][index << height : (index + 1) << height])
        for level in sorted(partial, reverse=True)
        for height, index in perfect_nodes(0, len(partial[level]))
    ]
    return fold(frontier) if frontier else EMPTY_ROOT


def _entry_hashes(  # noqa: PLR0913, PLR0917
    folder: Path, index: int, width: int, stored: bytes, front: EmptiedFront, faults: list[Fault]
) -> list[bytes]:
    """Hash a bundle's entries; the hash of an emptied one, which has no bytes, is the stored one."""
    path = tile_path("entries", index, width)
    bundle = _read(folder, path, faults)
    first = index * WIDTH
    try:
        entries = entries_in(bundle)
    except ValueError:
        entries = []
    if len(entries) != width:
        faults.append(Fault(path, first, f"rummer {len(entries)} hele poster i stedet for {width}"))
        return hashes_in(stored)
    if len(stored) != width * HASH_BYTES:
        faults.append(Fault(path, first, "et andet antal hashværdier end poster"))
        return [leaf_hash(entry) for entry in entries]
    hashes = [sha256(b"\x00" + entry).digest() for entry in entries]
    if not all(entries):
        known = hashes_in(stored)
        hashes = [hashes[at] if entry else known[at] for at, entry in enumerate(entries)]
    front.see_bundle(first, entries)
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


def _read(folder: Path, path: str, faults: list[Fault]) -> bytes:
    try:
        return (folder / path).read_bytes()
    except OSError:
        faults.append(Fault(path, None, "mangler"))
        return b""


async def verify_database(
    connection: AnyConnection, log_id: UUID, *, progress: Progress | None = None
) -> Verification:
    """Verify the rows of a log: each entry's hash, each node it completes, the order, and the frontier."""
    head = await head_of(connection, log_id)
    frontier, faults, front = Frontier(), list[Fault](), EmptiedFront()
    async for rows in rows_of(connection, log_id, start=0, stop=head.size):
        for row in rows:
            _check_row(row, frontier, front, faults)
        if progress is not None:
            progress(frontier.size)
        if len(faults) > WIDTH:
            break
    if not faults and frontier.size != head.size:
        faults.append(Fault("audit.leaf", frontier.size, f"loggen slutter her og siger, at den har {head.size} poster"))
    if not faults and frontier.stored != head.frontier:
        faults.append(Fault("audit.frontier", None, "er ikke rækkernes front"))
    faults.extend(Fault("audit.leaf", index, what) for index, what in front.faults() if not faults)
    beyond = await connection.fetchval(
        "SELECT count(*) FROM audit.leaf WHERE log_id = $1 AND (index < 0 OR index >= $2)", log_id, head.size
    )
    if beyond:
        faults.append(Fault("audit.leaf", None, f"{beyond} rækker står uden for loggen"))
    checkpoint = Checkpoint(head.origin, frontier.size, frontier.root())
    return Verification(checkpoint, frontier.size, tuple(faults), front.rows)


def _check_row(row: asyncpg.Record, frontier: Frontier, front: EmptiedFront, faults: list[Fault]) -> None:
    index, entry = row["index"], row["entry"]
    if index != frontier.size:
        faults.append(Fault("audit.leaf", frontier.size, "mangler"))
        return
    stored: bytes = row["hashes"]
    front.see(index, entry)
    if entry is not None and sha256(b"\x00" + entry).digest() != stored[:HASH_BYTES]:
        faults.append(Fault("audit.leaf", index, "er ikke, hvad der blev logget: dens hash er en anden"))
    if frontier.append(stored[:HASH_BYTES]) != stored:
        faults.append(Fault("audit.leaf", index, "afslutter andre knuder, end den siger"))
