"""What an authority's key keeper signs, and whose public keys count: those of a settings file, never of the database.

A statement is bytes, each part after its length, and begins with a label of its own: what was signed as one kind of
statement is no other. Signatures are Ed25519 (RFC 8032).
"""

import base64
import binascii
import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infohus.kernel.sealing.envelope import length_prefixed
from infohus.kernel.sealing.wraps import KeyPlace
from infohus.settings import is_open_to_others

PUBLIC_KEY_BYTES = 32


class NotSigned(Exception):  # noqa: N818 - names the situation
    """Unknown signer, another authority's, another statement, or changed: one error for every cause."""


class SignersNotUsable(Exception):  # noqa: N818 - names the situation
    """The file of the signers is missing, malformed, open to others, or contradicts a keeper; the text says which."""


@dataclass(frozen=True, slots=True)
class SignerKey:
    """The public half, 32 bytes, of a key with which an authority's keeper signs."""

    authority_id: str
    key_id: str
    public: bytes

    @classmethod
    def of(cls, authority_id: str, key_id: str, private: bytes) -> "SignerKey":
        """Give the public half of a private key of 32 random bytes."""
        public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        return cls(authority_id, key_id, public)


def signed_with(private: bytes, statement: bytes) -> bytes:
    """Sign a statement; 64 bytes. For key keepers alone."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(statement)


def intake_statement(
    *, authority_id: str, infohus_id: UUID, generation: int, suite: int, public_key: bytes
) -> bytes:
    """Say that this is an authority's intake key in an infohus."""
    return length_prefixed((
        b"infohus/v1/intake-key", authority_id.encode(), infohus_id.bytes, generation.to_bytes(8, "big"),
        suite.to_bytes(1, "big"), public_key,
    ))


def exchange_statement(  # noqa: PLR0913 - all that is signed of an exchange
    *, exchange_id: UUID, case_id: UUID, discloser_id: str, recipient_id: str, generation: int, number: int,
    sealed: bytes, disclosed: Iterable[tuple[bytes, bytes]],
) -> bytes:
    """Say that an exchange gives a recipient this sealed key, and under it these wraps, of these versions.

    `sealed` is the sealed exchange key, of the exchange's key `number`, for the recipient's intake key `generation`.
    `disclosed` are pairs of a `wrap_digest` and its `version_digest`; their order does not count.
    """
    return length_prefixed((
        b"infohus/v1/exchange-key", exchange_id.bytes, case_id.bytes, discloser_id.encode(), recipient_id.encode(),
        generation.to_bytes(8, "big"), number.to_bytes(8, "big"), hashlib.sha256(sealed).digest(),
        b"".join(sorted(wrap + version for wrap, version in disclosed)),
    ))


def wrap_digest(place: KeyPlace, wrapped: bytes) -> bytes:
    """Compute the SHA-256, 32 bytes, of a wrap and of where it belongs."""
    return hashlib.sha256(length_prefixed((b"infohus/v1/wrap", place.associated_data(), wrapped))).digest()


def version_digest(  # noqa: PLR0913 - all that a version's row says
    *, kind: str, record_id: UUID, version: int, owner_id: str, clear_digest: bytes,
    envelopes: Mapping[str, bytes | None],
) -> bytes:
    """Compute the SHA-256, 32 bytes, of a version's row: its clear columns by their digest, its sealed texts as stored.

    `envelopes` are the envelopes by the name of their column; a column that holds none is as one that is not there.
    """
    texts = ((name.encode(), envelope) for name, envelope in sorted(envelopes.items()) if envelope is not None)
    return hashlib.sha256(length_prefixed((
        b"infohus/v1/version", kind.encode(), record_id.bytes, version.to_bytes(8, "big"), owner_id.encode(),
        clear_digest, *(part for text in texts for part in text),
    ))).digest()


class _Signer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    authority: str
    id: str
    public_key: str


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signer: list[_Signer]


