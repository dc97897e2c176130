"""A witness: remembers the newest checkpoint of each log it knows, and cosigns only one that is consistent with it.

So it notices a log that was cut off, restored from a backup or forked. It knows no HTTP (server.py does).
Source: C2SP tlog-witness, "add-checkpoint".
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from infohus.kernel.audit.formats.checkpoint import (
    Checkpoint,
    NotACheckpoint,
    SigningKey,
    VerifierKey,
    open_checkpoint,
    parse_text,
    split_note,
)
from infohus.kernel.audit.formats.cosignature import WitnessKey, cosign
from infohus.kernel.audit.formats.merkle import EMPTY_ROOT, HASH_BYTES, ProofDoesNotHold, verify_consistency
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore, StateNotReadable

_MOST_PROOF_LINES = 63
LARGEST_BODY = 140_000
"""Bytes: room for the largest note and the longest proof."""


class NotARequest(Exception):  # noqa: N818 - names the situation
    """The body is no add-checkpoint request, or its old size is above the checkpoint's (400)."""


class UnknownLog(Exception):  # noqa: N818 - names the situation
    """The witness knows no log of the checkpoint's origin (404)."""


class NotSignedByTheLog(Exception):  # noqa: N818 - names the situation
    """No trusted key of the log signed the checkpoint (403)."""


class OtherSizeRemembered(Exception):  # noqa: N818 - names the situation
    """The old size, or the tree of that size, is not what was cosigned last (409)."""

    def __init__(self, size: int) -> None:
        """Take the size that was cosigned last."""
        super().__init__(size)
        self.size = size


class NotConsistent(Exception):  # noqa: N818 - names the situation
    """The proof does not show that the trees are consistent (422)."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size that the log expects the witness to remember, the consistency proof from it, and the note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str

    def body(self) -> bytes:
        """Write the request body."""
        proof = "".join(base64.b64encode(node).decode() + "\n" for node in self.proof)
        return f"old {self.old_size}\n{proof}\n{self.note}".encode()

    @classmethod
    def parse(cls, body: bytes) -> "AddCheckpoint":
        """Read what `body` wrote.

        Raises:
            NotARequest: malformed, or too large.
        """
        if len(body) > LARGEST_BODY:
            raise NotARequest
        try:
            head, separator, note = body.decode().partition("\n\n")
        except UnicodeDecodeError:
            raise NotARequest from None
        first, *lines = head.split("\n")
        size = first.removeprefix("old ")
        # 19 digits are enough for every size below 2^63; no leading zero.
        canonical = size.isascii() and size.isdigit() and len(size) <= 19 and str(int(size)) == size  # noqa: PLR2004
        if not separator or size == first or not canonical or len(lines) > _MOST_PROOF_LINES:
            raise NotARequest
        return cls(int(size), tuple(_parse_hash(line) for line in lines), note)


def _parse_hash(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (ValueError, binascii.Error):
        raise NotARequest from None
    if len(raw) != HASH_BYTES:
        raise NotARequest
    return raw


class Witness:
    """A witness: its key, its checkpoint store, and the logs it knows."""

    def __init__(
        self, key: SigningKey, *, name: str, folder: Path, logs: Sequence[VerifierKey], clock: Callable[[], datetime]
    ) -> None:
        """Store checkpoints in `folder`, which is made when missing; a log may have several keys."""
        self._key, self._name, self._store, self._clock = key, name, CheckpointStore(folder), clock
        self._logs = {
            origin: [log for log in logs if log.name == origin] for origin in {log.name for log in logs}
        }

    @property
    def verifier(self) -> WitnessKey:
        """Its public key."""
        return WitnessKey(self._name, self._key.verifier(self._name).public)

    def add(self, body: bytes) -> str:
        """Check a request, store its checkpoint on the disk, and give the cosignature line.

        Raises:
            NotARequest: malformed.
            UnknownLog: the witness does not know the log.
            NotSignedByTheLog: the log did not sign the checkpoint.
            OtherSizeRemembered: the request does not start from what was cosigned last.
            NotConsistent: the proof does not hold.
            StateNotReadable: the stored checkpoint is damaged.
        """
        request = AddCheckpoint.parse(body)
        text, checkpoint = self._authentic(request.note)
        if request.old_size > checkpoint.size:
            raise NotARequest
        # Check and write under one lock: "must be performed atomically" (tlog-witness, "add-checkpoint").
        with self._store.locked():
            self._require_consistent(request, checkpoint)
            # Dies before the rename: nothing was promised. Dies after it: the log gets a 409 and asks from its size.
            self._store.remember(checkpoint.origin, request.note)
            # Also under the lock, so that the clock is read in the order of the trees' sizes.
            moment = int(self._clock().timestamp())
        return cosign(text, self._key, name=self._name, moment=moment)

    def remembered(self, origin: str) -> Checkpoint | None:
        """Give the newest checkpoint it cosigned for a log, `None` when it never did.

        Raises:
            StateNotReadable: the stored checkpoint is damaged.
        """
        return self._store.checkpoint(origin)

    def _authentic(self, note: str) -> tuple[str, Checkpoint]:
        try:
            text, _ = split_note(note)
            checkpoint = parse_text(text)
        except NotACheckpoint:
            raise NotARequest from None
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            raise UnknownLog
        try:
            return text, open_checkpoint(note, keys)
        except NotACheckpoint:
            raise NotSignedByTheLog from None

    def _require_consistent(self, request: AddCheckpoint, checkpoint: Checkpoint) -> None:
        remembered = self._store.checkpoint(checkpoint.origin) or Checkpoint(checkpoint.origin, 0, EMPTY_ROOT)
        same_size_other_tree = remembered.size == checkpoint.size and remembered.root != checkpoint.root
        if request.old_size != remembered.size or same_size_other_tree:
            raise OtherSizeRemembered(remembered.size)
        try:
            verify_consistency(
                old_size=remembered.size, size=checkpoint.size, old_root=remembered.root, root=checkpoint.root,
                proof=request.proof,
            )
        except ProofDoesNotHold:
            raise NotConsistent from None


__all__ = [
    "LARGEST_BODY", "AddCheckpoint", "NotARequest", "NotConsistent", "NotSignedByTheLog", "OtherSizeRemembered",
    "StateNotReadable", "UnknownLog", "Witness",
]
