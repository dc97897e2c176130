"""What the served application answers to requests that no HTTP client would send, byte by byte over a socket."""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from house import House
from house_keys import environment_of

JSON = b"Content-Type: application/json\r\n"
HOST = b"Host: localhost\r\n"
BODY = b'{"reason": "x"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
HOLD = b"POST /cases/{case}/legal-holds HTTP/1.1\r\n"
TWO_WAYS: tuple[tuple[str, bytes, bytes], ...] = (
    ("no Host", b"GET /cases/{case} HTTP/1.1\r\n{token}", b""),
    ("an empty Host", b"GET /cases/{case} HTTP/1.1\r\nHost: \r\n{token}", b""),
    ("two Hosts", b"GET /cases/{case} HTTP/1.1\r\nHost: a\r\nHost: b\r\n{token}", b""),
    ("the same Host twice", b"GET /cases/{case} HTTP/1.1\r\n" + HOST * 2 + b"{token}", b""),
    ("two Authorizations", b"GET /cases/{case} HTTP/1.1\r\n" + HOST + b"{token}Authorization: Bearer x\r\n", b""),
    ("Authorization twice", b"GET /cases/{case} HTTP/1.1\r\n" + HOST + b"{token}{token}", b""),
    ("two Content-Types", HOLD + HOST + b"{token}" + JSON + b"Content-Type: text/plain\r\n" + LENGTH, BODY),
    ("two keys", HOLD + HOST + b"{token}" + JSON + LENGTH + b"Idempotency-Key: aaaaaaaa\r\n" * 2, BODY),
    ("Content-Length, then chunks", HOLD + HOST + b"{token}" + JSON + LENGTH + CHUNKED, CHUNKS),
    ("chunks, then Content-Length", HOLD + HOST + b"{token}" + JSON + CHUNKED + LENGTH, CHUNKS),
    ("chunks", HOLD + HOST + b"{token}" + JSON + CHUNKED, CHUNKS),
    ("another encoding", HOLD + HOST + b"{token}" + JSON + b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    (
        "an over-long chunk extension", HOLD + HOST + b"{token}" + JSON + CHUNKED,
        CHUNKS.replace(b"\r\n", b";" + b"x" * 20_000 + b"\r\n", 1),
    ),
    ("a slash encoded", b"GET /cases%2f{case} HTTP/1.1\r\n" + HOST + b"{token}", b""),
    ("a letter encoded", b"GET /%63ases/{case} HTTP/1.1\r\n" + HOST + b"{token}", b""),
    ("two slashes", b"GET //cases/{case} HTTP/1.1\r\n" + HOST + b"{token}", b""),
    ("a dot", b"GET /./cases/{case} HTTP/1.1\r\n" + HOST + b"{token}", b""),
    ("two dots", b"GET /x/../cases/{case} HTTP/1.1\r\n" + HOST + b"{token}", b""),
    ("dots at the end", b"GET /cases/{case}/.. HTTP/1.1\r\n" + HOST + b"{token}", b""),
    ("a slash at the end", b"GET /cases/{case}/ HTTP/1.1\r\n" + HOST + b"{token}", b""),
    ("a letter that is not ASCII", "GET /cases/{case}æ HTTP/1.1\r\n".encode() + HOST + b"{token}", b""),
    ("a body that ends early", HOLD + HOST + b"{token}" + JSON + b"Content-Length: 99\r\n", BODY),
    (
        "one where none is read", b"POST /log/export?purpose=lawfulness HTTP/1.1\r\n" + HOST + b"{token}"
        b"Content-Length: 99\r\n", BODY,
    ),
)
BY_THE_SERVER: tuple[tuple[str, bytes, bytes, int], ...] = (
    ("two lengths", HOLD + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n", b"123456", 400),
    ("a length with a sign", HOLD + HOST + b"Content-Length: +5\r\n", b"12345", 400),
    ("a folded header", b"GET /health HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n", b"", 400),
    ("a space before the colon", b"GET /health HTTP/1.1\r\n" + HOST + b"X : a\r\n", b"", 400),
    ("NUL in a header", b"GET /health HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n", b"", 400),
    ("HTTP/0.9", b"GET /health\r\n", b"", 400),
    ("too many headers", b"GET /health HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 200, b"", 431),
    ("a header too large", b"GET /health HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 700_000 + b"\r\n", b"", 431),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n", b"", 400),
)


@asynccontextmanager
async def served(house: House) -> AsyncIterator[int]:
    """Serve the installation with `infohus serve`; give the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infohus", "serve", stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={
            "PATH": "/usr/bin:/bin", "INFOHUS_PORT": str(port), **environment_of(house.settings),
        },
    )
    try:
        for _ in range(600):
            await asyncio.sleep(0.1)
            if (await answer(port, b"GET /ready HTTP/1.1\r\n" + HOST)).startswith(b"HTTP/1.1 200"):
                break
            assert server.returncode is None, (await server.communicate())[1].decode()[:3000]
        yield port
    finally:
        if server.returncode is None:
            server.terminate()
            await server.communicate()


async def answer(port: int, head: bytes, body: bytes = b"", *, last: bytes = b"Connection: close\r\n") -> bytes:
    """Send bytes, and read until the server closes; `last` is the last header."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return b""
    try:
        writer.write(head + last + b"\r\n" + body)
        if b"Content-Length: 99" in head:
            writer.write_eof()
        async with asyncio.timeout(20):
            return await reader.read()
    except OSError:
        return b""
    finally:
        writer.close()


@pytest.mark.fault("B5")
@pytest.mark.fault("B8")
class WhenHttpCanBeReadInTwoWays:
    async def test_it_is_refused_and_the_connection_is_closed(self, house: House) -> None:
        case = await house.case()
        token = f"Authorization: Bearer {house.person('kommune').token}\r\n".encode()

        def filled(head: bytes) -> bytes:
            return head.replace(b"{token}", token).replace(b"{case}", case.id.encode())

        async with served(house) as port:
            good = await answer(port, filled(HOLD + HOST + b"{token}" + JSON + LENGTH), BODY)
            assert good.startswith(b"HTTP/1.1 201"), good
            given = {name: await answer(port, filled(head), body) for name, head, body in TWO_WAYS}
            wrong = {
                name: said[:400] for name, said in given.items()
                if not said.startswith(b"HTTP/1.1 400") or b"/problems/request-not-understood" not in said
            }
            assert wrong == {}
            # A second request behind one that was refused for its framing is never read.
            behind = filled(HOLD + HOST + b"{token}" + LENGTH + CHUNKED)
            smuggled = await answer(port, behind, CHUNKS + b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n", last=b"")
            assert smuggled.count(b"HTTP/1.1 ") == 1
            assert re.search(rb"(?i)connection: close", smuggled)
            by_the_server = {name: await answer(port, head, body) for name, head, body, _ in BY_THE_SERVER}
            assert {name: int((said or b"x 0")[9:12]) for name, said in by_the_server.items()} == {
                name: status for name, *_, status in BY_THE_SERVER
            }
            assert (await answer(port, b"GET /ready HTTP/1.1\r\n" + HOST)).startswith(b"HTTP/1.1 200")
        holds = await house.sql("SELECT FROM infohus.legal_hold")
        assert len(holds) == 1
