"""`infohus audit verify-all`, the daily check: a code for a log that was changed, and another where it cannot say."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from conftest import Database
from infohus.cli.audit import audit
from infohus.kernel.audit.storage.log import APPEND
from small_entries import small_entry
from town import KEY, LOG, NAMES, ORIGIN, Town

OTHER, OTHER_ORIGIN = UUID(int=8), "infohus.test/other"
NOT_THERE = "postgresql://infohus_verifier:kanariefugl@127.0.0.1:9/infohus"


@pytest.fixture
async def files(town: Town, tmp_path: Path) -> Path:
    """Sign two logs, and lay out both keys as `infohus audit keys` prints them, and witnesses that do not answer."""
    await town.superuser.execute("SELECT audit.open_log($1, $2)", OTHER, OTHER_ORIGIN)
    await town.append(30)
    await town.superuser.execute(APPEND, OTHER, small_entry(OTHER, "post"))
    signer = town.signer()
    for log in (LOG, OTHER):
        await signer.sign(town.connection, log)
    lay_out(tmp_path, *(f"{KEY.verifier(origin)}\n" for origin in (ORIGIN, OTHER_ORIGIN)))
    silent = [
        f'[[witness]]\nurl = "http://127.0.0.1:9"\nkey = "{town.witness(name).verifier}"\n' for name in NAMES
    ]
    (tmp_path / "witnesses.toml").write_text("need = 2\n" + "".join(silent), encoding="utf-8")
    return tmp_path


def lay_out(folder: Path, *lines: str) -> None:
    (folder / "logs.pub").write_text("".join(lines), encoding="utf-8")


async def check(address: str, files: Path, *more: object) -> Result:
    """Run the command in a thread: it has an event loop of its own."""
    arguments = ["verify-all", "--database", address, "--key", str(files / "logs.pub"), "--cores", "1"]
    return await asyncio.to_thread(CliRunner().invoke, audit, [*arguments, *map(str, more)])


CHANGES = {
    "an entry": "UPDATE audit.leaf SET entry = 'x' WHERE log_id = '{log}' AND index = 0",
    "an entry that is gone": "DELETE FROM audit.leaf WHERE log_id = '{log}' AND index = 0",
    "a checkpoint": "UPDATE audit.checkpoint SET note = 'x' WHERE log_id = '{log}'",
    "the whole log": "DELETE FROM audit.log WHERE id = '{log}'",
}
CANNOT = {
    "no key file": lambda files: (files / "logs.pub").unlink(),
    "an empty key file": lay_out,
    "something else as key file": lambda files: lay_out(files, "hej\n"),
    "a log without a key": lambda files: lay_out(files, f"{KEY.verifier(ORIGIN)}\n"),
    "no witnesses' file": lambda files: (files / "witnesses.toml").unlink(),
    "a witnesses' file that all may write": lambda files: (files / "witnesses.toml").chmod(0o666),
    "witnesses that do not answer": lambda _: None,
}


@pytest.mark.fault("E1")
class WhenEveryLogIsChecked:
    async def test_unchanged_logs_end_with_code_0(self, database: Database, files: Path) -> None:
        ran = await check(database.dsn("verifier"), files)
        assert (ran.exit_code, ran.output.count("Uændret:")) == (0, 2), ran.output

    @pytest.mark.parametrize("change", CHANGES)
    @pytest.mark.parametrize("log", [LOG, OTHER], ids=["first", "second"])
    async def test_a_change_to_any_of_them_ends_with_code_1(
        self, database: Database, town: Town, files: Path, change: str, log: UUID
    ) -> None:
        await town.as_superuser(CHANGES[change].format(log=log))
        ran = await check(database.dsn("verifier"), files)
        assert (ran.exit_code, ran.output.count("Uændret:")) == (1, 1), ran.output
        assert "FEJL  audit." in ran.output

    @pytest.mark.parametrize("spoil", CANNOT)
    async def test_what_cannot_be_checked_ends_with_code_3(
        self, database: Database, files: Path, spoil: str
    ) -> None:
        act: Callable[[Path], object] = CANNOT[spoil]
        act(files)
        ran = await check(database.dsn("verifier"), files, "--witnesses", files / "witnesses.toml")
        assert ran.exit_code == 3, ran.output
        assert "FEJL" not in ran.output

    @pytest.mark.parametrize("address", [NOT_THERE, "kanariefugl", "postgresql://kanariefugl@[::1"])
    async def test_a_database_that_is_down_ends_with_code_3_and_tells_no_password(
        self, files: Path, address: str
    ) -> None:
        ran = await check(address, files)
        assert ran.exit_code == 3, ran.output
        assert "kanariefugl" not in ran.output

    async def test_a_change_is_told_also_where_another_log_cannot_be_checked(
        self, database: Database, town: Town, files: Path
    ) -> None:
        lay_out(files, f"{KEY.verifier(ORIGIN)}\n")
        await town.as_superuser(CHANGES["an entry"].format(log=LOG))
        assert (await check(database.dsn("verifier"), files)).exit_code == 1

    async def test_a_database_without_a_log_is_no_unchanged_one(
        self, unmigrated_database: Database, tmp_path: Path
    ) -> None:
        lay_out(tmp_path, f"{KEY.verifier(ORIGIN)}\n")
        assert (await check(unmigrated_database.dsn("verifier"), tmp_path)).exit_code == 3


FOREIGN_ROW = "INSERT INTO infohus.authority VALUES ('fremmed', 'Fremmed', 'municipality', 'gdpr', NULL)"


@pytest.mark.fault("E1")
class WhenTheRowsAreComparedToo:
    @pytest.mark.parametrize("spoil", CANNOT)
    async def test_a_changed_row_is_found_where_a_log_cannot_be_checked(
        self, database: Database, town: Town, files: Path, spoil: str
    ) -> None:
        act: Callable[[Path], object] = CANNOT[spoil]
        act(files)
        await town.as_superuser(FOREIGN_ROW)
        more = ("--witnesses", files / "witnesses.toml", "--rows", "--reconciler-database", database.dsn("reconciler"))
        ran = await check(database.dsn("verifier"), files, *more)
        assert (ran.exit_code, "FEJL  authority" in ran.output.replace("infohus.", "")) == (1, True), ran.output

    async def test_unchanged_rows_do_not_hide_what_could_not_be_checked(
        self, database: Database, tmp_path: Path
    ) -> None:
        """The logs that the other tests sign are nobody's, which the comparison of rows names."""
        more = ("--rows", "--reconciler-database", database.dsn("reconciler"))
        ran = await check(database.dsn("verifier"), tmp_path, *more)
        assert (ran.exit_code, "rækker, hver af dem" in ran.output) == (3, True), ran.output

    @pytest.mark.parametrize("address", [None, NOT_THERE])
    @pytest.mark.parametrize(("change", "code"), [(None, 3), ("an entry", 1)])
    async def test_rows_that_cannot_be_asked_hide_no_changed_log(
        self, database: Database, town: Town, files: Path, *, address: str | None, change: str | None, code: int
    ) -> None:
        if change:
            await town.as_superuser(CHANGES[change].format(log=LOG))
        given = () if address is None else ("--reconciler-database", address)
        ran = await check(database.dsn("verifier"), files, "--rows", *given)
        assert ran.exit_code == code, ran.output
        assert "kanariefugl" not in ran.output

    async def test_the_shipped_unit_runs_both_in_one_command(self) -> None:
        unit = (Path(__file__).parents[2] / "deploy/systemd/infohus-check.service").read_text(encoding="utf-8")
        (command,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
        assert {"verify-all", "--key", "--witnesses", "--rows"} <= set(command.split())


@pytest.mark.fault("E1")
class WhenOneLogIsVerified:
    async def test_a_database_that_is_down_has_the_code_of_what_was_not_checked(self, files: Path) -> None:
        arguments = ["verify", "--database", NOT_THERE, "--log", str(LOG), "--key", str(files / "logs.pub")]
        ran = await asyncio.to_thread(CliRunner().invoke, audit, arguments)
        assert ran.exit_code == 3, ran.output

    @pytest.mark.fault("E4")
    @pytest.mark.parametrize(("log", "origin"), [(LOG, ORIGIN), (OTHER, OTHER_ORIGIN)], ids=["first", "second"])
    async def test_a_file_of_all_keys_holds_the_one_that_counts(
        self, database: Database, files: Path, log: UUID, origin: str
    ) -> None:
        here = ["--database", database.dsn("verifier"), "--log", str(log), "--key", str(files / "logs.pub")]
        ran = await asyncio.to_thread(CliRunner().invoke, audit, ["verify", *here])
        assert (ran.exit_code, "1 underskrift holder" in ran.output) == (0, True), ran.output
        out, read = str(files / "out"), ["--purpose", "lawfulness", "--owner-database", database.dsn("owner")]
        for arguments in (
            ["export", *here, *read, out], ["verify", out, "--key", str(files / "logs.pub")],
            ["prove", *here, *read, "0", "--out", out],
            ["check-proof", f"{out}/0.proof", f"{out}/0.entry", "--key", str(files / "logs.pub")],
        ):
            ran = await asyncio.to_thread(CliRunner().invoke, audit, arguments)
            assert ran.exit_code == 0, f"{arguments}: {ran.output}"
        assert origin in ran.output
