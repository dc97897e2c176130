"""Changes valid requests: values, JSON's text, addresses, headers, framing, and single bytes of the whole."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from raw_client import Sent
from valid_requests import Valid

MOMENTS = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-23:59", "1900-01-01T00:00:00Z",
    "2099-12-31T23:59:59.999999Z", "2026-02-30T00:00:00Z", "infinity", "1700000000", "2026-11-20T10:00:00",
    "0000-00-00", "0001-01-01", "9999-12-31", "1900-01-01", "2099-12-31",
    "2026-11-20T10:00:00.123456789Z", "2026-11-20T24:00:00Z",
)
TEXTS = (
    "", " ", "\0", "\u200b", "\u3164", "\ufeff", "\u202e", "a\0b", "\ud800", "\udfff\ud800", "x" * 20_001,
    "ø" * 300_000, "%00", "%2f", "../../etc/passwd", "'; DROP TABLE infohus.note; --", "{{7*7}}", "${jndi:x}",
    "\r\nX: y", "null", "NaN", "-0", "1e400", "010104-1234", "\U0010ffff", "\u0301" * 5_000, "true",
    "00000000-0000-0000-0000-000000000000",
    "A1B2C3D4-0000-4000-8000-00000000000F", "1", "x", "ishoj-kommune", "kbh-vestegns-politi", "pet", "abc\n",
)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**400, 0.5, 1e308, [], {}, [[]], [None],
    {"": ""}, ["x"] * 5_000, *MOMENTS, *TEXTS,
)
HEADERS = (
    (b"Host", b"other"), (b"Host", b""), (b"Host", b"a b"), (b"Content-Length", b"1"), (b"Content-Length", b"-1"),
    (b"Content-Length", b"99999999999999999999"), (b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"gzip"),
    (b"Content-Type", b"text/plain"), (b"Content-Type", b"application/json; charset=latin-1"),
    (b"Content-Type", b"\xff"), (b"Authorization", b"Bearer x"), (b"Authorization", b"Basic eDp5"),
    (b"Authorization", b"Bearer "),
    (b"Authorization", b"\xe6"), (b"X-Correlation-Id", b"0101-01-1234"), (b"X-Correlation-Id", b"\xff" * 100),
    (b"X-Correlation-Id", b"a1b2c3d4-0000-4000-8000-00000000000f"), (b"Idempotency-Key", b"\xc3\xa6" * 20),
    (b"Idempotency-Key", b"x"), (b"Idempotency-Key", b"y" * 100), (b"If-Match", b"*, *"), (b"If-Match", b'W/"1"'),
    (b"If-Match", b'"' * 999), (b"If-Match", b"," * 5_000), (b"If-None-Match", b"*"), (b"Expect", b"100-continue"),
    (b"Expect", b"odd"), (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"), (b"Upgrade", b"h2c"),
    (b"Connection", b"close"), (b"Cookie", b"a=" + b"b" * 4_000), (b"Range", b"bytes=0-1"), (b"Accept", b"text/html"),
    (b"Accept-Encoding", b"gzip"), (b"X-Http-Method-Override", b"DELETE"), (b"X" * 3_000, b"y"), (b"X", b"y" * 60_000),
    (b"X Y", b"z"), (b"X", b"a\0b"), (b"X", b"a\r\n folded"), (b"", b"x"), (b"Forwarded", b"host=x"),
)  # fmt: skip
_ABOUT_FRAMING = {b"Content-Length", b"Transfer-Encoding", b"Upgrade", b"Connection", b"Expect"}
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"get", b"F!O", b"CONNECT", b"")
VERSIONS = (b"HTTP/1.0", b"HTTP/1.1", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"http/1.1", b"", b"HTTP/1.1 x")
PLACES = (
    "%2f", "%00", "%ff", "//", "/./", "/../", "/", "?", "#", "%", "\\", ";x=y", "æ", "+1", "01", "1_0", "%D9%A3", " ",
)


@dataclass
class Draft:
    """A request on its way to bytes; each part may be changed. `body` is encoded when nothing was."""

    method: bytes
    target: bytes
    version: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes | None
    value: Any = field(repr=False)
    has_length: bool = True
    chunked: bytes | None = None
    cut: float | None = None
    may_stay_silent: bool = False

    @classmethod
    def of(cls, valid: Valid) -> "Draft":
        """Begin with a valid request."""
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in valid.query)
        target = valid.path + (f"?{query}" if query else "")
        return cls(valid.method.encode(), target.encode(), b"HTTP/1.1", list(valid.headers), None, valid.body)

    def sent(self, dice: random.Random) -> Sent:
        """Write it out as bytes."""
        body = self.body if self.body is not None else b"" if self.value is None else _encoded(self.value)
        headers = list(self.headers)
        if body and not any(name.lower() == b"content-type" for name, _ in headers):
            headers.append((b"Content-Type", b"application/json"))
        if self.chunked is not None:
            headers.append((b"Transfer-Encoding", b"chunked"))
            body = self.chunked
        elif self.has_length and (body or self.method in {b"POST", b"PUT"}):
            headers.append((b"Content-Length", str(len(body)).encode()))
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        content = b" ".join((self.method, self.target, self.version)) + b"\r\n" + lines + b"\r\n" + body
        if self.cut is not None:
            content = content[: int(len(content) * self.cut)]
        pauses = (dice.randrange(len(content)),) if content and dice.random() < 0.1 else ()  # noqa: PLR2004 - one in ten
        return Sent(content, closes=self.may_stay_silent, pauses=pauses)


def _encoded(value: Any) -> bytes:  # noqa: ANN401 - any JSON there is
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def mutated(valid: Valid, dice: random.Random, tokens: Sequence[str]) -> tuple[Sent, Draft, list[str]]:
    """Change a valid request in one to three ways, or in none; give the bytes, what they were made of, and the ways."""
    draft, ways = Draft.of(valid), []
    for _ in range(dice.choices((0, 1, 2, 3), (1, 6, 3, 1))[0]):
        name, mutation = dice.choice(_MUTATIONS)
        if mutation is _token:
            _token(draft, dice, tokens)
        else:
            mutation(draft, dice)
        ways.append(name)
    return draft.sent(dice), draft, ways


def _value(draft: Draft, dice: random.Random) -> None:
    """Put another value at some place of the body."""
    draft.value = _replaced(draft.value, dice) if draft.value is not None else dice.choice(VALUES)


def _replaced(value: Any, dice: random.Random) -> Any:  # noqa: ANN401 - any JSON there is
    if isinstance(value, dict) and value and dice.random() < 0.85:  # noqa: PLR2004 - mostly further down
        name = dice.choice(sorted(value))
        match dice.randrange(10):
            case 0:
                return {key: kept for key, kept in value.items() if key != name}
            case 1:
                return {**value, dice.choice(TEXTS[:12]): dice.choice(VALUES)}
        return {**value, name: _replaced(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.7:  # noqa: PLR2004 - mostly further down
        at = dice.randrange(len(value))
        return [*value[:at], _replaced(value[at], dice), *value[at + 1 :]]
    if isinstance(value, str) and dice.random() < 0.4:  # noqa: PLR2004 - often of the same kind
        return dice.choice(MOMENTS if value[:2] == "20" else TEXTS)
    return dice.choice(VALUES)


def _json_text(draft: Draft, dice: random.Random) -> None:
    """Write the body in another way than JSON's one."""
    text = _encoded(draft.value) if draft.value is not None else b'{"reason": "x"}'
    deep = dice.choice((10, 1_100, 50_000))
    draft.body = dice.choice((
        text[:-1] + b"," + text[1:], b"[" * deep, b'{"a":' * deep + b"1" + b"}" * deep, b"\xef\xbb\xbf" + text,
        text.decode("utf-8", "replace").encode("utf-16"), text.decode("utf-8", "replace").encode("latin-1", "replace"),
        text + text, text + b"\0", b"\0" + text, text.replace(b"e", b"\\u0000", 1), text.replace(b"e", b"\\ud800", 1),
        text.replace(b"e", b"\xe6", 3), text.replace(b'"', b"'"), text[: len(text) // 2], b"", b" ", b"null", b"NaN",
        text.replace(b": ", b": 1e999 /**/ ", 1), b"[" + text + b"]", b'"' + b"\\" * 1_001 + b'"', b"9" * 10_000,
        b" " * 900_000 + text, b"x" * 1_048_577,
    ))  # fmt: skip


def _body_bytes(draft: Draft, dice: random.Random) -> None:
    draft.body = _flipped(draft.body or (_encoded(draft.value) if draft.value is not None else b"{}"), dice)


def _flipped(content: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at = dice.randrange(len(changed) + 1)
        match dice.randrange(4):
            case 0 if at < len(changed):
                changed[at] = dice.randrange(256)
            case 1:
                changed[at:at] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 6)))
            case 2:
                del changed[at : at + dice.randrange(1, 20)]
            case _:
                changed[at:at] = changed[at : at + dice.randrange(1, 40)]
    return bytes(changed)


