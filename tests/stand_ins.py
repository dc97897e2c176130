"""The programs that a machine of tests/operators_machine.py has in place of systemd's and the package managers'.

Each says on stderr that it is a stand-in and what it does. `systemctl` reads the installed unit and starts that very
command, as the unit's account, with its environment and file mode mask, and of its sandbox InaccessiblePaths= alone
(tests/integration/test_deploy_unit.py compares that with what the application does). Started as
`stand_ins.py NAME arguments…`; stands alone, because the machine's own Python runs it.
"""

import grp
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

UNITS = Path("/etc/systemd/system")
STATE = Path("/run/stand-ins")
PACKAGES = Path("/usr/local/lib/runbook-packages")
"""The locked packages, as this repository's own .venv has them."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLUSTER = Path("/var/lib/postgresql/main")
POSTGRES_BIN = Path(os.environ.get("RUNBOOK_POSTGRES_BIN", ""))
PYTHON = os.environ.get("RUNBOOK_PYTHON", sys.executable)
STARTED_SECONDS = 60
PROGRAMS = {"git": "git", "openssl": "openssl", "curl": "curl", "nginx-light": "nginx", "msmtp": "msmtp",
            "podman": "podman"}
"""What a bare machine lacks until apt-get was told to install its package; python3-venv and postgresql are below."""
REPLACED = {"msmtp": "mail_stand_ins.py", "podman": "container_stand_in.py"}
"""What is replaced where it is missing; podman everywhere, for no container engine may run here."""
LACKING = Path("/usr/local/sbin")
"""Here each of them is missing: first in every PATH, and gone when its package is installed."""
ACCESS = "local all postgres peer\nlocal replication postgres peer\nhost all all 127.0.0.1/32 scram-sha-256\n"


def say(what: str) -> None:
    """Tell that this is a stand-in."""
    print(f"STAND-IN {sys.argv[1]}: {what}", file=sys.stderr)


def systemctl(*words: str) -> int:
    """Do what the runbook asks of systemd."""
    now = "--now" in words
    verb, *names = [word for word in words if word != "--now"]
    names = [name.removesuffix(".service") for name in names]
    if verb == "daemon-reload":
        say("reads units when it starts them")
        return 0
    if verb == "enable":
        say(f"starts nothing at boot: {' '.join(names)}")
        return max([start(name) for name in names] if now else [0])
    if verb == "disable":
        say(f"starts nothing of it at boot any more: {' '.join(names)}")
        return max([stop(name) for name in names] if now else [0])
    acts: dict[str, Callable[[str], int]] = {
        "start": start, "stop": stop, "reload": restart, "restart": restart, "reload-or-restart": restart,
    }
    return max(acts[verb](name) for name in names)


def restart(name: str) -> int:
    """Stop a unit that runs, and start it."""
    return stop(name) or start(name)


def start(name: str) -> int:
    """Start a unit: a timer does nothing, a oneshot runs to its end, anything else in the background."""
    if name == "postgresql":
        return postgres("start")
    if name == "nginx":
        return nginx("start")
    if name == "podman-restart" or name.endswith(".timer"):
        say(f"{name} would start its service at its time")
        return 0
    unit = directives(name)
    for wanted in " ".join(unit.get("Wants", [])).split():
        if (UNITS / wanted).exists():
            start(wanted.removesuffix(".service"))
    return run_once(name, unit, {}) if unit["Type"] == ["oneshot"] else run_on(name, unit)


def stop(name: str) -> int:
    """Stop a unit as KillMode=mixed does; one that does not run is stopped."""
    if name in {"postgresql", "nginx"}:
        return postgres("stop") if name == "postgresql" else nginx("stop")
    for part in UNITS.glob("*.service"):
        if f"{name}.service" in directives(part.stem).get("PartOf", []):
            stop(part.stem)
    file = STATE / f"{name}.pid"
    if not file.exists():
        return 0
    process = int(file.read_text(encoding="ascii"))
    file.unlink()
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(process, kind)
        except ProcessLookupError:
            return 0
        wait_until(lambda: not Path(f"/proc/{process}").exists())
    return 0


def directives(name: str) -> dict[str, list[str]]:
    """Read an installed unit, its specifiers replaced; an instance reads its template."""
    template, _, instance = name.partition("@")
    file = UNITS / (f"{template}@.service" if instance else f"{name}.service")
    found: dict[str, list[str]] = {"Type": ["simple"]}
    for line in file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            value = value.replace("%i", instance).replace("%N", name)
            found[key] = [value] if key == "Type" else [*found.get(key, []), value]
    return found


def environment_of(unit: Mapping[str, list[str]]) -> dict[str, str]:
    """Make the environment of a unit: systemd's, its own, and its files'."""
    given = {"PATH": PATH, "LANG": "C.UTF-8"} | dict(one.split("=", 1) for one in unit.get("Environment", []))
    for file in unit.get("EnvironmentFile", []):
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            variable, _, value = line.partition("=")
            given[variable] = value
    return given


def command_of(line: str, environment: Mapping[str, str]) -> list[str]:
    """Give a command of a unit with its variables replaced."""
    words = shlex.split(line)
    for variable, value in environment.items():
        words = [word.replace(f"${{{variable}}}", value) for word in words]
    return words


def process_of(
    name: str, unit: Mapping[str, list[str]], line: str, more: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start a command of a unit as its account; its output goes to its journal."""
    account = unit.get("User", ["root"])[0]
    environment = {**environment_of(unit), **more}
    command = command_of(line, environment)
    say(f"starts as {account}, with InaccessiblePaths= of the unit's sandbox alone: {' '.join(command)}")
    groups = {*os.getgrouplist(account, pwd.getpwnam(account).pw_gid)}
    groups |= {grp.getgrnam(group).gr_gid for group in unit.get("SupplementaryGroups", [])}
    become = ["setpriv", f"--reuid={account}", f"--regid={unit.get('Group', ['root'])[0]}"]
    become += [f"--groups={','.join(map(str, sorted(groups)))}", "--"]
    script = [*hiding(unit.get("InaccessiblePaths", [])), shlex.join(["exec", *become, *command])]
    with (STATE / f"{name}.log").open("ab") as journal:
        return subprocess.Popen(
            ["/usr/bin/unshare", "--mount", "/bin/sh", "-euc", "\n".join(script)], env=environment,
            cwd=unit.get("WorkingDirectory", ["/"])[0], stdin=subprocess.DEVNULL, stdout=journal, stderr=journal,
            start_new_session=True, umask=int(unit.get("UMask", ["0022"])[0], 8),
        )


