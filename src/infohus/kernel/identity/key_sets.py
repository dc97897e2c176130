"""Which published keys may verify a token; the key fixes the algorithm, never the token.

Reads JWK Sets (RFC 7517). A key that cannot be used is passed over with a reason; a set that shows secret material or
gives two usable keys one name is refused whole. `issuers.py` fetches the sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from infohus.kernel.identity.strict_encoding import (
    NotStrictlyEncoded,
    decode_base64url,
    encode_base64url,
    read_json_object,
)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_SMALLEST_RSA_BITS = 2048
_LARGEST_RSA_BITS = 8192  # a larger modulus gains nothing, and costs time at each verification
_SMALLEST_EXPONENT = 2**16  # FIPS 186-5, A.1.1: 2^16 < e < 2^256, odd
_LARGEST_EXPONENT = 2**32
_P256_COORDINATE_BYTES = 32  # RFC 7518, section 6.2.1.2: "The length of this octet string MUST be the full size"
_LONGEST_KEY_NAME = 128
_MOST_KEYS = 64
_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518, sections 6.2.2, 6.3.2, 6.4.1
_ROCA_PRIMES = (
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
)  # fmt: skip


class Algorithm(StrEnum):
    """The two signature algorithms that are accepted. Source: RFC 7518, sections 3.3 and 3.4."""

    RS256 = "RS256"
    ES256 = "ES256"


class KeyNotUsable(ValueError):  # noqa: N818 - names the situation
    """A published key may not verify tokens; the message says why and is safe to log."""


class KeySetRefused(ValueError):  # noqa: N818 - names the situation
    """A whole JWK Set is unfit: malformed, ambiguous, or it shows secret material."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key with its one algorithm. Two are equal when name, algorithm and thumbprint are."""

    kid: str
    algorithm: Algorithm
    thumbprint: str
    """RFC 7638 with SHA-256, base64url, 43 characters."""
    public_key: PublicKey = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of one issuer by `kid`, and why the others were passed over."""

    keys: Mapping[str, VerificationKey]
    passed_over: tuple[str, ...] = ()

    def find(self, kid: str) -> VerificationKey | None:
        """Find the key of exactly this name."""
        return self.keys.get(kid)


NO_KEYS = KeySet({})


def read_key_set(document: bytes) -> KeySet:
    """Read a JWK Set, `{"keys": [...]}`, of at most 64 keys.

    Raises:
        KeySetRefused: when the document is not such a set, shows a private or symmetric key, or gives two
            usable keys one name.

    Source: RFC 7517, section 5.
    """
    try:
        published = read_json_object(document).get("keys")
    except NotStrictlyEncoded as malformed:
        message = f"the key set cannot be read: {malformed}"
        raise KeySetRefused(message) from None
    if not isinstance(published, list) or len(published) > _MOST_KEYS:
        _refuse_set("the key set has no list of at most 64 keys")
    found: dict[str, VerificationKey] = {}
    passed_over: list[str] = []
    for position, jwk in enumerate(published):
        if not isinstance(jwk, dict):
            _refuse_set("a key is not an object")
        if not _SECRET_MEMBERS.isdisjoint(jwk):
            _refuse_set("the key set shows secret material")
        try:
            key = read_key(jwk)
        except KeyNotUsable as reason:
            passed_over.append(f"key {position}: {reason}")
            continue
        if key.kid in found:
            _refuse_set("two keys have the same name")
        found[key.kid] = key
    return KeySet(found, tuple(passed_over))


def read_key(jwk: Mapping[str, object]) -> VerificationKey:
    """Read one public JWK that is meant for signatures.

    An absent `alg` is filled in: an RSA key is for RS256 and a P-256 key for ES256, and for nothing else.

    Raises:
        KeyNotUsable: for any other purpose, type, curve, algorithm, size, exponent or encoding.
    """
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not is_key_name(kid):
        _pass_over("it has no usable name")
    if jwk.get("use", "sig") != "sig":
        _pass_over("it is not for signatures")
    operations = jwk.get("key_ops", ["verify"])
    if operations not in (["verify"], ["sign", "verify"], ["verify", "sign"]):
        _pass_over("it is not for verifying")
    key: PublicKey
    match jwk.get("kty"), jwk.get("alg"):
        case "RSA", None | "RS256":
            key = _rsa_key(jwk)
        case "EC", None | "ES256":
            key = _p256_key(jwk)
        case _:
            _pass_over("its type and algorithm are not RSA with RS256 or EC with ES256")
    return VerificationKey(kid, _algorithm_of(key), thumbprint(key), key)


def is_key_name(kid: str) -> bool:
    """Tell whether `kid` is 1 to 128 printable ASCII characters."""
    return 0 < len(kid) <= _LONGEST_KEY_NAME and kid.isascii() and kid.isprintable()


def public_jwk(key: PublicKey, kid: str) -> dict[str, str]:
    """Describe a public key as a JWK for signatures. Source: RFC 7517, section 4; RFC 7518, section 6."""
    return {**_required_members(key), "kid": kid, "use": "sig", "alg": _algorithm_of(key).value}


def thumbprint(key: PublicKey) -> str:
    """Hash the key's required members, 43 characters of base64url. Source: RFC 7638, section 3."""
    members = sorted(_required_members(key).items())
    canonical = "{" + ",".join(f'"{name}":"{value}"' for name, value in members) + "}"
    return encode_base64url(sha256(canonical.encode("ascii")).digest()).decode("ascii")