def _header(draft: Draft, dice: random.Random) -> None:
    match dice.randrange(4):
        case 0 if draft.headers:
            del draft.headers[dice.randrange(len(draft.headers))]
        case 1 if draft.headers:
            draft.headers.append(dice.choice(draft.headers))
        case 2:
            draft.headers.extend((b"X-%d" % number, b"y") for number in range(dice.choice((20, 99, 200))))
        case _:
            name, value = dice.choice(HEADERS)
            if dice.random() < 0.5:  # noqa: PLR2004 - instead of what was there, or beside it
                draft.headers = [one for one in draft.headers if one[0] != name]
            draft.headers.append((name, value))
            draft.may_stay_silent |= name in _ABOUT_FRAMING


def _token(draft: Draft, dice: random.Random, tokens: Sequence[str]) -> None:
    draft.headers = [one for one in draft.headers if one[0] != b"Authorization"]
    token = dice.choice(tokens).encode()
    draft.headers.append((b"Authorization", b"Bearer " + (token if dice.random() < 0.8 else _flipped(token, dice))))  # noqa: PLR2004
    draft.headers = [(name, value.translate(None, b"\r\n\0")) for name, value in draft.headers]


def _address(draft: Draft, dice: random.Random) -> None:
    target = draft.target.decode("latin-1")
    at = dice.choice([index for index, sign in enumerate(target) if sign in "/?&="] or [0])
    piece = dice.choice(PLACES)
    match dice.randrange(5):
        case 0:
            target = target[:at] + piece + target[at + 1 :]
        case 1:
            target += piece
        case 2:
            target += ("&" if "?" in target else "?") + dice.choice((
                "limit=1_0", "limit=%D9%A3", "after=null", "since=0001-01-01T00:00:00Z", "until=9999-12-31T23:59:59Z",
                "x", "limit=" + "9" * 5_000, "limit=1&limit=2", "%ff=%ff", "after=%00", "=", "&&&", "category=%00",
            ))  # fmt: skip
        case 3:
            target = dice.choice(("*", "http://x" + target, "x:80", "", "/" * 5_000, "/cases/" + "9" * 60_000, "//x/y"))
        case _:
            target = _flipped(target.encode("latin-1"), dice).translate(None, b"\r\n").decode("latin-1")
    draft.target = target.encode("utf-8")


