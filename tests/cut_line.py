"""A line between the application and PostgreSQL that can be cut at COMMIT: before it arrives, or after it was done."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

_PORT = 5432
_COMMIT = b"; COMMIT;"
_LARGEST = 1 << 20


class Cut(StrEnum):
    """Where the line is cut, for one message that ends in COMMIT."""

    NEVER = "never"
    BEFORE_IT_ARRIVES = "before it arrives"
    BEFORE_IT_IS_ANSWERED = "before it is answered"


@dataclass
class Line:
    """Relays every connection; the next message with COMMIT is treated as `cut` says, and cuts its own connection."""

    folder: Path
    server: Path
    cut: Cut = Cut.NEVER
    cuts: int = field(default=0, init=False)

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection until either side closes it, or it is cut."""
        server_reader, server_writer = await asyncio.open_unix_connection(str(self.server))
        answering = asyncio.create_task(_copy(server_reader, writer))
        try:
            while sent := await reader.read(_LARGEST):
                cut = self.cut if _COMMIT in sent else Cut.NEVER
                if cut is not Cut.NEVER:
                    self.cut, self.cuts = Cut.NEVER, self.cuts + 1
                if cut is Cut.BEFORE_IT_ARRIVES:
                    break
                if cut is Cut.BEFORE_IT_IS_ANSWERED:
                    answering.cancel()
                server_writer.write(sent)
                await server_writer.drain()
                if cut is Cut.BEFORE_IT_IS_ANSWERED:
                    await server_reader.read(_LARGEST)
                    break
        except ConnectionError:
            pass
        finally:
            answering.cancel()
            for one in (writer, server_writer):
                one.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while received := await reader.read(_LARGEST):
            writer.write(received)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


@contextmanager
def line_to(server: Path, folder: Path) -> Iterator[Line]:
    """Open a line to the server's socket folder; connect to `folder` instead. It runs in a thread of its own."""
    folder.mkdir()
    line, started, stopping = Line(folder, server / f".s.PGSQL.{_PORT}"), threading.Event(), threading.Event()

    async def run() -> None:
        async with await asyncio.start_unix_server(line.relay, str(folder / f".s.PGSQL.{_PORT}")):
            started.set()
            await asyncio.to_thread(stopping.wait)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert started.wait(10)
    try:
        yield line
    finally:
        stopping.set()
        thread.join(10)
