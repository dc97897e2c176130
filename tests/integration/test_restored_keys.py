"""A schema `keys` that was restored from before a withdrawal: it is named, and withdrawn again by a command."""

import asyncio
from uuid import UUID

import pytest
from click.testing import CliRunner
from litestar.testing import AsyncTestClient

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, House, told
from infohus.app import create_app
from infohus.cli.commands import main
from infohus.kernel.access.restored_keys import KeysAreOlder
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.kernel.audit.verification.key_rows import FALLEN, STANDS_AGAIN
from invitations import invitation
from reconciled import faults_in

COLUMNS = """
SELECT string_agg(column_name::text, ', ') AS columns FROM information_schema.columns
WHERE table_schema = 'keys' AND table_name = 'exchange_key' AND is_generated = 'NEVER'
"""


@pytest.mark.rule(16)
class WhenKeysAreRestoredFromBeforeAWithdrawal:
    async def test_each_that_fell_is_named_and_deleted_again(self, house: House, database: Database) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        item, other = await case.note("Han vil rejse."), await case.note("Moren er bekymret.")
        given = await case.disclose(item)
        await case.disclose(other)
        onward = {**told(POLICE, recipients=[PROBATION]), "items": [{"kind": "information", "id": item}]}
        passed_on = await case.politi.post(f"{case.path}/exchanges", onward)
        await house.sql("CREATE TABLE public.kept AS SELECT * FROM keys.exchange_key")
        withdrawal = {"recipient": POLICE, "reason": "Givet ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{given['id']}/withdrawals", withdrawal)
        assert await faults_in(database) == []
        columns = (await house.sql(COLUMNS))[0]["columns"]
        restored = f"INSERT INTO keys.exchange_key ({columns}) SELECT {columns} FROM public.kept ON CONFLICT DO NOTHING"  # noqa: S608
        await house.sql(restored)
        named = {(fault.key.split('"')[1], fault.what) for fault in await faults_in(database)}
        assert (given["id"], STANDS_AGAIN) in named
        with pytest.raises(BaseExceptionGroup) as refused:
            async with AsyncTestClient(create_app(house.settings)):
                pass
        assert refused.group_contains(KeysAreOlder, match=f"{given['id']}.*keys withdraw-again")
        before = await house.sql("SELECT FROM keys.exchange_key")
        again = await asyncio.to_thread(CliRunner().invoke, main, [
            "keys", "withdraw-again", "--reconciler-database", database.dsn("reconciler"),
            "--owner-database", database.dsn("owner"),
        ])
        assert (again.exit_code, FALLEN in again.output) == (0, False), again.output
        assert await faults_in(database) == []
        async with AsyncTestClient(create_app(house.settings)) as client:
            assert (await client.get("/ready")).status_code == 200
        fell = (UUID(given["id"]), UUID(passed_on["id"]))
        left = await house.sql("SELECT exchange_id, rests_on FROM keys.exchange_key")
        assert not any(row["exchange_id"] == fell[0] or row["rests_on"] == fell[0] for row in left)
        assert 0 < len(left) < len(before)
        said = {
            (authority, entry.role) for authority in (None, MUNICIPALITY, POLICE, PROBATION)
            for entry in await house.entries(log_of(authority) if authority else INSTALLATION_LOG)
            if entry.action == "withdrawKeysAgain"
        }
        assert said == {(None, "owner"), (POLICE, "owner"), (PROBATION, "owner")}
        assert (await case.politi.get(f"{case.path}/information/{other}"))["text"] == "Moren er bekymret."


@pytest.mark.rule(44)
class WhenAKeyWasDeleted:
    @pytest.mark.parametrize("statement", [
        "DELETE FROM keys.exchange_key WHERE exchange_id = $1",
        "DELETE FROM infohus.disclosed_key WHERE exchange_id = $1",
    ])
    async def test_it_is_named_and_a_list_shows_the_rest(
        self, house: House, database: Database, statement: str
    ) -> None:
        case = await house.case()
        gone, stays = await case.note("Væk."), await case.note("Her.")
        given = await case.disclose(gone)
        await case.disclose(stays)
        await house.sql(statement, UUID(given["id"]))
        listed = await case.politi.get(f"{case.path}/information")
        assert [one["text"] for one in listed["items"]] == ["Her."]
        assert gone in listed["not_readable"]
        assert any(given["id"] in fault.key for fault in await faults_in(database))
