"""A schema `keys` that was restored from before a withdrawal: it is named, and withdrawn again by a command."""

import asyncio
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from litestar.testing import AsyncTestClient

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, House, told
from infohus.app import create_app
from infohus.cli.commands import main
from infohus.kernel.access.restored_keys import KeysAreOlder
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.kernel.audit.verification.key_rows import FALLEN, SEALED_STILL, STANDS_AGAIN, TAKEN_IN, WITHDRAWN
from invitations import invitation
from reconciled import faults_in

COLUMNS = """
SELECT string_agg(column_name::text, ', ') AS columns FROM information_schema.columns
WHERE table_schema = 'keys' AND table_name = 'exchange_key' AND is_generated = 'NEVER'
"""


async def withdrawn_again(database: Database) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, [
        "keys", "withdraw-again", "--reconciler-database", database.dsn("reconciler"),
        "--owner-database", database.dsn("owner"),
    ])


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
        again = await withdrawn_again(database)
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

    async def test_one_that_somebody_put_under_a_withdrawal_is_named_and_deleted(
        self, house: House, database: Database
    ) -> None:
        case = await house.case()
        given = await case.disclose(await case.note("Givet ved en fejl."))
        columns = (await house.sql(COLUMNS))[0]["columns"]
        await house.sql("CREATE TABLE public.kept AS SELECT * FROM keys.exchange_key")
        withdrawal = {"recipient": POLICE, "reason": "Givet ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{given['id']}/withdrawals", withdrawal)
        await house.sql("UPDATE public.kept SET number = 99")  # no act has given it
        await house.sql(f"INSERT INTO keys.exchange_key ({columns}) SELECT {columns} FROM public.kept LIMIT 1")  # noqa: S608
        with pytest.raises(BaseExceptionGroup) as refused:
            async with AsyncTestClient(create_app(house.settings)):
                pass
        assert refused.group_contains(KeysAreOlder, match=given["id"])
        faults = {(one.key, one.what) for one in await faults_in(database) if not one.is_remark}
        assert [(given["id"] in key, what) for key, what in faults] == [(True, WITHDRAWN)]
        assert (await withdrawn_again(database)).exit_code == 0
        assert await faults_in(database) == []
        async with AsyncTestClient(create_app(house.settings)) as client:
            assert (await client.get("/ready")).status_code == 200


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


@pytest.mark.rule(44)
class WhenSomebodyTakesAnExchangeKeyFromItsRecipient:
    GARBAGE = "UPDATE keys.exchange_key SET sealed = NULL, taken_in = sha256('x') || sha256('y'), revision = 2"

    async def test_what_was_taken_in_without_an_entry_is_a_fault(self, house: House, database: Database) -> None:
        house.has_written = True
        case = await house.case()
        given = await case.disclose(await case.note("Han vil rejse."))
        assert await faults_in(database) == []
        await house.sql(self.GARBAGE)
        found = await faults_in(database)
        assert {(given["id"] in one.key, one.what, one.is_remark) for one in found} == {(True, TAKEN_IN, False)}

    async def test_what_is_sealed_still_is_none_and_the_next_act_takes_it_in(
        self, house: House, database: Database
    ) -> None:
        case = await house.case()
        item = await case.note("Han vil rejse.")
        await case.disclose(item)
        columns = (await house.sql(COLUMNS))[0]["columns"]
        await house.sql("CREATE TABLE public.kept AS SELECT * FROM keys.exchange_key")
        await case.note(by=POLICE)
        assert await house.sql("SELECT FROM keys.exchange_key WHERE taken_in IS NOT NULL")
        assert await faults_in(database) == []
        # As if the process had died once the entry was durable.
        await house.sql("DELETE FROM keys.exchange_key")
        await house.sql(f"INSERT INTO keys.exchange_key ({columns}) SELECT {columns} FROM public.kept")  # noqa: S608
        assert {(one.what, one.is_remark) for one in await faults_in(database)} == {(SEALED_STILL, True)}
        assert (await case.politi.get(f"{case.path}/information/{item}"))["text"] == "Han vil rejse."
        await case.note(by=POLICE)
        assert await faults_in(database) == []
        assert (await case.politi.get(f"{case.path}/information/{item}"))["text"] == "Han vil rejse."
