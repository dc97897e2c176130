"""The systemd unit: accepted by systemd, closed by its own measure, and no tighter than the application can bear.

There is no systemd to run it here. So the application is traced, and what it did is compared with what the unit allows.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from infohus.cli.commands import COMMANDS, main
from infohus.cli.witness import KILLED_AFTER_SECONDS
from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.audit.witness import server as witness_server
from infohus.kernel.audit.witness.witness import LARGEST_BODY
from runbook import BLOCKS, README, UNIT, Installation, directives

TEXT = UNIT.read_text(encoding="utf-8")
DIRECTIVES = directives(TEXT)
WORST_EXPOSURE_TENTHS = 15
"""Of 100; systemd calls up to 20 "OK". What is left is the network it serves and the file system it reads."""
SERVER_KILLS_ITS_WORKER_AFTER_SECONDS = 10

HARDENED = {
    "User": "infohus",
    "Group": "infohus",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectProc": "invisible",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "SocketBindDeny": "any",
    "UMask": "0077",
    "MemoryMax": "512M",
    "MemorySwapMax": "0",
    "LimitCORE": "0",
    "KillMode": "mixed",
    "Restart": "on-failure",
}
WITNESS = UNIT.with_name("witness") / "infohus-witness.service"
WITNESS_AT_REST_BYTES = 160 << 20
"""Of both its processes, as measured."""
UNITS = sorted(one for one in UNIT.parent.rglob("infohus*") if one.suffix in {".service", ".timer"})
CHECK = UNIT.with_name("infohus-check.service")
ROWS = UNIT.with_name("infohus-rows.service")
OF_THE_WITNESS = {"User": "infohus-witness", "Group": "infohus-witness", "MemoryMax": "256M"}

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="NOT CHECKED: systemd-analyze, which reads the units, is missing (apt-get install systemd)",
)
needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None,
    reason="NOT CHECKED: strace, which lists system calls, is missing (apt-get install strace)",
)


def systemd_analyze(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *map(str, arguments)],  # noqa: S607 - wherever Debian keeps it
        capture_output=True, text=True, check=False, timeout=60,
    )


@cache
def calls_of(group: str) -> frozenset[str]:
    """List the system calls of a group, groups in it opened."""
    listed = systemd_analyze("syscall-filter", group).stdout.splitlines()[1:]
    words = {line.split("#")[0].strip() for line in listed} - {""}
    return frozenset().union(*(calls_of(word) if word.startswith("@") else {word} for word in words))


def allowed_calls() -> set[str]:
    """Work SystemCallFilter= out."""
    allowed: set[str] = set()
    for value in DIRECTIVES["SystemCallFilter"]:
        named: set[str] = set().union(*(calls_of(group) for group in value.removeprefix("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


@pytest.fixture(params=[UNIT, WITNESS, CHECK, ROWS], ids=["application", "witness", "check", "rows"])
def unit_here(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Copy a unit so that its command is this repository's."""
    return copy_of(request.param, tmp_path)


def copy_of(unit: Path, folder: Path) -> Path:
    """Copy a unit, a template as one of its instances, with the commands of this repository."""
    if not (folder / "opt").exists():
        (folder / "opt").symlink_to(UNIT.parents[2])
    copy = folder / unit.name.replace("@.", "@trial.")
    copy.write_text(unit.read_text(encoding="utf-8").replace("/opt/infohus", f"{folder}/opt"), encoding="utf-8")
    return copy


