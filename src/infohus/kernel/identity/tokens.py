"""Verifies every bearer token; the only file that imports python-jose.

The library verifies a signature only after everything it is lax about has been checked here: size, encoding, header,
key, algorithm. Accepted tokens are cached by their hash. A refusal is one stable code and holds nothing of the token.
Encrypted tokens (JWE) are refused.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from threading import Lock

from cachetools import LRUCache
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jose import jwk, jws

from infohus.kernel.identity.caller import Assurance, Caller
from infohus.kernel.identity.claims import Expectations, Validity, claimed_issuer, person_in, read_caller
from infohus.kernel.identity.issuers import Clock, Issuer, KeyRing, UnsafeIssuer
from infohus.kernel.identity.key_sets import Algorithm, KeySet, VerificationKey, is_key_name
from infohus.kernel.identity.refusals import Refusal, TokenRefused, VouchedFor
from infohus.kernel.identity.strict_encoding import NotStrictlyEncoded, decode_base64url, read_json_object

__all__ = ["Compact", "Refusal", "TokenGate", "TokenRefused", "read_compact", "sign_token", "verify_signature"]

LARGEST_TOKEN_BYTES = 8192
REMEMBERED_TOKENS = 4096
TOKEN_TYPES = frozenset({"at+jwt", "JWT"})
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
"""All a header may hold. `crit` asks for extensions we have none of, and `jwk`, `jku`, `x5u` and `x5c` bring a key
along, which a token may never do; the thumbprints are tolerated, since Entra ID writes them, and not used.
Source: RFC 7515, section 4.1."""
_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class Compact:
    """A token split into its parts; nothing is verified. `payload` is the decoded second segment, any bytes."""

    kid: str
    algorithm: Algorithm
    payload: bytes = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Accepted:
    caller: Caller
    validity: Validity
    issuer: Issuer
    keys: KeySet


class _UnknownKey(TokenRefused):
    """The issuer is known and the key's name is not; the issuer may have new keys."""

    def __init__(self, keys: KeyRing) -> None:
        super().__init__(Refusal.UNKNOWN_KEY)
        self.keys = keys


class TokenGate:
    """Decides who is calling, from a bearer token. Safe to share between threads."""

    def __init__(
        self,
        issuers: Iterable[Issuer],
        clock: Clock,
        *,
        audience: str,
        minimum_assurance: Assurance = Assurance.SUBSTANTIAL,
        leeway_seconds: int = 5,
    ) -> None:
        """Accept tokens of these issuers, each by its exact address.

        Raises:
            UnsafeIssuer: when two issuers share an address, or one authority is given two kinds.
        """
        listed = tuple(issuers)
        self._issuers = {issuer.url: issuer for issuer in listed}
        kinds = {(issuer.authority_id, issuer.authority_kind) for issuer in listed}
        if len(self._issuers) != len(listed) or len({authority for authority, _ in kinds}) != len(kinds):
            message = "two issuers share an address, or an authority has two kinds"
            raise UnsafeIssuer(message)
        self._clock = clock
        self._expected = Expectations(audience, minimum_assurance, leeway_seconds)
        self._remembered: LRUCache[bytes, _Accepted] = LRUCache(REMEMBERED_TOKENS)
        self._remembering = Lock()

    def verify(self, token: str) -> Caller:
        """Verify with the keys that are already fetched.

        Raises:
            TokenRefused: and nothing else, whatever the text.
        """
        return self._examine(token, self._clock().timestamp()).caller

    async def admit(self, token: str) -> Caller:
        """Verify; renew the issuer's keys first where they are stale or lack the key that the token names.

        Raises:
            TokenRefused: and nothing else, whatever the text.
        """
        now = self._clock().timestamp()
        try:
            accepted = self._examine(token, now)
        except _UnknownKey as unknown:
            await unknown.keys.renew()
        else:
            if not accepted.issuer.keys.is_stale(now):
                return accepted.caller
            await accepted.issuer.keys.renew()
        return self.verify(token)

    def _examine(self, token: str, now: float) -> _Accepted:
        digest = sha256(_bytes_of(token)).digest()
        remembered = self._recall(digest)
        if remembered is not None and remembered.issuer.keys.at(now) is remembered.keys:
            caller = remembered.caller
            try:
                remembered.validity.check(now, self._expected.leeway_seconds)
            except TokenRefused as refused:
                raise TokenRefused(refused.reason, VouchedFor(caller.authority_id, caller.person_id)) from None
            return remembered
        accepted = self._examine_unknown(token, digest, now)
        self._remember(digest, accepted)
        return accepted

    def _examine_unknown(self, token: str, digest: bytes, now: float) -> _Accepted:
        compact = read_compact(token)
        try:
            claims = read_json_object(compact.payload)
        except NotStrictlyEncoded:
            raise TokenRefused(Refusal.MALFORMED) from None
        issuer = self._issuers.get(claimed_issuer(claims))
        if issuer is None:
            raise TokenRefused(Refusal.UNKNOWN_ISSUER)
        keys = issuer.keys.at(now)
        key = keys.find(compact.kid)
        if key is None:
            raise _UnknownKey(issuer.keys)
        verify_signature(compact, key)
        try:
            caller, validity = read_caller(
                claims, issuer, token_digest=digest, expected=self._expected, now=now
            )
        except TokenRefused as refused:
            raise TokenRefused(refused.reason, VouchedFor(issuer.authority_id, person_in(claims))) from None
        return _Accepted(caller, validity, issuer, keys)

    def _recall(self, digest: bytes) -> _Accepted | None:
        with self._remembering:
            return self._remembered.get(digest)

    def _remember(self, digest: bytes, accepted: _Accepted) -> None:
        # Only accepted tokens are stored, so a flood of forged ones cannot push out the tokens in use.
        with self._remembering:
            self._remembered[digest] = accepted


