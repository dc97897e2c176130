"""The demo's two identity providers: whom they vouch for, and that they stay on this machine."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from infohus.demo.issuer import (
    DEMO_ISSUERS,
    DemoIssuerExposed,
    DemoIssuers,
    UnknownDemoUser,
    create_demo_issuer,
    serve_demo_issuer,
)
from infohus.demo.keys import UnsafeDemoKey, demo_key, demo_keys, new_p256_key, new_rsa_key
from infohus.demo.people import DEMO_PEOPLE, KIND_OF_AUTHORITY
from infohus.kernel.identity.issuers import ROLES_OF_KIND, read_issuers
from infohus.kernel.identity.tokens import TokenGate

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "http://127.0.0.1:8116"
ISSUERS = DemoIssuers({"kommune": demo_key(new_rsa_key()), "politi": demo_key(new_p256_key())}, lambda: NOW, url=URL)
GATE = TokenGate(ISSUERS.trusted(), lambda: NOW, audience="infohus")


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    with TestClient(create_demo_issuer(ISSUERS), base_url=URL) as client:
        yield client


class WhenADemoUserAsksForAToken:
    @pytest.mark.parametrize("user", DEMO_PEOPLE)
    def test_it_names_that_person_to_the_gate(self, user: str) -> None:
        caller, person = GATE.verify(ISSUERS.token(user)), DEMO_PEOPLE[user]
        assert (caller.person_id, caller.authority_id, caller.role) == (
            person.person_id, person.authority_id, person.role)  # fmt: skip
        assert (caller.authenticated_at, (caller.expires_at - NOW).total_seconds()) == (NOW, 8 * 3600)

    @pytest.mark.parametrize("form", [{"json": {"user": "politi"}}, {"data": {"user": "politi"}}])
    def test_it_hands_one_out_over_http(self, client: TestClient[Litestar], form: dict[str, Any]) -> None:
        answer = client.post("/politi/token", **form)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert GATE.verify(answer.json()["access_token"]).person_id == DEMO_PEOPLE["politi"].person_id

    def test_it_refuses_the_other_authoritys_people(self, client: TestClient[Litestar]) -> None:
        assert client.post("/kommune/token", json={"user": "politi"}).status_code == 404
        assert client.post("/politi/token", data={"user": "kommune"}).status_code == 404
        with pytest.raises(UnknownDemoUser):
            ISSUERS.token("nobody")

    @pytest.mark.parametrize("body", [b"", b"{", b'{"user": 1}', b'{"user":"dpo","user":"admin"}', b"user=a&user=b"])
    def test_it_refuses_what_names_no_single_user(self, client: TestClient[Litestar], body: bytes) -> None:
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            assert client.post("/kommune/token", content=body, headers={"content-type": kind}).status_code == 400
        assert client.post("/nobody/token", json={"user": "dpo"}).status_code == 404


class WhenTheDemoIssuersDescribeThemselves:
    @pytest.mark.parametrize("name", DEMO_ISSUERS)
    def test_it_publishes_where_its_keys_are(self, client: TestClient[Litestar], name: str) -> None:
        described = client.get(f"/{name}/.well-known/openid-configuration").json()
        assert described["issuer"] == ISSUERS.address(name)
        assert "KUN TIL DEMONSTRATION" in described["warning"]
        published = client.get(described["jwks_uri"].removeprefix(URL)).json()
        assert published == ISSUERS.key_set(name)
        assert "d" not in published["keys"][0]

    def test_it_writes_an_issuers_file_that_the_system_reads(self, tmp_path: Path) -> None:
        (tmp_path / "issuers.toml").write_text(ISSUERS.issuers_toml(), "utf-8")
        read = read_issuers(tmp_path / "issuers.toml", lambda: NOW)
        assert [(each.url, each.authority_id, each.roles) for each in read] == [
            (ISSUERS.address(name), authority, ROLES_OF_KIND[KIND_OF_AUTHORITY[authority]])
            for name, authority in DEMO_ISSUERS.items()
        ]


class WhenTheDemoIssuerIsAskedToFaceTheWorld:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.dk", ""])  # noqa: S104 - refused
    async def test_it_does_not_start(self, host: str) -> None:
        with pytest.raises(DemoIssuerExposed):
            await serve_demo_issuer(ISSUERS, host=host, port=8116)

    @pytest.mark.parametrize("url", ["https://login.example.dk", "http://192.0.2.7:8116", ""])
    def test_it_takes_no_other_address(self, url: str) -> None:
        with pytest.raises(DemoIssuerExposed):
            DemoIssuers({}, lambda: NOW, url=url)

    def test_it_answers_to_no_other_name(self, client: TestClient[Litestar]) -> None:
        headers = {"host": "rebound.example.dk"}
        assert client.post("/kommune/token", json={"user": "dpo"}, headers=headers).status_code == 400
        assert client.get("/kommune/jwks", headers=headers).status_code == 400


class WhenTheDemoKeysAreKept:
    def test_it_makes_them_once_and_closed_to_others(self, tmp_path: Path) -> None:
        folder = tmp_path / "keys"
        made = demo_keys(folder)
        assert demo_keys(folder) == made
        assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
            "issuer-kommune.pem": 0o600, "issuer-politi.pem": 0o600}  # fmt: skip
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_it_refuses_a_file_folder_or_link_open_to_others(self, tmp_path: Path) -> None:
        folder = tmp_path / "keys"
        demo_keys(folder)
        key = folder / "issuer-politi.pem"
        key.chmod(0o640)
        with pytest.raises(UnsafeDemoKey):
            demo_keys(folder)
        key.chmod(0o600)
        key.rename(folder / "elsewhere.pem")
        key.symlink_to(folder / "elsewhere.pem")
        with pytest.raises(OSError, match="symbolic"):
            demo_keys(folder)
        folder.chmod(0o755)
        with pytest.raises(UnsafeDemoKey):
            demo_keys(folder)

    def test_it_shows_no_private_key(self) -> None:
        assert "PRIVATE" not in repr(demo_key(new_p256_key()))
