"""An installation made with the commands of deploy/README.md, in a test's folders.

Only folders, accounts and the database's address are replaced in them.
"""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from house import now
from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import demo_keys
from infohus.demo.local_postgres import LocalPostgres, find_binaries
from infohus.demo.people import DEMO_PEOPLE

REPOSITORY = Path(__file__).resolve().parents[1]
DEPLOY = REPOSITORY / "deploy"
README = (DEPLOY / "README.md").read_text(encoding="utf-8")
UNIT = DEPLOY / "systemd" / "infohus.service"
CHAPTERS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE))
_BLOCK = re.compile(r"^```sh\n(\( # ([^\n]+)\n.*?)^```", re.DOTALL | re.MULTILINE)
_AGAIN = re.compile(r"Again, in this\s+order:\s+((?:\*[^*]+\*(?:,\s+)?)+)")
BLOCKS = {block[2]: block[1] for block in _BLOCK.finditer(README)}
START_SECONDS = 60
ENDS_WITH_US = ("/usr/bin/setpriv", "--pdeathsig", "TERM", "--")
"""Put before a command that must not outlive a test run that is killed."""


def steps(chapter: str) -> list[str]:
    """List the blocks of a chapter in its order, those too that it says are pasted again."""
    found = [(block.start(), [block[2]]) for block in _BLOCK.finditer(CHAPTERS[chapter])]
    found += [(again.start(), re.findall(r"\*([^*]+)\*", again[1])) for again in _AGAIN.finditer(CHAPTERS[chapter])]
    return [block for _, blocks in sorted(found) for block in blocks]


def written_as(file: str) -> str:
    """Give what the runbook shows of a file that the operator writes."""
    shown = rf"`{re.escape(file)}`[^`]*\n\n```(?:text|nginx|toml)\n(.*?)^```"
    found = re.search(shown, README, re.DOTALL | re.MULTILINE)
    assert found is not None, file
    return found[1]


def directives(text: str) -> dict[str, list[str]]:
    """Read a unit's directives, each with its values in order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def free_port() -> int:
    """Find a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def variables(file: Path) -> dict[str, str]:
    """Read an EnvironmentFile."""
    lines = (line.partition("=") for line in file.read_text(encoding="utf-8").splitlines())
    return {name: value for name, _, value in lines}


@dataclass(frozen=True, slots=True)
class Served:
    """The service as its unit starts it, on a port of the test's."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    seconds_to_start: float

    def call(self, path: str, *, token: str | None = None, method: str = "GET", **more: Any) -> httpx.Response:
        """Send a request."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers, trust_env=False, timeout=30, **more
        )

    def processes(self) -> list[int]:
        """List the service's processes, the first one first."""
        found = [self.process.pid]
        for one in found:
            children = Path(f"/proc/{one}/task/{one}/children").read_text(encoding="ascii")
            found.extend(int(child) for child in children.split())
        return found

    def stop(self, *, within: float) -> int:
        """Stop it as systemd does with KillMode=mixed, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)


class Installation:
    """A machine to run the runbook on; `shelf` holds the backups and remains when the machine is gone."""

    def __init__(self, folder: Path, shelf: Path, server: LocalPostgres) -> None:
        self.folder, self.shelf, self.server = folder, shelf, server
        self.etc, self.keys = folder / "etc", folder / "lib" / "keys"
        folder.mkdir(exist_ok=True)
        (folder / "opt").symlink_to(REPOSITORY)  # a path without spaces, wherever the repository is
        (shelf / "medium").mkdir(parents=True, exist_ok=True)

    def here(self, text: str) -> str:
        """Replace the runbook's folders, accounts and address by this machine's."""
        for place, instead in (
            ("runuser -u infohus -- ", ""), ("runuser -u infohus-check -- ", ""), ("runuser -u postgres -- ", ""),
            (" -o infohus", f" -o {os.getuid()}"), (" -g infohus", f" -g {os.getgid()}"),
            ("chgrp infohus ", f"chgrp {os.getgid()} "),
            ("@127.0.0.1/infohus", f"@/infohus?host={self.server.socket_dir}"),
            ("/opt/infohus", f"{self.folder}/opt"), ("/etc/infohus", str(self.etc)),
            ("/var/lib/infohus", f"{self.folder}/lib"), ("/var/backups/infohus", f"{self.shelf}/backups"),
            ("/media/infohus-keys", f"{self.shelf}/medium"),
        ):
            text = text.replace(place, instead)
        return text

    def follow(self, *blocks: str) -> str:
        """Run blocks of the runbook one after another; give what they printed. A command that fails fails the test."""
        program = "set -euo pipefail\n" + "".join(self.here(BLOCKS[block]) for block in blocks)
        run = subprocess.run(
            ["bash", "-c", program],  # noqa: S607 - the administrator's shell, wherever it is
            cwd=self.folder, env=self._shell(), capture_output=True, text=True, timeout=120,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def issuers(self) -> DemoIssuers:
        """Give two identity providers, and write `issuers.toml` with their keys in files beside it."""
        issuers = DemoIssuers(demo_keys(self.shelf / "issuers"), now, url="http://127.0.0.1:9")
        text = issuers.issuers_toml()
        for name in ("kommune", "politi"):
            (self.etc / f"{name}.json").write_text(json.dumps(issuers.key_set(name)), encoding="utf-8")
            text = text.replace(f'keys_url = "{issuers.address(name)}/jwks"', f'keys_file = "{name}.json"')
        (self.etc / "issuers.toml").write_text(text, encoding="utf-8")
        return issuers

    def environment(self) -> dict[str, str]:
        """Give the environment that the unit makes."""
        unit = directives(self.here(UNIT.read_text(encoding="utf-8")))
        given = {"PATH": os.environ["PATH"]} | dict(one.split("=", 1) for one in unit["Environment"])
        for file in unit["EnvironmentFile"]:
            given |= variables(Path(file))
        return given

    def command(self) -> list[str]:
        """Give the unit's command."""
        return directives(self.here(UNIT.read_text(encoding="utf-8")))["ExecStart"][0].split()

    @contextmanager
    def serving(self, *before: str) -> Iterator[Served]:
        """Run the service until it stops or the test is done; `before` is put before its command."""
        port, log = free_port(), self.folder / f"serve-{secrets.token_hex(4)}.log"
        began = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*ENDS_WITH_US, *before, *self.command()], cwd=self.folder,
                env={**self.environment(), "INFOHUS_PORT": str(port)}, stdout=output, stderr=output,
                stdin=subprocess.DEVNULL,
            )
        try:
            self._wait_until_it_answers(process, port, log)
            yield Served(process, port, log, time.monotonic() - began)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)

    def _wait_until_it_answers(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
            except httpx.TransportError:
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < until, log.read_text(encoding="utf-8")
                time.sleep(0.05)
            else:
                return

    def _shell(self) -> dict[str, str]:
        """Give the commands the PostgreSQL of this test, and its superuser, whom peer authentication would know."""
        places = (REPOSITORY / ".venv" / "bin", find_binaries(), os.environ["PATH"])
        return {
            "PATH": ":".join(map(str, places)), "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
            "PGHOST": str(self.server.socket_dir), "PGUSER": "postgres",
            "PGPASSWORD": (self.server.data_dir / "superuser-password").read_text(encoding="ascii").strip(),
            "MUNICIPAL_TOVHOLDER": str(DEMO_PEOPLE["kommune"].person_id),
            "POLICE_TOVHOLDER": str(DEMO_PEOPLE["politi"].person_id),
        }
