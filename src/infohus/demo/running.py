"""Run the demonstration: start database, identity provider and server, play the story, and stop everything again."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console

from infohus.demo.installation import DEMO_FOLDER, DemoInstallation, NotADemo
from infohus.demo.issuer import DemoIssuers
from infohus.demo.story import Story
from infohus.demo.telling import StepFailed, Teller, is_terminal
from infohus.demo.witnesses import NAMES

_START_SECONDS = 30
_STOP_SECONDS = 15
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RUNNING = "running.json"
_PLAYED = "story-was-played"


class Stopped(Exception):  # noqa: N818 - names the situation
    """Somebody asked the demo to stop, with Ctrl-C or a signal."""


@dataclass(frozen=True, slots=True)
class Running:
    """A demo whose server answers."""

    installation: DemoInstallation
    issuers: DemoIssuers
    address: str
    issuer_address: str


def play_once(*, data: Path, out: Path, port: int, fresh: bool) -> None:
    """Play the story and leave `story.md`, `openapi.json`, `log/`, `log-report.json` and the public `keys/` in `out`.

    Raises:
        StepFailed: naming the step.
        AlreadyRunning: a demo runs on the data; neither it nor the data is touched.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _running_demo(data, port, fresh=fresh) as running:
        _play(running, out)
        schema = httpx.get(f"{running.address}/docs/openapi.json", timeout=30, trust_env=False).raise_for_status()
        running.installation.witnesses.leave(out / "keys", running.installation.logs())
        document = json.dumps(schema.json(), ensure_ascii=False, indent=1)
        (out / "openapi.json").write_text(document + "\n", encoding="utf-8")


def show(*, data: Path, port: int, fresh: bool) -> None:
    """Play the story when the data is new, then stay up until Ctrl-C."""
    console = Console(highlight=False, soft_wrap=True)
    with _running_demo(data, port, fresh=fresh) as running:
        results = running.installation.folder / "result"
        if not (running.installation.folder / _PLAYED).exists():
            results.mkdir(exist_ok=True)
            _play(running, results)
        else:
            console.print("\nDataene fra sidst er fundet; historien spilles ikke igen (FRESH=1 begynder forfra).")
        running.installation.witnesses.leave(results / "keys", running.installation.logs())
        console.print(_welcome(running, results), markup=False)
        while True:
            signal.pause()


def token_for(user: str, *, data: Path) -> str:
    """Give a token for a demo user, from the keys in the demo's folder.

    Raises:
        FileNotFoundError: no demo was ever set up there.
        UnknownDemoUser: nobody is called so.
    """
    installation = DemoInstallation(data)
    ports = json.loads((installation.folder / _RUNNING).read_text(encoding="utf-8"))
    return installation.issuers(ports["issuer"]).token(user)


def _play(running: Running, out: Path) -> None:
    teller = Teller()
    try:
        Story(teller=teller, issuers=running.issuers, address=running.address).play(out / "log")
        (running.installation.folder / _PLAYED).touch()
    except (LookupError, TypeError, ValueError, OSError, httpx.HTTPError) as unforeseen:
        message = f"{teller.step or 'Før historien begyndte'}: {type(unforeseen).__name__}: {unforeseen}"
        raise StepFailed(message) from unforeseen
    finally:
        (out / "story.md").write_text(teller.markdown(), encoding="utf-8")


@contextmanager
def _running_demo(data: Path, port: int, *, fresh: bool) -> Iterator[Running]:
    installation = DemoInstallation(data)
    for number in _STOPPING:
        signal.signal(number, _stop)
    with ExitStack() as children:
        with _waiting("Gør klar …"):
            try:
                if fresh:
                    installation.start_over()
                installation.prepare()
            except NotADemo as refused:
                message = f"mappen {refused} er ikke en demos; den røres ikke. Vælg en anden med --data"
                raise StepFailed(message) from None
            running = _started(children, installation, port)
        yield running


def _started(children: ExitStack, installation: DemoInstallation, port: int) -> Running:
    """Start database, witnesses, identity provider and server; leaving `children` ends them in the opposite order."""
    server_port, issuer_port = _free_port(port), _free_port(port + 1)
    address, issuer_address = f"http://127.0.0.1:{server_port}", f"http://127.0.0.1:{issuer_port}"
    witness_ports = _free_ports(port + 10, len(NAMES))
    issuers = installation.issuers(issuer_address)
    children.enter_context(installation.postgres)
    installation.set_up(issuers)
    _write_addresses(installation, address, issuer_address)
    log = installation.folder / "server.log"
    installation.witnesses.write(witness_ports)
    for command in installation.witnesses.commands(installation.logs(), witness_ports):
        children.enter_context(_child(command, dict(os.environ), log))
    provide = [sys.executable, "-m", "infohus.demo.provider", str(installation.folder), str(issuer_port)]
    serve = [sys.executable, "-m", "infohus", "serve"]
    provider = children.enter_context(_child(provide, dict(os.environ), log))
    for witness_port in witness_ports:
        # A service that remembers nothing opens only when its witnesses answer.
        _wait_until_listening(witness_port)
    server = children.enter_context(_child(serve, installation.environment(port=server_port), log))
    _wait_until(f"{issuer_address}/kommune/jwks", provider, log)
    _wait_until(f"{address}/ready", server, log)
    return Running(installation, issuers, address, issuer_address)


@contextmanager
def _waiting(text: str) -> Iterator[None]:
    if is_terminal():
        with Console(highlight=False).status(text):
            yield
    else:
        sys.stderr.write(text + "\n")
        yield


def _write_addresses(installation: DemoInstallation, address: str, issuer: str) -> None:
    document = json.dumps({"server": address, "issuer": issuer})
    (installation.folder / _RUNNING).write_text(document, encoding="utf-8")


@contextmanager
def _child(command: list[str], environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a child process that ends when we do, however we end; its output goes to the demo's log."""
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own command
            ["setpriv", "--pdeathsig", "TERM", "--", *command],  # noqa: S607 - util-linux, wherever Debian keeps it
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            if httpx.get(address, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    log_end = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
    message = f"serveren svarede ikke på {address}:\n{log_end}"
    raise StepFailed(message)


def _wait_until_listening(port: int) -> None:
    """Wait until a process listens; who waits for it in vain says which one."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def _free_port(first: int) -> int:
    for port in range(first, first + 200, 2):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = f"ingen ledig port fra {first}"
    raise StepFailed(message)


def _free_ports(first: int, count: int) -> list[int]:
    ports: list[int] = []
    while len(ports) < count:
        ports.append(_free_port(ports[-1] + 2 if ports else first))
    return ports


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # A second signal would interrupt the cleaning up, and could leave a database running.
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def _welcome(running: Running, results: Path) -> str:
    folder = running.installation.folder
    of_data = "" if folder == DEMO_FOLDER.resolve() else f" --data {shlex.quote(str(folder))}"
    return f"""
infohus kører nu.

  API                  {running.address}
  API-dokumentation    {running.address}/docs
  Login (kun demo)     {running.issuer_address}/kommune og /politi
  Vidner               tre, i processer for sig; to af dem skal underskrive
  Historien            {results}/story.md
  Offentlige nøgler    {results}/keys: loggenes og vidnernes

Få et adgangsbevis, og prøv:

  TOKEN=$(.venv/bin/infohus token --as kommune{of_data})
  curl -H "Authorization: Bearer $TOKEN" {running.address}/cases

Brugere: kommune, politi, raadgiver, dpo, jurist, admin, politi-dpo.  Ctrl-C standser det hele.
"""
