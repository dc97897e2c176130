"""The peers that infohus is compared with: the bare limit of the stack, and a comparable service on Django.

Both are in the shared folder beside the repository and are never copied into the repository. Each gets a database of
its own on the same durable server.
"""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from installation import execute
from load import Requests
from served import Served, granian

from infohus.demo.local_postgres import LocalPostgres

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "bench"
DJANGO_VENV = REPOSITORY / "var" / "bench" / "django"
CASES = 1000
"""How many cases each peer makes."""


class PeerMissing(Exception):  # noqa: N818 - names the situation
    """A peer cannot be measured; the text says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A prepared peer. The limit's one kind of request reads and writes, and is used for both."""

    name: str
    served: Served
    read: Requests
    write: Requests


def bare_limit(server: LocalPostgres, folder: Path, *, name: str, loop: str) -> Peer:
    """Prepare the bare limit on an event loop: the shared one, or our own where the shared folder is missing.

    Its README installs no uvloop, so `asyncio` is what it asks for.
    """
    shared = has_shared_limit()
    modules = SHARED if shared else Path(__file__).parent
    environment = {**_database(server, name), "PYTHONPATH": str(modules)}
    command = granian("bare_limit:app" if shared else "limit:app", loop=loop)
    served = Served(command, environment=environment, folder=folder)
    requests = Requests(tuple(f"/case/{number}" for number in range(1, CASES + 1)))
    return Peer(name, served, requests, requests)


def has_shared_limit() -> bool:
    """Say whether the limit is the shared one."""
    return (SHARED / "bare_limit.py").is_file()


def django_peer(server: LocalPostgres, folder: Path, *, may_install: bool) -> Peer:
    """Prepare the Django peer in a venv of its own.

    Raises:
        PeerMissing: its folder or its packages are missing.
    """
    source = SHARED / "django_peer"
    if not source.is_dir():
        message = "the Django peer, because its folder beside the repository is missing"
        raise PeerMissing(message)
    if not _has_venv(source / "requirements.txt", may_install=may_install):
        message = "the Django peer, because its packages could not be installed" if may_install else (
            "the Django peer, because its packages are not installed yet and --quick installs nothing"
        )
        raise PeerMissing(message)
    peer = folder / "django_peer"
    shutil.copytree(source, peer)
    for path in (peer, *peer.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    environment = _database(server, "django_peer")
    subprocess.run(  # noqa: S603 - the peer's own script
        [DJANGO_VENV / "bin" / "python", "prepare.py"], cwd=peer, check=True, stdout=subprocess.DEVNULL,
        env={**environment, "PATH": os.environ.get("PATH", os.defpath)},
    )
    gunicorn = str(DJANGO_VENV / "bin" / "gunicorn")
    command = [gunicorn, "-w", "1", "--threads", "8", "--bind", "127.0.0.1:{port}", "peer:application"]
    token = (peer / "token").read_text(encoding="ascii")
    return Peer(
        "django_peer",
        Served(command, environment=environment, folder=peer),
        Requests(tuple(f"/case/{number}" for number in range(1, CASES + 1)), token),
        Requests(("/exchange",), token, script=peer / "post.lua"),
    )


def django_versions() -> dict[str, str]:
    """List the Django peer's packages and versions; empty when it has no venv."""
    if not DJANGO_VENV.is_dir():
        return {}
    listed = subprocess.run(  # noqa: S603 - our own venv
        [DJANGO_VENV / "bin" / "python", "-m", "pip", "freeze", "--disable-pip-version-check"],
        capture_output=True, text=True, check=True,
    ).stdout
    return dict(line.split("==", 1) for line in listed.splitlines() if "==" in line)


def _has_venv(requirements: Path, *, may_install: bool) -> bool:
    ready = DJANGO_VENV / "ready"
    if ready.exists() or not may_install:
        return ready.exists()
    print("Making a venv for the Django peer …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", DJANGO_VENV], check=True)  # noqa: S603 - a new folder of ours
    pip = [str(DJANGO_VENV / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if subprocess.run([*pip, "-r", str(requirements)], check=False).returncode == 0:  # noqa: S603 - the peer's own list
        ready.touch()
    return ready.exists()


def _database(server: LocalPostgres, name: str) -> dict[str, str]:
    """Make a database for a peer; give the PG… variables by which its driver finds it."""
    execute(server.superuser_dsn(), f'CREATE DATABASE "{name}" TEMPLATE template0')
    address = urlsplit(server.superuser_dsn())
    return {
        "PGHOST": str(server.socket_dir), "PGPORT": "5432", "PGDATABASE": name,
        "PGUSER": unquote(address.username or ""), "PGPASSWORD": unquote(address.password or ""),
    }  # fmt: skip
