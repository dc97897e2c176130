"""deploy/README.md followed as an operator does: every block, in one shell and in fresh ones, on machines of its own.

What is not real is in tests/stand_ins.py. A witness runs on a machine of its own beside the one of infohus.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from house import now
from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import demo_keys
from operators_machine import WITNESS, Machine, why_there_is_none
from runbook import BLOCKS, CHAPTERS, README, steps, written_as

OF_WITNESS = "A witness' machine"
NOT_AT_FIRST = {"Restore", "In a container", OF_WITNESS}
NOT_RUN = "NOT CHECKED: no container engine may run here: the image is not built, the machine's own files stand for it"
SETTLED = ("umask; pwd; env | grep -c ^INFOHUS_ || true", "0022\n/\n0")
CONCERN = {
    "channel": "phone", "reporter_kind": "professional", "observation": "Han taler om våben i klassen.",
    "told_reporter": "Vi ser på det.", "subjects": [{"name": "Prøve Prøvesen", "birth_date": "2004-02-01"}],
}
FLIP_A_BIT = (
    "runuser -u postgres -- psql -q -d infohus -c 'SET session_replication_role = replica' -c "
    "'UPDATE audit.leaf SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1) WHERE index = 0'"
)
RENAME = "runuser -u postgres -- psql -q -d infohus -c 'SET session_replication_role = replica' "
RENAME += '-c "UPDATE infohus.infohus SET name = {}"'
CURL = shutil.which("curl")
"""For the test's own questions to a machine where no block installs it."""
READY = "curl -fsS --retry 60 --retry-delay 1 --retry-all-errors http://127.0.0.1:8115/ready"
CERTIFICATE = (
    "mkdir -p {etc}/tls && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -addext "
    "subjectAltName=DNS:{name} -keyout {etc}/tls/privkey.pem -out {etc}/tls/fullchain.pem 2>/dev/null"
)
OF_THE_OPERATOR = ("alarm", "mail", "proxy.conf", "issuers.toml", "witnesses.toml", "infohus.env", "tls/fullchain.pem")
"""What the operator wrote or completed below /etc/infohus: no block may change it."""
WRITTEN = f"cd /etc/infohus && sha256sum {' '.join(OF_THE_OPERATOR)}"
pytestmark = pytest.mark.skipif(why_there_is_none() is not None, reason=str(why_there_is_none()))


@dataclass
class Installed:
    """Infohus and a witness' machine, the runbook followed on both; `said` is what each block printed."""

    infohus: Machine
    witness: Machine
    issuers: DemoIssuers
    said: dict[str, str] = field(default_factory=dict)

    def call(self, path: str, *, on: Machine, body: dict[str, Any] | None = None) -> Any:
        """Send a request as the municipal tovholder, over the machine's own network."""
        headers = f"-H 'Authorization: Bearer {self.issuers.token('kommune')}' -H 'Content-Type: application/json'"
        data = f"-d '{json.dumps(body)}'" if body is not None else ""
        return json.loads(on.run(f"curl -fsS {headers} {data} http://127.0.0.1:8115{path}"))

    def record_concern(self, *, on: Machine) -> str:
        """Record a concern; give the case's id."""
        infohus_id = on.run("runuser -u postgres -- psql -At -d infohus -c 'SELECT id FROM infohus.infohus'").strip()
        draft = {**CONCERN, "received_at": now().isoformat()}
        return str(self.call(f"/infohuse/{infohus_id}/concerns", on=on, body=draft)["case_id"])

    def mail(self) -> str:
        """Read what the relay, which is on another machine than infohus, was sent, and forget it."""
        return self.witness.run("cat /run/stand-ins/mail; rm -f /run/stand-ins/mail", code=None)


def write_issuers(installed: Installed) -> None:
    """Write `issuers.toml` with the keys of two identity providers in files beside it."""
    text = installed.issuers.issuers_toml()
    for name in ("kommune", "politi"):
        installed.infohus.put(f"/etc/infohus/{name}.json", json.dumps(installed.issuers.key_set(name)))
        text = text.replace(f'keys_url = "{installed.issuers.address(name)}/jwks"', f'keys_file = "{name}.json"')
    installed.infohus.put("/etc/infohus/issuers.toml", text)


def start_witnesses(machine: Machine) -> list[str]:
    """Start the other parties' two witnesses, and give the three public keys."""
    others = (("vidne.ishoj.example.dk", 8126), ("vidne.dpo.example.dk", 8127))
    keys = [machine.run(f"infohus witness key /var/lib/infohus-witness/key --name {WITNESS}").strip()]
    for name, port in others:
        place = f"/var/lib/{name}"
        keys.append(machine.run(f"infohus witness key {place}/key --name {name}").strip())
        serve = f"infohus witness serve --name {name} --key {place}/key --state {place}/state --listen 127.0.0.1:{port}"
        serve += " --log-keys /etc/infohus-witness/logs.pub >/dev/null 2>&1"
        machine.run(f"setsid {serve} & echo $! > /run/{port}.pid")
    for port in (8125, 8126, 8127):
        machine.run(f"{CURL} -s -o /dev/null --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:{port}/")
    return keys


