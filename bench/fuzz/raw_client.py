"""Speaks HTTP/1.1 as bytes: sends exactly what it is given, and reads whatever comes back."""

import asyncio
import contextlib
from dataclasses import dataclass

LONGEST_WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """The bytes of one connection; `closes` ends our side after them, `pauses` are places where a moment passes."""

    content: bytes
    closes: bool = False
    pauses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """One response; `status` 0 is a connection that was closed without one, -1 one that stayed silent."""

    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(host: str, port: int, sent: Sent, *, is_head: bool = False) -> Received:
    """Send on a connection of its own, and read the first final response.

    Raises:
        OSError: nobody takes the connection.
    """
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 24)
    try:
        async with asyncio.timeout(LONGEST_WAIT_SECONDS):
            with contextlib.suppress(OSError):  # refused before it was read to its end: the answer is there
                await _write(writer, sent)
            return await _read(reader, is_head=is_head)
    except TimeoutError:
        return Received(-1, {}, b"")
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return Received(0, {}, b"")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _write(writer: asyncio.StreamWriter, sent: Sent) -> None:
    at = 0
    for place in (*sent.pauses, len(sent.content)):
        writer.write(sent.content[at:place])
        await writer.drain()
        at = place
        if place < len(sent.content):
            await asyncio.sleep(0.01)
    if sent.closes and writer.can_write_eof():
        writer.write_eof()


async def _read(reader: asyncio.StreamReader, *, is_head: bool) -> Received:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        status = int(first.split(" ")[1])
        if status >= 200:  # noqa: PLR2004 - 1xx comes before the response
            break
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if is_head or status in {204, 304}:
        return Received(status, headers, b"")
    if "content-length" in headers:
        return Received(status, headers, await reader.readexactly(int(headers["content-length"])))
    if headers.get("transfer-encoding") == "chunked":
        return Received(status, headers, await _chunks(reader))
    return Received(status, headers, await reader.read())


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body
