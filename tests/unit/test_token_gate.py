"""The strict gate before the token library: what gets through, and every way of not getting through.

Tokens are signed here with `cryptography` directly, so the gate is tried against another signer than its own.
"""

import json
import string
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infohus.kernel.identity import tokens
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from infohus.kernel.identity.issuers import ROLES_OF_KIND, Issuer, UnsafeIssuer, fixed_keys
from infohus.kernel.identity.key_sets import public_jwk, read_key
from infohus.kernel.identity.refusals import Refusal, TokenRefused
from infohus.kernel.identity.tokens import TokenGate, sign_token

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
PERSON = UUID("0d9f3c52-6a41-4be7-9a1e-3f5c20d84b61")
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
KOMMUNE, POLITI = "https://login.kommune.example", "https://login.politi.example"


def issuer(
    url: str, authority: str, kind: AuthorityKind, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
) -> Issuer:
    document = json.dumps({"keys": [public_jwk(key.public_key(), "k1")]}).encode()
    return Issuer(url, AuthorityId(authority), kind, ROLES_OF_KIND[kind], fixed_keys(document, lambda: NOW))


ISSUERS = (
    issuer(KOMMUNE, "ishoj-kommune", AuthorityKind.MUNICIPALITY, RSA_KEY),
    issuer(POLITI, "kbh-vestegns-politi", AuthorityKind.POLICE, EC_KEY),
)
HEADER: dict[str, Any] = {"alg": "RS256", "kid": "k1", "typ": "at+jwt"}
CLAIMS: dict[str, Any] = {
    "iss": KOMMUNE,
    "sub": str(PERSON),
    "aud": "infohus",
    "iat": SECOND - 60,
    "exp": SECOND + 3600,
    "auth_time": SECOND - 120,
    "role": "municipal_coordinator",
    "loa": "Substantial",
}


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def rs256(signing_input: bytes) -> bytes:
    return RSA_KEY.sign(signing_input, PKCS1v15(), SHA256())


