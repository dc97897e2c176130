"""A log as a folder in the C2SP tlog-tiles layout with its signed checkpoint, and proofs of single entries."""

import base64
import io
import tarfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote
from uuid import UUID

from infohus.kernel.audit.formats.checkpoint import (
    Checkpoint,
    NotACheckpoint,
    VerifierKey,
    open_checkpoint,
    parse_count,
    parse_text,
    split_note,
)
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.formats.emptying import EmptiedEntries
from infohus.kernel.audit.formats.merkle import (
    HASH_BYTES,
    Frontier,
    ProofDoesNotHold,
    inclusion_ranges,
    leaf_hash,
    proof_from,
    verify_inclusion,
)
from infohus.kernel.audit.formats.tiles import WIDTH, File, TileBuilder, TileWriter
from infohus.kernel.audit.storage.log import AnyConnection, hashes_of, rows_of

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
README = """Denne mappe er en revisionslog fra infohus, i det åbne format C2SP tlog-tiles.

  checkpoint      loggens størrelse og rod, underskrevet af loggen og af vidnerne
  log.pub         den offentlige nøgle, som underskriften skal passe til; få den fra en anden kilde end mappen
  witnesses/      vidnernes offentlige nøgler; få dem fra vidnerne selv
  tile/entries/   selve posterne: hver bag sin længde i 2 byte; længden 0 er en post, der er tømt efter sin frist
  tile/0/ ...     hashværdierne (RFC 6962, SHA-256), 32 byte hver

Kontrollér den uden database og uden os:  infohus audit verify MAPPE --key log.pub --cosigner VIDNE.pub --need 2
Enhver anden C2SP-verifikator kan bruges; posterne er JSON og indeholder kun numre, koder og hashværdier.

Er poster tømt, står det i en senere post med handlingen emptyLogEntries: fra start til stop, alle ældre end before.
En tømt posts hash står stadig i tile/0/, så hvert bevis holder, og rod og underskrift er de samme.

This folder is an audit log in the open format C2SP tlog-tiles. Get the public keys from a source other than this
folder. Each entry is JSON of identifiers, codes and digests; any C2SP verifier can check it. An entry of length 0 was
emptied after its period, as a later entry (emptyLogEntries) says; its hash is still in tile/0/, and every proof holds.
"""


class LogDoesNotVerify(Exception):  # noqa: N818 - names the situation
    """The rows are not what was signed; the text says where. The export is not finished."""


class NotAnExport(Exception):  # noqa: N818 - names the situation
    """The tar file holds a link, a path outside the folder, or another kind of member that no export has."""


async def exported_files(  # noqa: PLR0913 - one export, all of it by name
    connection: AnyConnection, log_id: UUID, note: str, *, key: VerifierKey,
    witnesses: Sequence[WitnessKey] = (), progress: Callable[[int], None] | None = None,
) -> AsyncIterator[File]:
    """Give a log's files one by one, as far as its signed checkpoint `note` goes; every row is hashed anew.

    The checkpoint comes behind all tiles: without it nobody takes the files for an export. Memory does not grow with
    the log: one unfinished tile for each level, and 256 rows.

    Raises:
        LogDoesNotVerify: a row is wrong, or the rows make another tree; some tiles were given by then.
        NotACheckpoint: `key` did not sign the note.
    """
    checkpoint = open_checkpoint(note, [key])
    tiles, frontier, emptied = TileBuilder(), Frontier(), EmptiedEntries()
    async for rows in rows_of(connection, log_id, start=0, stop=checkpoint.size, at_once=WIDTH):
        for row in rows:
            entry: bytes | None = row["entry"]
            hashed = row["hashes"][:HASH_BYTES] if entry is None else leaf_hash(entry)
            emptied.see(row["index"], entry)
            if row["index"] != frontier.size or frontier.append(hashed) != row["hashes"]:
                message = f"row {row['index']} of the log is not what was appended"
                raise LogDoesNotVerify(message)
            for file in tiles.append(entry or b"", hashed):
                yield file
        if progress is not None:
            progress(frontier.size)
    if Checkpoint(checkpoint.origin, frontier.size, frontier.root()) != checkpoint:
        message = f"the log's {frontier.size} rows do not make the tree that was signed with {checkpoint.size}"
        raise LogDoesNotVerify(message)
    if wrong := emptied.faults():
        message = f"row {wrong[0][0]} of the log is emptied and not said to be, or said to be and not emptied"
        raise LogDoesNotVerify(message)
    for file in tiles.finish():
        yield file
    for witness in witnesses:
        yield f"witnesses/{quote(witness.name, safe='')}.pub", f"{witness}\n".encode()
    yield "log.pub", f"{key}\n".encode()
    yield "README.txt", README.encode()
    yield "checkpoint", note.encode()


