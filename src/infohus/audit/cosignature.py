"""Cosignatures: a witness' word that a log only grew. C2SP tlog-cosignature, Ed25519 (`cosignature/v1`)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infohus.audit.checkpoint import SigningKey, VerifierKey, split_note

_KEY_ID_BYTES = 4
_TIMESTAMP_BYTES = 8
_SIGNATURE_BYTES = 64


class CosignatureDoesNotHold(Exception):  # noqa: N818 - names the situation
    """A line bears a known witness' name and key, and is not its signature on this checkpoint."""


class WitnessKey(VerifierKey):
    """A witness' public key. Source: C2SP tlog-cosignature, "Format"."""

    KIND: ClassVar[bytes] = b"\x04"


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
    """Find the known witnesses' cosignatures in a note, once per witness; others' lines are passed over.

    Raises:
        NotACheckpoint: it is no signed note.
        CosignatureDoesNotHold: a known witness' line does not verify.
    """
    text, signatures = split_note(note)
    known = {(witness.name, witness.key_id): witness for witness in witnesses}
    found: dict[str, Cosignature] = {}
    for name, raw in signatures:
        witness = known.get((name, raw[:_KEY_ID_BYTES]))
        if witness is not None:
            found[name] = Cosignature(name, _verified(text, raw, witness), _line(name, raw))
    return list(found.values())


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
