"""Are a log's rows whole? They are hashed in chunks, each a perfect subtree, so that several cores can share the work.

A chunk is checked alone; the nodes above it that its last row completes are checked when the chunks are joined.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from uuid import UUID

import asyncpg

from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.formats.emptying import EmptiedEntries
from infohus.kernel.audit.formats.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, fold
from infohus.kernel.audit.storage.log import ROWS, ROWS_AT_ONCE, AnyConnection, Head, head_of
from infohus.kernel.audit.verification.exported_log import Fault, Progress, Verification

CHUNK = ROWS_AT_ONCE
"""Rows of a chunk, a power of two; one query reads one chunk."""
CHUNKS_PER_TASK = 8
MOST_FAULTS = 256


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some neighbouring rows, hashed: the roots of their perfect subtrees, and in `beyond` the hashes of higher nodes.

    Only the last row of a full chunk completes higher nodes. `partial` holds the roots of the rows up to each log size
    that was asked for.
    """

    first: int
    rows: int
    roots: tuple[bytes, ...]
    beyond: bytes
    partial: dict[int, tuple[bytes, ...]]
    emptied_entries: EmptiedEntries
    faults: tuple[Fault, ...]


def verify_chunk(rows: Sequence[asyncpg.Record], first: int, sizes: Collection[int] = ()) -> Chunk:
    """Hash the rows from index `first` on, a multiple of CHUNK: each entry, and each node it completes.

    Stops at a missing row. `sizes` are the log sizes at which the roots are wanted.
    """
    frontier, faults, beyond, emptied_entries = Frontier(), list[Fault](), b"", EmptiedEntries(first)
    partial: dict[int, tuple[bytes, ...]] = {}
    for row in rows:
        index = first + frontier.size
        if row["index"] != index:
            faults.append(Fault("audit.leaf", index, "mangler"))
            break
        stored: bytes = row["hashes"]
        entry: bytes | None = row["entry"]
        emptied_entries.see(index, entry)
        if entry is not None and sha256(b"\x00" + entry).digest() != stored[:HASH_BYTES]:
            faults.append(Fault("audit.leaf", index, "er ikke, hvad der blev logget: dens hash er en anden"))
        completed = frontier.append(stored[:HASH_BYTES])
        if completed != stored:
            if frontier.size != CHUNK or not stored.startswith(completed):
                faults.append(Fault("audit.leaf", index, "afslutter andre knuder, end den siger"))
            beyond = stored[len(completed) :]
        if index + 1 in sizes:
            partial[index + 1] = frontier.roots
    return Chunk(first, frontier.size, frontier.roots, beyond, partial, emptied_entries, tuple(faults))


@dataclass(slots=True)
class Rows:
    """The tree of the chunks joined so far: `upper` is over full chunks, `last` are the roots of a last partial one."""

    upper: Frontier = field(default_factory=Frontier)
    last: tuple[bytes, ...] = ()
    size: int = 0
    faults: list[Fault] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    emptied_entries: EmptiedEntries = field(default_factory=EmptiedEntries)

    @property
    def goes_on(self) -> bool:
        """Say whether another chunk can be joined: the last one was full, and there are not too many faults."""
        return self.size % CHUNK == 0 and len(self.faults) <= MOST_FAULTS

    def join(self, chunk: Chunk) -> None:
        """Join the next chunk, and check the nodes above it that its last row completes."""
        self.faults.extend(chunk.faults)
        self.emptied_entries.join(chunk.emptied_entries)
        for size, roots in chunk.partial.items():
            self.roots[size] = fold([*self.upper.roots, *roots])
        self.size = chunk.first + chunk.rows
        if chunk.rows < CHUNK:
            self.last = chunk.roots
            return
        completed = self.upper.append(chunk.roots[0])
        if completed[HASH_BYTES:] != chunk.beyond:
            self.faults.append(Fault("audit.leaf", self.size - 1, "afslutter andre knuder, end den siger"))

    def root(self) -> bytes:
        """Give the root of the tree."""
        return fold(self.frontier) if self.frontier else EMPTY_ROOT

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees that make up the tree, largest first."""
        return (*self.upper.roots, *self.last)


async def verify_database(
    connection: AnyConnection, log_id: UUID, *, progress: Progress | None = None
) -> Verification:
    """Verify the rows of a log: each entry's hash, each node it completes, the order, and the frontier."""
    head = await head_of(connection, log_id)
    return await verify_rows(connection, head, chunks_of(connection, head), Rows(), progress=progress)


