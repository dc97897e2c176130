"""`infohus check`: everything that is wrong with an installation, all at once and by name, with an exit code."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from house import MUNICIPALITY, POLICE, PROBATION, House
from house_keys import environment_of
from infohus.cli.start_check import Finding, check, findings
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.sealing.signatures import Signers, add_signers

NOBODY_ANSWERS = "http://127.0.0.1:9"
OF_ANOTHER_KIND = (
    f'[[issuer]]\nurl = "{NOBODY_ANSWERS}/x"\nauthority = "{PROBATION}"\nkind = "security_service"\nroles = ["legal"]\n'
    'keys_file = "politi.json"\n'
)
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what must be refused
SPOILS: dict[str, tuple[Callable[[House], object], str]] = {
    "issuers.toml that all may write": (lambda house: (house.folder / "issuers.toml").chmod(0o666), "issuers.toml"),
    "signers.toml that all may write": (lambda house: (house.folder / "signers.toml").chmod(0o666), "signers.toml"),
    "signers.toml that is gone": (lambda house: (house.folder / "signers.toml").unlink(), "signers.toml"),
    "signers.toml without an authority": (
        lambda house: leave_out(house.folder / "signers.toml", POLICE), f"{POLICE}/sign-1 of {POLICE} is missing"
    ),
    "signers.toml with another key": (
        lambda house: (house.settings.keys_folder / POLICE / "sign-1.key").write_bytes(bytes(32)),
        f"signers.toml: the signer {POLICE}/sign-1 of {POLICE} is another key",
    ),
    "a signing key that is gone": (
        lambda house: (house.settings.keys_folder / POLICE / "sign-1.key").unlink(), f"{POLICE}/sign-1.key"
    ),
    "an issuer's keys that all may write": (lambda house: (house.folder / "politi.json").chmod(0o646), "politi.json"),
    "an issuer's keys that are gone": (lambda house: (house.folder / "politi.json").unlink(), "politi.json"),
    "a key that others read": (
        lambda house: (house.settings.keys_folder / POLICE / "kek-1.key").chmod(0o644), f"{POLICE}/kek-1.key"
    ),
    "a key that is gone": (
        lambda house: (house.settings.keys_folder / PROBATION / "kek-1.key").unlink(), f"{PROBATION}/kek-1.key"
    ),
    "an index key that is gone": (
        lambda house: (house.settings.keys_folder / "index" / f"{house.infohus_id}.key").unlink(), "index/"
    ),
    "a log key that others read": (
        lambda house: (house.settings.keys_folder / "log-signing.key").chmod(0o640), "log-signing.key"
    ),
    "an issuer that is another kind": (
        lambda house: replace_in(house, "[[issuer]]", f"{OF_ANOTHER_KIND}[[issuer]]", times=1),
        "its plan says probation",
    ),
}


def leave_out(signers: Path, authority: str) -> None:
    kept = [key for key in Signers.read(signers) if key.authority_id != authority]
    signers.unlink()
    add_signers(signers, kept)


def replace_in(house: House, old: str, new: str, *, times: int = -1) -> None:
    file = house.folder / "issuers.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, times), encoding="utf-8")


def environment(house: House, **more: str) -> dict[str, str]:
    """Give the variables of the service."""
    return {**environment_of(house.settings), "INFOHUS_LOG_FORMAT": "json", **more}


async def found(house: House, **more: str) -> list[Finding]:
    """Look as the command does, which has an event loop of its own."""
    return await asyncio.to_thread(findings, environment(house, **more))


def witnesses(
    folder: Path, *, count: int, need: int, mode: int = 0o644, run_by: Sequence[str | None] = ("a", "b", "c", "d")
) -> str:
    """Write a file of witnesses that do not answer, each run by somebody else unless it says otherwise."""
    keys = [WitnessKey(f"w{n}.example", SigningKey(bytes([n]) * 32).verifier("").public) for n in range(count)]
    parts = [
        f'[[witness]]\nurl = "{NOBODY_ANSWERS}"\nkey = "{key}"\n' + (f'run_by = "{party}"\n' if party else "")
        for key, party in zip(keys, run_by, strict=False)
    ]
    (folder / "witnesses.toml").write_text(f"need = {need}\n" + "".join(parts), encoding="utf-8")
    (folder / "witnesses.toml").chmod(mode)
    return str(folder / "witnesses.toml")


@pytest.mark.fault("E5")
class WhenAnInstallationIsChecked:
    async def test_what_is_well_but_for_its_witnesses_starts_with_one_warning(self, house: House) -> None:
        [only] = await found(house)
        assert (only.stops, only.text.split()[0]) == (False, "INFOHUS_WITNESSES_FILE")

    @pytest.mark.parametrize("spoil", SPOILS)
    async def test_what_is_spoilt_stops_it_by_name(self, house: House, spoil: str) -> None:
        act, named = SPOILS[spoil]
        act(house)
        stopping = [finding.text for finding in await found(house) if finding.stops]
        assert len(stopping) == 1, stopping
        assert named in stopping[0]

    async def test_a_folder_that_all_may_write_is_named_for_each_file_in_it(self, house: House) -> None:
        house.folder.chmod(0o777)
        stopping = [finding.text.split(":")[0] for finding in await found(house) if finding.stops]
        assert stopping == ["signers.toml", "issuers.toml"]

    @pytest.mark.rule(44)
    @pytest.mark.parametrize("change", ["DELETE FROM keys.intake_key", "UPDATE keys.intake_key SET generation = 2"])
    async def test_an_intake_key_that_is_gone_or_not_its_authoritys_stops_it(self, house: House, change: str) -> None:
        await house.sql(f"{change} WHERE authority_id = $1", POLICE)
        [stopping] = [finding.text for finding in await found(house) if finding.stops]
        assert POLICE in stopping
        assert "intake key" in stopping

    async def test_several_faults_are_told_at_once(self, house: House) -> None:
        for spoil in ("issuers.toml that all may write", "a log key that others read", "a key that is gone"):
            SPOILS[spoil][0](house)
        said = await found(house, INFOHUS_WITNES_FILE="x", INFOHUS_HOST=EVERYWHERE)
        stopping = [finding.text for finding in said if finding.stops]
        named = ("INFOHUS_WITNES_FILE", "INFOHUS_HOST", "issuers.toml", "log-signing.key", f"{PROBATION}/kek-1.key")
        assert [name for name in named if name not in " | ".join(stopping)] == []

    @pytest.mark.parametrize(("count", "need", "warnings"), [(1, 1, 2), (2, 2, 1), (3, 1, 1), (3, 2, 0)])
    async def test_too_few_witnesses_are_warned_of(self, house: House, count: int, need: int, warnings: int) -> None:
        file = witnesses(house.folder, count=count, need=need)
        said = [finding for finding in await found(house, INFOHUS_WITNESSES_FILE=file) if not finding.stops]
        assert len(said) == warnings
        assert all("witnesses.toml" in finding.text for finding in said)

    @pytest.mark.fault("E3")
    @pytest.mark.rule(58)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize(("run_by", "named"), [
        ((MUNICIPALITY, POLICE, "a"), []), ((MUNICIPALITY, POLICE, None), ["w2.example"]),
        ((MUNICIPALITY, MUNICIPALITY, POLICE), [MUNICIPALITY]), ((POLICE, POLICE, POLICE), [POLICE]),
        ((POLICE, POLICE, MUNICIPALITY, MUNICIPALITY), [MUNICIPALITY, POLICE]),
    ])
    async def test_a_log_that_its_own_authority_witnesses_more_than_once_is_named(
        self, house: House, run_by: Sequence[str | None], named: list[str]
    ) -> None:
        file = witnesses(house.folder, count=len(run_by), need=2, run_by=run_by)
        texts = [one.text for one in await found(house, INFOHUS_WITNESSES_FILE=file)]
        about = [text for text in texts if "the log of" in text or "run_by" in text]
        assert len(about) == len(named)
        assert all(name in text for name, text in zip(named, about, strict=True))

    async def test_a_machine_that_remembers_nothing_is_told_whom_it_waits_for(self, house: House) -> None:
        await house.case()
        file = witnesses(house.folder, count=3, need=2)
        [stopping] = [finding for finding in await found(house, INFOHUS_WITNESSES_FILE=file) if finding.stops]
        assert "Svarede: ingen. Svarede ikke: w0.example, w1.example, w2.example." in stopping.text

    async def test_witnesses_that_all_may_write_stop_it(self, house: House) -> None:
        file = witnesses(house.folder, count=3, need=2, mode=0o666)
        [stopping] = [finding for finding in await found(house, INFOHUS_WITNESSES_FILE=file) if finding.stops]
        assert "witnesses.toml" in stopping.text

    async def test_an_issuer_of_an_authority_in_no_plan_is_named(self, house: House) -> None:
        replace_in(house, POLICE, "en-anden-kreds")
        said = [finding.text for finding in await found(house) if not finding.stops]
        assert [text for text in said if "en-anden-kreds, which is in no plan" in text]
        assert [text for text in said if f"no issuer speaks for {POLICE}" in text]

    async def test_an_issuer_whose_keys_cannot_be_fetched_is_named(self, house: House) -> None:
        replace_in(house, 'keys_file = "politi.json"', f'keys_url = "{NOBODY_ANSWERS}/jwks"')
        said = [finding.text for finding in await found(house) if not finding.stops]
        assert [text for text in said if "/politi has no keys now (ConnectError: " in text]

    async def test_an_authority_without_tovholder_is_named(self, house: House) -> None:
        await house.sql("DELETE FROM infohus.coordinator WHERE authority_id = $1", MUNICIPALITY)
        said = [finding.text for finding in await found(house) if not finding.stops]
        assert [text for text in said if f"{MUNICIPALITY} has no tovholder" in text]

    async def test_another_commands_password_is_not_the_services(self, house: House) -> None:
        said = await found(house, INFOHUS_OWNER_DATABASE_URL="postgresql://infohus_owner:kanariefugl@/infohus")
        assert [finding.text for finding in said if "INFOHUS_OWNER_DATABASE_URL is set" in finding.text]
        assert "kanariefugl" not in str(said)

    async def test_a_database_without_tables_says_what_to_run(self, house: House) -> None:
        await house.sql("ALTER TABLE infohus.coordinator RENAME TO elsewhere")
        try:
            stopping = [finding.text for finding in await found(house) if finding.stops]
        finally:
            await house.sql("ALTER TABLE infohus.elsewhere RENAME TO coordinator")
        assert stopping == ["the database lacks tables: run `infohus migrate` as the owner"]

    async def test_a_database_that_is_away_is_one_of_the_faults(self, house: House) -> None:
        address = "postgresql://infohus_app:kanariefugl@127.0.0.1:9/infohus"
        stopping = [finding.text for finding in await found(house, INFOHUS_DATABASE_URL=address) if finding.stops]
        assert [text.split(":")[0] for text in stopping] == ["INFOHUS_DATABASE_URL"]
        assert "kanariefugl" not in str(stopping)


@pytest.mark.fault("E5")
class WhenTheCommandEnds:
    @pytest.mark.parametrize(("more", "code", "says"), [
        ({}, 4, "WARNING  INFOHUS_WITNESSES_FILE"), ({"INFOHUS_PORTS": "1"}, 1, "ERROR  INFOHUS_PORTS is no setting"),
        ({"INFOHUS_PORT": "x"}, 1, "ERROR  the rest was not looked at"),
    ])
    async def test_its_code_says_what_a_start_would_do(
        self, house: House, more: dict[str, str], code: int, says: str
    ) -> None:
        ran = await asyncio.to_thread(CliRunner().invoke, check, [], env=environment(house, **more))
        assert ran.exit_code == code, ran.output
        assert says in ran.output
