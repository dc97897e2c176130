"""`infohus keys create` and `infohus keys intake`: keys that count, each made once, and said in the logs."""

import asyncio
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from click.testing import CliRunner, Result

from conftest import REPOSITORY, Database
from house import MUNICIPALITY, POLICE, now
from infohus.cli.commands import main
from infohus.kernel.access.intake_check import faults_of_intake_keys
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.formats.entry import Entry, decode
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.kernel.audit.verification.row_reconciliation import reconcile_rows
from infohus.kernel.sealing.keepers import FileKeyKeeper, keeper_with_signers
from infohus.kernel.sealing.signatures import NotSigned, SignerKey, Signers, add_signers

PLANTED = [
    "UPDATE keys.intake_key SET public_key = decode(repeat('00', 1216), 'hex') WHERE authority_id = $1",
    "UPDATE keys.intake_key SET generation = 7 WHERE authority_id = $1",
    "UPDATE keys.intake_key SET signature = decode(repeat('00', 64), 'hex') WHERE authority_id = $1",
    """UPDATE keys.intake_key k SET public_key = o.public_key, signature = o.signature FROM keys.intake_key o
       WHERE k.authority_id = $1 AND o.authority_id = 'ishoj-kommune'""",
]
"""What somebody who writes the database can put in the place of an authority's intake key."""


