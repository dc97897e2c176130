"""Who may vouch for whom, which published keys are trusted, and when they are fetched again."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infohus.kernel.identity.caller import AuthorityId, AuthorityKind, Role
from infohus.kernel.identity.issuers import (
    LARGEST_KEY_SET_BYTES,
    Issuer,
    KeyRing,
    UnsafeIssuer,
    fixed_keys,
    is_safe_address,
    keys_at_address,
    read_issuers,
)
from infohus.kernel.identity.key_sets import KeyNotUsable, KeySetRefused, public_jwk, read_key, read_key_set, thumbprint
from infohus.kernel.identity.refusals import Refusal, TokenRefused
from infohus.kernel.identity.strict_encoding import decode_base64url, encode_base64url
from infohus.kernel.identity.tokens import TokenGate, sign_token

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_JWK = public_jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), "rsa")
EC_JWK = public_jwk(KEY.public_key(), "k1")
URL = "https://login.kommune.example"


def key_set(*jwks: dict[str, Any]) -> bytes:
    return json.dumps({"keys": jwks}).encode()


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


def issuer(kind: AuthorityKind, roles: set[Role], *, url: str = URL, keys: KeyRing | None = None) -> Issuer:
    ring = keys or fixed_keys(key_set(EC_JWK), lambda: NOW)
    return Issuer(url, AuthorityId("ishoj-kommune"), kind, frozenset(roles), ring)


class WhenAnIssuerIsConfigured:
    @pytest.mark.rule(17)
    @pytest.mark.parametrize(
        ("kind", "role"),
        [(AuthorityKind.MUNICIPALITY, Role.POLICE_COORDINATOR)]
        + [(kind, Role.MUNICIPAL_COORDINATOR) for kind in AuthorityKind if kind is not AuthorityKind.MUNICIPALITY]
        + [(kind, Role.POLICE_COORDINATOR) for kind in AuthorityKind if kind is not AuthorityKind.POLICE]
        + [(AuthorityKind.SELF_GOVERNING, Role.ADMINISTRATOR)],
    )
    def test_it_is_refused_when_it_could_give_another_authoritys_role(self, kind: AuthorityKind, role: Role) -> None:
        with pytest.raises(UnsafeIssuer):
            issuer(kind, {Role.LEGAL, role})

    def test_it_is_refused_without_any_role(self) -> None:
        with pytest.raises(UnsafeIssuer):
            issuer(AuthorityKind.POLICE, set())

    @pytest.mark.parametrize(
        ("url", "safe"),
        [
            ("https://login.example.dk/oidc", True),
            ("http://127.0.0.1:8116/kommune", True),
            ("http://localhost:8116", True),
            ("http://[::1]:8116", True),
            ("http://login.example.dk", False),
            ("http://127.0.0.1.example.dk", False),
            ("http://localhost@example.dk", False),
            ("https://user:secret@example.dk", False),
            ("https://example.dk/?a=b", False),
            ("https://example.dk/#a", False),
            ("https://example.dk:99999", False),
            ("https://", False),
            ("ftp://127.0.0.1", False),
            ("file:///etc/passwd", False),
            ("https://ex\u00e6mple.dk", False),
            ("https://example.dk/\n", False),
            ("http://[::1", False),
        ],
    )
    def test_it_has_an_address_over_https_or_on_this_machine(self, url: str, safe: bool) -> None:  # noqa: FBT001
        assert is_safe_address(url) is safe
        if not safe:
            with pytest.raises(UnsafeIssuer):
                issuer(AuthorityKind.POLICE, {Role.LEGAL}, url=url)
            with pytest.raises(UnsafeIssuer):
                keys_at_address(url, lambda: NOW)


ENTRY = f'[[issuer]]\nurl = "{URL}"\nauthority = "ishoj-kommune"\nkind = "municipality"\nroles = ["legal"]\n'


class WhenTheIssuersFileIsRead:
    def test_it_gives_each_issuer_with_its_keys(self, tmp_path: Path) -> None:
        (tmp_path / "keys.json").write_bytes(key_set(EC_JWK))
        (tmp_path / "issuers.toml").write_text(f'{ENTRY}keys_file = "keys.json"\n')
        (found,) = read_issuers(tmp_path / "issuers.toml", lambda: NOW)
        assert (found.url, found.authority_id, found.authority_kind, found.roles) == (
            URL, AuthorityId("ishoj-kommune"), AuthorityKind.MUNICIPALITY, frozenset({Role.LEGAL}))  # fmt: skip
        assert found.keys.at(NOW.timestamp()).find("k1") is not None

    @pytest.mark.parametrize(
        "text",
        [
            "", "issuer = []", "[[issuer]]\n", ENTRY, ENTRY + 'keys_file = "k"\nkeys_url = "https://a.dk"\n',
            ENTRY + 'keys_url = "http://a.dk"\n', ENTRY + 'keys_url = "https://a.dk"\nsecret = "x"\n',
            ENTRY.replace("legal", "police_coordinator") + 'keys_url = "https://a.dk"\n',
            ENTRY.replace("municipality", "parish") + 'keys_url = "https://a.dk"\n',
            ENTRY.replace("ishoj-kommune", "Ish\u00f8j Kommune") + 'keys_url = "https://a.dk"\n', "\x00",
        ],
    )  # fmt: skip
    def test_it_is_refused_when_anything_is_missing_unknown_or_unsafe(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "issuers.toml").write_text(text)
        with pytest.raises(UnsafeIssuer):
            read_issuers(tmp_path / "issuers.toml", lambda: NOW)

    def test_it_stops_the_start_when_a_key_file_is_missing_or_unfit(self, tmp_path: Path) -> None:
        (tmp_path / "issuers.toml").write_text(f'{ENTRY}keys_file = "keys.json"\n')
        with pytest.raises(FileNotFoundError):
            read_issuers(tmp_path / "issuers.toml", lambda: NOW)
        (tmp_path / "keys.json").write_bytes(b" " * (LARGEST_KEY_SET_BYTES + 1))
        with pytest.raises(KeySetRefused):
            read_issuers(tmp_path / "issuers.toml", lambda: NOW)


class WhenKeysArePublished:
    def test_it_fills_in_the_one_algorithm_of_each_type(self) -> None:
        bare = [{name: jwk[name] for name in jwk if name not in {"alg", "use"}} for jwk in (RSA_JWK, EC_JWK)]
        assert [read_key(jwk).algorithm.value for jwk in bare] == ["RS256", "ES256"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"kid": None}, {"kid": ""}, {"kid": 7}, {"use": "enc"}, {"use": None}, {"key_ops": ["encrypt"]},
            {"key_ops": ["verify", "encrypt"]}, {"key_ops": "verify"}, {"alg": "RS512"}, {"alg": "PS256"},
            {"alg": "ES256"}, {"kty": "EC"}, {"kty": "oct"}, {"e": "AQ"}, {"e": "Aw"}, {"e": "AQAC"}, {"e": "AAEAAQ"},
            {"e": "AQAB="}, {"e": 65537}, {"n": ""}, {"n": "AQAB"}, {"n": RSA_JWK["n"][:171]}, {"n": RSA_JWK["n"] * 5},
            {"n": None},
        ],
    )  # fmt: skip
    def test_it_passes_over_a_key_that_cannot_verify_tokens(self, changes: dict[str, object]) -> None:
        with pytest.raises(KeyNotUsable):
            read_key({**RSA_JWK, **changes})
        published = read_key_set(key_set({**RSA_JWK, **changes}, EC_JWK))
        assert (list(published.keys), len(published.passed_over)) == (["k1"], 1)

    @pytest.mark.parametrize("spoil", [lambda octets: b"\0" + octets, lambda octets: octets + b"\0", lambda _: b""])
    def test_it_passes_over_coordinates_of_another_length(self, spoil: Callable[[bytes], bytes]) -> None:
        for member in ("x", "y"):
            octets = spoil(decode_base64url(EC_JWK[member].encode()))
            with pytest.raises(KeyNotUsable, match="32 bytes"):
                read_key({**EC_JWK, member: encode_base64url(octets).decode()})

    def test_it_refuses_a_set_that_shows_a_secret_or_names_two_keys_alike(self) -> None:
        for unfit in (
            key_set({**EC_JWK, "d": EC_JWK["x"]}),
            key_set(EC_JWK, {"kty": "oct", "kid": "s", "k": "c2VjcmV0"}),
            key_set(EC_JWK, {**RSA_JWK, "kid": "k1"}),
            key_set(*[{**EC_JWK, "kid": str(number)} for number in range(65)]),
            b'{"keys": [], "keys": []}', b'{"keys": {}}', b'{"keys": [1]}', b"[]", b"",
        ):  # fmt: skip
            with pytest.raises(KeySetRefused):
                read_key_set(unfit)

    def test_it_names_keys_by_the_thumbprint_of_rfc_7638(self) -> None:
        modulus = (  # RFC 7638, section 3.1
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n"
            "3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgd"
            "AZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur"
            "-kEgU8awapJzKnqDKgw"
        )
        key = read_key({"kty": "RSA", "n": modulus, "e": "AQAB", "kid": "2011-04-29"})
        assert thumbprint(key.public_key) == key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def streamed(body: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


class Publisher:
    """An issuer's key address whose answer can be changed; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Callable[[], httpx.Response] = lambda: streamed(key_set(EC_JWK))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        self.asked += 1
        return self.answer()

    def ring(self, clock: SetClock) -> KeyRing:
        return keys_at_address(f"{URL}/jwks", clock, transport=httpx.MockTransport(self))


