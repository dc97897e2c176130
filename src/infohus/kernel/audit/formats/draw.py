"""The draw of a log check: which entries are looked at, from a checkpoint that nobody knew when it was announced.

The reviewer promises a secret when the check is announced, and reveals it at the draw: whoever runs the log cannot know
the seed while it still could choose a checkpoint. Pure. docs/log-check.md says the same byte by byte, so that anyone
can draw again without this program (rule 63).
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
    """What was announced before anyone could know the seed: entries first … last, 0-based, of which `sample` many.

    `size` is the log's with the entry that announced it; `need` witnesses must cosign, 0 where the log has none.
    `commitment` is what `commitment_of` makes of the reviewer's secret: 32 bytes, told while the secret is not.
    """

    check_id: UUID
    size: int
    first: int
    last: int
    sample: int
    need: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Draw:
    """Drawn entries in the order they were drawn.

    `is_steerable`: no witness' signature is in the seed, so whoever runs the log and the reviewer can choose together;
    neither can alone.
    """

    seed: bytes
    indices: tuple[int, ...]
    is_steerable: bool


def commitment_of(secret: str) -> bytes:
    """Hash a secret of 64 lower-case hexadecimal digits as the text it is: 32 bytes that say nothing of it."""
    return sha256(secret.encode()).digest()


def draw_from(
    note: str, announced: Announced, *, secret: str, key: VerifierKey, witnesses: Sequence[WitnessKey]
) -> Draw:
    """Draw from a cosigned checkpoint and the secret that was promised.

    Raises:
        NotACheckpoint: the log's key did not sign it.
        CosignatureDoesNotHold: a known witness' line does not verify.
        NotDrawable: another secret was promised, the checkpoint does not cover the announcement, too few cosigned it,
            or the period reaches outside.
    """
    checkpoint = open_checkpoint(note, [key])
    lines = [one.line for one in cosignatures_on(note, witnesses)]
    if commitment_of(secret) != announced.commitment:
        message = "the secret is not the one that was promised"
        raise NotDrawable(message)
    if checkpoint.size < announced.size:
        message = f"the checkpoint has {checkpoint.size} entries, and the check was announced after it"
        raise NotDrawable(message)
    if len(lines) < announced.need:
        message = f"{len(lines)} known witnesses cosigned the checkpoint, and {announced.need} must"
        raise NotDrawable(message)
    if not 0 <= announced.first <= announced.last < checkpoint.size:
        message = "the period is not in the checkpoint"
        raise NotDrawable(message)
    seed = seed_of(checkpoint.origin, announced.check_id, secret, split_note(note)[0], lines)
    return Draw(seed, sample(seed, announced), is_steerable=not lines)


def seed_of(origin: str, check_id: UUID, secret: str, text: str, lines: Sequence[str]) -> bytes:
    """Hash what nobody can choose alone: 32 bytes.

    `text` is the note's text, `lines` the cosignatures, each with newline; `secret` is hashed as its 64 characters.

    Every part is preceded by its length in 8 bytes, so no two checks hash the same bytes.
    """
    said = (origin, str(check_id), secret, text)
    parts = [SEED_DOMAIN, *map(str.encode, said), *sorted(map(str.encode, lines))]
    return sha256(b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)).digest()


def sample(seed: bytes, announced: Announced) -> tuple[int, ...]:
    """Draw without putting back: as many as announced, or all there are when there are fewer."""
    wanted = min(announced.sample, announced.last - announced.first + 1)
    drawn: dict[int, None] = {}
    for index in _endless(seed, announced.first, announced.last):
        if len(drawn) == wanted:
            break
        drawn[index] = None
    return tuple(drawn)


def _endless(seed: bytes, first: int, last: int) -> Iterator[int]:
    """Give evenly spread indices for ever: a value that would favour the small ones is thrown away."""
    many = last - first + 1
    even = _VALUES - _VALUES % many
    counter = 0
    while True:
        block = sha256(DRAW_DOMAIN + seed + counter.to_bytes(_LENGTH_BYTES, "big")).digest()
        value = int.from_bytes(block[:_LENGTH_BYTES], "big")
        if value < even:
            yield first + value % many
        counter += 1