def stop_two_witnesses(machine: Machine) -> None:
    """Stop the other parties' witnesses."""
    machine.run(f"kill $(cat /run/8126.pid /run/8127.pid); while {CURL} -s http://127.0.0.1:8127/; do sleep 0.1; done")


def write_alarm(machine: Machine) -> None:
    """Write whom an alarm tells, and the relay that its mail goes to; there is one on another machine."""
    machine.put("/etc/infohus/alarm", written_as("/etc/infohus/alarm"))
    text = written_as("/etc/infohus/mail")
    for said, here in (
        ("host smtp.ishoj.example.dk", "host 127.0.0.1"), ("port 587", "port 2525"), ("tls on", "tls off"),
    ):
        assert text.count(said) == 1
        text = text.replace(said, here)
    machine.put("/etc/infohus/mail", text)


def name_proxy(machine: Machine, etc: str) -> None:
    """Write the proxy's name as the runbook shows it; its block stops, until the certificate is there too."""
    machine.put(f"{etc}/proxy.conf", written_as(f"{etc}/proxy.conf"))
    stopped = machine.run(BLOCKS["witness' proxy" if "witness" in etc else "proxy"], code=1)
    assert "fullchain.pem" in stopped
    name = written_as(f"{etc}/proxy.conf").split()[1].removesuffix(";")
    machine.run(CERTIFICATE.format(etc=etc, name=name))


def mount_backups(machine: Machine) -> None:
    """Mount what backups are written to, for no block writes them to the machine's own disk."""
    for block in ("archive", "keys' backup"):
        assert "mountpoint" in machine.run(f"{BLOCKS[block]}[ $? != 0 ]")
    machine.mount_backups()


def follow_all(installed: Installed, run: Callable[[str], str], run_witness: Callable[[str], str]) -> None:
    """Follow the runbook from its beginning; what stands between the blocks is what the operator writes or fetches."""
    infohus, written = installed.infohus, set[str]()
    before: dict[str, Callable[[], object]] = {
        "settings": lambda: write_issuers(installed),
        "alarm": lambda: write_alarm(infohus),
        "with witnesses": lambda: connect_witnesses(installed, run_witness),
        "proxy": lambda: name_proxy(infohus, "/etc/infohus"),
        # As if the next release were the first with this role.
        "release": lambda: infohus.run("rm /etc/infohus/retention.env"),
        "archive": lambda: mount_backups(infohus),
        "new passwords": lambda: infohus.run("test -s /etc/infohus/retention.env"),
    }
    for block in (block for chapter in CHAPTERS if chapter not in NOT_AT_FIRST for block in steps(chapter)):
        if block not in written:
            written.add(block)
            before.get(block, lambda: None)()
        installed.said[block] = run(BLOCKS[block])


def connect_witnesses(installed: Installed, run_witness: Callable[[str], str]) -> None:
    """Let keys change hands, follow the witness' blocks on its machine, and write `witnesses.toml`."""
    infohus, witness = installed.infohus, installed.witness
    for block in steps(OF_WITNESS):
        if block == "witness":
            witness.put("/etc/infohus-witness/logs.pub", infohus.run("cat /etc/infohus/logs.pub"))
        if block == "witness' proxy":
            name_proxy(witness, "/etc/infohus-witness")
        installed.said[block] = run_witness(BLOCKS[block])
        assert "a witness belongs on another" in infohus.run(BLOCKS[block], code=1)
    witness.run("systemctl stop nginx")
    keys = start_witnesses(witness)
    parties = ("kbh-vestegns-politi", "ishoj-kommune", "databeskyttelse")
    parts = [
        f'[[witness]]\nurl = "http://127.0.0.1:{8125 + n}"\nkey = "{key}"\nrun_by = "{parties[n]}"\n'
        for n, key in enumerate(keys)
    ]
    infohus.put("/etc/infohus/witnesses.toml", "need = 2\n" + "".join(parts))