class WhenTheUnitIsRead:
    @pytest.mark.parametrize(("name", "value"), HARDENED.items())
    def test_it_is_closed(self, name: str, value: str) -> None:
        assert DIRECTIVES[name] == [value]

    @pytest.mark.parametrize(("name", "value"), {**HARDENED, **OF_THE_WITNESS}.items())
    def test_so_is_the_witness(self, name: str, value: str) -> None:
        assert directives(WITNESS.read_text(encoding="utf-8"))[name] == [value]

    def test_the_witness_is_started_with_options_that_there_are(self) -> None:
        text = WITNESS.read_text(encoding="utf-8").replace("\\\n", " ")
        _, group, command, *words = directives(text)["ExecStart"][0].split()
        group_of = main.get_command(click.Context(main), group)
        assert isinstance(group_of, click.Group)
        known = {option for parameter in group_of.commands[command].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known

    def test_what_is_held_outside_of_memory_lies_on_a_disk(self) -> None:
        assert "TMPDIR=/var/tmp" in DIRECTIVES["Environment"]

    def test_it_starts_a_command_that_there_is(self) -> None:
        program, command = DIRECTIVES["ExecStart"][0].split()
        assert program == "/opt/infohus/.venv/bin/infohus"
        assert command in COMMANDS

    def test_it_waits_longer_than_the_server_needs_to_stop(self) -> None:
        assert int(DIRECTIVES["TimeoutStopSec"][0]) > SERVER_KILLS_ITS_WORKER_AFTER_SECONDS
        command_line = (UNIT.parents[2] / "src" / "infohus" / "cli" / "serving.py").read_text(encoding="utf-8")
        assert f"workers_kill_timeout={SERVER_KILLS_ITS_WORKER_AFTER_SECONDS}" in command_line

    def test_the_witness_may_have_more_files_and_memory_than_its_connections_use(self) -> None:
        found = directives(WITNESS.read_text(encoding="utf-8"))
        assert int(found["LimitNOFILE"][0]) >= 2 * witness_server.MOST_CONNECTIONS
        bodies = 3 * witness_server.MOST_BODIES * LARGEST_BODY
        buffers = witness_server.MOST_CONNECTIONS * witness_server.BUFFER_BYTES
        assert int(found["MemoryMax"][0].removesuffix("M")) << 20 > WITNESS_AT_REST_BYTES + bodies + buffers
        assert int(found["TimeoutStopSec"][0]) > KILLED_AFTER_SECONDS

    def test_every_place_it_names_is_one_the_runbook_makes(self) -> None:
        places = set(re.findall(r"/(?:etc|opt|var)/[\w./-]+", TEXT.split("[Unit]")[1]))
        made = {place for place in places if place in README or place.removesuffix("/.venv/bin/infohus") in README}
        made |= {f"/etc/infohus/{role}.env" for role in ("owner", "app", "verifier", "retention", "reconciler")}
        assert places - made == set()

    @needs_systemd
    @pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
    def test_systemd_accepts_every_line(self, unit: Path, tmp_path: Path) -> None:
        copies = {one.name: copy_of(one, tmp_path) for one in UNITS}
        found = systemd_analyze("verify", "--man=no", "--recursive-errors=no", copies[unit.name])
        assert (found.returncode, found.stdout + found.stderr) == (0, "")

    @pytest.mark.fault("E1")
    @pytest.mark.parametrize("name", ["infohus", "infohus-check", "infohus-backup"])
    def test_a_failure_starts_the_alarm(self, name: str) -> None:
        unit = directives(UNIT.with_name(f"{name}.service").read_text(encoding="utf-8"))
        assert unit["OnFailure"] == ["infohus-alarm@%N.service"]

    @pytest.mark.fault("E1")
    @pytest.mark.parametrize("name", ["infohus-check", "infohus-backup"])
    def test_a_timer_starts_it_every_day_and_makes_up_for_a_missed_one(self, name: str) -> None:
        timer = directives(UNIT.with_name(f"{name}.timer").read_text(encoding="utf-8"))
        assert (timer["Persistent"], timer["WantedBy"]) == (["yes"], ["timers.target"])
        assert re.fullmatch(r"\*-\*-\* \d\d:\d\d", timer["OnCalendar"][0])

    def test_who_checks_sees_no_key_and_the_passwords_of_those_who_only_read(self) -> None:
        for unit, roles in ((CHECK, ("verifier", "reconciler")), (ROWS, ("reconciler",))):
            found = directives(unit.read_text(encoding="utf-8"))
            assert found["EnvironmentFile"] == [f"/etc/infohus/{role}.env" for role in roles]
            assert "-/var/lib/infohus" in found["InaccessiblePaths"]
            assert found["User"] == ["infohus-check"] != DIRECTIVES["User"]

    @pytest.mark.rule(58)
    def test_the_slow_comparison_runs_for_as_long_as_the_service(self) -> None:
        rows = directives(ROWS.read_text(encoding="utf-8"))
        assert "infohus-rows.service" in DIRECTIVES["Wants"][0].split()
        assert (rows["PartOf"], rows["Restart"]) == (["infohus.service"], ["on-failure"])
        (command,) = rows["ExecStart"]
        assert command == "/opt/infohus/.venv/bin/infohus audit watch-rows --told /var/lib/infohus-rows/told"

    @pytest.mark.fault("E1")
    @pytest.mark.parametrize(("result", "status", "tells"), [
        ("exit-code", "1", True), ("exit-code", "3", True), ("success", "0", False), ("signal", "KILL", False),
    ])
    def test_it_alarms_at_each_end_that_says_something_and_goes_on(
        self, tmp_path: Path, result: str, status: str, tells: bool  # noqa: FBT001 - a parameter of the test
    ) -> None:
        rows = directives(ROWS.read_text(encoding="utf-8"))
        assert (rows["StartLimitIntervalSec"], "OnFailure" in rows) == (["0"], False)
        assert rows["ExecStopPost"] == ["+/opt/infohus/deploy/systemd/alarm %N"]
        script, called = tmp_path / "alarm", tmp_path / "called"
        text = UNIT.with_name("alarm").read_text(encoding="utf-8")
        script.write_text(text.replace("/etc/infohus/alarm", f"echo >{called}").replace("logger ", ": "), "utf-8")
        given = {"SERVICE_RESULT": result, "EXIT_STATUS": status, "PATH": "/usr/bin:/bin"}
        assert subprocess.run(["/bin/sh", script, "infohus-rows"], env=given, check=False).returncode == 0
        said = called.read_text("utf-8") if called.exists() else ""
        assert said.startswith(f"infohus-rows {status} ") == tells

    def test_the_service_is_shut_out_from_every_password_that_is_not_its_own(self) -> None:
        roles = set(re.findall(r"^(\w+) INFOHUS_\w*DATABASE_URL$", BLOCKS["passwords"], re.MULTILINE))
        assert {f"/etc/infohus/{role}.env" for role in roles} == {
            place.removeprefix("-") for name in ("EnvironmentFile", "InaccessiblePaths") for place in DIRECTIVES[name]
        } - {"/etc/infohus/infohus.env"}

    @needs_systemd
    def test_a_line_it_does_not_know_would_be_told(self, unit_here: Path) -> None:
        unit_here.write_text(unit_here.read_text(encoding="utf-8").replace("UMask=", "Umasque="), encoding="utf-8")
        assert "Umasque" in systemd_analyze("verify", "--man=no", unit_here).stderr

    @needs_systemd
    def test_systemds_own_review_finds_little(self, unit_here: Path) -> None:
        found = systemd_analyze("security", "--offline=true", f"--threshold={WORST_EXPOSURE_TENTHS}", unit_here)
        assert found.returncode == 0, found.stdout


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Start the application, let it answer and stop, and give the system calls it made."""
    folder = tmp_path_factory.mktemp("traced")
    with LocalPostgres.throwaway(folder / "postgres") as server:
        machine = Installation(folder / "files", folder / "shelf", server)
        machine.follow("database", "passwords", "contents")
        issuers = machine.issuers()
        machine.follow("settings")
        with machine.serving("strace", "-f", "-qq", "-o", f"{folder}/trace") as served:
            assert served.call("/ready").status_code == 200
            assert served.call("/cases", token=issuers.token("kommune")).status_code == 200
            for process in served.processes()[1:2]:  # the first one is strace
                subprocess.run(["/usr/bin/kill", "-TERM", str(process)], check=True)
            assert served.process.wait(30) == 0
        lines = (folder / "trace").read_text(encoding="utf-8", errors="replace").splitlines()
        yield [re.sub(r"^\d+ +", "", line) for line in lines]


@needs_strace
class WhenTheApplicationIsTraced:
    @needs_systemd
    def test_it_makes_no_system_call_that_the_unit_forbids(self, trace: list[str]) -> None:
        made = {found[1] for line in trace if (found := re.match(r"([a-z_0-9]+)\(", line))}
        assert {"execve", "openat", "connect", "accept4"} <= made  # the trace is one
        assert made - allowed_calls() == set()

    def test_it_writes_to_no_file(self, trace: list[str]) -> None:
        opening = re.compile(r'openat\([^"]*"([^"]*)", [^)]*O_(?:WRONLY|RDWR)')
        opened = {found[1] for line in trace if (found := opening.match(line))}
        assert opened - {"/dev/null"} == set()

    def test_it_makes_no_memory_both_writable_and_executable(self, trace: list[str]) -> None:
        mapped = [line for line in trace if "PROT_EXEC" in line]
        assert mapped
        assert [line for line in mapped if "PROT_WRITE" in line or line.startswith("mprotect(")] == []

    def test_its_sockets_are_of_the_families_allowed_and_it_listens_on_loopback(self, trace: list[str]) -> None:
        families = {found[1] for line in trace if (found := re.search(r"socket\((AF_\w+)", line))}
        assert families <= set(DIRECTIVES["RestrictAddressFamilies"][0].split())
        bound = [line for line in trace if line.startswith("bind(")]
        assert bound
        assert [line for line in bound if 'inet_addr("127.0.0.1")' not in line] == []
