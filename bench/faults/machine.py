"""What the faults break: PostgreSQL on a small disk of its own, a proxy in front of it, and one worker."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import asyncpg
from installation import Installation
from served import processes_in

from infohus.demo.local_postgres import LocalPostgres, PostgresDidNotStart

OFFSET = "FAULTS_CLOCK_OFFSET"
DISK_MEGABYTES = 700
LOCK_TIMEOUT_MS = 150
_START_SECONDS = 60
SOCKET = ".s.PGSQL.5432"


class CannotRun(Exception):  # noqa: N818 - names the situation
    """Something the harness needs is not there; the text says what."""


class SmallDisk:
    """A file system of its own for PostgreSQL, so that only this one is filled."""

    def __init__(self, folder: Path) -> None:
        """Mount one at `folder`; only root may.

        Raises:
            CannotRun: we may not mount.
        """
        self.folder = folder
        folder.mkdir()
        mounted = subprocess.run(  # noqa: S603 - our own arguments
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=0755", "infohus-faults", str(folder)],  # noqa: S607
            capture_output=True, text=True, check=False,
        )
        if mounted.returncode:
            message = f"a disk of its own cannot be mounted ({mounted.stderr.strip()}): run it as root"
            raise CannotRun(message)

    def fill(self) -> None:
        """Fill the disk."""
        with contextlib.suppress(OSError), (self.folder / "filler").open("wb") as filler:
            while True:
                filler.write(b"\0" * (1 << 20))
                filler.flush()

    def drain(self) -> None:
        """Free the disk again."""
        (self.folder / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        """Unmount the disk."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)  # noqa: S603, S607


class Proxy:
    """Carries the bytes between the worker and PostgreSQL, and cuts connections, also between COMMIT and its answer."""

    def __init__(self, folder: Path, target: Path) -> None:
        """Listen in `folder`, where PostgreSQL's socket would be."""
        self._folder, self._target = folder, target
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.cut_answers = 0

    async def __aenter__(self) -> Self:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self._folder / SOCKET))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None  # noqa: S101 - it was entered
        self._server.close()
        for one in list(self._open):
            one.transport.abort()

    def cut(self, dice: random.Random) -> bool:
        """Cut one connection; say whether there was one."""
        if not self._open:
            return False
        dice.choice(sorted(self._open, key=id)).transport.abort()
        return True

    def cut_before_next_answers(self, count: int) -> None:
        """Drop the database's next `count` answers, and cut their connections."""
        self.cut_answers += count

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_unix_connection(str(self._target))
        except OSError:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            await asyncio.gather(self._carry(reader, back, answers=False), self._carry(there, writer, answers=True))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()
            back.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        while chunk := await source.read(65_536):
            if answers and self.cut_answers > 0:
                self.cut_answers -= 1
                raise ConnectionResetError
            sink.write(chunk)
            await sink.drain()
        raise ConnectionResetError


class Machine:
    """PostgreSQL and the worker, which can be killed and started again, and the worker's clock."""

    def __init__(self, installation: Installation, postgres: LocalPostgres, folder: Path) -> None:
        """Serve `installation`."""
        self.installation, self.postgres, self.folder = installation, postgres, folder
        self.proxy_folder = folder / "p"
        self.clock = folder / "clock"
        self.jump(0.0)
        self.output = folder / "worker.log"
        self.starts = self.postgres_starts = 0
        self._worker: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def address(self) -> str:
        """Where the worker answers."""
        return f"http://127.0.0.1:{self.port}"

    def jump(self, seconds: float) -> None:
        """Set how many seconds the worker's clock is off."""
        if self.clock.exists():
            with self.clock.open("r+b") as file:
                file.write(struct.pack("<d", seconds))
        else:
            self.clock.write_bytes(struct.pack("<d", seconds))

    async def start_worker(self) -> None:
        """Start the worker, and try again until it answers: PostgreSQL may still be recovering."""
        self.kill_worker()
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            self.starts += 1
            environment = {
                "PATH": os.environ["PATH"],
                "INFOHUS_DATABASE_URL": self.installation.dsn("app").replace(
                    str(self.postgres.socket_dir), str(self.proxy_folder)
                ),
                "INFOHUS_SIGNER_DATABASE_URL": self.installation.dsn("signer").replace(
                    str(self.postgres.socket_dir), str(self.proxy_folder)
                ),
                "INFOHUS_KEYS_DATABASE_URL": self.installation.dsn("keys").replace(
                    str(self.postgres.socket_dir), str(self.proxy_folder)
                ),
                "INFOHUS_SIGNERS_FILE": str(self.installation.folder / "signers.toml"),
                "INFOHUS_KEYS_FOLDER": str(self.installation.folder / "keys"),
                "INFOHUS_ISSUERS_FILE": str(self.installation.folder / "issuers.toml"),
                "INFOHUS_LOG_FORMAT": "json", "INFOHUS_SIGN_EVERY_SECONDS": "1",
                "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
                OFFSET: str(self.clock),
            }
            with self.output.open("ab") as output:
                self._worker = subprocess.Popen(  # noqa: S603, ASYNC220 - our own command, quickly started
                    ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "granian", "--interface",  # noqa: S607
                     "asgi", "--workers", "1", "--loop", "uvloop", "--no-log", "--host", "127.0.0.1", "--port",
                     str(self.port), "clocked_worker:app"],
                    env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                )
            await self._ensure_postgres_runs()
            while self._worker.poll() is None and time.monotonic() < deadline:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.03)
                    continue
                writer.close()
                return
        message = f"the worker did not start again:\n{self.output.read_text(errors='replace')[-2000:]}"
        raise CannotRun(message)

    async def ensure_worker_runs(self) -> None:
        """Start the worker again when it has ended, as systemd would."""
        if self._worker is not None and self._worker.poll() is not None:
            await self.start_worker()

    async def _ensure_postgres_runs(self) -> None:
        """Start PostgreSQL when it is down: no worker starts without it."""
        connection = await self.superuser()
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            await connection.close(timeout=2)

    def kill_worker(self) -> None:
        """End granian and its worker with SIGKILL."""
        if self._worker is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._worker.pid, signal.SIGKILL)
            self._worker.wait()
            self._worker = None

    def kill_session(self, number: int) -> bool:
        """End one of PostgreSQL's sessions with SIGKILL, by its process id; say whether it was there."""
        if number not in processes_in(self.postgres.data_dir / "cluster"):
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
        return True

    def kill_postgres(self) -> None:
        """End every process of PostgreSQL with SIGKILL."""
        for process in processes_in(self.postgres.data_dir / "cluster"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def start_postgres(self) -> None:
        """Start PostgreSQL and let it recover; must be called from the main thread."""
        for attempt in range(20):
            self.postgres_starts += 1
            try:
                self.postgres.stop()
                self.postgres.start()
            except PostgresDidNotStart:
                if attempt == 19:  # noqa: PLR2004 - the last one
                    raise
                time.sleep(0.2)
            else:
                return

    async def superuser(self) -> asyncpg.Connection:
        """Connect to PostgreSQL without the proxy; wait until it accepts, and start it when it is down.

        Raises:
            CannotRun: it did not accept within 60 seconds.
        """
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                return await asyncpg.connect(self.postgres.superuser_dsn("infohus"), timeout=5)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                if not processes_in(self.postgres.data_dir / "cluster"):
                    self.start_postgres()
                await asyncio.sleep(0.05)
        message = "PostgreSQL did not come back"
        raise CannotRun(message)
