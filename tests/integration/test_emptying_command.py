"""Emptying as people meet it: the command that does it, and what reviewers see afterwards."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from click.testing import CliRunner, Result

import town as town_module
from conftest import Database
from house import MUNICIPAL_LOG, House, now
from infohus.cli.commands import main
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.emptying import EMPTY, entry_of
from infohus.kernel.audit.formats.entry import Emptied
from infohus.kernel.audit.formats.merkle import leaf_hash
from infohus.kernel.audit.storage.export import check_hashed_proof
from infohus.kernel.audit.storage.log import APPEND, INSTALLATION_LOG
from infohus.kernel.audit.verification.log_rows import verify_database
from old_log import FIVE_YEARS, LOG, OLD, Log, entry, open_log
from town import Town


@pytest.fixture
async def log(database: Database) -> AsyncIterator[Log]:
    async with open_log(database) as opened:
        yield opened


class WhenReviewersLook:
    @pytest.mark.rule(62)
    async def test_an_emptied_entry_shows_as_emptied_and_is_still_proved(
        self, house: House, database: Database
    ) -> None:
        retention = await asyncpg.connect(database.dsn("retention"))
        old = [entry(OLD, MUNICIPAL_LOG), entry(OLD + timedelta(days=1), MUNICIPAL_LOG)]
        for one in old:
            await house.sql(APPEND, MUNICIPAL_LOG, one)
        case = await house.case()
        said = entry_of(MUNICIPAL_LOG, Emptied(0, 2, now() - FIVE_YEARS), at=now())
        await retention.execute(EMPTY, MUNICIPAL_LOG, 0, 2, said, [], "[]")
        await retention.close()
        dpo, path = house.person("dpo"), "/log"
        state = await dpo.get(path)
        assert (state["is_whole"], state["emptied"], state["faults"]) == (True, 2, [])
        listed = (await dpo.get(f"{path}/entries"))["items"]
        assert [(one["index"], one["entry"] is None) for one in listed[:4]] == [
            (0, True), (1, True), (2, False), (3, False),
        ]
        emptying = next(one["entry"] for one in listed[2:] if one["entry"]["action"] == "emptyLogEntries")
        assert (emptying["emptied"]["start"], emptying["emptied"]["stop"]) == (0, 2)
        assert (await dpo.get(f"{path}/entries?outcome=allowed"))["items"][0]["index"] == 2
        key = SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier("infohus.test/ishoj-kommune")
        given = await dpo.get(f"{path}/proofs/1")
        assert (given["entry"], given["leaf_hash"]) == (None, leaf_hash(old[1]).hex())
        assert check_hashed_proof(given["proof"], bytes.fromhex(given["leaf_hash"]), [key]).index == 1
        kept = await dpo.get(f"{path}/proofs/2")
        assert leaf_hash(base64.b64decode(kept["entry"])).hex() == kept["leaf_hash"]
        assert await case.kommune.get(f"{case.path}/log")


def roles(database: Database) -> tuple[str, ...]:
    """Name the addresses of the two roles that the command works as."""
    return "--database", database.dsn("retention"), "--reconciler-database", database.dsn("reconciler")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


class WhenTheCommandIsGiven:
    """The command runs an event loop of its own, so it is given from a thread."""

    async def told(self, log: Log, *more: str) -> tuple[int, str]:
        asked = ("empty", "--log", str(LOG), *roles(log.database), *more)
        ended = await asyncio.to_thread(run, *asked)
        return ended.exit_code, ended.output

    @pytest.mark.rule(62)
    async def test_it_says_what_it_would_empty_and_does_it_when_told_twice(self, log: Log) -> None:
        code, said = await self.told(log)
        assert (code, "300 poster (nr. 0–299)" in said, "fra 2019-03-01 til 2019-12-25" in said) == (0, True, True)
        assert "Intet er tømt" in said
        assert await log.superuser.fetchval("SELECT count(*) FROM audit.leaf WHERE entry IS NULL") == 0
        assert (await self.told(log, "--before", "2019-04-01", "--yes"))[0] == 0
        assert (await verify_database(log.superuser, LOG)).emptied == 31
        assert (await self.told(log, "--yes"))[0] == 0
        assert (await verify_database(log.superuser, LOG)).emptied == 300
        assert "Ingen poster er gamle nok" in (await self.told(log, "--yes"))[1]
        assert await log.faults() == []

    @pytest.mark.rule(62)
    @pytest.mark.fault("C19")
    async def test_a_day_is_the_danish_one(self, log: Log) -> None:
        new_years_night = uuid4()
        await log.superuser.execute("SELECT audit.open_log($1, $2)", new_years_night, "infohus.test/new-year")
        for moment in ("2018-12-31T22:59:00+00:00", "2018-12-31T23:01:00+00:00"):
            await log.app.execute(APPEND, new_years_night, entry(datetime.fromisoformat(moment), new_years_night))
        asked = ("--log", str(new_years_night), *roles(log.database), "--before", "2019-01-01")
        ended = await asyncio.to_thread(run, "empty", *asked, "--yes")
        assert "1 poster (nr. 0–0) er gamle nok til at blive tømt: fra 2018-12-31 til 2018-12-31." in ended.output
        assert (await verify_database(log.superuser, new_years_night)).emptied == 1

    @pytest.mark.rule(62)
    async def test_what_is_too_young_stays_until_the_period_is_set_otherwise(self, log: Log) -> None:
        day = (now() - timedelta(days=3 * 366)).date().isoformat()
        code, said = await self.told(log, "--before", day, "--yes")
        assert (code, "skal bevares" in said) == (1, True)
        owner = log.database.dsn("owner")
        await log.superuser.execute("SELECT audit.open_log($1, 'infohus.test/installation')", INSTALLATION_LOG)
        kept = await asyncio.to_thread(run, "keep", "--log", str(LOG), "--years", "2", "--owner-database", owner)
        assert (kept.exit_code, kept.output) == (0, "Loggens poster bevares i 2 år.\n")
        assert (await self.told(log, "--before", day, "--yes"))[0] == 0

    async def test_a_log_that_is_not_there_is_named(self, log: Log) -> None:
        stranger = str(uuid4())
        ended = await asyncio.to_thread(
            run, "empty", "--log", stranger, *roles(log.database)
        )
        assert (ended.exit_code, "ingen log med det id" in ended.output) == (1, True)
        ended = await asyncio.to_thread(
            run, "keep", "--log", stranger, "--years", "3", "--owner-database", log.database.dsn("owner")
        )
        assert (ended.exit_code, "ingen log med det id" in ended.output) == (1, True)


class WhenASignedLogWasEmptied:
    @pytest.mark.rule(62)
    async def test_checkpoints_from_before_hold_and_so_does_what_was_interrupted(
        self, town: Town, database: Database, tmp_path: Path
    ) -> None:
        old = [entry(OLD + timedelta(hours=number), town_module.LOG) for number in range(5000)]
        await town.superuser.executemany(APPEND, [(town_module.LOG, one) for one in old])
        await town.signer().sign(town.connection, town_module.LOG)
        (tmp_path / "log.pub").write_text(f"{town_module.KEY.verifier(town_module.ORIGIN)}\n", encoding="utf-8")
        here = ("--database", database.dsn("verifier"), "--log", str(town_module.LOG))
        key = ("--key", str(tmp_path / "log.pub"))
        seen = ("--resume", str(tmp_path / "seen"))
        assert (await asyncio.to_thread(run, "verify", *here, *key, *seen)).exit_code == 0
        asked = ("--log", str(town_module.LOG), *roles(database), "--yes")
        assert (await asyncio.to_thread(run, "empty", *asked)).exit_code == 0
        await town.signer().sign(town.connection, town_module.LOG)
        for more in ((), ("--cores", "2"), seen):
            told = await asyncio.to_thread(run, "verify", *here, *key, *more)
            assert (told.exit_code, "Uændret: 5002 poster" in told.output) == (0, True), told.output
            assert "De første 5000 er tømt" in told.output
        read = ("--purpose", "lawfulness", "--owner-database", database.dsn("owner"))
        proved = await asyncio.to_thread(run, "prove", *here, *key, *read, "4097", "--out", str(tmp_path))
        assert (proved.exit_code, "Posten er tømt" in proved.output) == (0, True)
        hashed = (tmp_path / "4097.hash").read_text(encoding="ascii").strip()
        assert hashed == leaf_hash(old[4097]).hex()
        proof = str(tmp_path / "4097.proof")
        checked = await asyncio.to_thread(run, "check-proof", proof, *key, "--leaf-hash", hashed)
        assert (checked.exit_code, "post 4097 af 5002" in checked.output) == (0, True)
        for wrong in (leaf_hash(old[4098]).hex(), "no hash"):
            assert (await asyncio.to_thread(run, "check-proof", proof, *key, "--leaf-hash", wrong)).exit_code == 1
        await town.superuser.execute("SET session_replication_role = 'replica'")
        await town.superuser.execute("UPDATE audit.leaf SET entry = $1 WHERE index = 4500", old[4500])
        for cores in ("1", "2"):
            told = await asyncio.to_thread(run, "verify", *here, *key, "--cores", cores)
            assert (told.exit_code, "post 4500: er ikke tømt" in told.output) == (1, True)
