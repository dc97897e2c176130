"""Cosignatures: a witness' signature on a checkpoint. C2SP tlog-cosignature, Ed25519 (`cosignature/v1`)."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infohus.kernel.audit.formats.checkpoint import NotACheckpoint, SigningKey, VerifierKey, split_note

_KEY_ID_BYTES = 4
_TIMESTAMP_BYTES = 8
_SIGNATURE_BYTES = 64


class CosignatureDoesNotHold(Exception):  # noqa: N818 - names the situation
    """A line with a known witness' name and key id is not its signature on this checkpoint."""


class NotAWitness(Exception):  # noqa: N818 - names the situation
    """A key is no witness' verifier key, is the log's own, or shares its name or its key with another witness."""


class WitnessKey(VerifierKey):
    """A witness' public key. Source: C2SP tlog-cosignature, "Format"."""

    KIND: ClassVar[bytes] = b"\x04"


def witnesses_of(log: VerifierKey, texts: Iterable[str]) -> list[WitnessKey]:
    """Read the public keys of a log's witnesses; a key that is given twice counts once.

    Raises:
        NotAWitness: one is no witness' key or is the log's own, or two share a name or a key.
    """
    try:
        witnesses = sorted({WitnessKey.parse(text) for text in texts}, key=str)
    except NotACheckpoint:
        raise NotAWitness from None
    keys = [log, *witnesses]
    if len({key.name for key in keys}) < len(keys) or len({key.public for key in keys}) < len(keys):
        raise NotAWitness
    return witnesses


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature. `moment` is the witness' own clock in seconds since the epoch; `line` ends in newline."""

    name: str
    moment: int
    line: str


def cosign(text: str, key: SigningKey, *, name: str, moment: int) -> str:
    """Write a witness' signature line on a checkpoint's text; `moment` is seconds since the epoch."""
    witness = WitnessKey(name, key.verifier(name).public)
    stamp = moment.to_bytes(_TIMESTAMP_BYTES, "big")
    encoded = base64.b64encode(witness.key_id + stamp + key.sign_bytes(_message(text, moment))).decode()
    return f"— {name} {encoded}\n"


def cosignatures_on(note: str, witnesses: Sequence[WitnessKey]) -> list[Cosignature]:
    """Find the known witnesses' cosignatures in a note, one per name and one per key; other lines are ignored.

    "The Ed25519 signed message format doesn't commit to the cosigner name" (tlog-cosignature), so a signature can be
    copied under another name of the same key. Such a copy does not count as a second witness.

    Raises:
        NotACheckpoint: it is no signed note.
        CosignatureDoesNotHold: a known witness' line does not verify.
    """
    text, signatures = split_note(note)
    known = {(witness.name, witness.key_id): witness for witness in witnesses}
    cosignatures: dict[str, Cosignature] = {}
    names: dict[bytes, str] = {}
    for name, raw in signatures:
        witness = known.get((name, raw[:_KEY_ID_BYTES]))
        if witness is None:
            continue
        cosignature = Cosignature(name, _verified(text, raw, witness), _line(name, raw))
        if names.setdefault(witness.public, name) == name:
            cosignatures[name] = cosignature
    return list(cosignatures.values())


def unknown_signers(note: str, known: Iterable[VerifierKey]) -> list[str]:
    """Give the names on the note's lines that no key of `known` is for, as they stand: nothing verifies them.

    Raises:
        NotACheckpoint: it is no signed note.
    """
    keys = {(key.name, key.key_id) for key in known}
    names = [name for name, raw in split_note(note)[1] if (name, raw[:_KEY_ID_BYTES]) not in keys]
    return list(dict.fromkeys(names))


def _verified(text: str, raw: bytes, witness: WitnessKey) -> int:
    stamped = raw[_KEY_ID_BYTES:]
    moment = int.from_bytes(stamped[:_TIMESTAMP_BYTES], "big")
    # "It MUST NOT exceed 2^63 - 1" (tlog-cosignature, "Format").
    if len(stamped) != _TIMESTAMP_BYTES + _SIGNATURE_BYTES or moment >> 63:
        raise CosignatureDoesNotHold
    try:
        key = Ed25519PublicKey.from_public_bytes(witness.public)
        key.verify(stamped[_TIMESTAMP_BYTES:], _message(text, moment))
    except InvalidSignature:
        raise CosignatureDoesNotHold from None
    return moment


def _message(text: str, moment: int) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def _line(name: str, raw: bytes) -> str:
    return f"— {name} {base64.b64encode(raw).decode()}\n"
