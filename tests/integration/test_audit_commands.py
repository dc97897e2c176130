"""`infohus audit …` as a DPO uses it: the log in the database, an export, and a proof, against keys of their own."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conftest import Database
from infohus.cli.audit import audit
from infohus.kernel.audit.formats.checkpoint import SigningKey, split_note
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.formats.entry import decode
from infohus.kernel.audit.verification.exported_log import Fault, verify_export
from integration.test_archive_notes import KEEP, KEEP_LINE, forged_line
from town import KEY, LOG, NAMES, ORIGIN, Town


async def run(*arguments: object, code: int = 0) -> Result:
    """Run a command in a thread: it has an event loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, audit, [str(one) for one in arguments])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture
async def keys(town: Town, tmp_path: Path) -> Path:
    """Sign a log of 300 entries, and lay the public keys ready."""
    await town.append(300)
    await town.signer().sign(town.connection, LOG)
    (tmp_path / "log.pub").write_text(f"{KEY.verifier(ORIGIN)}\n", encoding="utf-8")
    for name in NAMES:
        (tmp_path / f"{name}.pub").write_text(f"{town.witness(name).verifier}\n", encoding="utf-8")
    return tmp_path


def read_for(database: Database) -> tuple[str, ...]:
    """Give the options of a command that gives entries out."""
    return ("--purpose", "lawfulness", "--owner-database", database.dsn("owner"))


def witnesses_file(town: Town, folder: Path) -> Path:
    """Name the three witnesses, none of whom answers."""
    lines = [f'[[witness]]\nurl = "http://127.0.0.1:9"\nkey = "{town.witness(name).verifier}"\n' for name in NAMES]
    (folder / "witnesses.toml").write_text("need = 2\n" + "".join(lines), encoding="utf-8")
    return folder / "witnesses.toml"


async def prove(database: Database, keys: Path, index: int, *more: object, code: int = 0) -> Result:
    here = ("--database", database.dsn("verifier"), "--log", LOG, "--key", keys / "log.pub", *read_for(database))
    return await run("prove", *here, *more, index, "--out", keys / "proofs", code=code)


def cosigners(keys: Path, *names: str) -> list[object]:
    return [one for name in names for one in ("--cosigner", keys / f"{name}.pub")]


