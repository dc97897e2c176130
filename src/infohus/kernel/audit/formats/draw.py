"""The draw of a log check: which entries are reviewed, from a checkpoint that did not exist when it was announced.

The reviewer commits to a secret when the check is announced, and reveals it at the draw, so whoever runs the log does
not know the seed while they can still choose a checkpoint. Pure. docs/log-check.md specifies the draw byte by byte, so
that anyone can repeat it without this program (rule 63).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from infohus.kernel.audit.formats.checkpoint import VerifierKey, open_checkpoint, split_note
from infohus.kernel.audit.formats.cosignature import WitnessKey, cosignatures_on

SEED_DOMAIN = b"infohus log check seed v2"
DRAW_DOMAIN = b"infohus log check draw v1"
_LENGTH_BYTES = 8
_VALUES = 2**64


class NotDrawable(Exception):  # noqa: N818 - names the situation
    """Nothing can be drawn: another secret, too few witnesses, or the period is not in the checkpoint."""


@dataclass(frozen=True, slots=True)
class Announced:
    """The announced check: `sample` of the entries `first` to `last`, both included, 0-based.

    `size` is the log's size including the announcing entry; `need` witnesses must cosign, 0 where the log has none.
    `commitment` is `commitment_of` the reviewer's secret, 32 bytes; it is public from the announcement on. Unless it
    `is_of_this_log`, first and last are places in what is shown of another log, and this one's checkpoint is the lot.
    """

    check_id: UUID
    size: int
    first: int
    last: int
    sample: int
    need: int
    commitment: bytes
    is_of_this_log: bool = True


@dataclass(frozen=True, slots=True)
class Draw:
    """The drawn entries' indices, in the order of the draw, and the seed, 32 bytes.

    `is_steerable`: no witness' signature is in the seed, so whoever runs the log could choose the draw together with
    the reviewer; neither can alone.
    """

    seed: bytes
    indices: tuple[int, ...]
    is_steerable: bool


def commitment_of(secret: str) -> bytes:
    """Hash a secret of 64 lower-case hexadecimal digits, as ASCII text and not decoded; give 32 bytes."""
    return sha256(secret.encode()).digest()


def draw_from(
    note: str, announced: Announced, *, secret: str, key: VerifierKey, witnesses: Sequence[WitnessKey]
) -> Draw:
    """Draw from a cosigned checkpoint and the secret that was committed to.

    Raises:
        NotACheckpoint: the log's key did not sign the note.
        CosignatureDoesNotHold: a known witness' line does not verify.
        NotDrawable: the secret does not match the commitment, the checkpoint does not cover the announcement, too few
            witnesses cosigned it, or the period reaches beyond it.
    """
    checkpoint = open_checkpoint(note, [key])
    lines = [cosignature.line for cosignature in cosignatures_on(note, witnesses)]
    if commitment_of(secret) != announced.commitment:
        message = "the secret is not the one that was promised"
        raise NotDrawable(message)
    if checkpoint.size < announced.size:
        message = f"the checkpoint has {checkpoint.size} entries, and the check was announced after it"
        raise NotDrawable(message)
    if len(lines) < announced.need:
        message = f"{len(lines)} known witnesses cosigned the checkpoint, and {announced.need} must"
        raise NotDrawable(message)
    size = checkpoint.size if announced.is_of_this_log else announced.last + 1
    if not 0 <= announced.first <= announced.last < size:
        message = "the period is not in the checkpoint"
        raise NotDrawable(message)
    seed = seed_of(checkpoint.origin, announced.check_id, secret, split_note(note)[0], lines)
    return Draw(seed, sample(seed, announced), is_steerable=not lines)


def seed_of(origin: str, check_id: UUID, secret: str, text: str, lines: Sequence[str]) -> bytes:
    """Compute the seed, 32 bytes; nobody can choose all of its parts alone.

    `text` is the note's text, `lines` are the cosignature lines with their newlines, in any order; `secret` is hashed
    as its 64 characters. Each part is preceded by its length in 8 bytes, big-endian, so the parts cannot be confused.
    """
    texts = (origin, str(check_id), secret, text)
    parts = [SEED_DOMAIN, *map(str.encode, texts), *sorted(map(str.encode, lines))]
    return sha256(b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)).digest()


def sample(seed: bytes, announced: Announced) -> tuple[int, ...]:
    """Draw without replacement: as many entries as announced, or the whole period when it has fewer."""
    wanted = min(announced.sample, announced.last - announced.first + 1)
    drawn: dict[int, None] = {}
    for index in _uniform_indices(seed, announced.first, announced.last):
        if len(drawn) == wanted:
            break
        drawn[index] = None
    return tuple(drawn)


def _uniform_indices(seed: bytes, first: int, last: int) -> Iterator[int]:
    """Give uniformly distributed indices without end; values that would favour the lowest indices are rejected."""
    size = last - first + 1
    limit = _VALUES - _VALUES % size
    counter = 0
    while True:
        block = sha256(DRAW_DOMAIN + seed + counter.to_bytes(_LENGTH_BYTES, "big")).digest()
        value = int.from_bytes(block[:_LENGTH_BYTES], "big")
        if value < limit:
            yield first + value % size
        counter += 1
