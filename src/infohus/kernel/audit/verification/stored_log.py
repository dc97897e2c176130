"""Is a log in the database whole: its rows, its tree, every archived checkpoint, and what the witnesses remember?

Trusts the log's key and the witnesses' keys, which come from elsewhere, and nothing that the database says.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import msgspec

from infohus.kernel.audit.formats.checkpoint import NotACheckpoint, VerifierKey, open_checkpoint
from infohus.kernel.audit.formats.emptying import SHORTEST_PERIOD, EmptiedEntries
from infohus.kernel.audit.formats.merkle import Frontier
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.storage.archive import Archived
from infohus.kernel.audit.storage.log import AnyConnection, Head, durable_head_of, rows_of
from infohus.kernel.audit.verification.catalog import catalog_faults
from infohus.kernel.audit.verification.exported_log import Fault, Progress, Verification
from infohus.kernel.audit.verification.log_rows import (
    CHUNK,
    MOST_FAULTS,
    Chunk,
    Rows,
    chunks_of,
    chunks_on_cores,
    verify_rows,
)
from infohus.kernel.audit.verification.tally import Tallies
from infohus.kernel.audit.verification.witness_comparison import NOT_SIGNED, PLACE, WitnessComparison
from infohus.kernel.audit.witness.cosigning import Witnesses


class NotResumable(Exception):  # noqa: N818 - names the situation
    """The file of an interrupted verification is another log's, or damaged."""


class _ResumeState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    log: UUID
    size: int
    roots: list[str]


@dataclass(frozen=True, slots=True)
class LogVerification:
    """What was found: the verification of the rows, with the faults of all parts, and how far checkpoints cover them.

    `checkpoints` counts the valid ones; `signed` and `cosigned` are the sizes of the newest valid one and of the newest
    with enough cosignatures, 0 for none. `silent` names the witnesses that did not answer; `is_vouched_for`: at least
    as many answered as must cosign.
    """

    verification: Verification
    checkpoints: int
    signed: int
    cosigned: int
    silent: tuple[str, ...]
    is_vouched_for: bool


async def verify_log(  # noqa: PLR0913 - one verification, all of it by name
    connection: AnyConnection, log_id: UUID, *, key: VerifierKey | None, witnesses: Witnesses,
    database: str | None = None, cores: int = 1, seen: Path | None = None, progress: Progress | None = None,
) -> LogVerification:
    """Verify a log: its rows and the catalogue, and with `key` the archive, the cosignatures and the witnesses.

    With `seen`, start where the verification that left this file stopped, and keep the file up to date. With a
    `database` address and several `cores`, each core reads and hashes rows of its own.

    Raises:
        NoSuchLog: there is none with this id.
        NotResumable: `seen` is another log's file, or damaged.
    """
    head = await durable_head_of(connection, log_id)
    rows = _resumed(seen, log_id)
    sizes = [size for size in await archive.sizes(connection, log_id, after=rows.size) if size <= head.size]
    start = rows.size
    chunks: AsyncIterator[Chunk] = (
        chunks_on_cores(database, head, cores=cores, first=start, sizes=sizes)
        if database is not None and cores > 1 and head.size - start > CHUNK
        else chunks_of(connection, head, first=start, sizes=sizes)
    )

    def after_chunk(size: int) -> None:
        if seen is not None and not rows.faults and rows.upper.size % 64 == 0:
            _remember(seen, log_id, rows)
        if progress is not None:
            progress(size)

    found = await verify_rows(connection, head, chunks, rows, progress=after_chunk)
    changed = await catalog_faults(connection)
    found = replace(found, faults=(*found.faults, *changed))
    if seen is not None and found.is_whole:
        _remember(seen, log_id, rows)
    if key is None:
        return LogVerification(found, 0, 0, 0, (), is_vouched_for=not witnesses.need)
    return await _with_archive(connection, head, found, rows, key=key, witnesses=witnesses, start=start)


async def tally_faults_of(
    connection: AnyConnection, log_id: UUID, *, progress: Progress | None = None
) -> list[Fault]:
    """Recount a log's entries on each person (rule 64): an omitted entry shows in the person's next one."""
    tallies, faults = Tallies(), list[Fault]()
    size = (await durable_head_of(connection, log_id)).size
    async for rows in rows_of(connection, log_id, start=0, stop=size):
        faults.extend(tallies.faults("audit.leaf", rows[0]["index"], [row["entry"] for row in rows]))
        if progress is not None:
            progress(rows[-1]["index"] + 1)
        if len(faults) > MOST_FAULTS:
            return faults
    return [*faults, *tallies.ends("audit.leaf", size)]


