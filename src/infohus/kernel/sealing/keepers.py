"""Keepers of the keys that wrap an authority's secrets, take in what is sealed to it, and sign what it says.

The only keeper reads files; a hardware keeper, or a process of the authority's own, would be another.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from uuid import UUID

from infohus.kernel.database.readiness import PartNotReady
from infohus.kernel.sealing.envelope import KEY_BYTES, length_prefixed
from infohus.kernel.sealing.intake import SEED_BYTES, Info, open_with, public_key_of
from infohus.kernel.sealing.signatures import SignerKey, Signers, SignersNotUsable, signed_with
from infohus.kernel.sealing.wraps import unwrap, wrap

INSTALLATION = UUID(int=0)
"""The id under which the installation's own index key is kept, for what belongs to no infohus."""


class UnsafeKeyFile(Exception):  # noqa: N818 - names the situation
    """A key file is missing, readable by others, a link, or not 32 bytes; the message names it."""


def supervision_of(authority_id: str) -> str:
    """Name the keeper's second key of an authority: that of its supervision, which opens no case."""
    return f"{authority_id}.tilsyn"


class KeyKeeper(Protocol):
    """Holds a wrapping and a signing key per authority, a wrapping key per supervision, and an index key per infohus.

    It gives index keys out, and never a wrapping key, a signing key or the seed of an intake key.
    """

    def key_id(self, authority_id: str) -> str:
        """Name the key that wraps for an authority now."""
        ...

    def wrap(self, authority_id: str, key: bytes, context: bytes) -> bytes:
        """Wrap a 32-byte key for an authority, bound to `context`; 60 bytes."""
        ...

    def unwrap(self, authority_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap what was wrapped for this authority and this context.

        Raises:
            CannotOpen: it was wrapped for another, or changed.
        """
        ...

    def new_intake(self, authority_id: str, context: bytes) -> tuple[bytes, bytes]:
        """Make an intake key; give its public key, 1,216 bytes, and its seed wrapped for `context`, 60 bytes."""
        ...

    def open_intake(
        self, authority_id: str, wrapped_seed: bytes, seed_context: bytes, sealed: bytes, info: Info
    ) -> bytes:
        """Open a key, 32 bytes, that was sealed to one of this authority's intake keys for exactly this `info`.

        Whoever calls this has verified who sealed it.

        Raises:
            CannotOpen: the seed was wrapped for another authority or context, or the key was sealed to another intake
                key or for something else, or one of them was changed.
        """
        ...

    def sign(self, authority_id: str, statement: bytes) -> tuple[str, bytes]:
        """Sign a statement for an authority; give the name of the key that signed, and the signature, 64 bytes."""
        ...

    def index_key(self, infohus_id: UUID) -> bytes:
        """Give the 32-byte key under which an infohus looks values up."""
        ...


class FileKeyKeeper:
    """A keeper of files with mode 0600 in folders with mode 0700. For demo and small installations; no HSM."""

    def __init__(self, folder: Path) -> None:
        """Look in `folder`: an authority's `kek-1.key` and `sign-1.key`, `index/<infohus id>.key`, 32 bytes each.

        An authority signs with the newest of its signing keys: that of the highest number, as it is when first used.
        """
        self._folder = folder
        self._signs_with: dict[str, int] = {}
        self._known: dict[tuple[str, str], bytes] = {}

    @classmethod
    def create(cls, folder: Path, authority_ids: Iterable[str], infohus_ids: Iterable[UUID]) -> "FileKeyKeeper":
        """Make the keys that are missing; an existing key is never overwritten.

        Raises:
            UnsafeKeyFile: an existing key, or a folder, is not as it must be.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for authority_id in authority_ids:
            for name in _keys_of(authority_id):
                _write_once(folder / name)
        for infohus_id in (INSTALLATION, *infohus_ids):
            _write_once(folder / "index" / f"{infohus_id}.key")
        return cls(folder)

    def authorities(self) -> set[str]:
        """Name the authorities whose keys there are."""
        return {path.parent.name.removesuffix(supervision_of("")) for path in self._folder.glob("*/kek-*.key")}

    def require_keys_of(self, authority_ids: Iterable[str]) -> None:
        """Read each authority's keys from the disk, remembered or not.

        Raises:
            PartNotReady: naming the file.
        """
        for authority_id in authority_ids:
            for name in _keys_of(authority_id):
                try:
                    _read_safely(self._folder / name)
                except (UnsafeKeyFile, OSError) as failure:
                    raise PartNotReady(why=f"{name.partition('/')[0]}-{type(failure).__name__}") from failure

    def check(self) -> None:
        """Read every key there is or must be, so that an unsafe one stops the start instead of the first request.

        Raises:
            UnsafeKeyFile: naming the file.
        """
        wanted = {self._folder / name for authority_id in self.authorities() for name in _keys_of(authority_id)}
        if wanted:
            wanted.add(self._folder / "index" / f"{INSTALLATION}.key")
        for authority_id in self.authorities():
            self._newest_signer(authority_id)
        for path in sorted({*wanted, *self._folder.glob("*/*.key")}):
            self._read(path.parent.name, path.name)

    def missing(self, authority_ids: Iterable[str], infohus_ids: Iterable[UUID]) -> list[str]:
        """Name the key files that `create` would make for these authorities and infohuse."""
        names = [name for authority_id in authority_ids for name in _keys_of(authority_id)]
        names += [f"index/{infohus_id}.key" for infohus_id in (INSTALLATION, *infohus_ids)]
        return sorted(name for name in names if not (self._folder / name).exists())

    def key_id(self, authority_id: str) -> str:
        """Name the key that wraps for an authority now."""
        return f"{authority_id}/kek-1"

    def wrap(self, authority_id: str, key: bytes, context: bytes) -> bytes:
        """Wrap a 32-byte key for an authority, bound to `context`; 60 bytes."""
        return wrap(self._wrapping_key(authority_id), _bound_to(authority_id, context), key)

    def unwrap(self, authority_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap what was wrapped for this authority and this context."""
        return unwrap(self._wrapping_key(authority_id), _bound_to(authority_id, context), wrapped)

    def new_intake(self, authority_id: str, context: bytes) -> tuple[bytes, bytes]:
        """Make an intake key; give its public key, 1,216 bytes, and its seed wrapped for `context`, 60 bytes."""
        seed = os.urandom(SEED_BYTES)
        return public_key_of(seed), wrap(self._wrapping_key(authority_id), _seed_of(authority_id, context), seed)

    def open_intake(
        self, authority_id: str, wrapped_seed: bytes, seed_context: bytes, sealed: bytes, info: Info
    ) -> bytes:
        """Open a key, 32 bytes, that was sealed to one of this authority's intake keys for exactly this `info`."""
        seed = unwrap(self._wrapping_key(authority_id), _seed_of(authority_id, seed_context), wrapped_seed)
        return open_with(seed, sealed, info)

    def sign(self, authority_id: str, statement: bytes) -> tuple[str, bytes]:
        """Sign a statement for an authority; give the name of the key that signed, and the signature, 64 bytes."""
        number = self._newest_signer(authority_id)
        return _signer_id(authority_id, number), signed_with(self._read(authority_id, f"sign-{number}.key"), statement)

    def signer_key(self, authority_id: str) -> SignerKey:
        """Give the public half of the key that signs for an authority now, for the file of the signers."""
        number = self._newest_signer(authority_id)
        key = self._read(authority_id, f"sign-{number}.key")
        return SignerKey.of(authority_id, _signer_id(authority_id, number), key)

    def replace_signer(self, authority_id: str) -> SignerKey:
        """Make another signing key for an authority, with which it signs from now on; give its public half.

        A service that runs goes on with the key it began with until it is started again.

        Raises:
            UnsafeKeyFile: the authority has no keys here, or its folder is not as it must be.
        """
        self._read(authority_id, "sign-1.key")
        number = self._newest_signer(authority_id) + 1
        _write_once(self._folder / authority_id / f"sign-{number}.key")
        self._signs_with[authority_id] = number
        return self.signer_key(authority_id)

    def index_key(self, infohus_id: UUID) -> bytes:
        """Give the 32-byte key under which an infohus looks values up."""
        return self._read("index", f"{infohus_id}.key")

    def _newest_signer(self, authority_id: str) -> int:
        number = self._signs_with.get(authority_id)
        if number is None:
            names = (path.stem.removeprefix("sign-") for path in (self._folder / authority_id).glob("sign-*.key"))
            number = self._signs_with[authority_id] = max((int(name) for name in names if name.isdecimal()), default=1)
        return number

    def _wrapping_key(self, authority_id: str) -> bytes:
        return self._read(authority_id, "kek-1.key")

    def _read(self, owner: str, name: str) -> bytes:
        known = self._known.get((owner, name))
        if known is None:
            known = self._known[owner, name] = _read_safely(self._folder / owner / name)
        return known


def keeper_with_signers(folder: Path, signers_file: Path) -> tuple[FileKeyKeeper, Signers]:
    """Read the authorities' keys, and whose signatures count, which must be those that the keeper signs with.

    Raises:
        UnsafeKeyFile: a key file is missing or unsafe.
        SignersNotUsable: the file of the signers is, or does not hold a key of the keeper's as it is.
    """
    keeper = FileKeyKeeper(folder)
    keeper.check()
    signers = Signers.read(signers_file)
    try:
        signers.require(keeper.signer_key(authority_id) for authority_id in sorted(keeper.authorities()))
    except SignersNotUsable as wrong:
        message = f"{signers_file.name}: {wrong}"
        raise SignersNotUsable(message) from None
    return keeper, signers


def _keys_of(authority_id: str) -> tuple[str, ...]:
    """Name the files of an authority's keys, relative to the keeper's folder."""
    return f"{authority_id}/kek-1.key", f"{authority_id}/sign-1.key", f"{supervision_of(authority_id)}/kek-1.key"


def _signer_id(authority_id: str, number: int) -> str:
    return f"{authority_id}/sign-{number}"


def _bound_to(authority_id: str, context: bytes) -> bytes:
    return length_prefixed((b"infohus/v1/keeper", authority_id.encode(), context))


def _seed_of(authority_id: str, context: bytes) -> bytes:
    """Bind a seed under a label of its own, so that `unwrap`, which gives keys out, opens none."""
    return length_prefixed((b"infohus/v1/keeper/intake", authority_id.encode(), context))


def _write_once(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_loose(path):
        raise UnsafeKeyFile(_must_be(path))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        _read_safely(path)
        return
    # If the process dies before the key is durable, a file that is too short may stay. It is refused from then on and
    # never filled; nothing was wrapped under it yet, so an operator may remove it.
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    # The folder's entry must be durable too: without it the key would be lost, and all that is wrapped under it.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_safely(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK, opening a pipe in the key's place would block for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as failure:
        message = f"the key file {path.parent.name}/{path.name} cannot be opened"
        raise UnsafeKeyFile(message) from failure
    try:
        status = os.fstat(descriptor)
        key = os.read(descriptor, KEY_BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(descriptor)
    if stat.S_IMODE(status.st_mode) & 0o077 or _is_loose(path) or len(key) != KEY_BYTES:
        raise UnsafeKeyFile(_must_be(path))
    return key


def _is_loose(path: Path) -> bool:
    """Say whether others have any right to a key's folder or the keeper's, or whether the key's folder is a link.

    Whoever can write in the keeper's folder can replace an authority's folder by one of their own. A link from one
    authority's folder to another's would give both the same key.
    """
    folders = (path.parent.lstat(), path.parent.parent.stat())
    return any(stat.S_IMODE(folder.st_mode) & 0o077 for folder in folders)


def _must_be(path: Path) -> str:
    return (
        f"the key file {path.parent.name}/{path.name} must be 32 bytes, mode 0600, in folders of mode 0700 "
        "that are no links"
    )