def _request_line(draft: Draft, dice: random.Random) -> None:
    if dice.random() < 0.7:  # noqa: PLR2004 - the version less often
        draft.method = dice.choice(METHODS)
    else:
        draft.version = dice.choice(VERSIONS)
    draft.may_stay_silent = True


def _framing(draft: Draft, dice: random.Random) -> None:
    """Say another length than there is, or send chunks, good and bad."""
    draft.may_stay_silent = True
    body = _encoded(draft.value) if draft.value is not None else b"{}"
    size, end = b"%x" % len(body), b"\r\n0\r\n\r\n"
    match dice.randrange(4):
        case 0:
            draft.has_length = False
            said = dice.choice((0, len(body) // 2, len(body) + 5, 10**9, 10**30))
            draft.headers.append((b"Content-Length", str(said).encode()))
        case 1:
            draft.cut = dice.random()
        case _:
            draft.chunked = dice.choice((
                size + b"\r\n" + body + end, size + b";" + b"x" * 20_000 + b"\r\n" + body + end, b"zz\r\n" + body,
                b"-1\r\n" + end, b"f" * 40 + b"\r\n" + body, size + b"\r\n" + body, b"0\r\n\r\n",
                size + b"\r\n" + body + b"0\r\n\r\n", size + b"\n" + body + b"\n0\n\n",
                b"".join(b"1\r\n%c\r\n" % one for one in body) + b"0\r\n\r\n",
                size + b"\r\n" + body + b"\r\n0\r\nContent-Length: 5\r\nAuthorization: x\r\n\r\n",
            ))  # fmt: skip
            draft.has_length = dice.random() < 0.5  # noqa: PLR2004 - with Content-Length too, or without
            if draft.has_length:
                draft.headers.append((b"Content-Length", str(len(body)).encode()))


_MUTATIONS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("value", _value), ("value", _value), ("value", _value), ("JSON text", _json_text), ("body bytes", _body_bytes),
    ("header", _header), ("header", _header), ("token", _token), ("address", _address), ("request line", _request_line),
    ("framing", _framing),
)


def noise(dice: random.Random, around: bytes) -> Sent:
    """Make bytes that are a request in few places: one that was changed anywhere, or none at all."""
    if dice.random() < 0.5:  # noqa: PLR2004 - either
        return Sent(_flipped(around, dice), closes=True)
    return Sent(bytes(dice.randrange(256) for _ in range(dice.randrange(1, 400))) + b"\r\n\r\n", closes=True)

