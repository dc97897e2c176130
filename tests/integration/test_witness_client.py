"""Whatever a witness sends, however slowly: the signer is done with it soon, and holds little of it."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infohus.kernel.audit.witness.client import HttpSender
from infohus.kernel.audit.witness.cosigning import WitnessUnreachable

LINE = "— dpo.example AAAA\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MOST_MEGABYTES = 16


@asynccontextmanager
async def witness_that_sends(*parts: bytes, again: bytes = b"") -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer every request with these bytes, and then `again` and again; give the address and the requests."""
    heard: list[bytes] = []
    answering: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(asyncio.current_task())
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            writer.writelines(parts)
            while again:
                writer.write(again)
                await writer.drain()
                await asyncio.sleep(0.01)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/add-checkpoint", heard
    finally:
        server.close()
        await asyncio.gather(*filter(None, answering))


def chunk(text: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text)


def whole(text: bytes, *headers: bytes) -> bytes:
    return HEAD + b"".join(b"%s\r\n" % header for header in headers) + b"Content-Length: %d\r\n\r\n" % len(text) + text


def flood_compressed() -> bytes:
    """Make 100 MiB of zeros, some 100 kB as they travel."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()


class WhenAWitnessAnswersInTime:
    @pytest.mark.parametrize(
        "parts",
        [[whole(LINE.encode())], [CHUNKED, *(chunk(bytes([byte])) for byte in LINE.encode()), b"0\r\n\r\n"]],
        ids=["at once", "byte by byte"],
    )
    async def test_its_text_comes_back(self, parts: list[bytes]) -> None:
        async with witness_that_sends(*parts) as (url, heard):
            assert await HttpSender()(url, b"old 0\n\n") == (200, LINE)
        assert b"accept-encoding: identity\r\n" in heard[0].lower()

    async def test_twenty_thousand_bytes_are_taken_and_not_one_more(self) -> None:
        async with witness_that_sends(whole(b"x" * 20_000)) as (url, _):
            assert await HttpSender()(url, b"") == (200, "x" * 20_000)
        async with witness_that_sends(whole(b"x" * 20_001)) as (url, _):
            with pytest.raises(WitnessUnreachable):
                await HttpSender()(url, b"")

    async def test_its_cookies_are_not_kept(self) -> None:
        send = HttpSender()
        async with witness_that_sends(whole(b"", b"Set-Cookie: a=b")) as (url, heard):
            await send(url, b"")
            await send(url, b"")
        assert [b"cookie" in request.lower() for request in heard] == [False, False]


class WhenAWitnessNeverEnds:
    @pytest.mark.parametrize(
        ("parts", "again"),
        [
            ([CHUNKED], chunk(b"x")), ([HEAD], b"X: y\r\n"), ([], b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            ([HEAD + b"Content-Length: 9999\r\n\r\n"], b"x"), ([], b"H"),
        ],
        ids=["drips its text", "drips headers", "drips hints", "drips what it promised", "drips nonsense"],
    )
    async def test_it_is_given_up_within_the_time(self, parts: list[bytes], again: bytes) -> None:
        async with witness_that_sends(*parts, again=again) as (url, _):
            began = time.monotonic()
            with pytest.raises(WitnessUnreachable):
                await HttpSender(patience_seconds=0.4)(url, b"")
            assert time.monotonic() - began < 2


class WhenAWitnessSendsWhatNoneSends:
    @pytest.mark.parametrize(
        ("sent", "again"),
        [
            (whole(gzip.compress(LINE.encode()), b"Content-Encoding: gzip"), b""),
            (whole(LINE.encode(), b"Content-Encoding: identity"), b""),
            (whole(flood_compressed(), b"Content-Encoding: gzip"), b""),
            (CHUNKED, chunk(bytes(1 << 20))),
            (whole(b"\xff\xfe\n"), b""),
        ],
        ids=["compressed", "named as it is", "a flood, compressed", "a flood", "no UTF-8"],
    )
    async def test_it_is_refused_before_it_fills_the_memory(self, sent: bytes, again: bytes) -> None:
        tracemalloc.start()
        try:
            async with witness_that_sends(sent, again=again) as (url, _):
                with pytest.raises(WitnessUnreachable):
                    await HttpSender()(url, b"")
            assert tracemalloc.get_traced_memory()[1] >> 20 < MOST_MEGABYTES
        finally:
            tracemalloc.stop()
