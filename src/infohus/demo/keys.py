"""The demo issuers' signing keys: made once, kept in files only their owner can read.

The municipality's issuer signs with RSA and the police's with P-256, so both accepted algorithms are used.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from infohus.kernel.identity.key_sets import public_jwk, thumbprint

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_LARGEST_KEY_FILE_BYTES = 8192


class UnsafeDemoKey(ValueError):  # noqa: N818 - names the situation
    """A key file is readable by others, is no plain file, or holds another kind of key."""


@dataclass(frozen=True, slots=True)
class DemoKey:
    """A signing key, its public JWK, and its name: the RFC 7638 thumbprint."""

    kid: str
    public_jwk: dict[str, str]
    private_pem: bytes = field(repr=False)


def new_rsa_key() -> PrivateKey:
    """Make an RSA key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_p256_key() -> PrivateKey:
    """Make a P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


_KEY_MAKERS: dict[str, Callable[[], PrivateKey]] = {"kommune": new_rsa_key, "politi": new_p256_key}


def demo_keys(folder: Path) -> dict[str, DemoKey]:
    """Load the demo issuers' keys by issuer name, making those that do not exist; folder 0700, files 0600.

    Raises:
        UnsafeDemoKey: when a file or the folder is open to others or is not what it should be.
        OSError: when the folder cannot be used.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        message = f"{folder.name}: the demo keys' folder must be closed to others (0700)"
        raise UnsafeDemoKey(message)
    return {name: _load_or_make(folder / f"issuer-{name}.pem", make) for name, make in _KEY_MAKERS.items()}


def demo_key(private_key: PrivateKey) -> DemoKey:
    """Describe a private key."""
    kid = thumbprint(private_key.public_key())
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return DemoKey(kid, public_jwk(private_key.public_key(), kid), pem)


def _load_or_make(path: Path, make: Callable[[], PrivateKey]) -> DemoKey:
    if not path.exists():
        _write_once(path, demo_key(make()).private_pem)
    key = load_pem_private_key(_read_private(path), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        message = f"{path.name}: neither an RSA nor a P-256 key"
        raise UnsafeDemoKey(message)
    return demo_key(key)


def _write_once(path: Path, content: bytes) -> None:
    """Put `content` at `path` whole or not at all; if another process was first, its file stays.

    A process that dies before the link leaves a stray `.new` file of no use to anyone; after it, the key.
    """
    waiting = path.with_name(f"{path.name}.{uuid4().hex}.new")
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(waiting, path)
        except FileExistsError:
            return
    finally:
        waiting.unlink()


def _read_private(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
            message = f"{path.name}: must be a plain file closed to others (0600)"
            raise UnsafeDemoKey(message)
        return file.read(_LARGEST_KEY_FILE_BYTES)
