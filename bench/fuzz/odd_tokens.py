"""Tokens with a valid signature and odd claims: what only describes must keep nobody out, the rest is a 401."""

import base64
import json
from typing import Any

from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import DemoKey
from infohus.kernel.identity.tokens import sign_token

NAMES: tuple[Any, ...] = (
    "\ud800", "\udfff", "a\0b", "x" * 250, "x" * 4_000, "\u202e", "", " ", 7, True, ["Mette"], {"given": "Mette"},
    "\r\nX: y", "010104-1234", "\U0010ffff",
)  # fmt: skip
CLAIMS: tuple[tuple[str, Any], ...] = (
    ("sub", "\ud800"), ("sub", 1), ("iss", "\ud800"), ("iss", ["x"]), ("jti", "\ud800"), ("jti", "\0"), ("jti", 1),
    ("aud", "\udfff"), ("aud", [["infohus"]]), ("exp", 10**30), ("exp", 1e308), ("iat", -1), ("auth_time", "x"),
    ("role", "\ud800"), ("role", {}), ("loa", None), ("nbf", 2**63), ("x", "\ud800"), ("x", [[[]]]),
)  # fmt: skip


def odd_tokens(issuers: DemoIssuers, key: DemoKey) -> list[str]:
    """Sign tokens of the municipal tovholder with other claims."""
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(issuers.token("kommune").split(".")[1] + "=="))
    changes = [*((claim, name) for claim in ("name", "email") for name in NAMES), *CLAIMS]
    return [sign_token(key.private_pem, {**said, claim: value}, kid=key.kid) for claim, value in changes]