def token_of(key: ec.EllipticCurvePrivateKey, kid: str, clock: SetClock) -> str:
    second = int(clock.now.timestamp())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    claims = {
        "iss": URL, "sub": "0d9f3c52-6a41-4be7-9a1e-3f5c20d84b61", "aud": "infohus", "iat": second,
        "exp": second + 3600, "auth_time": second, "jti": "t", "role": "legal", "loa": "High",
    }  # fmt: skip
    return sign_token(pem, claims, kid=kid)


class WhenAnIssuerChangesItsKeys:
    def setup_method(self) -> None:
        self.clock, self.publisher = SetClock(), Publisher()
        self.ring = self.publisher.ring(self.clock)
        municipality = issuer(AuthorityKind.MUNICIPALITY, {Role.LEGAL}, keys=self.ring)
        self.gate = TokenGate([municipality], self.clock, audience="infohus")

    async def refusal(self, token: str) -> Refusal:
        with pytest.raises(TokenRefused) as refused:
            await self.gate.admit(token)
        return refused.value.reason

    async def test_it_fetches_them_at_the_first_token(self) -> None:
        good = token_of(KEY, "k1", self.clock)
        with pytest.raises(TokenRefused):
            self.gate.verify(good)
        assert (await self.gate.admit(good)).role is Role.LEGAL
        assert self.publisher.asked == 1

    async def test_it_fetches_again_for_an_unknown_name_but_once_a_minute(self) -> None:
        await self.gate.admit(token_of(KEY, "k1", self.clock))
        new = token_of(OTHER_KEY, "k2", self.clock)
        self.publisher.answer = lambda: streamed(key_set(EC_JWK, public_jwk(OTHER_KEY.public_key(), "k2")))
        assert await self.refusal(new) is Refusal.UNKNOWN_KEY
        assert self.publisher.asked == 1
        self.clock.pass_seconds(60)
        assert (await self.gate.admit(new)).role is Role.LEGAL
        for _ in range(5):
            assert await self.refusal(token_of(KEY, "k3", self.clock)) is Refusal.UNKNOWN_KEY
        assert self.publisher.asked == 2

    async def test_it_stops_trusting_a_withdrawn_key_within_ten_minutes(self) -> None:
        old = token_of(KEY, "k1", self.clock)
        await self.gate.admit(old)
        self.publisher.answer = lambda: streamed(key_set(public_jwk(OTHER_KEY.public_key(), "k2")))
        self.clock.pass_seconds(601)
        assert await self.refusal(old) is Refusal.UNKNOWN_KEY

    @pytest.mark.parametrize(
        "answer",
        [
            lambda: httpx.Response(500, stream=httpx.ByteStream(key_set())),
            lambda: httpx.Response(302, headers={"location": "https://a.example"}, stream=httpx.ByteStream(key_set())),
            lambda: streamed(b"<html>"),
            lambda: streamed(b'{"keys":[' + b" " * LARGEST_KEY_SET_BYTES + b"]}"),
            lambda: streamed(key_set(EC_JWK), **{"content-encoding": "gzip"}),
        ],
    )
    async def test_it_keeps_the_keys_through_a_bad_answer_for_a_day(self, answer: Callable[[], httpx.Response]) -> None:
        await self.gate.admit(token_of(KEY, "k1", self.clock))
        self.publisher.answer = answer
        self.clock.pass_seconds(86_400)
        assert (await self.gate.admit(token_of(KEY, "k1", self.clock))).role is Role.LEGAL
        await self.ring.renew()
        assert self.ring.last_failure is not None
        self.clock.pass_seconds(1)
        assert await self.refusal(token_of(KEY, "k1", self.clock)) is Refusal.UNKNOWN_KEY

    async def test_it_remembers_tokens_when_nothing_changed(self) -> None:
        good = token_of(KEY, "k1", self.clock)
        caller = await self.gate.admit(good)
        self.clock.pass_seconds(601)
        assert await self.gate.admit(good) is caller
        assert self.publisher.asked == 2

    async def test_it_survives_an_issuer_out_of_reach(self) -> None:
        def unreachable() -> httpx.Response:
            raise httpx.ConnectError("out of reach")  # noqa: EM101, TRY003 - httpx's own signature

        self.publisher.answer = unreachable
        await self.ring.renew()
        assert self.ring.last_failure == "ConnectError: out of reach"
        self.publisher.answer = lambda: streamed(key_set(EC_JWK))
        self.clock.pass_seconds(60)
        await self.ring.renew()
        assert self.ring.last_failure is None
