"""The service as deploy/README.md sets it up: what it starts with, how it stops, what it refuses to start with."""

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import rich_click as click

from house import now
from infohus.cli.commands import main
from infohus.demo.issuer import DemoIssuers
from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.identity.issuers import read_issuers
from infohus.kernel.sealing.keepers import supervision_of
from runbook import README, UNIT, Installation, Served, directives, free_port, variables

LARGEST_RESIDENT_KILOBYTES = 176 * 1024
STOP_SECONDS = int(directives(UNIT.read_text(encoding="utf-8"))["TimeoutStopSec"][0])
OBSERVATION = "Han taler om våben i klassen."
CONCERN = {
    "channel": "phone", "reporter_kind": "professional", "observation": OBSERVATION,
    "told_reporter": "Vi ser på det.", "subjects": [{"name": "Prøve Prøvesen", "birth_date": "2004-02-01"}],
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Follow the runbook up to the point where the service can start."""
    folder = tmp_path_factory.mktemp("machine")
    with LocalPostgres.throwaway(folder / "postgres") as server:
        machine = Installation(folder / "files", folder / "shelf", server)
        machine.follow("database", "passwords", "contents")
        machine.issuers()
        machine.follow("settings")
        yield machine


@pytest.fixture(scope="module")
def issuers(machine: Installation) -> DemoIssuers:
    return machine.issuers()


@pytest.fixture
def served(machine: Installation) -> Iterator[Served]:
    with machine.serving() as served:
        yield served


def ask(machine: Installation, question: str) -> list[tuple[Any, ...]]:
    async def run() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(machine.server.superuser_dsn("infohus"))
        try:
            return [tuple(row) for row in await connection.fetch(question)]
        finally:
            await connection.close()

    return asyncio.run(run())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def record_concern(served: Served, machine: Installation, token: str) -> str:
    (infohus_id,) = ask(machine, "SELECT id FROM infohus.infohus")[0]
    draft = {**CONCERN, "received_at": now().isoformat()}
    recorded = served.call(f"/infohuse/{infohus_id}/concerns", method="POST", token=token, json=draft)
    assert recorded.status_code == 201, recorded.text
    case_id: str = recorded.json()["case_id"]
    return case_id


class WhenTheRunbookIsRead:
    def test_every_infohus_command_in_it_exists_with_its_options(self) -> None:
        lines = README.replace("\\\n", " ").splitlines()
        named = [found for line in lines for found in re.findall(r"(?:-- |`|^)infohus ([a-z][^`|;)]*)", line)]
        assert {" ".join(command.split()[:2]) for command in named} >= {"keys create", "plan load", "audit verify"}
        assert [fault for command in named for fault in self.faults(command)] == []

    def faults(self, command: str) -> list[str]:
        """Name what the command line does not know."""
        words = shlex.split(command)
        here: click.Command = main
        while isinstance(here, click.Group):
            name = words.pop(0)
            found = here.get_command(click.Context(here), name)
            if found is None:
                return [f"{command}: no command {name}"]
            here = found
        known = [option for parameter in here.params for option in parameter.opts]
        return [f"{command}: no option {word}" for word in words if word.startswith("--") and word not in known]

    def test_its_issuers_file_is_one_that_is_accepted(self, tmp_path: Path) -> None:
        example = next(one for one in re.findall(r"```toml\n(.*?)```", README, re.DOTALL) if "[[issuer]]" in one)
        (tmp_path / "issuers.toml").write_text(example, encoding="utf-8")
        trusted = read_issuers(tmp_path / "issuers.toml", now)
        assert [issuer.authority_id for issuer in trusted] == ["ishoj-kommune", "kbh-vestegns-politi"]

    def test_packages_are_installed_from_the_lock_alone(self) -> None:
        installs = [line for line in README.splitlines() if "pip install" in line]
        assert [line for line in installs if not ("--require-hashes" in line or "--no-deps" in line)] == []
        assert installs


class WhenTheRunbookWasFollowed:
    def test_what_is_secret_is_closed_to_others(self, machine: Installation) -> None:
        files = [machine.etc / f"{name}.env" for name in ("owner", "app", "keys", "signer", "verifier", "infohus")]
        assert [mode(file) for file in files] == [0o600] * 6
        assert (mode(machine.etc), mode(machine.etc / "issuers.toml")) == (0o750, 0o640)
        assert mode(machine.etc / "signers.toml") == 0o640
        assert (mode(machine.keys.parent), mode(machine.keys)) == (0o700, 0o700)
        assert {mode(key) for key in machine.keys.rglob("*.key")} == {0o600}

    def test_the_application_is_told_its_own_password_only(self, machine: Installation) -> None:
        assert set(machine.environment()) - {"PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR"} == {
            "INFOHUS_DATABASE_URL", "INFOHUS_KEYS_DATABASE_URL", "INFOHUS_SIGNER_DATABASE_URL", "INFOHUS_KEYS_FOLDER",
            "INFOHUS_SIGNED_FOLDER", "INFOHUS_SIGNERS_FILE", "INFOHUS_ISSUERS_FILE", "INFOHUS_LOG_FORMAT",
        }
        assert machine.environment()["INFOHUS_DATABASE_URL"].startswith("postgresql://infohus_app:")
        addresses = [value for role in ("owner", "app", "keys", "signer", "verifier")
                     for value in variables(machine.etc / f"{role}.env").values()]
        assert len({address.split(":")[2].split("@")[0] for address in addresses}) == 5

    def test_each_authority_has_a_key_and_each_partner_a_tovholder(self, machine: Installation) -> None:
        authorities = {row[0] for row in ask(machine, "SELECT authority_id FROM infohus.infohus_authority")}
        assert {key.parent.name for key in machine.keys.rglob("kek-1.key")} == {
            holder for authority in authorities for holder in (authority, supervision_of(authority))
        }
        tovholdere = {row[0] for row in ask(machine, "SELECT authority_id FROM infohus.coordinator")}
        assert tovholdere == {"ishoj-kommune", "kbh-vestegns-politi"}

    def test_following_it_again_changes_nothing(self, machine: Installation) -> None:
        def state() -> tuple[object, ...]:
            keys = {str(key): key.read_bytes() for key in machine.keys.rglob("*.key")}
            tables = ("infohus.plan", "infohus.coordinator", "infohus.infohus", "audit.log", "infohus.authority")
            return keys, [ask(machine, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]  # noqa: S608

        before = state()
        machine.follow("contents", "settings", "upgrade")
        assert state() == before


class WhenInfohusIsServed:
    def test_it_lives_is_ready_and_lets_a_tovholder_in_and_nobody_else(
        self, machine: Installation, served: Served, issuers: DemoIssuers, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with capsys.disabled():
            print(f"\ninfohus serve answered after {served.seconds_to_start:.2f} s")  # noqa: T201 - for the reader
        assert [served.call(path).json()["status"] for path in ("/health", "/ready")] == ["ok", "ready"]
        assert served.call("/cases").status_code == 401
        case_id = record_concern(served, machine, issuers.token("kommune"))
        assert served.call(f"/cases/{case_id}", token=issuers.token("kommune")).status_code == 200
        assert served.call(f"/cases/{case_id}", token=issuers.token("raadgiver")).status_code == 404
        assert served.call(f"/cases/{case_id}", token=issuers.token("politi")).status_code == 200

    def test_each_of_its_processes_stays_small(
        self, served: Served, issuers: DemoIssuers, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for _ in range(50):
            assert served.call("/cases", token=issuers.token("kommune")).status_code == 200
        resident = [self.resident_kilobytes(one) for one in served.processes()]
        with capsys.disabled():
            print(f"\nresident MB: {[one // 1024 for one in resident]}, shared pages in each")  # noqa: T201 - the same
        assert len(resident) == 2
        assert max(resident) < LARGEST_RESIDENT_KILOBYTES

    def resident_kilobytes(self, process: int) -> int:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
        assert found is not None
        return int(found[1])

    def test_it_says_that_it_cannot_work_while_the_database_is_away(self, machine: Installation) -> None:
        with machine.serving() as served:
            machine.server.stop()
            try:
                away = [served.call(path).status_code for path in ("/health", "/ready")]
            finally:
                machine.server.start()
            assert away == [200, 503]
            assert served.call("/ready").status_code == 200


class WhenInfohusIsStopped:
    def test_it_ends_cleanly_in_the_units_time_and_finds_its_cases_again(
        self, machine: Installation, issuers: DemoIssuers
    ) -> None:
        token = issuers.token("kommune")
        with machine.serving() as first:
            case_id = record_concern(first, machine, token)
            processes = first.processes()
            assert first.stop(within=STOP_SECONDS) == 0
            assert [one for one in processes if Path(f"/proc/{one}/status").exists()] == []
        with machine.serving() as second:
            assert second.call(f"/cases/{case_id}", token=token).status_code == 200

    def test_a_request_that_has_begun_is_answered_first(self, machine: Installation, issuers: DemoIssuers) -> None:
        (infohus_id,) = ask(machine, "SELECT id FROM infohus.infohus")[0]
        body = json.dumps({**CONCERN, "received_at": now().isoformat()}).encode()
        head = (
            f"POST /infohuse/{infohus_id}/concerns HTTP/1.1\r\nHost: infohus\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {issuers.token('kommune')}\r\n\r\n"
        ).encode()
        with machine.serving() as served, socket.create_connection(("127.0.0.1", served.port)) as caller:
            caller.sendall(head + body[:5])
            assert served.call("/health").status_code == 200
            served.process.send_signal(signal.SIGTERM)
            assert self.turned_away_soon(served)
            caller.sendall(body[5:])
            caller.settimeout(STOP_SECONDS)
            assert caller.recv(12) == b"HTTP/1.1 201"
            assert served.process.wait(STOP_SECONDS) == 0

    def turned_away_soon(self, served: Served) -> bool:
        try:
            return not all(served.call("/health").is_success for _ in range(2000))
        except httpx.TransportError:
            return True

    def test_it_fails_as_a_whole_when_its_worker_is_killed_so_that_systemd_starts_it_anew(
        self, machine: Installation
    ) -> None:
        with machine.serving() as served:
            os.kill(served.processes()[-1], signal.SIGKILL)
            assert served.process.wait(STOP_SECONDS) != 0


CANNOT_START = [
    ({"INFOHUS_HOST": "0.0.0.0"}, "INFOHUS_HOST"),  # noqa: S104 - what must be refused
    ({"INFOHUS_DATABASE_URL": "postgresql://infohus_app:kanariefugl@127.0.0.1:9/x"}, "INFOHUS_DATABASE_URL"),
    ({"INFOHUS_DATABASE_URL": "kanariefugl"}, "INFOHUS_DATABASE_URL"),
    ({"INFOHUS_DATABASE_URL": "postgresql://kanariefugl:x@[::1"}, "INFOHUS_DATABASE_URL"),
    ({"INFOHUS_KEYS_FOLDER": "/nonexistent"}, "log-signing.key"),
    ({"INFOHUS_ISSUERS_FILE": "/nonexistent"}, "/nonexistent"),
    ({"INFOHUS_ISSUERS_FILE": __file__}, "the issuers' file cannot be used"),
    ({"INFOHUS_POLICIES_FOLDER": "/nonexistent"}, "/nonexistent"),
]


class WhenInfohusCannotStart:
    @pytest.mark.parametrize(("changed", "named"), CANNOT_START)
    def test_it_says_in_a_few_words_what_is_wrong_and_no_secret(
        self, machine: Installation, changed: dict[str, str], named: str
    ) -> None:
        self.assert_refused(machine, {"INFOHUS_PORT": str(free_port()), **changed}, named)

    def test_a_port_that_is_taken_is_told(self, machine: Installation, served: Served) -> None:
        self.assert_refused(machine, {"INFOHUS_PORT": str(served.port)}, "INFOHUS_PORT")

    def assert_refused(self, machine: Installation, changed: dict[str, str], named: str) -> None:
        run = subprocess.run(
            machine.command(), env={**machine.environment(), "COLUMNS": "200", **changed}, capture_output=True,
            text=True, timeout=60, check=False,
        )
        assert run.returncode == 1
        assert named in run.stderr
        assert "Traceback" not in run.stdout + run.stderr
        assert "kanariefugl" not in run.stdout + run.stderr


class WhenOldEntriesAreEmptied:
    @pytest.mark.rule(62)
    def test_each_log_is_looked_through_by_the_role_that_may(self, machine: Installation) -> None:
        logs = len(ask(machine, "SELECT id FROM audit.log"))
        assert machine.follow("emptying").count("Ingen poster er gamle nok") == logs > 0


class WhenPasswordsAreChanged:
    def test_the_old_ones_open_nothing_and_the_service_starts_with_the_new(self, machine: Installation) -> None:
        before = machine.environment()["INFOHUS_DATABASE_URL"]
        machine.follow("passwords")
        assert machine.environment()["INFOHUS_DATABASE_URL"] == before
        machine.follow("new passwords", "passwords")
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(asyncpg.connect(before))
        with machine.serving() as served:
            assert served.call("/ready").status_code == 200
        assert "PASSWORD" not in (machine.server.data_dir / "server.log").read_text(encoding="utf-8")