def read_compact(token: str, *, types: frozenset[str] = TOKEN_TYPES) -> Compact:
    """Split a compact JWS: three canonical segments, a header of known members only. Verifies nothing.

    `types` lists the accepted `typ`, "" for an absent one; only published test vectors need more than the default.

    Raises:
        TokenRefused: for the first fault found.

    Source: RFC 7515, sections 3.1, 4.1 and 7.1.
    """
    segments = _bytes_of(token).split(b".")
    if len(segments) != _SEGMENTS or not segments[0] or not segments[2]:
        raise TokenRefused(Refusal.MALFORMED)
    try:
        header_text, payload, _ = (decode_base64url(segment) for segment in segments)
        header = read_json_object(header_text)
    except NotStrictlyEncoded:
        raise TokenRefused(Refusal.MALFORMED) from None
    if not header.keys() <= _HEADER_MEMBERS:
        raise TokenRefused(Refusal.HEADER_NOT_ACCEPTED)
    kind, kid = header.get("typ", ""), header.get("kid")
    if not isinstance(kind, str) or kind not in types:
        raise TokenRefused(Refusal.TYPE_NOT_ACCEPTED)
    if not isinstance(kid, str) or not is_key_name(kid):
        raise TokenRefused(Refusal.HEADER_NOT_ACCEPTED)
    return Compact(kid, _algorithm(header.get("alg")), payload, token)


def verify_signature(compact: Compact, key: VerificationKey) -> None:
    """Verify the signature with the key's own algorithm, which the token's header must name too.

    Raises:
        TokenRefused: also when the library raises, whatever it raises.

    Source: RFC 7515, section 5.2; RFC 8725, section 3.1 ("each key MUST be used with exactly one algorithm").
    """
    if compact.kid != key.kid:
        raise TokenRefused(Refusal.UNKNOWN_KEY)
    if compact.algorithm is not key.algorithm:
        raise TokenRefused(Refusal.ALGORITHM_NOT_ACCEPTED)
    try:
        payload = jws.verify(compact.token, jwk.construct(key.public_key, key.algorithm.value), [key.algorithm.value])
    except Exception:  # noqa: BLE001 - the library leaks OverflowError, TypeError and others on hostile input
        raise TokenRefused(Refusal.SIGNATURE_INVALID) from None
    if payload != compact.payload:  # the library read another payload than we did
        raise TokenRefused(Refusal.SIGNATURE_INVALID)


def sign_token(private_key: bytes, claims: Mapping[str, object], *, kid: str) -> str:
    """Sign an access token with a PEM private key (RSA → RS256, P-256 → ES256); for the demo and the tests.

    Raises:
        TypeError: for any other kind of key.
    """
    algorithm, key = _signing_key(private_key)
    header = {"kid": kid, "typ": "at+jwt"}
    signed: str = jws.sign(json.dumps(claims).encode(), key, headers=header, algorithm=algorithm.value)
    return signed


@cache
def _signing_key(private_key: bytes) -> tuple[Algorithm, jwk.Key]:
    """Load a key, once for each: checking an RSA key's primes takes longer than everything else a test does."""
    key = load_pem_private_key(private_key, password=None)
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm = Algorithm.RS256
    elif isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        algorithm = Algorithm.ES256
    else:
        message = "only RSA and P-256 keys sign tokens"
        raise TypeError(message)
    return algorithm, jwk.construct(private_key, algorithm.value)


def _bytes_of(token: str) -> bytes:
    if len(token) > LARGEST_TOKEN_BYTES:
        raise TokenRefused(Refusal.TOO_LARGE)
    if not token.isascii():
        raise TokenRefused(Refusal.MALFORMED)
    return token.encode("ascii")


def _algorithm(alg: object) -> Algorithm:
    match alg:
        case "RS256":
            return Algorithm.RS256
        case "ES256":
            return Algorithm.ES256
        case _:
            raise TokenRefused(Refusal.ALGORITHM_NOT_ACCEPTED)