async def _with_archive(  # noqa: PLR0913 - compares the rows with all that was signed
    connection: AnyConnection, head: Head, found: Verification, rows: Rows, *, key: VerifierKey,
    witnesses: Witnesses, start: int,
) -> LogVerification:
    faults, valid, signed, cosigned = list(found.faults), 0, 0, 0
    newest: Archived | None = None
    async for archived in archive.all_from(connection, head.log_id, after=start):
        fault = _fault_in(archived, head, rows, key)
        if fault is not None:
            faults.append(fault)
            continue
        newest, signed, valid = archived, archived.size, valid + 1
        cosigners = archived.cosigners(witnesses.keys)
        if archived.lines_of_nobody(witnesses.keys):
            faults.append(Fault(PLACE, archived.size - 1, "et vidnes underskrift passer ikke til det underskrevne"))
        if witnesses.need and len(cosigners) >= witnesses.need:
            cosigned = archived.size
    faults.extend(
        Fault("audit.cosignature", size - 1, "er et vidnes underskrift på en, der er væk")
        for size in await archive.unattached(connection, head.log_id, after=start)
    )
    comparison = WitnessComparison(
        connection, head, key=key, witnesses=witnesses, start=start,
        holds=lambda archived: _fault_in(archived, head, rows, key) is None,
    )
    newest = newest or (await archive.newest(connection, head.log_id, key=key) if start else None)
    if newest is not None:
        await comparison.compare(newest)
        faults += comparison.faults
    elif start == 0 and head.size and witnesses.need:
        faults.append(Fault(PLACE, None, "ingen underskrift er bevaret, så vidnerne kan ikke spørges"))
    if found.emptied and witnesses.need and not await _seen_long_enough(connection, head, found.emptied, witnesses):
        faults.append(Fault("audit.leaf", 0, f"{found.emptied} poster er tømt, før vidnerne har kendt dem et år"))
    verification = replace(found, faults=tuple(faults))
    return LogVerification(
        verification, valid, signed, cosigned, tuple(comparison.silent),
        is_vouched_for=len(witnesses.keys) - len(comparison.silent) >= witnesses.need,
    )


async def _seen_long_enough(connection: AnyConnection, head: Head, emptied: int, witnesses: Witnesses) -> bool:
    """Say whether enough witnesses cosigned the emptied entries a year before their newest cosignature.

    A superuser can invent the entries' moments and what the log says of emptying, but not the witnesses' timestamps.
    """
    first: int | None = None
    last = 0
    async for archived in archive.all_from(connection, head.log_id, after=emptied - 1):
        moments = sorted(cosignature.moment for cosignature in archived.cosignatures(witnesses.keys))
        if len(moments) >= witnesses.need:
            # `first`: when as many as needed had cosigned; `last`: the newest time at which as many still did.
            last = moments[len(moments) - witnesses.need]
            first = moments[witnesses.need - 1] if first is None else first
    return first is not None and last - first >= SHORTEST_PERIOD.total_seconds()


def _fault_in(archived: Archived, head: Head, rows: Rows, key: VerifierKey) -> Fault | None:
    try:
        checkpoint = open_checkpoint(archived.note, [key])
    except NotACheckpoint:
        return Fault(PLACE, archived.size - 1, NOT_SIGNED)
    if checkpoint.origin != head.origin or checkpoint.size != archived.size:
        return Fault(PLACE, archived.size - 1, "er underskrevet for en anden log eller et andet antal poster")
    if archived.size > head.size:
        what = f"{archived.size} poster er underskrevet, og loggen har {head.size}; resten er væk"
        return Fault(PLACE, head.size, what)
    if rows.roots.get(archived.size) != checkpoint.root:
        return Fault(PLACE, archived.size - 1, "posterne giver en anden rod end den underskrevne")
    return None


def _resumed(seen: Path | None, log_id: UUID) -> Rows:
    if seen is None or not seen.exists():
        return Rows()
    try:
        state = msgspec.json.decode(seen.read_bytes(), type=_ResumeState)
        upper = Frontier(state.size // CHUNK, [bytes.fromhex(root) for root in state.roots])
    except (msgspec.DecodeError, ValueError):
        raise NotResumable from None
    if state.log != log_id or state.size % CHUNK:
        raise NotResumable
    return Rows(upper=upper, size=state.size, emptied_entries=EmptiedEntries(state.size))


def _remember(seen: Path, log_id: UUID, rows: Rows) -> None:
    state = _ResumeState(log_id, rows.upper.size * CHUNK, [root.hex() for root in rows.upper.roots])
    fresh = seen.with_name(f"{seen.name}.new")
    fresh.write_bytes(msgspec.json.encode(state))
    fresh.replace(seen)