class WhenTheLogIsExported:
    async def test_the_folder_verifies_with_the_witnesses_that_are_needed(
        self, database: Database, keys: Path
    ) -> None:
        here, log = ("--database", database.dsn("verifier")), ("--log", LOG)
        said = await run("export", *here, *log, "--key", keys / "log.pub", *read_for(database), keys / "out")
        assert "300 poster skrevet" in said.output
        said = await run("verify", keys / "out", "--key", keys / "log.pub", *cosigners(keys, *NAMES), "--need", 2)
        assert f"Uændret: 300 poster i loggen {ORIGIN}" in said.output
        assert verify_export(keys / "out", [KEY.verifier(ORIGIN)], cores=2).is_whole

    @pytest.mark.rule(58)
    @pytest.mark.parametrize(("spoil", "what"), [
        (lambda tile: bytes([tile[0] ^ 1]) + tile[1:], "er ikke, hvad der blev logget: dens hash er en anden"),
        (lambda tile: tile[:-1], "et andet antal hashværdier end poster"),
        (lambda tile: tile * 2, "et andet antal hashværdier end poster"),
    ], ids=["another hash", "cut off", "one too many"])
    async def test_a_tile_above_the_entries_is_compared_too(
        self, database: Database, keys: Path, spoil: Callable[[bytes], bytes], what: str
    ) -> None:
        here = ("--database", database.dsn("verifier"), "--log", LOG, "--key", keys / "log.pub")
        await run("export", *here, *read_for(database), keys / "out")
        tile = keys / "out" / "tile" / "1" / "000.p" / "1"
        tile.write_bytes(spoil(tile.read_bytes()))
        found = verify_export(keys / "out", [KEY.verifier(ORIGIN)])
        assert found.faults == (Fault("tile/1/000.p/1", None, what),)
        tile.unlink()
        gone = verify_export(keys / "out", [KEY.verifier(ORIGIN)])
        assert Fault("tile/1/000.p/1", None, "mangler") in gone.faults

    async def test_the_same_witness_twice_is_one(self, database: Database, keys: Path) -> None:
        here, log = ("--database", database.dsn("verifier")), ("--log", LOG)
        await run("export", *here, *log, "--key", keys / "log.pub", *read_for(database), keys / "out")
        twice = cosigners(keys, NAMES[0], NAMES[0])
        said = await run("verify", keys / "out", "--key", keys / "log.pub", *twice, "--need", 2, code=1)
        assert "1 vidne har underskrevet, og der skal være 2" in said.output
        too_few = await run("verify", keys / "out", "--key", keys / "log.pub", *twice[:2], "--need", 2, code=2)
        assert ("1 --cosigner given" in too_few.output, "FEJL" in too_few.output) == (True, False)

    @pytest.mark.rule(58)
    async def test_a_log_whose_witnesses_do_not_answer_is_not_called_checked(
        self, database: Database, keys: Path
    ) -> None:
        """Whole as far as its rows and signatures say; whoever has database and key makes that say anything."""
        witnesses = "need = 2\n" + "".join(
            f'[[witness]]\nurl = "http://127.0.0.1:9"\nkey = "{(keys / f"{name}.pub").read_text().strip()}"\n'
            for name in NAMES
        )
        (keys / "witnesses.toml").write_text(witnesses, encoding="utf-8")
        here = ("--database", database.dsn("verifier"), "--log", LOG, "--key", keys / "log.pub")
        said = await run("verify", *here, "--witnesses", keys / "witnesses.toml", code=3)
        assert "Uændret: 300 poster" in said.output
        assert f"Vidnet {NAMES[0]} svarede ikke." in said.output
        assert "Ikke prøvet: for få vidner svarede." in said.output
        await run("verify", *here)

    @pytest.mark.rule(58)
    async def test_a_log_does_not_pass_for_another_of_the_installation(self, database: Database, keys: Path) -> None:
        # The same key signs them all, and a signature does not cover the line that names the key.
        here, log = ("--database", database.dsn("verifier")), ("--log", LOG)
        await run("export", *here, *log, "--key", keys / "log.pub", *read_for(database), keys / "out")
        other, note = KEY.verifier("infohus.test/other"), (keys / "out" / "checkpoint").read_text(encoding="utf-8")
        text, signatures = split_note(note)
        raw = dict(signatures)[ORIGIN]
        line = f"— {other.name} {base64.b64encode(other.key_id + raw[4:]).decode()}\n"
        (keys / "out" / "checkpoint").write_text(f"{text}\n{line}", encoding="utf-8")
        (keys / "other.pub").write_text(f"{other}\n", encoding="utf-8")
        said = await run("verify", keys / "out", "--key", keys / "other.pub", code=1)
        assert "ingen nøgle, vi stoler på, har underskrevet det" in said.output

    @pytest.mark.rule(58)
    async def test_whoever_cannot_vouch_is_no_witness(self, database: Database, keys: Path) -> None:
        here, log = ("--database", database.dsn("verifier")), ("--log", LOG)
        await run("export", *here, *log, "--key", keys / "log.pub", *read_for(database), keys / "out")
        first = WitnessKey(NAMES[0], SigningKey(NAMES[0][:1].encode() * 32).verifier("").public)
        cannot = {
            "log": KEY.verifier(ORIGIN), "log-as-witness": WitnessKey("x.example", KEY.verifier("").public),
            "log-name": WitnessKey(ORIGIN, first.public), "other-name": WitnessKey("x.example", first.public),
        }
        asked = ("verify", keys / "out", "--key", keys / "log.pub", *cosigners(keys, NAMES[0]))
        await run(*asked, "--need", 1)
        for name, key in cannot.items():
            (keys / f"{name}.pub").write_text(f"{key}\n", encoding="utf-8")
            said = await run(*asked, *cosigners(keys, name), "--need", 1, code=2)
            assert "none is the log's" in said.output.replace("\n", " "), said.output

    async def test_a_folder_that_holds_something_is_left_alone(
        self, database: Database, keys: Path
    ) -> None:
        here, log = ("--database", database.dsn("verifier")), ("--log", LOG)
        said = await run("export", *here, *log, "--key", keys / "log.pub", *read_for(database), keys, code=1)
        words = said.output.replace("│", " ").split()  # the frame around them is broken where the path ends
        assert "is not empty" in " ".join(words)


