"""A server process to measure: starts it, waits for it, counts its processor time, stops it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


class DidNotStart(Exception):  # noqa: N818 - names the situation
    """A server ended or did not answer in time; the text ends with its output."""


class Served:
    """One contestant's server, in a session of its own; it ends when this process ends."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, keeps_log: bool = False
    ) -> None:
        """Prepare `command`, in which `{port}` stands for the port; it runs in `folder`.

        A file there has what it says of errors, and with `keeps_log` all that it says.
        """
        self.port = _free_port()
        self._command = [part.replace("{port}", str(self.port)) for part in command]
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONDONTWRITEBYTECODE": "1", **environment}
        self._folder = folder
        self._keeps_log = keeps_log
        self.output = folder / f"server-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The server's URL."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with self.output.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                # The kernel ends the server when this process dies, so that no run leaves one behind.
                ["setpriv", "--pdeathsig", "TERM", "--", *self._command],  # noqa: S607
                stdin=subprocess.DEVNULL, stdout=errors if self._keeps_log else subprocess.DEVNULL, stderr=errors,
                env=self._environment, cwd=self._folder, start_new_session=True,
            )
        self._wait_until_it_answers(self._process)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def processor_seconds(self) -> float:
        """Give the processor time that the server and its workers have used."""
        return sum(processor_seconds(process) for process in self.processes())

    def processes(self) -> list[int]:
        """List the server's processes, the busiest first."""
        assert self._process is not None  # noqa: S101 - it was entered
        processes = [self._process.pid]
        parents = _parents()
        for process in processes:
            processes.extend(child for child, parent in parents.items() if parent == process)
        return sorted(processes, key=processor_seconds, reverse=True)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.__exit__()
        message = f"{' '.join(self._command)}\n{self.output.read_text(errors='replace')[-3000:]}"
        raise DidNotStart(message)


def granian(application: str, *, loop: str) -> list[str]:
    """Give the command that serves an ASGI application with one worker, the same for every contestant."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--workers", "1", "--loop", loop, "--no-log",
        "--host", "127.0.0.1", "--port", "{port}", application,
    ]  # fmt: skip


def processor_seconds(process: int) -> float:
    """Give the user and system time of a process; 0 when it is gone."""
    try:
        # Fields 14 and 15 of proc(5), counted after the command's name, which may hold spaces.
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def processes_in(folder: Path) -> list[int]:
    """List the processes whose working folder is `folder`, as for a PostgreSQL server and its sessions."""
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                processes.append(int(process.name))
        except OSError:
            continue  # ended meanwhile, or another user's
    return processes


def _parents() -> dict[int, int]:
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    return parents


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
