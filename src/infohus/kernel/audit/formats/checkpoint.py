"""Checkpoints: a log's size and root, signed. C2SP signed-note and tlog-checkpoint, Ed25519."""

import base64
import binascii
import contextlib
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infohus.kernel.audit.formats.merkle import HASH_BYTES

_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_LARGEST_NOTE = 130_000  # characters: 16 signatures, "at least" (C2SP signed-note), of the largest kind, ML-DSA-87
_LINES = 3
_LARGEST_SIZE = 19  # digits; int() would raise ValueError for thousands of them


class NotACheckpoint(Exception):  # noqa: N818 - names the situation
    """The note is malformed, or no known key signed it."""


class UnsafeSigningKey(Exception):  # noqa: N818 - names the situation
    """The log's signing key is missing, readable by others, or not 32 bytes."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and root hash of a log. `size` is the number of entries, `root` has 32 bytes."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Write the note's text. Source: C2SP tlog-checkpoint, "Note text"."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A trusted public key: its name and 32 bytes, Ed25519."""

    name: str
    public: bytes

    KIND: ClassVar[bytes] = b"\x01"
    """The signature type. Source: C2SP signed-note, "Signature types"."""

    @property
    def key_id(self) -> bytes:
        """Give the key id, 4 bytes. Source: C2SP signed-note, "Ed25519 signatures"."""
        return sha256(self.name.encode() + b"\n" + self.KIND + self.public).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        """Write the key as `<name>+<key id, hexadecimal>+<base64>`, as Go's sumdb/note reads it."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.KIND + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote.

        Raises:
            NotACheckpoint: the text is no verifier key of this kind.
        """
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise NotACheckpoint from None
        key = cls(name, raw[1:])
        is_whole = raw[:1] == cls.KIND and len(raw) == _KEY_BYTES + 1
        if not is_whole or key.key_id.hex() != key_id or not _is_key_name(name):
            raise NotACheckpoint
        return key


class SigningKey:
    """The key that signs an installation's logs; its name in a signature is the log's origin."""

    def __init__(self, seed: bytes) -> None:
        """Take a 32-byte Ed25519 seed. Source: RFC 8032, section 5.1.5."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "SigningKey()"

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Read a key file of 32 bytes and mode 0600.

        Raises:
            UnsafeSigningKey: the file is missing, a symbolic link, readable by others, or of another length.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as failure:
            message = f"the log's signing key {path.name} cannot be opened"
            raise UnsafeSigningKey(message) from failure
        with os.fdopen(descriptor, "rb") as file:
            loose = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            seed = file.read(_KEY_BYTES + 1)
        if loose or len(seed) != _KEY_BYTES:
            message = f"the log's signing key {path.name} must be 32 bytes with mode 0600"
            raise UnsafeSigningKey(message)
        return cls(seed)

    @classmethod
    def create(cls, path: Path) -> "SigningKey":
        """Make the key file, mode 0600, unless it exists, and read it.

        Raises:
            UnsafeSigningKey: as `load` does.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.path.lexists(path):
            _write_unless_there(path, os.urandom(_KEY_BYTES))
        return cls.load(path)

    def verifier(self, origin: str) -> VerifierKey:
        """Give the public half under a log's name."""
        return VerifierKey(origin, self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign_bytes(self, message: bytes) -> bytes:
        """Sign a message as it is; give 64 bytes. The caller makes sure that it reads as no other kind of message."""
        return self._key.sign(message)

    def sign(self, checkpoint: Checkpoint) -> str:
        """Write a signed checkpoint."""
        text = checkpoint.text()
        signature = self.verifier(checkpoint.origin).key_id + self.sign_bytes(text.encode())
        return f"{text}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Read a checkpoint that one of `keys` signed for the log it names; signatures of unknown keys are ignored.

    A signature covers the text alone, and one key signs all logs of an installation: whoever holds a checkpoint can put
    its signature under another log's key name. So a key counts only for the log of its own name ("The log's key name in
    its signature line SHOULD match the origin line", tlog-checkpoint, "Signatures": our logs' always do).

    Raises:
        NotACheckpoint: malformed, unsigned, signed as another log's, or a known key's signature does not verify.
    """
    text, signatures = split_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    signed_as = set[str]()
    for name, raw in signatures:
        key = known.get((name, raw[:_KEY_ID_BYTES]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(raw[_KEY_ID_BYTES:], text.encode())
        except InvalidSignature:
            raise NotACheckpoint from None
        signed_as.add(name)
    if not signed_as:
        raise NotACheckpoint
    checkpoint = parse_text(text)
    if checkpoint.origin not in signed_as:
        raise NotACheckpoint
    return checkpoint


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Split a signed note, unverified, into its text and its signatures as (name, key id and signature).

    Raises:
        NotACheckpoint: it is no signed note.
    """
    if len(note) > _LARGEST_NOTE or not note.endswith("\n"):
        raise NotACheckpoint
    body, separator, tail = note.rpartition("\n\n")
    if not separator or any(ord(character) < 0x20 and character != "\n" for character in note):  # noqa: PLR2004 - control characters
        raise NotACheckpoint
    signatures = []
    for line in tail.removesuffix("\n").split("\n"):
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise NotACheckpoint from None
        if dash != "—" or not _is_key_name(name) or len(raw) <= _KEY_ID_BYTES or line.count(" ") != 2:  # noqa: PLR2004
            raise NotACheckpoint
        signatures.append((name, raw))
    return body + "\n", signatures


def parse_text(text: str) -> Checkpoint:
    """Read a note's text, whose signatures the caller has checked or checks next.

    Raises:
        NotACheckpoint: malformed.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < _LINES or not all(lines):
        raise NotACheckpoint
    origin, size, encoded = lines[:_LINES]
    try:
        root = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise NotACheckpoint from None
    count = parse_count(size)
    if count is None or len(root) != HASH_BYTES:
        raise NotACheckpoint
    return Checkpoint(origin, count, root)


def parse_count(digits: str) -> int | None:
    """Read a log size or an entry's index: ASCII, no leading zero, at most 19 digits; `None` when it is neither."""
    is_short = 0 < len(digits) <= _LARGEST_SIZE and digits.isascii() and digits.isdigit()
    return int(digits) if is_short and str(int(digits)) == digits else None


def _is_key_name(name: str) -> bool:
    """Say whether this is a valid key name.

    "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus" (signed-note, "Format").
    """
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _write_unless_there(path: Path, secret: bytes) -> None:
    """Write a file of mode 0600, whole or not at all; a file that exists is left as it is."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        # Dies before this line: there is no key file, and the next start makes one. A temporary file may be left, which
        # nothing reads.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        _sync_folder(path.parent)
    finally:
        # Dies before this line: the key file has two names, both of mode 0600.
        Path(fresh).unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
