"""A machine to follow deploy/README.md on, to the letter: the same folders, accounts, ports and commands.

It is a mount and a process namespace in which /etc, /var/lib, /opt and the like are copies that end with it, and a
network of loopback alone, which several machines may share. Accounts, `runuser`, PostgreSQL, nginx, git and OpenSSL are
the real ones; what is not is in stand_ins.py, and says so. It needs root and a kernel that lets root mount.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Timer

from infohus.demo.local_postgres import find_binaries
from infohus.demo.people import DEMO_PEOPLE
from runbook import BLOCKS, REPOSITORY

RELEASE = "v-next"
WITNESS = "vidne.politi.example.dk"
_HERE = Path("/usr/local/lib")
_SOURCE, _STAND_INS, _POSTGRES, _PYTHON, _PACKAGES, _SHELF = (
    _HERE / f"runbook-{name}" for name in ("source", "stand-ins", "postgresql", "python", "packages", "shelf")
)
_ENDS_WITH_US = ("/usr/bin/setpriv", "--pdeathsig", "KILL", "--")
"""Put before `unshare`, which lets no gentler signal end it."""
_COPIED = ("/etc", "/usr/local", "/var/lib", "/var/log")
_LOOPBACK_UP = (
    "import fcntl, socket, struct; "
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 1))"
)
_BLOCK_SECONDS = 150
_END = "--- ended with"


def why_there_is_none() -> str | None:
    """Say why no machine can be made here, or `None`."""
    if os.geteuid() != 0:
        return "NOT CHECKED: the runbook's blocks run as root only"
    missing = [name for name in ("git", "openssl", "curl", "runuser", "useradd") if shutil.which(name) is None]
    if missing:
        return f"NOT CHECKED: {', '.join(missing)} is missing"
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],  # noqa: S607
        check=False, capture_output=True, text=True,
    )
    return None if tried.returncode == 0 else f"NOT CHECKED: no namespaces here: {tried.stderr.strip()}"


class Machine:
    """A machine; `shelf` holds what an operator mounts for its backups, and outlives it."""

    def __init__(self, folder: Path, shelf: Path, *, beside: "Machine | None" = None) -> None:
        self.folder, self.shelf = folder, shelf
        self._beside = beside
        self._holder: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator["Machine"]:
        """Switch it on, and off at the end with everything that runs on it."""
        for place in ("room", "opt", "postgresql", "tmp", "backups", "media"):
            (self.folder / place).mkdir(parents=True)
        for place in ("backups", "media"):
            (self.shelf / place).mkdir(parents=True, exist_ok=True)
        enter = ["nsenter", f"--net=/proc/{self._beside.process}/ns/net", "--"] if self._beside else []
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        unshare += [] if self._beside else ["--net"]
        with (self.folder / "machine.log").open("wb") as log:
            self._holder = subprocess.Popen(
                [*_ENDS_WITH_US, *enter, *unshare, "bash", "-euc", self._set_up()], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            self._wait_until_ready()
            yield self
        finally:
            self.crash()

    def crash(self) -> None:
        """Switch it off without a warning to anything that runs on it."""
        if self._holder is not None and self._holder.poll() is None:
            os.kill(self.process, 9)
            self._holder.wait()

    @property
    def process(self) -> int:
        """The machine's first process."""
        assert self._holder is not None
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])

    def run(self, script: str, *, code: int | None = 0) -> str:
        """Run a script in a fresh shell of the operator; give all it printed, and fail on another code than `code`."""
        ran = subprocess.run(
            [*self._entering(), "bash", "-c", script],
            env=self._environment(), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=_BLOCK_SECONDS, check=False,
        )
        assert code is None or ran.returncode == code, f"code {ran.returncode}\n{ran.stdout}"
        return ran.stdout

    def follow(self, block: str) -> str:
        """Run a block of the runbook in a fresh shell."""
        return self.run(BLOCKS[block])

    @contextmanager
    def one_shell(self) -> Iterator[Callable[[str], str]]:
        """Open one shell of the operator; give what runs a script in it, and fails when its last command did."""
        with subprocess.Popen(
            [*self._entering(), "bash"], env=self._environment(), cwd="/", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as shell:
            yield lambda script: _typed(shell, script)
            assert shell.stdin is not None
            shell.stdin.close()

    def mount_backups(self) -> None:
        """Mount the other machine's disk and the medium for the keys, as the operator does."""
        for place, source in (("/var/backups/infohus", "backups"), ("/media/infohus-keys", "media")):
            self.run(f"mkdir -p {place} && mount --bind {_SHELF}/{source} {place} && chmod 755 {place}")

    def put(self, place: str, text: str, *, mode: str = "0644") -> None:
        """Write a file as the operator's editor would."""
        staged = self.folder / "tmp" / "staged"
        staged.write_text(text, encoding="utf-8")
        self.run(f"mkdir -p $(dirname {place}) && install -m {mode} {_HERE}/runbook-tmp/staged {place}")

    def _entering(self) -> list[str]:
        return ["nsenter", "-t", str(self.process), "-m", "-n", "-p", "--"]

    def _environment(self) -> dict[str, str]:
        postgres = _postgres_here()
        path = f"{_STAND_INS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{postgres}"
        return {
            "PATH": path, "HOME": "/root", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "200",
            "RUNBOOK_POSTGRES_BIN": str(postgres), "RUNBOOK_PYTHON": str(_python_here()),
            "REPOSITORY": str(_SOURCE), "RELEASE": RELEASE, "WITNESS_NAME": WITNESS, "AUTHORITY": "kbh-vestegns-politi",
            "MUNICIPAL_TOVHOLDER": str(DEMO_PEOPLE["kommune"].person_id),
            "POLICE_TOVHOLDER": str(DEMO_PEOPLE["politi"].person_id),
        }

    def _set_up(self) -> str:
        """Write the script that makes the machine and stays its first process."""
        room = self.folder / "room"
        lines = ["mount --make-rprivate /", f"mount -t tmpfs -o mode=755 room {room}"]
        for number, place in enumerate(_COPIED):
            upper, work = f"{room}/{number}", f"{room}/{number}.work"
            options = f"lowerdir={place},upperdir={upper},workdir={work}"
            lines += [
                f"mkdir {upper} {work}", f"chmod --reference={place} {upper}", f"chown --reference={place} {upper}",
                f"mount -t overlay overlay -o {options} {place}",
            ]
        packages = next((REPOSITORY / ".venv" / "lib").glob("python3*/site-packages"))
        bound = {
            "/opt": self.folder / "opt", "/var/lib/postgresql": self.folder / "postgresql",
            "/var/backups": self.folder / "backups", "/media": self.folder / "media", str(_PACKAGES): packages,
            str(_SHELF): self.shelf,
            str(_SOURCE): source_repository(self.shelf), str(_HERE / "runbook-tmp"): self.folder / "tmp",
        }
        if _python_here().is_relative_to(_PYTHON):
            bound[str(_PYTHON)] = Path(sys.base_prefix)
        if _postgres_here().is_relative_to(_HERE):
            bound[str(_POSTGRES)] = find_binaries().parent
        for place, real in bound.items():
            lines += [f"mkdir -p {place}", f"mount --bind '{real}' {place}", f"chmod 755 {place}"]
        # A Python that was built with a library of its own would look for it where only root may look.
        if str(_PYTHON) in bound:
            lines += [f"echo {_PYTHON}/lib > /etc/ld.so.conf.d/00-runbook.conf", "ldconfig"]
        lines += [
            "mount -t tmpfs -o mode=755 run /run", "mkdir -p /run/postgresql /run/lock",
            f"mkdir {_STAND_INS}", f"cp '{REPOSITORY}/tests/'*stand_in*.py {_STAND_INS}/",
            *(self._stand_in(name) for name in ("systemctl", "journalctl", "apt-get", "python3")),
            f"{_python_here()} {_STAND_INS}/stand_ins.py lack",
            "mount -t tmpfs -o mode=1777 tmp /tmp",
            f'{_python_here()} -c "{_LOOPBACK_UP}"',
            f"{_python_here()} {_STAND_INS}/mail_stand_ins.py relay &" if self._beside is None else "",
            "touch /run/stand-ins/ready",
            "trap : CHLD", "while :; do sleep 1000 & wait; done",
        ]
        return "\n".join(lines)

    def _stand_in(self, name: str) -> str:
        line = f'exec {_python_here()} {_STAND_INS}/stand_ins.py {name} "$@"'
        return f"printf '%s\\n' '#!/bin/sh' '{line}' > {_STAND_INS}/{name} && chmod 755 {_STAND_INS}/{name}"

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _BLOCK_SECONDS
        while time.monotonic() < until:
            assert self._holder is not None
            said = (self.folder / "machine.log").read_text(encoding="utf-8")
            assert self._holder.poll() is None, said
            if (Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text(encoding="ascii").strip()
                    and Path("/proc", str(self.process), "root", "run", "stand-ins", "ready").exists()):
                return
            time.sleep(0.05)


def _typed(shell: "subprocess.Popen[str]", script: str) -> str:
    """Paste a script into a shell, and give what it printed."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"{script}\ncode=$?; echo; echo {_END} $code\n")
    shell.stdin.flush()
    said = ""
    ending = Timer(_BLOCK_SECONDS, shell.kill)
    ending.start()
    try:
        for line in shell.stdout:
            if line.startswith(_END):
                assert line == f"{_END} 0\n", said
                return said
            said += line
    finally:
        ending.cancel()
    raise AssertionError(said)


def _postgres_here() -> Path:
    """Give the server's programs as the machine has them: Debian's where they are installed, else the wheel's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"))
    return debian[-1] if debian else _POSTGRES / "bin"


def _python_here() -> Path:
    """Give the Python of the machine: Debian's where it is the tests' version, else the tests' own, readable by all."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    debian = Path("/usr/bin") / name
    own = Path(sys.base_prefix)
    return debian if debian.exists() else (own if own.is_relative_to("/usr") else _PYTHON) / "bin" / name


@cache
def source_repository(folder: Path) -> Path:
    """Make a repository of the working tree's files, and a next release in which every source file is another."""
    source = folder / "source"
    source.mkdir()
    git = ["git", "-C", str(source), "-c", "user.name=x", "-c", "user.email=x@example.dk"]
    listed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "-co", "--exclude-standard", "-z"],  # noqa: S607
        check=True, capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, source / name)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "this release"]):
        subprocess.run([*git, *command], check=True)
    others = (source / "deploy" / "systemd").rglob("infohus*.*"), (source / "deploy" / "nginx").iterdir()
    for file in (*(source / "src").rglob("*.py"), *chain(*others)):
        file.write_text(f"{file.read_text(encoding='utf-8')}# next\n", encoding="utf-8")
    for command in (
        ["checkout", "-qb", "next"], ["commit", "-qam", "next"], ["tag", RELEASE], ["checkout", "-q", "main"],
    ):
        subprocess.run([*git, *command], check=True)
    return source