def _algorithm_of(key: PublicKey) -> Algorithm:
    return Algorithm.RS256 if isinstance(key, rsa.RSAPublicKey) else Algorithm.ES256


def _required_members(key: PublicKey) -> dict[str, str]:
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _encoded_integer(numbers.n), "e": _encoded_integer(numbers.e)}
    point = key.public_numbers()
    size = _P256_COORDINATE_BYTES
    return {"kty": "EC", "crv": "P-256", "x": _encoded_integer(point.x, size), "y": _encoded_integer(point.y, size)}


def _rsa_key(jwk: Mapping[str, object]) -> rsa.RSAPublicKey:
    modulus = int.from_bytes(_minimal_octets(jwk, "n"), "big")
    exponent = int.from_bytes(_minimal_octets(jwk, "e"), "big")
    if not _SMALLEST_RSA_BITS <= modulus.bit_length() <= _LARGEST_RSA_BITS:
        _pass_over("its modulus is not of 2048 to 8192 bits")
    if not _SMALLEST_EXPONENT < exponent < _LARGEST_EXPONENT or exponent % 2 == 0:
        _pass_over("its exponent is not acceptable")
    if _was_made_by_the_roca_library(modulus):
        _pass_over("its modulus has the ROCA weakness")
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        _pass_over("it is not an RSA key")


def _p256_key(jwk: Mapping[str, object]) -> ec.EllipticCurvePublicKey:
    if jwk.get("crv") != "P-256":
        _pass_over("its curve is not P-256")
    x, y = _octets(jwk, "x"), _octets(jwk, "y")
    if len(x) != _P256_COORDINATE_BYTES or len(y) != _P256_COORDINATE_BYTES:
        _pass_over("its coordinates are not of 32 bytes")
    point = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
    try:
        return point.public_key()  # refuses a point that is not on the curve
    except ValueError:
        _pass_over("its point is not on the curve")


def _was_made_by_the_roca_library(modulus: int) -> bool:
    """Tell whether `modulus` is a power of 65537 modulo every small prime, as the moduli of Infineon's library are.

    A random modulus has the property with a chance of about 2^-27.
    Source: CVE-2017-15361; Nemec and others, "The Return of Coppersmith's Attack", section 2.
    """
    return all(modulus % prime in _powers_of_65537(prime) for prime in _ROCA_PRIMES)


def _powers_of_65537(prime: int) -> set[int]:
    return {pow(65537, power, prime) for power in range(prime - 1)}


def _octets(jwk: Mapping[str, object], member: str) -> bytes:
    text = jwk.get(member)
    if not isinstance(text, str) or not text.isascii():
        _pass_over(f"its member {member} is not text")
    try:
        return decode_base64url(text.encode("ascii"))
    except NotStrictlyEncoded:
        _pass_over(f"its member {member} is not base64url")


def _minimal_octets(jwk: Mapping[str, object], member: str) -> bytes:
    octets = _octets(jwk, member)
    if not octets or octets[0] == 0:  # RFC 7518, section 2: Base64urlUInt uses "the minimum number of octets"
        _pass_over(f"its member {member} is not a minimal number")
    return octets


def _encoded_integer(number: int, size: int | None = None) -> str:
    return encode_base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big")).decode("ascii")


def _refuse_set(message: str) -> NoReturn:
    raise KeySetRefused(message)


def _pass_over(message: str) -> NoReturn:
    raise KeyNotUsable(message)
