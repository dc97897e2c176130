"""Project Wycheproof's JWS and JWK vectors, against the header and signature stage of the token gate.

Their payloads are not our claims, so the two stages are called as the gate calls them, short of the claims.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infohus.kernel.identity.caller import AuthorityId, AuthorityKind, Role
from infohus.kernel.identity.issuers import Issuer, fixed_keys
from infohus.kernel.identity.key_sets import KeySetRefused, read_key_set
from infohus.kernel.identity.tokens import TOKEN_TYPES, TokenGate, TokenRefused, read_compact, verify_signature

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "wycheproof"
FILES = {"json_web_signature_test.json": 401, "json_web_key_test.json": 26}

if not all((FOLDER / name).is_file() for name in FILES):
    pytest.skip(
        "NOT CHECKED: Wycheproof's JWS and JWK vectors are missing; expected in ../shared/vectors/wycheproof "
        "beside the repository",
        allow_module_level=True,
    )

Vector = tuple[str, int, dict[str, Any], str, str]
"""File, test case number, JWK Set, token, Wycheproof's verdict."""


def _vectors() -> list[Vector]:
    found: list[Vector] = []
    for name in FILES:
        for group in json.loads((FOLDER / name).read_text("utf-8"))["testGroups"]:
            keys = group.get("public", group.get("private"))
            key_set = keys if "keys" in keys else {"keys": [keys]}
            found += [(name, test["tcId"], key_set, test["jws"], test["result"]) for test in group["tests"]]
    return found


VECTORS = _vectors()
INVALID = [vector for vector in VECTORS if vector[4] == "invalid"]


def _passes(key_set: dict[str, Any], token: str) -> bool:
    """Run the header and signature stages; vectors carry no `typ`, so an absent one is let through here."""
    try:
        keys = read_key_set(json.dumps(key_set).encode())
        compact = read_compact(token, types=TOKEN_TYPES | {""})
        key = keys.find(compact.kid)
        if key is None:
            return False
        verify_signature(compact, key)
    except (KeySetRefused, TokenRefused):
        return False
    return True


class WhenWycheproofsVectorsMeetTheGate:
    def test_it_has_read_every_vector(self) -> None:
        assert {name: sum(vector[0] == name for vector in VECTORS) for name in FILES} == FILES

    @pytest.mark.parametrize("vector", INVALID, ids=lambda vector: f"{vector[0][:12]}-{vector[1]}")
    def test_it_refuses_every_invalid_one(self, vector: Vector) -> None:
        _, _, key_set, token, _ = vector
        assert not _passes(key_set, token)

    def test_it_accepts_exactly_the_valid_ones_in_its_two_algorithms(self) -> None:
        accepted = {(name, number) for name, number, key_set, token, _ in VECTORS if _passes(key_set, token)}
        expected = {("json_web_signature_test.json", n) for n in (18, 33, 259, 260, 261, 262, 263, 345, 349, 378)}
        assert accepted == expected | {("json_web_key_test.json", 5)}

    def test_it_raises_nothing_but_its_own_refusal_from_the_whole_gate(self) -> None:
        refused = 0
        for _, _, key_set, token, _ in VECTORS:
            try:
                keys = fixed_keys(json.dumps(key_set).encode(), lambda: datetime(2026, 11, 23, tzinfo=UTC))
            except KeySetRefused:
                refused += 1
                continue
            municipality = Issuer(
                url="https://login.example.dk",
                authority_id=AuthorityId("ishoj-kommune"),
                authority_kind=AuthorityKind.MUNICIPALITY,
                roles=frozenset({Role.LEGAL}),
                keys=keys,
            )
            gate = TokenGate([municipality], lambda: datetime(2026, 11, 23, tzinfo=UTC), audience="infohus")
            with pytest.raises(TokenRefused):
                gate.verify(token)
            refused += 1
        assert refused == len(VECTORS)