class Signers:
    """The public keys that count, by authority and id. An authority may have several: an old one verifies on."""

    def __init__(self, keys: Iterable[SignerKey]) -> None:
        """Take the keys.

        Raises:
            SignersNotUsable: two have the same id, or are the same key under two names.
        """
        self._keys: dict[tuple[str, str], SignerKey] = {}
        taken: set[bytes] = set()
        for key in keys:
            if (key.authority_id, key.key_id) in self._keys:
                message = f"the signer {key.key_id} of {key.authority_id} stands there twice"
                raise SignersNotUsable(message)
            if key.public in taken:
                message = f"the signer {key.key_id} of {key.authority_id} has the key of another"
                raise SignersNotUsable(message)
            self._keys[key.authority_id, key.key_id] = key
            taken.add(key.public)

    @classmethod
    def read(cls, path: Path) -> "Signers":
        """Read a TOML file: a `[[signer]]` with `authority`, `id` and `public_key` (base64) for each key.

        Raises:
            SignersNotUsable: the text names the file and says what is wrong.
        """
        try:
            is_open = is_open_to_others(path)
            document = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Document)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
            message = f"{path.name}: the signers cannot be read: {wrong}"
            raise SignersNotUsable(message) from None
        if is_open:
            message = f"{path.name}: others may write it or its folder, and with it say whose signature counts"
            raise SignersNotUsable(message)
        try:
            return cls(SignerKey(one.authority, one.id, _decoded(one)) for one in document.signer)
        except SignersNotUsable as wrong:
            message = f"{path.name}: {wrong}"
            raise SignersNotUsable(message) from None

    def __iter__(self) -> Iterator[SignerKey]:
        """Give the keys, in the order of the file."""
        return iter(self._keys.values())

    def authorities(self) -> set[str]:
        """Name the authorities that have a signer."""
        return {authority_id for authority_id, _ in self._keys}

    def verify(self, authority_id: str, key_id: str, statement: bytes, signature: bytes) -> None:
        """Return when this key of this authority signed exactly this statement.

        Raises:
            NotSigned: it did not.
        """
        key = self._keys.get((authority_id, key_id))
        if key is None:
            raise NotSigned
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, statement)
        except (InvalidSignature, ValueError):
            raise NotSigned from None

    def require(self, keys: Iterable[SignerKey]) -> None:
        """Return when each of these keys, with which keepers sign now, is here as it is there.

        Raises:
            SignersNotUsable: naming the first that is missing or another.
        """
        for key in keys:
            known = self._keys.get((key.authority_id, key.key_id))
            if known is None:
                message = f"the signer {key.key_id} of {key.authority_id} is missing: run `infohus keys create`"
                raise SignersNotUsable(message)
            if known != key:
                message = f"the signer {key.key_id} of {key.authority_id} is another key than the key keeper signs with"
                raise SignersNotUsable(message)


def add_signers(path: Path, keys: Iterable[SignerKey]) -> None:
    """Write the keys that a file of signers lacks behind those that it has, mode 0644; a missing file is made.

    If the process dies here, the file is as it was.

    Raises:
        SignersNotUsable: the file cannot be used, or has another key under one of these names.
        OSError: it cannot be written.
    """
    wanted = list(dict.fromkeys(keys))
    present = list(Signers.read(path)) if path.exists() else []
    named = {key.key_id for key in present}
    missing = [key for key in wanted if key.key_id not in named]
    signers = Signers([*present, *missing])
    signers.require(wanted)
    if missing:
        _replace(path, signers)


def distrust_other_signers(path: Path, key: SignerKey) -> None:
    """Take every other key of this key's authority out of a file of signers: what they signed counts no more.

    If the process dies here, the file is as it was.

    Raises:
        SignersNotUsable: the file cannot be used.
        OSError: it cannot be written.
    """
    others = [one for one in Signers.read(path) if one.authority_id != key.authority_id]
    _replace(path, Signers([*others, key]))


def _replace(path: Path, signers: Signers) -> None:
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_text(written(signers), encoding="utf-8")
    unfinished.chmod(0o644)
    unfinished.replace(path)


def written(keys: Iterable[SignerKey]) -> str:
    """Write keys as the file of the signers has them."""
    return "\n".join(
        f'[[signer]]\nauthority = "{key.authority_id}"\nid = "{key.key_id}"\n'
        f'public_key = "{base64.b64encode(key.public).decode()}"\n'
        for key in keys
    )


def _decoded(signer: _Signer) -> bytes:
    try:
        public = base64.b64decode(signer.public_key, validate=True)
    except (binascii.Error, ValueError):
        public = b""
    if len(public) != PUBLIC_KEY_BYTES or base64.b64encode(public).decode() != signer.public_key:
        message = f"the public key of {signer.id} is not 32 bytes in base64"
        raise SignersNotUsable(message)
    return public