async def export_log(  # noqa: PLR0913 - one export, all of it by name
    connection: AnyConnection, log_id: UUID, note: str, folder: Path, *, key: VerifierKey,
    witnesses: Sequence[WitnessKey] = (), progress: Callable[[int], None] | None = None,
) -> Checkpoint:
    """Write a log's files into `folder`; see `exported_files`, which says what it raises."""
    writer = TileWriter(folder)
    async for name, content in exported_files(
        connection, log_id, note, key=key, witnesses=witnesses, progress=progress
    ):
        writer.write(name, content)
    return open_checkpoint(note, [key])


async def packed(files: AsyncIterator[File], *, folder: str, at: datetime) -> AsyncIterator[bytes]:
    """Pack files as a tar file below `folder`, piece by piece: each is given on as soon as it is there.

    What fails midway fails the stream, which then lacks the two blocks of zeros that end a tar file.
    """
    async for name, content in files:
        member = tarfile.TarInfo(f"{folder}/{name}")
        member.size, member.mode, member.mtime = len(content), 0o644, int(at.timestamp())
        yield member.tobuf(tarfile.GNU_FORMAT)
        yield content + bytes(-len(content) % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


async def prove(connection: AnyConnection, log_id: UUID, index: int, note: str) -> str:
    """Write the proof that entry `index` (0-based) is in the tree of a signed checkpoint. Source: C2SP tlog-proof.

    Reads O(log n) rows.

    Raises:
        ValueError: there is no such entry under this checkpoint.
    """
    ranges = inclusion_ranges(index, parse_text(split_note(note)[0]).size)
    hashes = await hashes_of(connection, log_id, {node for nodes in ranges for node in nodes})
    return proof_text(index, proof_from(ranges, hashes.__getitem__), note)


def proof_text(index: int, proof: Sequence[bytes], checkpoint: str) -> str:
    """Write a proof as text. Source: C2SP tlog-proof."""
    lines = [PROOF_HEADER, f"index {index}", *(base64.b64encode(node).decode() for node in proof)]
    return "\n".join(lines) + "\n\n" + checkpoint


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof proves: the entry's index (0-based), under this checkpoint."""

    index: int
    checkpoint: Checkpoint


def check_proof(text: str, entry: bytes, keys: Sequence[VerifierKey]) -> Proved:
    """Check offline that `entry` is in the log whose signed checkpoint the proof carries; see `check_hashed_proof`."""
    return check_hashed_proof(text, leaf_hash(entry), keys)


def check_hashed_proof(text: str, hashed: bytes, keys: Sequence[VerifierKey]) -> Proved:
    """Check offline that the entry with this leaf hash is in the log; an emptied entry has nothing but its hash.

    Raises:
        ProofDoesNotHold: malformed, or it leads to another root.
        NotACheckpoint: no key of `keys` signed the checkpoint.
    """
    head, separator, checkpoint_text = text.partition("\n\n")
    if not separator:
        raise ProofDoesNotHold
    index, proof = _parse_head(head.split("\n"))
    checkpoint = open_checkpoint(checkpoint_text, keys)
    verify_inclusion(hashed=hashed, index=index, size=checkpoint.size, proof=proof, root=checkpoint.root)
    return Proved(index, checkpoint)


def _parse_head(lines: list[str]) -> tuple[int, list[bytes]]:
    """Read the lines above a proof's checkpoint; give the entry's index and the hashes.

    "The second line MAY start with the string `extra`" (tlog-proof): no signature covers that data, so it is ignored.

    Raises:
        ProofDoesNotHold: malformed.
    """
    header, *others = lines
    try:
        if others and others[0].startswith("extra "):
            base64.b64decode(others.pop(0).removeprefix("extra "), validate=True)
        proof = [base64.b64decode(line, validate=True) for line in others[1:]]
    except ValueError:
        raise ProofDoesNotHold from None
    name, _, digits = "".join(others[:1]).partition(" ")
    index = parse_count(digits)
    if header != PROOF_HEADER or name != "index" or index is None or any(len(node) != HASH_BYTES for node in proof):
        raise ProofDoesNotHold
    return index, proof


def unpack(packed: bytes, folder: Path) -> None:
    """Unpack an exported log's tar file into `folder`.

    Not by `tarfile`'s extraction filters: Debian 12's Python 3.11.2 does not have them.

    Raises:
        NotAnExport: a member is no plain file or folder, or would lie outside `folder`.
    """
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            if member.isdir():
                continue
            place = PurePosixPath(member.name)
            content = archive.extractfile(member) if member.isfile() else None
            if content is None or place.is_absolute() or ".." in place.parts:
                raise NotAnExport
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(content.read())


__all__ = [
    "LogDoesNotVerify", "NotACheckpoint", "NotAnExport", "Proved", "check_proof", "export_log", "exported_files",
    "packed", "proof_text", "prove", "unpack",
]
