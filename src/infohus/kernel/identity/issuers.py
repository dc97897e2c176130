"""Who may vouch for whom: each issuer is bound to one authority, and its authority's kind limits its roles.

Keys come from a file or from the issuer's own address. The request that finds them stale, or without the key its token
names, renews them and waits for that; a fetch is tried at most once a minute. Nothing here reads tokens.
"""

import asyncio
import ipaddress
import sys
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import msgspec

from infohus.kernel.identity.caller import AuthorityId, AuthorityKind, Role
from infohus.kernel.identity.key_sets import NO_KEYS, KeySet, KeySetRefused, read_key_set
from infohus.settings import is_open_to_others

Clock = Callable[[], datetime]
"""Gives the present time, aware and in UTC."""

LARGEST_KEY_SET_BYTES = 131_072
_FETCH_SECONDS = 5.0

_EVERY_AUTHORITY = frozenset({Role.INVITED_PROFESSIONAL, Role.LEGAL, Role.DATA_PROTECTION_OFFICER})
_INFOHUS_PARTNER = _EVERY_AUTHORITY | {Role.ADMINISTRATOR, Role.INTEGRATION}
ROLES_OF_KIND = {
    AuthorityKind.MUNICIPALITY: _INFOHUS_PARTNER | {Role.MUNICIPAL_COORDINATOR},
    AuthorityKind.POLICE: _INFOHUS_PARTNER | {Role.POLICE_COORDINATOR},
    AuthorityKind.PROBATION: _EVERY_AUTHORITY,
    AuthorityKind.HEALTH_REGION: _EVERY_AUTHORITY,
    AuthorityKind.SECURITY_SERVICE: _EVERY_AUTHORITY,
    AuthorityKind.SELF_GOVERNING: _EVERY_AUTHORITY,
}
"""The roles that issuers of an authority of each kind may give. Rule 17 needs two persons of two authorities, so
neither of the two that carry an infohus may make the other's coordinator."""


class UnsafeIssuer(ValueError):  # noqa: N818 - names the situation
    """An issuer is configured in a way that would let it vouch for too much; the text names the issuer."""


@dataclass(slots=True, eq=False)
class KeyRing:
    """The present keys of one issuer, renewed from where it publishes them.

    Keys older than `keep_seconds` are renewed when next used. A fetch is tried at most every `wait_seconds`, so that
    forged tokens with unknown key names cannot make us flood the issuer. Keys that could not be renewed for
    `trust_seconds` are trusted no more, so that a withdrawn key ends even when the issuer cannot be reached.
    """

    fetch: Callable[[], Awaitable[bytes]]
    clock: Clock
    keep_seconds: int = 600
    wait_seconds: int = 60
    trust_seconds: int = 86_400
    last_failure: str | None = field(default=None, init=False)
    _keys: KeySet = field(default=NO_KEYS, init=False)
    _renewed_at: float = field(default=float("-inf"), init=False)
    _tried_at: float = field(default=float("-inf"), init=False)
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def at(self, now: float) -> KeySet:
        """Give the keys trusted at `now`, seconds since 1970 UTC; the same object as long as the keys are the same."""
        return self._keys if now - self._renewed_at <= self.trust_seconds else NO_KEYS

    def is_stale(self, now: float) -> bool:
        """Tell whether a renewal is wanted and allowed at `now`."""
        return now - self._renewed_at > self.keep_seconds and self._may_try(now)

    async def renew(self) -> None:
        """Fetch the keys, unless that was tried within `wait_seconds`; calls during a fetch wait for it.

        A failure leaves the present keys in place and is kept in `last_failure`; nothing is raised.
        """
        async with self._renewing:
            now = self.clock().timestamp()
            if not self._may_try(now):
                return
            self._tried_at = now
            try:
                async with asyncio.timeout(_FETCH_SECONDS):
                    self.accept(await self.fetch())
            except (OSError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, KeySetRefused) as failure:
                self.last_failure = f"{type(failure).__name__}: {failure}"

    def accept(self, document: bytes) -> None:
        """Take `document`, a JWK Set, as the present keys.

        Raises:
            KeySetRefused: when the set is unfit; the present keys stay.
        """
        fresh = read_key_set(document)
        if fresh != self._keys:  # TokenGate compares this object by identity, and forgets its tokens when it is another
            self._keys = fresh
        self._renewed_at = self.clock().timestamp()
        self.last_failure = None

    def _may_try(self, now: float) -> bool:
        return now - self._tried_at >= self.wait_seconds