@pytest.fixture(scope="module", params=["one shell", "fresh shells"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Follow the runbook on new machines."""
    folder = tmp_path_factory.mktemp("machines")
    with ExitStack() as stack:
        witness = stack.enter_context(Machine(folder / "witness", folder / "shelf of witness").running())
        infohus = Machine(folder / "infohus", folder / "shelf", beside=witness)
        stack.enter_context(infohus.running())
        issuers = DemoIssuers(demo_keys(folder / "issuers"), now, url="http://127.0.0.1:9")
        installed = Installed(infohus, witness, issuers)
        if request.param == "one shell":
            shell, of_witness = (stack.enter_context(machine.one_shell()) for machine in (infohus, witness))
            follow_all(installed, shell, of_witness)
            ask, answer = SETTLED
            assert [run(ask).strip() for run in (shell, of_witness)] == [answer] * 2
        else:
            follow_all(installed, infohus.run, witness.run)
        yield installed


class WhenTheRunbookIsWritten:
    def test_every_block_is_named_and_is_a_shell_of_its_own(self) -> None:
        written = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
        assert len(BLOCKS) == len(written)
        beginning = re.compile(r"\( # [^\n]+\nset -eu\numask 0(22|77)\n")
        assert [block for block in written if not (beginning.match(block) and block.endswith("\n)\n"))] == []

    def test_every_block_that_is_pasted_again_is_one(self) -> None:
        sentences = re.findall(r"Again, in\s+this\s+order:([^.]*)", README)
        said = [re.findall(r"\*([^*]+)\*", again) for again in sentences]
        followed = [block for chapter in CHAPTERS for block in steps(chapter)]
        assert {block for again in said for block in again} <= set(BLOCKS)
        assert len(followed) - len(BLOCKS) == sum(map(len, said)) > 0

    def test_what_a_block_is_told_is_introduced(self) -> None:
        taken = {(block, name) for block, script in BLOCKS.items() for name in re.findall(r"\$\{?([A-Z_]+)", script)
                 if not re.search(rf"^{name}=", script, re.MULTILINE)}
        rows = re.findall(r"^\| (`[A-Z][^|]*) \| (\*[^|]*) \|", README, re.MULTILINE)
        told = {(block, name) for names, blocks in rows for name in re.findall(r"`([A-Z_]+)`", names)
                for block in re.findall(r"\*([^*]+)\*", blocks)}
        assert taken == told

    def test_what_is_run_nowhere_is_said(self) -> None:
        assert "podman build" in BLOCKS["container"]
        pytest.skip(NOT_RUN)


@pytest.mark.fault("E4")
class WhenTheRunbookIsFollowed:
    def test_every_block_ran_to_its_end_and_says_what_was_no_real_program(self, installed: Installed) -> None:
        assert set(BLOCKS) - set(installed.said) == {"container", "restore"}
        assert "STAND-IN systemctl: starts as infohus" in installed.said["service"]
        assert "STAND-IN journalctl: prints" in installed.said["service"]

    def test_the_service_runs_the_next_release_as_its_own_account(self, installed: Installed) -> None:
        process = installed.infohus.run("cat /run/stand-ins/infohus.pid").strip()
        assert installed.infohus.run(f"stat -c %U /proc/{process}").strip() == "infohus"
        assert installed.infohus.run("tail -n 1 /opt/infohus/src/infohus/app.py").strip() == "# next"

    def test_all_else_that_came_with_a_release_is_the_next_ones_too(self, installed: Installed) -> None:
        places = (("systemd", "infohus*.*", "systemd/system"), ("nginx", "infohus.conf", "nginx/conf.d"))
        for folder, kind, place in places:
            same = f"tail -n 1 $one | grep -qx '# next' && cmp $one /etc/{place}/$one"
            installed.infohus.run(f"cd /opt/infohus/deploy/{folder}; for one in {kind}; do {same} || exit 1; done")

    def test_the_check_says_what_is_still_to_do_until_it_is_done(self, installed: Installed) -> None:
        before, afterwards = installed.said["check"], installed.infohus.run(BLOCKS["check"])
        assert [said.count("INFOHUS_WITNESSES_FILE is not set") for said in (before, afterwards)] == [1, 0]
        assert "ERROR  " not in before + afterwards
        assert "Everything is as it should be." in afterwards

    def test_each_authority_is_told_by_a_trial_alarm(self, installed: Installed) -> None:
        said = installed.witness.run("cat /run/stand-ins/mail")
        assert "To: dpo@ishoj.example.dk dpo@politi.example.dk\n" in said
        assert "\nSubject: infohus: trial\n\ntrial ended with code none" in said

    @pytest.mark.fault("E1")
    def test_the_daily_check_finds_all_logs_unchanged(self, installed: Installed) -> None:
        assert "Ikke prøvet" not in installed.said["daily check"]
        said = installed.infohus.run("journalctl -u infohus-check -n 1000")
        logs = installed.infohus.run("cat /etc/infohus/logs.pub").count("\n")
        found = [len(re.findall(rf"^Uændret: \d+ {what}", said, re.MULTILINE)) for what in ("poster", "rækker")]
        assert found == [logs, 1]


@pytest.mark.rule(58)
@pytest.mark.parametrize("installed", ["fresh shells"], indirect=True)
class WhenARowIsForged:
    def test_an_account_of_its_own_compares_and_the_alarm_tells_soon(self, installed: Installed) -> None:
        infohus = installed.infohus
        assert infohus.run("stat -c %U /proc/$(cat /run/stand-ins/infohus-rows.pid)").strip() == "infohus-check"
        infohus.run("! grep -z RECONCILER /proc/$(cat /run/stand-ins/infohus.pid)/environ")
        infohus.run("until journalctl -u infohus-rows -n 9 | grep Uændret; do sleep 0.2; done")
        installed.mail()
        infohus.run(RENAME.format("name || '.'"))
        said = installed.witness.run("until cat /run/stand-ins/mail 2>/dev/null; do sleep 0.2; done")
        assert "infohus-rows ended with code 1: a row is not as a log says" in said
        assert "FEJL  infohus " in infohus.run("journalctl -u infohus-rows -n 9")
        infohus.run(RENAME.format("left(name, -1)"))


@pytest.mark.fault("E1")
@pytest.mark.parametrize("installed", ["fresh shells"], indirect=True)
class WhenTheDailyCheckFails:
    def test_a_changed_log_alarms_with_its_code(self, installed: Installed) -> None:
        infohus = installed.infohus
        installed.mail()
        infohus.run(FLIP_A_BIT)
        infohus.run("systemctl start infohus-check.service", code=1)
        assert "FEJL  audit.leaf, post 0" in infohus.run("journalctl -u infohus-check -n 40")
        assert "infohus-check ended with code 1: an audit log was changed" in installed.mail()
        infohus.run(FLIP_A_BIT)
        infohus.run("systemctl start infohus-check.service")

    def test_a_database_that_is_down_alarms_with_another(self, installed: Installed) -> None:
        infohus = installed.infohus
        infohus.run("systemctl stop postgresql")
        infohus.run("systemctl start infohus-check.service", code=1)
        infohus.run("systemctl start postgresql")
        assert "infohus-check ended with code 3: an audit log could not be checked" in installed.mail()
        infohus.run(f"{READY}; systemctl start infohus-check.service")


@pytest.mark.parametrize("installed", ["fresh shells"], indirect=True)
class WhenInfohusRunsInAContainer:
    def test_it_answers_with_what_the_block_gives_it(self, installed: Installed) -> None:
        assert '"ready"' in installed.infohus.follow("container")
        owner = installed.infohus.run("stat -c %U /proc/$(pgrep -f 'bin/infohus serv[e]' | head -n 1)").strip()
        assert owner == "infohus"
        assert "cannot access" in installed.infohus.run("ls /run/stand-ins/infohus.pid", code=2)


@pytest.mark.fault("E2")
@pytest.mark.fault("E3")
@pytest.mark.parametrize("installed", ["fresh shells"], indirect=True)
class WhenTheMachineIsLost:
    def test_another_reads_all_that_was_archived_and_opens_when_the_witnesses_answer(
        self, installed: Installed, tmp_path: Path
    ) -> None:
        case_id = installed.record_concern(on=installed.infohus)
        case = installed.call(f"/cases/{case_id}", on=installed.infohus)
        written = installed.infohus.run(WRITTEN)
        installed.mail()
        # What a minute would do by itself.
        switch = "runuser -u postgres -- psql -At -c 'SELECT pg_walfile_name(pg_switch_wal())'"
        installed.infohus.run(f"file=$({switch}); until [ -e /var/backups/infohus/wal/$file ]; do sleep 0.1; done")
        installed.infohus.run("grep -rq 'Han taler' /var/backups/infohus", code=1)
        installed.infohus.crash()
        with Machine(tmp_path, installed.infohus.shelf, beside=installed.witness).running() as other:
            first, *then = steps("Restore")
            other.follow("install")
            other.mount_backups()
            other.follow(first)
            stop_two_witnesses(installed.witness)
            refused = other.run(BLOCKS["check"], code=1)
            assert f"Svarede: {WITNESS}. Svarede ikke: vidne.ishoj.example.dk, vidne.dpo.example.dk." in refused
            start_witnesses(installed.witness)
            for block in then:
                other.follow(block)
            other.run(READY)
            assert installed.call(f"/cases/{case_id}", on=other) == case
            assert other.run(WRITTEN) == written
            assert "infohus: trial" in installed.mail()
            reached = "curl -fsS --cacert /etc/infohus/tls/fullchain.pem --connect-to ::127.0.0.1: https://{}/health"
            assert "ok" in other.run(reached.format("infohus.example.dk"))