def hiding(places: Sequence[str]) -> list[str]:
    """Write what puts something that nobody may look into over each place that is there."""
    (STATE / "no-folder").mkdir(mode=0, exist_ok=True)
    (STATE / "no-file").touch(mode=0)
    there = [Path(place.removeprefix("-")) for place in places]
    return [
        f"mount --bind {STATE}/no-{'folder' if place.is_dir() else 'file'} {place}" for place in there if place.exists()
    ]


def run_once(name: str, unit: Mapping[str, list[str]], more: Mapping[str, str]) -> int:
    """Run a oneshot's commands until one fails, and then what its OnFailure= names."""
    for line in unit["ExecStart"]:
        code = process_of(name, unit, line, more).wait()
        if code != 0:
            break
    else:
        return 0
    say(f"{name} failed with code {code}")
    follow_failure(name, unit, code)
    return 1


def follow_failure(name: str, unit: Mapping[str, list[str]], code: int) -> None:
    """Run what a unit's OnFailure= names."""
    for failed in unit.get("OnFailure", []):
        follower = failed.removesuffix(".service")
        run_once(follower, directives(follower), {"MONITOR_EXIT_STATUS": str(code), "MONITOR_UNIT": f"{name}.service"})


def run_on(name: str, unit: Mapping[str, list[str]]) -> int:
    """Run a service in the background, unless it runs; one that is not started anew after a failure has failed."""
    file = STATE / f"{name}.pid"
    if file.exists():
        return 0
    started, told = os.pipe()
    if os.fork() == 0:
        supervise(name, unit, told)
    os.close(told)
    os.read(started, 1)
    return 0


def supervise(name: str, unit: Mapping[str, list[str]], started: int) -> NoReturn:
    """Be systemd for a service, in a process of its own: start it, wait, and see whether it failed by itself.

    One that says what runs at its end is told so, and started again a second later.
    """
    os.setsid()
    for place in unit.get("StateDirectory", []):
        folder = Path("/var/lib") / place
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(folder, unit["User"][0], unit["Group"][0])
    file, is_first = STATE / f"{name}.pid", True
    while True:
        process = process_of(name, unit, unit["ExecStart"][0], {})
        file.write_text(str(process.pid), encoding="ascii")
        if is_first:
            for stream in range(3):
                os.dup2(os.open(os.devnull, os.O_RDWR), stream)
            os.close(started)
        code, is_first = process.wait(), False
        if code > 0 and file.exists() and "ExecStopPost" in unit:
            told = {"SERVICE_RESULT": "exit-code", "EXIT_STATUS": str(code)}
            process_of(name, {}, unit["ExecStopPost"][0].removeprefix("+"), told).wait()
            time.sleep(1)
        is_left = file.exists() and file.read_text(encoding="ascii") == str(process.pid)
        if not is_left or code <= 0 or "ExecStopPost" not in unit:
            os._exit(0)


def postgres(verb: str) -> int:
    """Start or stop the cluster as Debian's unit does."""
    say(f"{verb}s PostgreSQL in {CLUSTER}")
    if verb == "stop" and not (CLUSTER / "postmaster.pid").exists():
        return 0
    settings = "-c listen_addresses=127.0.0.1 -c unix_socket_directories=/run/postgresql,/tmp/.runbook -c fsync=off"
    more = ["-l", "/var/lib/postgresql/server.log", "-o", settings] if verb == "start" else ["-m", "fast"]
    command = [str(POSTGRES_BIN / "pg_ctl"), verb, "-w", "-s", "-t", str(STARTED_SECONDS), "-D", str(CLUSTER), *more]
    return subprocess.run(["runuser", "-u", "postgres", "--", *command], check=False, cwd="/").returncode


