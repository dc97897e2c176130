"""What a token must say of its person, with exact types; anything else is refused.

Pure: no keys, no clock of its own, no signature. `tokens.py` calls `read_caller` only with a payload whose signature
is verified.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from unicodedata import category
from uuid import UUID

from infohus.kernel.identity.caller import Assurance, Caller, Role
from infohus.kernel.identity.issuers import Issuer
from infohus.kernel.identity.refusals import Refusal, TokenRefused

LONGEST_LIFETIME_SECONDS = 12 * 60 * 60
LONGEST_NAME = 200

_EARLIEST_SECOND = 1_000_000_000  # 2001-09-09
_LATEST_SECOND = 4_102_444_800  # 2100-01-01; keeps every date inside what datetime can hold
_NOT_TEXT = frozenset({"Cc", "Cs"})
"""Control characters, NUL among them, and halves of surrogate pairs, which UTF-8 cannot write."""
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_ROLES = {role.value: role for role in Role}
_ASSURANCES = {"Low": Assurance.LOW, "Substantial": Assurance.SUBSTANTIAL, "High": Assurance.HIGH}
"""Source: NSIS 2.0.1, attribute values of `https://data.gov.dk/concept/core/nsis/loa`."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """What is required of every token, whoever issued it."""

    audience: str
    minimum_assurance: Assurance
    leeway_seconds: int


@dataclass(frozen=True, slots=True)
class Validity:
    """When a token is valid, in whole seconds since 1970 UTC: from `not_before` until just before `expires`."""

    not_before: int
    expires: int

    def check(self, now: float, leeway_seconds: int) -> None:
        """Refuse a token outside that time, widened by the leeway at each end.

        Raises:
            TokenRefused: `EXPIRED` or `NOT_YET_VALID`.
        """
        if now >= self.expires + leeway_seconds:
            raise TokenRefused(Refusal.EXPIRED)
        if now < self.not_before - leeway_seconds:
            raise TokenRefused(Refusal.NOT_YET_VALID)


def claimed_issuer(claims: Mapping[str, object]) -> str:
    """Read who claims to have issued the token; only a way to find the key, proof of nothing.

    Raises:
        TokenRefused: when there is no such text.
    """
    return _text(claims, "iss")


def read_caller(
    claims: Mapping[str, object], issuer: Issuer, *, token_digest: bytes, expected: Expectations, now: float
) -> tuple[Caller, Validity]:
    """Turn verified claims into a caller, and the time in which the token is valid. `jti` is not read: not all have it.

    Raises:
        TokenRefused: with the first requirement that is not met.

    Source: RFC 7519, section 4.1; RFC 9068, section 2.2; rule 48 for the level of assurance.
    """
    if _text(claims, "aud") != expected.audience:
        raise TokenRefused(Refusal.WRONG_AUDIENCE)
    issued, expires, signed_in = (_second(claims, name) for name in ("iat", "exp", "auth_time"))
    not_before = max(issued, _second(claims, "nbf")) if "nbf" in claims else issued
    validity = Validity(not_before, expires)
    validity.check(now, expected.leeway_seconds)
    if not 0 < expires - issued <= LONGEST_LIFETIME_SECONDS:
        raise TokenRefused(Refusal.LIVES_TOO_LONG)
    if signed_in > issued + expected.leeway_seconds:  # nobody gets a token before signing in
        raise TokenRefused(Refusal.CLAIM_MALFORMED)
    caller = Caller(
        person_id=_person(claims),
        authority_id=issuer.authority_id,
        authority_kind=issuer.authority_kind,
        role=_role(claims, issuer),
        assurance=_assurance(claims, expected.minimum_assurance),
        authenticated_at=datetime.fromtimestamp(signed_in, UTC),
        expires_at=datetime.fromtimestamp(expires, UTC),
        token_digest=token_digest,
        name=_optional_text(claims, "name"),
        email=_optional_text(claims, "email"),
    )
    return caller, validity


def person_in(claims: Mapping[str, object]) -> UUID | None:
    """Give the person whom claims with a valid signature name, `None` where they name none properly."""
    try:
        return _person(claims)
    except TokenRefused:
        return None


def _role(claims: Mapping[str, object], issuer: Issuer) -> Role:
    role = _ROLES.get(_text(claims, "role"))
    if role is None:
        raise TokenRefused(Refusal.UNKNOWN_ROLE)
    if not issuer.may_vouch_for(role):
        raise TokenRefused(Refusal.ROLE_NOT_PERMITTED)
    return role


def _assurance(claims: Mapping[str, object], minimum: Assurance) -> Assurance:
    assurance = _ASSURANCES.get(_text(claims, "loa"))
    if assurance is None:
        raise TokenRefused(Refusal.UNKNOWN_ASSURANCE)
    if assurance < minimum:
        raise TokenRefused(Refusal.ASSURANCE_TOO_LOW)
    return assurance


def _person(claims: Mapping[str, object]) -> UUID:
    subject = _text(claims, "sub")
    if _CANONICAL_UUID.fullmatch(subject) is None or (person := UUID(subject)).int == 0:
        _malformed()
    return person


def _optional_text(claims: Mapping[str, object], name: str) -> str | None:
    """Read a name or an address as far as it can be shown, `None` where nothing can.

    It only describes, so however odd it is it keeps nobody out: signs that no text may hold are left out, and what is
    too long ends earlier. Source: OpenID Connect Core, section 5.1.
    """
    value = claims.get(name)
    if not isinstance(value, str):
        return None
    return "".join(sign for sign in value if category(sign) not in _NOT_TEXT).strip()[:LONGEST_NAME] or None


def _text(claims: Mapping[str, object], name: str) -> str:
    value = _claim(claims, name)
    if not isinstance(value, str) or not value:
        _malformed()
    return value


def _second(claims: Mapping[str, object], name: str) -> int:
    value = _claim(claims, name)
    # `type` and not `isinstance`: True is an int to Python, and 1e9 a float that compares like one.
    if type(value) is not int or not _EARLIEST_SECOND <= value <= _LATEST_SECOND:
        _malformed()
    return value


def _claim(claims: Mapping[str, object], name: str) -> object:
    if name not in claims:
        raise TokenRefused(Refusal.CLAIM_MISSING)
    return claims[name]


def _malformed() -> NoReturn:
    raise TokenRefused(Refusal.CLAIM_MALFORMED)