def es256(signing_input: bytes) -> bytes:
    r, s = decode_dss_signature(EC_KEY.sign(signing_input, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def compact(header: str, payload: str, sign: Callable[[bytes], bytes] = rs256) -> str:
    signing_input = f"{base64url(header.encode())}.{base64url(payload.encode('utf-8', 'surrogatepass'))}"
    return f"{signing_input}.{base64url(sign(signing_input.encode()))}"


def token(*, header: dict[str, Any] | None = None, **changes: Any) -> str:
    return compact(json.dumps(HEADER if header is None else header), json.dumps({**CLAIMS, **changes}))


def new_gate(minimum: Assurance = Assurance.SUBSTANTIAL) -> TokenGate:
    return TokenGate(ISSUERS, lambda: NOW, audience="infohus", minimum_assurance=minimum)


def refusal_of(text: str, gate: TokenGate | None = None) -> Refusal:
    with pytest.raises(TokenRefused) as refused:
        (gate or new_gate()).verify(text)
    return refused.value.reason


class WhenATokenIsInOrder:
    def test_it_becomes_the_caller_it_names(self) -> None:
        assert new_gate().verify(token()) == Caller(
            person_id=PERSON,
            authority_id=AuthorityId("ishoj-kommune"),
            authority_kind=AuthorityKind.MUNICIPALITY,
            role=Role.MUNICIPAL_COORDINATOR,
            assurance=Assurance.SUBSTANTIAL,
            authenticated_at=NOW - timedelta(seconds=120),
            expires_at=NOW + timedelta(hours=1),
            token_digest=sha256(token().encode()).digest(),
        )

    def test_it_may_be_signed_with_p256(self) -> None:
        claims = {**CLAIMS, "iss": POLITI, "role": "police_coordinator"}
        signed = compact(json.dumps({**HEADER, "alg": "ES256"}), json.dumps(claims), es256)
        assert new_gate().verify(signed).authority_id == "kbh-vestegns-politi"

    @pytest.mark.parametrize(("key", "url", "role"), [(RSA_KEY, KOMMUNE, "legal"), (EC_KEY, POLITI, "legal")])
    def test_it_may_come_from_our_own_signer(self, key: Any, url: str, role: str) -> None:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        signed = sign_token(pem, {**CLAIMS, "iss": url, "role": role}, kid="k1")
        assert new_gate().verify(signed).role is Role.LEGAL

    def test_it_may_be_typed_jwt_and_carry_certificate_thumbprints(self) -> None:
        assert new_gate().verify(token(header={**HEADER, "typ": "JWT", "x5t": "abc"})).person_id == PERSON

    async def test_it_is_admitted_the_same_way(self) -> None:
        gate = new_gate()
        assert await gate.admit(token()) == gate.verify(token())


NO_TIMES: list[Any] = [True, None, "1", [SECOND], {}, float(SECOND), -1, 0, 2**40, 10**19]
NO_TEXTS: list[Any] = [None, 1, "", ["infohus"], {}]
BAD_CLAIMS: list[tuple[str, Any, Refusal]] = [
    *((name, value, Refusal.CLAIM_MALFORMED) for name in ("exp", "iat", "auth_time", "nbf") for value in NO_TIMES),
    *((name, value, Refusal.CLAIM_MALFORMED) for name in CLAIMS if type(CLAIMS[name]) is str for value in NO_TEXTS),
    ("sub", str(PERSON).upper(), Refusal.CLAIM_MALFORMED),
    ("sub", PERSON.hex, Refusal.CLAIM_MALFORMED),
    ("sub", f"{{{PERSON}}}", Refusal.CLAIM_MALFORMED),
    ("sub", str(UUID(int=0)), Refusal.CLAIM_MALFORMED),
    ("sub", f"{PERSON}\n", Refusal.CLAIM_MALFORMED),
    ("iss", KOMMUNE + "/", Refusal.UNKNOWN_ISSUER),
    ("iss", KOMMUNE.upper(), Refusal.UNKNOWN_ISSUER),
    ("aud", "infohus2", Refusal.WRONG_AUDIENCE),
    ("role", "Municipal_Coordinator", Refusal.UNKNOWN_ROLE),
    ("role", "legal administrator", Refusal.UNKNOWN_ROLE),
    ("loa", "substantial", Refusal.UNKNOWN_ASSURANCE),
    ("loa", "2", Refusal.UNKNOWN_ASSURANCE),
    ("exp", SECOND - 5, Refusal.EXPIRED),
    ("iat", SECOND + 6, Refusal.NOT_YET_VALID),
    ("nbf", SECOND + 6, Refusal.NOT_YET_VALID),
    ("exp", SECOND - 60 + 12 * 3600 + 1, Refusal.LIVES_TOO_LONG),
    ("auth_time", SECOND - 54, Refusal.CLAIM_MALFORMED),
]  # fmt: skip


class WhenAClaimIsNotAsItMustBe:
    @pytest.mark.parametrize(("name", "value", "reason"), BAD_CLAIMS)
    def test_it_is_refused_with_the_reason(self, name: str, value: Any, reason: Refusal) -> None:
        assert refusal_of(token(**{name: value})) is reason

    @pytest.mark.parametrize("name", CLAIMS)
    def test_it_is_refused_when_the_claim_is_missing(self, name: str) -> None:
        fewer = {claim: value for claim, value in CLAIMS.items() if claim != name}
        assert refusal_of(compact(json.dumps(HEADER), json.dumps(fewer))) is Refusal.CLAIM_MISSING

    @pytest.mark.parametrize(
        "exp", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 5000, "1e5000", "1e9", "0x10", "01"]
    )
    def test_it_is_refused_when_a_number_is_absurd(self, exp: str) -> None:
        payload = json.dumps({**CLAIMS, "exp": "EXP"}).replace('"EXP"', exp)
        assert refusal_of(compact(json.dumps(HEADER), payload)) in {Refusal.MALFORMED, Refusal.CLAIM_MALFORMED}

    def test_it_is_refused_when_two_times_disagree(self) -> None:
        assert refusal_of(token(iat=SECOND, exp=SECOND)) is Refusal.LIVES_TOO_LONG
        assert refusal_of(token(iat=SECOND + 5, exp=SECOND + 4)) is Refusal.LIVES_TOO_LONG
        assert refusal_of(token(iat=SECOND + 6, nbf=SECOND)) is Refusal.NOT_YET_VALID

    def test_it_is_accepted_at_the_first_and_last_moment_and_at_the_longest_lifetime(self) -> None:
        assert new_gate().verify(token(iat=SECOND + 5, nbf=SECOND + 5)).person_id == PERSON
        assert new_gate().verify(token(exp=SECOND - 4, iat=SECOND - 120)).person_id == PERSON
        assert new_gate().verify(token(exp=SECOND - 60 + 12 * 3600)).person_id == PERSON


class WhenTheRoleOrTheAssuranceIsNotTheIssuersToGive:
    @pytest.mark.rule(17)
    def test_it_refuses_the_other_authoritys_coordinator(self) -> None:
        assert refusal_of(token(role="police_coordinator")) is Refusal.ROLE_NOT_PERMITTED
        claims = json.dumps({**CLAIMS, "iss": POLITI})
        assert refusal_of(compact(json.dumps({**HEADER, "alg": "ES256"}), claims, es256)) is Refusal.ROLE_NOT_PERMITTED

    def test_it_refuses_one_issuers_name_under_the_others_key(self) -> None:
        claims = json.dumps({**CLAIMS, "iss": POLITI, "role": "police_coordinator"})
        assert refusal_of(compact(json.dumps(HEADER), claims)) is Refusal.ALGORITHM_NOT_ACCEPTED
        assert refusal_of(compact(json.dumps({**HEADER, "alg": "ES256"}), claims)) is Refusal.SIGNATURE_INVALID

    def test_it_asks_again_whatever_was_configured(self) -> None:
        municipality = issuer(KOMMUNE, "ishoj-kommune", AuthorityKind.MUNICIPALITY, RSA_KEY)
        object.__setattr__(municipality, "roles", frozenset(Role))
        gate = TokenGate([municipality], lambda: NOW, audience="infohus")
        assert refusal_of(token(role="police_coordinator"), gate) is Refusal.ROLE_NOT_PERMITTED
        object.__setattr__(municipality, "roles", frozenset({Role.LEGAL}))
        assert refusal_of(token(role="administrator"), gate) is Refusal.ROLE_NOT_PERMITTED

    @pytest.mark.rule(48)
    def test_it_refuses_a_login_below_the_minimum(self) -> None:
        assert refusal_of(token(loa="Low")) is Refusal.ASSURANCE_TOO_LOW
        assert refusal_of(token(), new_gate(minimum=Assurance.HIGH)) is Refusal.ASSURANCE_TOO_LOW
        assert new_gate(minimum=Assurance.HIGH).verify(token(loa="High")).assurance is Assurance.HIGH

    def test_it_cannot_be_built_with_two_issuers_of_one_address_or_one_authority_of_two_kinds(self) -> None:
        with pytest.raises(UnsafeIssuer):
            TokenGate([ISSUERS[0], ISSUERS[0]], lambda: NOW, audience="infohus")
        impostor = issuer("https://third.example", "ishoj-kommune", AuthorityKind.POLICE, EC_KEY)
        with pytest.raises(UnsafeIssuer):
            TokenGate([*ISSUERS, impostor], lambda: NOW, audience="infohus")


BAD_ALGORITHMS: list[Any] = [
    "none", "None", "HS256", "RS384", "RS512", "PS256", "ES384", "EdDSA", "rs256", "RS256 ", "RS", "ES256",
    "", None, 1, ["RS256"], {},
]  # fmt: skip
BAD_HEADERS: list[tuple[dict[str, Any], Refusal]] = [
    ({**HEADER, "crit": ["exp"]}, Refusal.HEADER_NOT_ACCEPTED),
    ({**HEADER, "crit": []}, Refusal.HEADER_NOT_ACCEPTED),
    ({**HEADER, "b64": True}, Refusal.HEADER_NOT_ACCEPTED),
    ({**HEADER, "jwk": public_jwk(RSA_KEY.public_key(), "k1")}, Refusal.HEADER_NOT_ACCEPTED),
    ({**HEADER, "jku": f"{KOMMUNE}/jwks"}, Refusal.HEADER_NOT_ACCEPTED),
    ({**HEADER, "x5u": f"{KOMMUNE}/x5u"}, Refusal.HEADER_NOT_ACCEPTED),
    ({**HEADER, "x5c": []}, Refusal.HEADER_NOT_ACCEPTED),
    ({**HEADER, "enc": "A256GCM"}, Refusal.HEADER_NOT_ACCEPTED),
    *(({**HEADER, "typ": typ}, Refusal.TYPE_NOT_ACCEPTED) for typ in ("jwt", "JWE", "", None, 1, ["JWT"], "id+jwt")),
    ({"alg": "RS256", "kid": "k1"}, Refusal.TYPE_NOT_ACCEPTED),
    *(({**HEADER, "kid": kid}, Refusal.HEADER_NOT_ACCEPTED) for kid in (None, 1, "", ["k1"], "k" * 129, "æ", "k\n1")),
    ({"alg": "RS256", "typ": "JWT"}, Refusal.HEADER_NOT_ACCEPTED),
    *(({**HEADER, "kid": kid}, Refusal.UNKNOWN_KEY) for kid in ("K1", "k1 ", "k", "../k1")),
    *(({**HEADER, "alg": alg}, Refusal.ALGORITHM_NOT_ACCEPTED) for alg in BAD_ALGORITHMS),
    ({"kid": "k1", "typ": "JWT"}, Refusal.ALGORITHM_NOT_ACCEPTED),
]  # fmt: skip


class WhenTheHeaderIsNotAsItMustBe:
    @pytest.mark.parametrize(("header", "reason"), BAD_HEADERS)
    def test_it_is_refused_with_the_reason(self, header: dict[str, Any], reason: Refusal) -> None:
        assert refusal_of(token(header=header)) is reason


def _twice(text: str, member: str, inside: str) -> str:
    return text.replace(f'"{member}"', f'{inside}, "{member}"', 1)


class WhenAKeyOfAnotherNameIsTried:
    def test_it_is_refused_before_the_signature(self) -> None:
        key = read_key(public_jwk(RSA_KEY.public_key(), "k2"))
        with pytest.raises(TokenRefused) as refused:
            tokens.verify_signature(tokens.read_compact(token()), key)
        assert refused.value.reason is Refusal.UNKNOWN_KEY


class WhenTheEncodingIsNotTheOneAccepted:
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda _: "",
            lambda _: "." * 8000,
            lambda good: good + ".",
            lambda good: "." + good,
            lambda good: good + ".e30.e30",
            lambda good: good.rsplit(".", 1)[0],
            lambda good: good.rsplit(".", 1)[0] + ".",
            lambda good: good + "=",
            lambda good: good.replace(".", "=.", 1),
            lambda good: good + "\n",
            lambda good: " " + good,
            lambda good: good.replace("e", "é", 1),
            lambda good: good + "\x00",
            lambda good: good[:-1] + ("/" if good[-1] != "/" else "+"),
            lambda good: "\ud800" + good,
        ],
    )
    def test_it_is_refused(self, spoil: Callable[[str], str]) -> None:
        assert refusal_of(spoil(token())) is Refusal.MALFORMED

    def test_it_refuses_unused_bits_that_are_not_zero(self) -> None:
        good = token()  # 256 signature bytes end in one character with four unused bits
        last = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
        assert refusal_of(good[:-1] + last[last.index(good[-1]) + 1]) is Refusal.MALFORMED

    def test_it_refuses_what_is_larger_than_8_kilobytes_unread(self) -> None:
        assert refusal_of(token(note="x" * 6000)) is Refusal.TOO_LARGE
        assert refusal_of("x" * 5_000_000) is Refusal.TOO_LARGE

    def test_it_refuses_members_named_twice_at_any_depth(self) -> None:
        header, payload = json.dumps(HEADER), json.dumps(CLAIMS)
        for forged in (
            compact(_twice(header, "alg", '"alg": "none"'), payload),
            compact(header, _twice(payload, "role", '"role": "legal"')),
            compact(header, _twice(payload, "role", '"r\\u006fle": "legal"')),
            compact(header, _twice(payload, "role", '"deep": [{"a": {"b": 1, "b": 1}}]')),
        ):
            assert refusal_of(forged) is Refusal.MALFORMED

    @pytest.mark.parametrize(
        "payload", ["", "null", "[]", '"x"', "1", "{", "\ufeff{}", "[" * 3000, '{"a":' * 1000, "\ud800"]
    )
    def test_it_refuses_a_payload_that_is_not_one_object(self, payload: str) -> None:
        assert refusal_of(compact(json.dumps(HEADER), payload)) is Refusal.MALFORMED


class WhenATokenIsRefused:
    @pytest.mark.parametrize("payload", ['{"role": "canary"}', '{"canary": ', "canary", '{"canary": 1, "canary": 2}'])
    def test_it_says_nothing_of_the_token(self, payload: str) -> None:
        with pytest.raises(TokenRefused) as refused:
            new_gate().verify(compact(json.dumps(HEADER), payload))
        error: BaseException | None = refused.value
        while error is not None:
            assert "canary" not in f"{error!r} {error} {error.args} {vars(error)}"
            error = error.__context__
