"""Whatever is presented as a token, the gate answers with a caller or with its one refusal."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from infohus.kernel.identity.caller import AuthorityId, AuthorityKind, Role
from infohus.kernel.identity.issuers import Issuer, fixed_keys
from infohus.kernel.identity.key_sets import KeySetRefused, public_jwk, read_key_set
from infohus.kernel.identity.strict_encoding import (
    NotStrictlyEncoded,
    decode_base64url,
    encode_base64url,
    read_json_object,
)
from infohus.kernel.identity.tokens import TokenGate, TokenRefused, sign_token

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
KEY_SET = json.dumps({"keys": [public_jwk(KEY.public_key(), "k1")]}).encode()
ISSUER = Issuer(
    "https://login.politi.example",
    AuthorityId("kbh-vestegns-politi"),
    AuthorityKind.POLICE,
    frozenset({Role.POLICE_COORDINATOR}),
    fixed_keys(KEY_SET, lambda: NOW),
)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER.url,
    "sub": "0d9f3c52-6a41-4be7-9a1e-3f5c20d84b61",
    "aud": "infohus",
    "iat": SECOND - 60,
    "exp": SECOND + 3600,
    "auth_time": SECOND - 120,
    "role": "police_coordinator",
    "loa": "High",
}
GOOD = sign_token(PEM, CLAIMS, kid="k1")
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def gate() -> TokenGate:
    return TokenGate([ISSUER], lambda: NOW, audience="infohus")


class WhenAnythingAtAllIsPresentedAsAToken:
    def test_it_accepts_the_good_one(self) -> None:
        assert gate().verify(GOOD).role is Role.POLICE_COORDINATOR

    @given(st.integers(0, len(GOOD) - 1), st.characters())
    def test_it_accepts_no_other_spelling_of_the_good_one(self, position: int, character: str) -> None:
        changed = GOOD[:position] + character + GOOD[position + 1 :]
        if changed != GOOD:
            with pytest.raises(TokenRefused):
                gate().verify(changed)

    @given(st.text() | st.text("eyJ.-_0", min_size=1))
    def test_it_refuses_any_text(self, text: str) -> None:
        with pytest.raises(TokenRefused):
            gate().verify(text)

    @given(st.lists(st.binary(max_size=60), min_size=3, max_size=3))
    def test_it_refuses_any_three_well_encoded_segments(self, segments: list[bytes]) -> None:
        with pytest.raises(TokenRefused):
            gate().verify(b".".join(map(encode_base64url, segments)).decode())

    @given(ANY_JSON, st.sampled_from(["iss", "sub", "aud", "role", "loa"]))
    def test_it_refuses_any_other_value_of_a_claim_that_has_one_right_value(self, value: object, name: str) -> None:
        with pytest.raises(TokenRefused):
            gate().verify(sign_token(PEM, {**CLAIMS, name: value}, kid="k1"))

    @given(
        ANY_JSON | st.integers(SECOND - 50_000, SECOND + 50_000), st.sampled_from(["exp", "iat", "nbf", "auth_time"])
    )
    def test_it_accepts_a_time_only_where_the_times_agree(self, value: object, name: str) -> None:
        claims = {**CLAIMS, name: value}
        times = [claims[each] for each in ("exp", "iat", "auth_time")] + [claims.get("nbf", SECOND)]
        agrees = all(type(each) is int for each in times) and (
            claims["exp"] > SECOND - 5
            and claims["iat"] <= SECOND + 5
            and claims.get("nbf", SECOND) <= SECOND + 5
            and 0 < claims["exp"] - claims["iat"] <= 12 * 3600
            and claims["auth_time"] <= claims["iat"] + 5
            and min(times) >= 1_000_000_000
        )
        signed = sign_token(PEM, claims, kid="k1")
        if agrees:
            assert gate().verify(signed).person_id == UUID(CLAIMS["sub"])
        else:
            with pytest.raises(TokenRefused):
                gate().verify(signed)


class WhenAnythingAtAllIsReadStrictly:
    @given(st.binary(max_size=80))
    def test_it_reads_back_the_bytes_it_encoded(self, content: bytes) -> None:
        assert decode_base64url(encode_base64url(content)) == content

    @given(st.binary(max_size=12) | st.text("AQgw_-=+/ \n", max_size=8).map(str.encode))
    def test_it_decodes_only_what_encodes_to_the_same(self, segment: bytes) -> None:
        try:
            decoded = decode_base64url(segment)
        except NotStrictlyEncoded:
            return
        assert encode_base64url(decoded) == segment

    @given(st.binary(max_size=200) | st.text('{}[]":,0e9.-\\u ', max_size=60).map(str.encode))
    def test_it_reads_an_object_or_refuses(self, encoded: bytes) -> None:
        try:
            found = read_json_object(encoded)
        except NotStrictlyEncoded:
            return
        assert found == json.loads(encoded)

    @given(st.dictionaries(st.sampled_from(["keys", "kty", "n"]), ANY_JSON, max_size=3))
    def test_it_reads_a_key_set_or_refuses(self, document: dict[str, object]) -> None:
        try:
            keys = read_key_set(json.dumps(document).encode())
        except KeySetRefused:
            return
        assert not keys.keys

    @given(st.sampled_from(["kid", "kty", "crv", "x", "y", "alg", "use", "key_ops"]), ANY_JSON)
    def test_it_passes_over_a_key_with_any_other_member(self, member: str, value: object) -> None:
        jwk = public_jwk(KEY.public_key(), "k1")
        if member == "kid" or value == jwk.get(member) or (member == "alg" and value is None):
            return
        try:
            keys = read_key_set(json.dumps({"keys": [{**jwk, member: value}]}).encode())
        except KeySetRefused:  # NaN and infinity are no JSON
            return
        assert not keys.keys