async def verify_rows(
    connection: AnyConnection, head: Head, chunks: AsyncIterator[Chunk], joined: Rows, *,
    progress: Progress | None = None,
) -> Verification:
    """Join chunks to those `joined` before, and compare the tree with the head."""
    async for chunk in chunks:
        joined.join(chunk)
        if progress is not None:
            progress(joined.size)
        if not joined.goes_on:
            break
    faults = joined.faults
    if not faults and joined.size != head.size:
        faults.append(Fault("audit.leaf", joined.size, f"loggen slutter her og siger, at den har {head.size} poster"))
    if not faults and b"".join(joined.frontier) != head.frontier:
        faults.append(Fault("audit.frontier", None, "er ikke rækkernes front"))
    faults.extend(Fault("audit.leaf", index, what) for index, what in joined.emptied_entries.faults() if not faults)
    beyond = await connection.fetchval(
        "SELECT count(*) FROM audit.leaf WHERE log_id = $1 AND (index < 0 OR index >= $2)", head.log_id, head.size
    )
    if beyond:
        faults.append(Fault("audit.leaf", None, f"{beyond} rækker står uden for loggen"))
    checkpoint = Checkpoint(head.origin, joined.size, joined.root())
    return Verification(checkpoint, joined.size, tuple(faults), joined.emptied_entries.stop)


async def chunks_of(
    connection: AnyConnection, head: Head, *, first: int = 0, sizes: Sequence[int] = ()
) -> AsyncIterator[Chunk]:
    """Hash the rows from `first` on, chunk by chunk; `sizes` (ascending) are log sizes at which roots are wanted."""
    for start in range(first, head.size, CHUNK):
        rows = await connection.fetch(ROWS, head.log_id, start, min(start + CHUNK, head.size))
        yield verify_chunk(rows, start, _within(sizes, start))


async def chunks_on_cores(
    database: str, head: Head, *, cores: int, first: int = 0, sizes: Sequence[int] = ()
) -> AsyncIterator[Chunk]:
    """Hash the rows on several cores, each with a connection of its own to `database`; the chunks come in order."""
    step = CHUNK * CHUNKS_PER_TASK
    loop = asyncio.get_running_loop()
    # Forked, as in exported_log.py; each process opens a connection of its own and does not use ours.
    with ProcessPoolExecutor(cores, mp_context=get_context("fork")) as pool:
        def submit(start: int) -> asyncio.Future[list[Chunk]]:
            stop = min(start + step, head.size)
            return loop.run_in_executor(pool, _hash_task, database, head, start, stop, _within(sizes, start, step))

        starts = iter(range(first, head.size, step))
        pending = deque(submit(start) for start in islice(starts, 2 * cores))
        try:
            while pending:
                chunks = await pending.popleft()
                pending.extend(submit(start) for start in islice(starts, 1))
                for chunk in chunks:
                    yield chunk
        finally:
            for future in pending:
                future.cancel()


def _hash_task(database: str, head: Head, first: int, stop: int, sizes: Collection[int]) -> list[Chunk]:
    async def run() -> list[Chunk]:
        connection = await asyncpg.connect(database)
        try:
            chunks = []
            for start in range(first, stop, CHUNK):
                rows = await connection.fetch(ROWS, head.log_id, start, min(start + CHUNK, stop))
                chunks.append(verify_chunk(rows, start, sizes))
            return chunks
        finally:
            await connection.close()

    return asyncio.run(run())


def _within(sizes: Sequence[int], start: int, rows: int = CHUNK) -> frozenset[int]:
    return frozenset(sizes[bisect_right(sizes, start) : bisect_right(sizes, start + rows)])
