"""What the gate keeps of accepted tokens, and what it checks again each time."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infohus.kernel.identity import tokens
from infohus.kernel.identity.caller import AuthorityId, AuthorityKind, Role
from infohus.kernel.identity.issuers import Issuer, fixed_keys
from infohus.kernel.identity.key_sets import public_jwk
from infohus.kernel.identity.refusals import Refusal, TokenRefused
from infohus.kernel.identity.tokens import TokenGate, sign_token

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
PERSON = UUID("0d9f3c52-6a41-4be7-9a1e-3f5c20d84b61")
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
URL = "https://login.kommune.example"
CLAIMS: dict[str, Any] = {
    "iss": URL,
    "sub": str(PERSON),
    "aud": "infohus",
    "iat": SECOND - 60,
    "exp": SECOND + 3600,
    "auth_time": SECOND - 120,
    "jti": "token-1",
    "role": "legal",
    "loa": "Substantial",
}


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def key_set(kid: str) -> bytes:
    return json.dumps({"keys": [public_jwk(KEY.public_key(), kid)]}).encode()


def municipality() -> Issuer:
    keys = fixed_keys(key_set("k1"), lambda: NOW)
    return Issuer(URL, AuthorityId("ishoj-kommune"), AuthorityKind.MUNICIPALITY, frozenset({Role.LEGAL}), keys)


def new_gate(clock: SetClock | None = None) -> TokenGate:
    return TokenGate([municipality()], clock or SetClock(), audience="infohus")


def token(**changes: object) -> str:
    return sign_token(PEM, {**CLAIMS, **changes}, kid="k1")


def refusal_of(text: str, gate: TokenGate) -> Refusal:
    with pytest.raises(TokenRefused) as refused:
        gate.verify(text)
    return refused.value.reason


class WhenATokenIsSeenAgain:
    def test_it_is_not_verified_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[object] = []
        original = tokens.verify_signature

        def counting(compacted: tokens.Compact, key: Any) -> None:
            seen.append(compacted)
            original(compacted, key)

        monkeypatch.setattr(tokens, "verify_signature", counting)
        gate, good = new_gate(), token()
        assert gate.verify(good) is gate.verify(good)
        assert len(seen) == 1

    def test_it_still_expires(self) -> None:
        clock = SetClock()
        gate, good = new_gate(clock), token()
        gate.verify(good)
        clock.now = NOW + timedelta(seconds=3604)
        assert gate.verify(good).person_id == PERSON
        clock.now = NOW + timedelta(seconds=3605)
        assert refusal_of(good, gate) is Refusal.EXPIRED

    def test_it_still_waits_for_its_first_moment_when_the_clock_is_set_back(self) -> None:
        clock = SetClock()
        gate, good = new_gate(clock), token(nbf=SECOND)
        gate.verify(good)
        clock.now = NOW - timedelta(seconds=6)
        assert refusal_of(good, gate) is Refusal.NOT_YET_VALID

    def test_it_is_forgotten_when_others_were_used_since(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tokens, "REMEMBERED_TOKENS", 2)
        gate = new_gate()
        first, second, third = (token(jti=name) for name in ("a", "b", "c"))
        caller, other = gate.verify(first), gate.verify(second)
        assert gate.verify(first) is caller
        gate.verify(third)
        assert gate.verify(first) is caller
        assert gate.verify(second) is not other

    def test_it_is_refused_once_its_key_is_withdrawn(self) -> None:
        issuer = municipality()
        gate, good = TokenGate([issuer], SetClock(), audience="infohus"), token()
        gate.verify(good)
        issuer.keys.accept(key_set("k2"))
        assert refusal_of(good, gate) is Refusal.UNKNOWN_KEY