class WhenOneEntryIsProved:
    async def test_the_proof_is_checked_offline_and_is_small(self, database: Database, keys: Path) -> None:
        await prove(database, keys, 137)
        proof, entry = keys / "proofs" / "137.proof", keys / "proofs" / "137.entry"
        assert proof.stat().st_size < 2000
        asked = ("check-proof", proof, entry, "--key", keys / "log.pub", *cosigners(keys, *NAMES))
        said = await run(*asked, "--need", 2)
        assert f"post 137 af 300 i {ORIGIN}, bevidnet af dpo.example, kommune.example, politi.example" in said.output
        swapped = await run("check-proof", entry, proof, "--key", keys / "log.pub", code=2)
        assert ("is no proof" in swapped.output, "FEJL" in swapped.output) == (True, False)

    @pytest.mark.fault("A17")
    async def test_what_the_signers_role_planted_in_the_archive_stops_no_proof(
        self, database: Database, keys: Path, town: Town
    ) -> None:
        await town.append(1)
        await town.connection.execute(KEEP, LOG, 301, "garbage", "now")
        for number in range(len(NAMES)):
            await town.connection.execute(KEEP_LINE, LOG, 300, forged_line(number, b"a"))
        await prove(database, keys, 137, "--witnesses", witnesses_file(town, keys))
        proof, entry = keys / "proofs" / "137.proof", keys / "proofs" / "137.entry"
        await run("check-proof", proof, entry, "--key", keys / "log.pub", *cosigners(keys, *NAMES), "--need", 3)

    async def test_another_entry_is_not_proved_by_it(self, database: Database, keys: Path) -> None:
        await prove(database, keys, 137)
        (keys / "proofs" / "137.entry").write_bytes(b"another")
        proof, entry = keys / "proofs" / "137.proof", keys / "proofs" / "137.entry"
        assert "FEJL" in (await run("check-proof", proof, entry, "--key", keys / "log.pub", code=1)).output

    async def test_a_proof_that_is_oddly_written_is_none(self, database: Database, keys: Path) -> None:
        await prove(database, keys, 137)
        proof, entry = keys / "proofs" / "137.proof", keys / "proofs" / "137.entry"
        written = proof.read_text(encoding="utf-8")
        for index in ("²", "1" * 5000):
            proof.write_text(written.replace("index 137", f"index {index}"), encoding="utf-8")
            assert "FEJL" in (await run("check-proof", proof, entry, "--key", keys / "log.pub", code=1)).output
        proof.write_text(written.replace("index 137", "extra aGVq\nindex 137"), encoding="utf-8")
        said = await run("check-proof", proof, entry, "--key", keys / "log.pub")
        assert f"post 137 af 300 i {ORIGIN}" in said.output

    async def test_one_that_is_not_signed_yet_says_what_to_do(
        self, database: Database, keys: Path, town: Town
    ) -> None:
        await town.append(1)
        said = await prove(database, keys, 300, code=1)
        assert "infohus audit sign" in said.output

    async def test_one_that_is_not_there_is_never_signed(self, database: Database, keys: Path) -> None:
        said = await prove(database, keys, 300, code=2)
        assert ("the log has 300" in said.output, "audit sign" in said.output) == (True, False)


class WhenEntriesAreGivenOut:
    @pytest.mark.rule(61)
    @pytest.mark.rule(104)
    @pytest.mark.parametrize(("command", "action"), [
        ("export {keys}/out", "ExportLog"), ("prove 137 --out {keys}/out", "ProveLogEntry"),
    ])
    async def test_that_and_what_for_stands_in_the_log(
        self, database: Database, keys: Path, town: Town, command: str, action: str
    ) -> None:
        arguments = command.format(keys=keys).split()
        here = ("--database", database.dsn("verifier"), "--log", LOG, "--key", keys / "log.pub")
        for missing in range(2):
            options = read_for(database)[2 * missing:2 * missing + 2]
            await run(*arguments, *here, *options, code=2)
        await run(*arguments, *here, *read_for(database))
        said = decode(await town.superuser.fetchval(
            "SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index DESC LIMIT 1", LOG
        ))
        assert (said.action, said.role, said.purpose, said.justification) == (
            action[0].lower() + action[1:], "owner", "lawfulness", f"log:{LOG}"
        )
        assert said.read == ([(0, 299)] if action == "ExportLog" else [(137, 137)])
        # The other authority reads the installation's log.
        assert await town.superuser.fetchval("SELECT count(*) FROM audit.leaf WHERE log_id <> $1", LOG) == 0

    @pytest.mark.rule(61)
    async def test_nothing_is_given_out_where_the_logs_cannot_say_so(self, database: Database, keys: Path) -> None:
        here = ("--database", database.dsn("verifier"), "--log", LOG, "--key", keys / "log.pub")
        read = ("--purpose", "lawfulness", "--owner-database", database.dsn("verifier"))
        await run("export", *here, *read, keys / "out", code=1)
        await run("prove", *here, *read, 137, "--out", keys / "out", code=1)
        assert not (keys / "out").exists()


class WhenTheDatabaseIsVerified:
    async def test_rows_and_checkpoints_are_told(self, database: Database, keys: Path) -> None:
        here = ("--database", database.dsn("verifier"), "--log", LOG, "--key", keys / "log.pub")
        said = await run("verify", *here, "--resume", keys / "seen")
        assert f"Uændret: 300 poster i loggen {ORIGIN}" in said.output
        assert "1 underskrift holder; den nyeste dækker 300 poster" in said.output

    @pytest.mark.rule(58)
    async def test_a_changed_entry_ends_with_code_1_and_its_place(
        self, database: Database, town: Town, keys: Path
    ) -> None:
        await town.as_superuser("UPDATE audit.leaf SET entry = 'x' WHERE index = 42")
        here = ("--database", database.dsn("verifier"), "--log", LOG, "--key", keys / "log.pub")
        assert "FEJL  audit.leaf, post 42" in (await run("verify", *here, code=1)).output
        assert "FEJL  audit.leaf, post 42" in (await run("watch", *here, "--every", 1, code=1)).output

    async def test_a_log_that_is_not_there_is_said_so(self, database: Database, keys: Path) -> None:
        here = ("--database", database.dsn("verifier"), "--log", str(LOG)[:-1] + "9")
        rest, read = ("--key", keys / "log.pub"), read_for(database)
        for command in (
            ("verify", *here, *rest), ("watch", *here, *rest), ("export", *here, *rest, *read, keys / "out"),
            ("prove", *here, *rest, *read, 0, "--out", keys / "out"),
        ):
            assert "no log with this id" in (await run(*command, code=3)).output