class Machine:
    """A folder with keys and the file of the signers, and a database in which a plan is loaded."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Load the plan, and make the keys of all its authorities."""
        self.database, self.folder, self.signers = database, folder / "keys", folder / "signers.toml"
        self.owner = ("--owner-database", database.dsn("owner"))
        self.infohus = self.run("plan", "load", str(REPOSITORY / "plans" / "ishoj.toml"), *self.owner).output.strip()
        self.authorities = [
            row["authority_id"] for row in self.ask("SELECT authority_id FROM infohus.infohus_authority ORDER BY 1")
        ]
        assert self.create().exit_code == 0

    def run(self, *arguments: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, arguments)

    def create(self) -> Result:
        """Run `keys create`."""
        names = [f"--authority={authority}" for authority in self.authorities]
        return self.run(
            "keys", "create", "--folder", str(self.folder), "--signers", str(self.signers), "--infohus", self.infohus,
            *names,
        )

    def intake(self, *more: str) -> Result:
        """Run `keys intake`."""
        places = ("--folder", str(self.folder), "--signers", str(self.signers))
        return self.run("keys", "intake", "--infohus", self.infohus, *places, *self.owner, *more)

    def ask(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """Ask as the superuser."""

        async def go() -> list[asyncpg.Record]:
            superuser = await asyncpg.connect(self.database.dsn("superuser"))
            try:
                return await superuser.fetch(sql, *values)
            finally:
                await superuser.close()

        return asyncio.run(go())

    def generations(self) -> dict[str, list[int]]:
        """Give the generations of each authority's intake keys."""
        rows = self.ask("SELECT authority_id, generation FROM keys.intake_key ORDER BY authority_id, generation")
        found: dict[str, list[int]] = {}
        for row in rows:
            found.setdefault(row["authority_id"], []).append(row["generation"])
        return found

    def said(self, log: object, action: str = "makeIntakeKeys") -> list[Entry]:
        """Give a log's entries on an act."""
        rows = self.ask("SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", log)
        return [entry for row in rows if (entry := decode(row["entry"])).action == action]

    def rows_not_as_logged(self) -> list[str]:
        """Give the faults that comparing all rows with the logs finds."""

        async def go() -> list[str]:
            reconciler = await asyncpg.connect(self.database.dsn("reconciler"))
            try:
                _, faults = await reconcile_rows(reconciler, RulesOfKeyRows())
            finally:
                await reconciler.close()
            return [str(fault) for fault in faults]

        return asyncio.run(go())

    def faults(self) -> list[str]:
        """Give what the start check finds, as the keys' own role."""

        async def go() -> list[str]:
            keys = await asyncpg.connect(self.database.dsn("keys"))
            try:
                wanted = {(UUID(self.infohus), authority) for authority in self.authorities}
                found = await faults_of_intake_keys(keys, Signers.read(self.signers), wanted, at=now())
                return [fault.text for fault in found]
            finally:
                await keys.close()

        return asyncio.run(go())


@pytest.fixture
def machine(database: Database, tmp_path: Path) -> Machine:
    return Machine(database, tmp_path)


class WhenKeysAreCreated:
    def test_each_authoritys_public_key_stands_in_the_file_of_the_signers(self, machine: Machine) -> None:
        assert Signers.read(machine.signers).authorities() == set(machine.authorities)

    def test_a_second_time_changes_nothing(self, machine: Machine) -> None:
        before = machine.signers.read_bytes()
        assert machine.create().exit_code == 0
        assert machine.signers.read_bytes() == before

    def test_an_authority_can_ask_its_key_keeper_for_its_line(self, machine: Machine) -> None:
        said = machine.run("keys", "signer", "--authority", POLICE, "--folder", str(machine.folder))
        assert said.exit_code == 0
        assert said.output in machine.signers.read_text(encoding="utf-8")
        assert said.output.count("public_key") == 1
        refused = machine.run("keys", "signer", "--authority", "ingen", "--folder", str(machine.folder))
        assert (refused.exit_code, "ingen/sign-1.key" in refused.output) == (1, True)

    def test_a_file_that_names_another_key_is_refused_and_left(self, machine: Machine) -> None:
        machine.signers.unlink()
        add_signers(machine.signers, [SignerKey.of(POLICE, f"{POLICE}/sign-1", bytes(32))])
        before = machine.signers.read_bytes()
        refused = machine.create()
        assert (refused.exit_code, f"{POLICE}/sign-1 of {POLICE} is another key" in refused.output) == (1, True)
        assert machine.signers.read_bytes() == before


class WhenIntakeKeysAreMade:
    def test_each_authority_of_the_plan_has_one_that_counts(self, machine: Machine) -> None:
        assert [POLICE in fault for fault in machine.faults()].count(True) == 1
        made = machine.intake()
        assert made.exit_code == 0, made.output
        assert machine.generations() == {authority: [1] for authority in machine.authorities}
        assert machine.faults() == []

    def test_a_second_time_makes_and_says_nothing(self, machine: Machine) -> None:
        machine.intake()
        again = machine.intake()
        assert (again.exit_code, again.output) == (0, "Each has one.\n")
        assert machine.generations() == {authority: [1] for authority in machine.authorities}
        assert len(machine.said(INSTALLATION_LOG)) == 1

    @pytest.mark.rule(90)
    def test_it_stands_in_the_installations_log_and_in_each_authoritys(self, machine: Machine) -> None:
        machine.intake()
        (of_installation,) = machine.said(INSTALLATION_LOG)
        assert (str(of_installation.subject), of_installation.purpose) == (machine.infohus, "administration")
        for authority in machine.authorities:
            (own,) = machine.said(log_of(authority))
            assert (own.justification, own.correlation) == (of_installation.justification, of_installation.correlation)
            (key,) = machine.ask(
                "SELECT encode(sha256(public_key), 'hex') AS digest FROM keys.intake_key WHERE authority_id = $1",
                authority,
            )
            assert f"{authority}/intake-1 sha256:{key['digest']}" in str(own.justification)

    def test_another_generation_is_one_authoritys_alone_and_said_in_its_log(self, machine: Machine) -> None:
        machine.intake()
        made = machine.intake("--authority", POLICE, "--new-generation")
        assert made.output.startswith(f"{POLICE}: generation 2, sha256 ")
        assert machine.generations() == {one: [1, 2] if one == POLICE else [1] for one in machine.authorities}
        assert (len(machine.said(log_of(POLICE))), len(machine.said(log_of(MUNICIPALITY)))) == (2, 1)
        assert machine.faults() == []

    def test_when_the_log_cannot_be_written_none_is_made(self, machine: Machine) -> None:
        machine.ask("ALTER TABLE audit.leaf ADD CONSTRAINT nothing_more CHECK (false) NOT VALID")
        assert machine.intake().exit_code == 1
        assert machine.generations() == {}

    @pytest.mark.parametrize("more", [("--authority", "ingen-i-planen"), ("--infohus", str(uuid4()))])
    def test_who_takes_no_part_gets_none(self, machine: Machine, more: tuple[str, str]) -> None:
        refused = machine.intake(*more)
        assert (refused.exit_code, more[1] in refused.output) == (1, True)
        assert machine.generations() == {}

    def test_one_whose_signer_does_not_count_gets_none(self, machine: Machine) -> None:
        kept = [key for key in Signers.read(machine.signers) if key.authority_id != POLICE]
        machine.signers.unlink()
        add_signers(machine.signers, kept)
        refused = machine.intake()
        assert (refused.exit_code, "signers.toml" in refused.output) == (1, True)
        assert machine.generations() == {}

    @pytest.mark.parametrize("change", PLANTED)
    def test_one_that_was_planted_is_named_and_the_next_counts_beside_it(self, machine: Machine, change: str) -> None:
        machine.intake()
        machine.ask(change, POLICE)
        (fault,) = machine.faults()
        assert f"of {POLICE} in the infohus {machine.infohus}" in fault
        assert machine.intake("--new-generation").exit_code == 0
        assert machine.faults() == [fault]

    @pytest.mark.rule(58)
    @pytest.mark.parametrize("change", [*PLANTED, "DELETE FROM keys.intake_key WHERE authority_id = $1"])
    def test_its_row_is_compared_with_the_logs(self, machine: Machine, change: str) -> None:
        machine.intake()
        assert machine.rows_not_as_logged() == []
        machine.ask(change, POLICE)
        assert {fault.split()[0] for fault in machine.rows_not_as_logged()} == {"intake_key"}

    @pytest.mark.rule(58)
    def test_an_older_one_that_is_made_the_newest_again_is_named(self, machine: Machine) -> None:
        """It is signed, so nothing else tells that whoever has its seed reads what is sealed from now on."""
        machine.intake()
        machine.intake("--authority", POLICE, "--new-generation")
        assert machine.rows_not_as_logged() == []
        machine.ask("DELETE FROM keys.intake_key WHERE authority_id = $1 AND generation = 2", POLICE)
        assert machine.faults() == []
        (fault,) = machine.rows_not_as_logged()
        assert "er væk, uden at nogen log siger det" in fault


class WhenASigningKeyIsReplaced:
    def replace(self, machine: Machine, *more: str) -> Result:
        """Run `keys replace-signer` for the police."""
        places = ("--folder", str(machine.folder), "--signers", str(machine.signers))
        return machine.run("keys", "replace-signer", "--authority", POLICE, *places, *machine.owner, *more)

    def test_both_count_and_the_next_one_is_signed_by_the_new_one(self, machine: Machine) -> None:
        machine.intake()
        said = self.replace(machine)
        assert (said.exit_code, f'id = "{POLICE}/sign-2"' in said.output) == (0, True)
        digest = sha256(FileKeyKeeper(machine.folder).signer_key(POLICE).public).hexdigest()
        for log in (INSTALLATION_LOG, log_of(POLICE)):
            (entry,) = machine.said(log, "replaceSigner")
            assert (entry.role, entry.justification) == ("owner", f"{POLICE}/sign-2 sha256:{digest}")
        assert machine.said(log_of(MUNICIPALITY), "replaceSigner") == []
        assert machine.faults() == []
        assert machine.intake("--authority", POLICE, "--new-generation").exit_code == 0
        signed = machine.ask("SELECT signer_key_id FROM keys.intake_key WHERE authority_id = $1 ORDER BY 1", POLICE)
        assert [row["signer_key_id"] for row in signed] == [f"{POLICE}/sign-1", f"{POLICE}/sign-2"]
        keeper_with_signers(machine.folder, machine.signers)

    @pytest.mark.rule(44)
    def test_what_a_stolen_one_signed_counts_no_more_and_the_next_intake_key_does(self, machine: Machine) -> None:
        machine.intake()
        key_id, signature = FileKeyKeeper(machine.folder).sign(POLICE, b"forged")
        assert self.replace(machine, "--stolen").exit_code == 0
        (entry,) = machine.said(log_of(POLICE), "replaceSigner")
        assert str(entry.justification).endswith("; older ones count no more")
        with pytest.raises(NotSigned):
            Signers.read(machine.signers).verify(POLICE, key_id, b"forged", signature)
        (fault,) = machine.faults()
        assert f"of {POLICE} in the infohus" in fault
        assert machine.intake().exit_code == 0
        assert machine.generations()[POLICE] == [1, 2]
        assert Signers.read(machine.signers).authorities() == set(machine.authorities)
        keeper_with_signers(machine.folder, machine.signers)

    def test_an_authority_without_keys_gets_none(self, machine: Machine) -> None:
        places = ("--folder", str(machine.folder), "--signers", str(machine.signers))
        refused = machine.run("keys", "replace-signer", "--authority", "ukendt", *places, *machine.owner)
        assert (refused.exit_code, (machine.folder / "ukendt").exists()) == (1, False)

    @pytest.mark.rule(59)
    def test_where_no_log_can_say_so_the_older_one_goes_on(self, machine: Machine) -> None:
        places = ("--folder", str(machine.folder), "--signers", str(machine.signers))
        before = machine.signers.read_text()
        machine.run("keys", "create", *places, "--infohus", machine.infohus, "--authority", "ny")
        signers = machine.signers.read_text()
        assert signers != before
        refused = machine.run("keys", "replace-signer", "--authority", "ny", *places, *machine.owner)
        assert (refused.exit_code, "has no log" in refused.output) == (1, True)
        assert machine.signers.read_text() == signers


class WhenItIsSetHowLongALogIsKept:
    @pytest.mark.rule(62)
    @pytest.mark.rule(58)
    def test_both_logs_say_it_and_whatever_they_do_not_say_is_named(self, machine: Machine) -> None:
        def keep(log: str, years: int) -> None:
            ended = machine.run("audit", "keep", "--log", log, "--years", str(years), *machine.owner)
            assert ended.exit_code == 0, ended.output

        for log, years in ((POLICE, 2), (POLICE, 2), (POLICE, 3), ("installation", 7)):
            keep(log, years)
        said = [[entry.justification for entry in machine.said(log, "setLogRetention")] for log in (
            log_of(POLICE), log_of(MUNICIPALITY), INSTALLATION_LOG,
        )]
        police = [f"log:{log_of(POLICE)} years:{years}" for years in (2, 3)]
        assert said == [police, [], [*police, f"log:{INSTALLATION_LOG} years:7"]]
        assert machine.rows_not_as_logged() == []
        for forged in (
            "UPDATE audit.retention SET years = 1 WHERE log_id = $1", "DELETE FROM audit.retention WHERE log_id = $1",
            "UPDATE audit.retention SET years = 1, revision = revision + 1 WHERE log_id = $1",
        ):
            machine.ask(forged, log_of(POLICE))
            assert {fault.split()[0] for fault in machine.rows_not_as_logged()} == {"retention"}, forged
            machine.ask("DELETE FROM audit.retention WHERE log_id = $1", log_of(POLICE))
            machine.ask("INSERT INTO audit.retention VALUES ($1, 3, 2)", log_of(POLICE))
        assert machine.rows_not_as_logged() == []
        machine.ask("INSERT INTO audit.retention VALUES ($1, 1)", log_of(MUNICIPALITY))
        assert {fault.split()[0] for fault in machine.rows_not_as_logged()} == {"retention"}