@dataclass(frozen=True, slots=True)
class Issuer:
    """One identity provider: the exact `iss` it writes, the one authority it speaks for, the roles it may give."""

    url: str
    authority_id: AuthorityId
    authority_kind: AuthorityKind
    roles: frozenset[Role]
    keys: KeyRing

    def __post_init__(self) -> None:
        """Refuse an issuer whose roles or address are not safe.

        Raises:
            UnsafeIssuer: it has no role, or one that its kind of authority may not give, or its address is neither
                https nor loopback.
        """
        if not is_safe_address(self.url):
            message = f"{self.url}: an issuer's address is https, or http on loopback"
            raise UnsafeIssuer(message)
        if not self.roles or not self.roles <= ROLES_OF_KIND[self.authority_kind]:
            message = f"{self.url}: an issuer of a {self.authority_kind} may not give these roles"
            raise UnsafeIssuer(message)

    def may_vouch_for(self, role: Role) -> bool:
        """Tell whether a token of this issuer may carry `role`."""
        return role in self.roles and role in ROLES_OF_KIND[self.authority_kind]


def fixed_keys(document: bytes, clock: Clock) -> KeyRing:
    """Trust the keys of one JWK Set until the process ends.

    Raises:
        KeySetRefused: when the set is unfit.
    """

    async def fetch() -> bytes:
        return document

    ring = KeyRing(fetch, clock, keep_seconds=sys.maxsize, trust_seconds=sys.maxsize)
    ring.accept(document)
    return ring


def keys_in_file(path: Path, clock: Clock) -> KeyRing:
    """Read the keys from a file now, and again at each renewal.

    Raises:
        OSError: when the file cannot be read.
        KeySetRefused: when it holds no fit key set.
    """

    async def fetch() -> bytes:
        return await asyncio.to_thread(_read_small_file, path)

    ring = KeyRing(fetch, clock)
    ring.accept(_read_small_file(path))
    return ring


def keys_at_address(url: str, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None) -> KeyRing:
    """Prepare to fetch the keys from `url`; there are none before the first `renew`.

    No redirect is followed, and no proxy or certificate setting is taken from the environment: the issuers' file alone
    decides which keys are trusted.

    Raises:
        UnsafeIssuer: when `url` is neither https nor http on loopback.
    """
    if not is_safe_address(url):
        message = f"{url}: keys are fetched over https, or http on loopback"
        raise UnsafeIssuer(message)

    async def fetch() -> bytes:
        async with (
            httpx.AsyncClient(transport=transport, trust_env=False, timeout=_FETCH_SECONDS) as client,
            client.stream("GET", url, headers={"accept": "application/json", "accept-encoding": "identity"}) as answer,
        ):
            return await _small_body(answer)

    return KeyRing(fetch, clock)


def is_safe_address(url: str) -> bool:
    """Tell whether `url` is https with a host, or http on this machine, without user, query or fragment."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.query or parts.fragment or not url.isascii() or not url.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _IssuerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    authority: Annotated[str, msgspec.Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    kind: AuthorityKind
    roles: frozenset[Role]
    keys_file: str | None = None
    keys_url: str | None = None


class _IssuersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuer: Annotated[tuple[_IssuerEntry, ...], msgspec.Meta(min_length=1)]


def read_issuers(path: Path, clock: Clock) -> tuple[Issuer, ...]:
    """Read the issuers' TOML file: `[[issuer]]` with url, authority, kind, roles and keys_file or keys_url.

    `keys_file` is relative to the folder of `path`.

    Raises:
        UnsafeIssuer: when the file or an issuer in it is malformed or unsafe, or others may write one of the files.
        OSError: when a file cannot be read.
        KeySetRefused: when a key file holds no fit key set.
    """
    _refuse_if_open(path)
    try:
        listed = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _IssuersFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as malformed:
        message = f"the issuers' file cannot be used: {malformed}"
        raise UnsafeIssuer(message) from None
    return tuple(
        Issuer(entry.url, AuthorityId(entry.authority), entry.kind, entry.roles, _key_ring(entry, path.parent, clock))
        for entry in listed.issuer
    )


def _key_ring(entry: _IssuerEntry, folder: Path, clock: Clock) -> KeyRing:
    match entry.keys_file, entry.keys_url:
        case str(name), None:
            _refuse_if_open(folder / name)
            return keys_in_file(folder / name, clock)
        case None, str(url):
            return keys_at_address(url, clock)
        case _:
            message = f"{entry.url}: name exactly one of keys_file and keys_url"
            raise UnsafeIssuer(message)


def _refuse_if_open(file: Path) -> None:
    # Whoever may write here makes an identity provider of their own, and is whoever they like.
    if is_open_to_others(file):
        message = f"{file.name}: others may write this file or its folder; run chmod go-w on both"
        raise UnsafeIssuer(message)


def _read_small_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return _not_too_large(file.read(LARGEST_KEY_SET_BYTES + 1))


async def _small_body(answer: httpx.Response) -> bytes:
    if answer.status_code != httpx.codes.OK or answer.headers.get("content-encoding", "identity") != "identity":
        message = f"the key address answered {answer.status_code} or a compressed body"
        raise KeySetRefused(message)
    body = b""
    async for piece in answer.aiter_raw():
        body = _not_too_large(body + piece)
    return body


def _not_too_large(document: bytes) -> bytes:
    if len(document) > LARGEST_KEY_SET_BYTES:
        message = "the key set is larger than 128 KiB"
        raise KeySetRefused(message)
    return document