def nginx(verb: str) -> int:
    """Start, or stop, nginx itself."""
    if shutil.which("nginx", path=PATH) is None:
        say("NOT CHECKED: nginx is missing")
    elif verb == "start":
        return subprocess.run(["nginx"], check=False).returncode
    elif subprocess.run(["nginx", "-s", "stop"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
        wait_until(lambda: not Path("/run/nginx.pid").exists())
    return 0


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, for a while."""
    until = time.monotonic() + 30
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)


def journalctl(*words: str) -> int:
    """Print the end of what a unit wrote."""
    say("prints what the stand-in for systemctl kept of the unit's output")
    name = words[words.index("-u") + 1]
    journal = STATE / f"{name}.log"
    lines = journal.read_text(encoding="utf-8", errors="replace").splitlines() if journal.exists() else []
    print("\n".join(lines[-int(words[words.index("-n") + 1]) :]))
    return 0


def apt_get(*words: str) -> int:
    """Give what the packages bring."""
    packages = [word for word in words[1:] if not word.startswith("-")]
    programs = [PROGRAMS[name] for name in packages if name in PROGRAMS]
    for program in programs:
        (LACKING / program).unlink(missing_ok=True)
    missing = [program for program in programs if shutil.which(program) is None]
    say(f"installs nothing; missing here: {', '.join(missing) or 'nothing'}")
    for program in {*missing, "podman"} & {*programs} & {*REPLACED}:
        script = f'#!/bin/sh\nexec {PYTHON} {Path(__file__).with_name(REPLACED[program])} "$@"\n'
        (LACKING / program).write_text(script, encoding="utf-8")
        (LACKING / program).chmod(0o755)
    return postgresql() if "postgresql" in packages else 0


def lack(*programs: str) -> int:
    """Make a bare machine of this one: programs that no package of it has brought yet are not there."""
    for program in programs or PROGRAMS.values():
        (LACKING / program).write_text(f"#!/bin/sh\necho {program}: not installed >&2\nexit 127\n", encoding="utf-8")
        (LACKING / program).chmod(0o755)
    return 0


def postgresql() -> int:
    """Make what the package makes: account, cluster, service."""
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        subprocess.run(["useradd", "--system", "--home-dir", "/var/lib/postgresql", "postgres"], check=True)
    if CLUSTER.exists():
        return 0
    for place in (CLUSTER.parent, Path("/run/postgresql"), Path("/tmp/.runbook")):  # noqa: S108 - the machine's own /tmp
        place.mkdir(exist_ok=True)
        shutil.chown(place, "postgres", "postgres")
    make = [str(POSTGRES_BIN / "initdb"), "-D", str(CLUSTER), "--no-sync", "--data-checksums", "--no-instructions"]
    subprocess.run(["runuser", "-u", "postgres", "--", *make], check=True, cwd="/", stdout=subprocess.DEVNULL)
    (CLUSTER / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")
    return postgres("start")


def python3(*words: str) -> int:
    """Make a venv without pip, which has no network here, and put a stand-in for pip into it; else be Python."""
    if words[:2] != ("-m", "venv"):
        os.execv(PYTHON, [PYTHON, *words])
    say("makes the venv; its pip is a stand-in too")
    made = subprocess.run([PYTHON, "-m", "venv", "--without-pip", *words[2:]], check=False).returncode
    pip_program = Path(words[2]) / "bin" / "pip"
    pip_program.write_text(f'#!/bin/sh\nexec {PYTHON} {__file__} pip "$0" "$@"\n', encoding="utf-8")
    pip_program.chmod(0o755)
    return made


def pip(program: str, *words: str) -> int:
    """Take the locked packages from where they are; install the project as a link to its source, as pip does."""
    venv = Path(program).absolute().parents[1]
    (site,) = venv.glob("lib/python3*/site-packages")
    if "-r" in words:
        locked = Path(words[words.index("-r") + 1])
        say(f"fetches nothing: the packages of {locked} are those of the tests' own .venv")
        locked.read_text(encoding="utf-8")
        (site / "packages.pth").write_text(f"{PACKAGES}\n", encoding="utf-8")
        return 0
    say("links the project and makes its command")
    (site / "infohus.pth").write_text(f"{Path.cwd() / 'src'}\n", encoding="utf-8")
    command = venv / "bin" / "infohus"
    lines = (f"#!{venv}/bin/python", "import sys", "from infohus.cli.commands import main", "sys.exit(main())", "")
    command.write_text("\n".join(lines), encoding="utf-8")
    command.chmod(0o755)
    return 0


STAND_INS: dict[str, Callable[..., int]] = {
    "systemctl": systemctl, "journalctl": journalctl, "apt-get": apt_get, "python3": python3, "pip": pip,
    "lack": lack,
}

if __name__ == "__main__":
    STATE.mkdir(exist_ok=True)
    raise SystemExit(STAND_INS[sys.argv[1]](*sys.argv[2:]))
