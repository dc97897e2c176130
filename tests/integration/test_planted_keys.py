"""Whatever stands in any column of any table of the schema `keys`: both sides go on working, and `--rows` names it.

The tables and columns are the database's own, so a new one is planted in from the day it is added.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, CaseInHand, House, now, told
from infohus.kernel.access.intake_keys import store_intake_keys
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.verification.row_reconciliation import reconcile_rows
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers
from infohus.plan.intake_acts import make_intake_keys

TABLES = ("side_secret", "intake_key", "intake_secret", "exchange_key", "kept_key")
GARBAGE = {
    "uuid": ["gen_random_uuid()"], "text": ["'plantet'"], "integer": ["-1", "2147483647"],
    "bytea": ["substring(sha256('x') || sha256('y') FOR 60)"],
}
"""What is planted in a column of each type; what a constraint refuses, nobody can plant."""
TOGETHER = {
    "rests_on": "UPDATE keys.exchange_key SET rests_on = gen_random_uuid(), rests_on_number = -1 WHERE number = 0"
    " AND exchange_id = (SELECT max(exchange_id::text)::uuid FROM keys.exchange_key)",
}
"""What a constraint lets be planted in several columns alone, by the first of them."""
COLUMNS = """
SELECT column_name::text AS name, data_type::text AS type FROM information_schema.columns
WHERE table_schema = 'keys' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position
"""


@dataclass
class Planting:
    """A case in which every table of the keys has rows, and whoever plants there, as a superuser."""

    house: House
    case: CaseInHand
    superuser: asyncpg.Connection

    async def named_after(self, statement: str | None = None) -> Counter[str] | None:
        """Plant something, compare all rows, and take it away; give each line that is named, and how often.

        `None`: there was no row to plant it in.
        """
        transaction = self.superuser.transaction(isolation="repeatable_read")
        await transaction.start()
        try:
            if statement is not None and (await self.superuser.execute(statement)).endswith(" 0"):
                return None
            _, faults = await reconcile_rows(self.superuser, RulesOfKeyRows())
            return Counter(str(fault) for fault in faults)
        finally:
            await transaction.rollback()

    async def told_item(self, *, kept: bool) -> tuple[str, str]:
        """Let the municipality tell the police of an item, which they keep or not; give item and exchange."""
        item = await self.case.note("Han vil rejse.")
        exchange = (await self.case.disclose(item))["id"]
        if kept:
            body = {"items": [{"kind": "information", "id": item}], "because": "used", "reason": "Brugt."}
            await self.case.politi.post(f"{self.case.path}/exchanges/{exchange}/kept-marks", body)
        return item, exchange

    async def both_go_on(self) -> None:
        """Let each side write, and read what it wrote in a list."""
        for who, by in ((self.case.kommune, MUNICIPALITY), (self.case.politi, POLICE)):
            item = await self.case.note("Skrevet bagefter.", by=by)
            listed = await who.get(f"{self.case.path}/information?limit=100")
            assert "Skrevet bagefter." in [one["text"] for one in listed["items"] if one["id"] == item]

    async def nothing_is_lost(self) -> None:
        """Let the municipality tell the police, who keep it, and withdraw it: whatever is said to be done is there."""
        item = await self.case.note("Han vil rejse.")
        body = {**told(), "items": [{"kind": "information", "id": item}]}
        answer = await self.case.kommune.call("POST", f"{self.case.path}/exchanges", json=body)
        assert answer.status_code in {201, 409}
        if answer.status_code == 409:  # nothing can be told to the police, and nothing was
            assert answer.json()["type"] == "/problems/recipient-cannot-be-told"
            return
        exchange = answer.json()["id"]
        if (await self.case.politi.call("GET", f"{self.case.path}/information/{item}")).status_code != 200:
            return
        mark = {"items": [{"kind": "information", "id": item}], "because": "used", "reason": "Brugt."}
        await self.case.politi.post(f"{self.case.path}/exchanges/{exchange}/kept-marks", mark)
        withdrawal = {"recipient": POLICE, "reason": "Givet ved en fejl."}
        await self.case.kommune.post(f"{self.case.path}/exchanges/{exchange}/withdrawals", withdrawal)
        kept = await self.case.politi.get(f"{self.case.path}/information/{item}")
        assert kept["text"] == "Han vil rejse."


@pytest.fixture
async def planting(house: House, database: Database) -> AsyncIterator[Planting]:
    superuser = await asyncpg.connect(database.dsn("superuser"))
    try:
        planting = Planting(house, await house.case(), superuser)
        await make_intake_keys(
            superuser, partial(store_intake_keys, keeper=FileKeyKeeper(house.folder / "keys"),
                               signers=Signers.read(house.folder / "signers.toml")),
            infohus_id=house.infohus_id, new_generation=True, at=now(),
        )  # fmt: skip - the house's own stand in no log
        await planting.told_item(kept=True)
        await planting.told_item(kept=False)
        yield planting
    finally:
        await superuser.close()


async def plants(house: House, table: str) -> Sequence[tuple[str, str]]:
    """Write each plant: a row like one that is there but for one column, and a row in which it was changed."""
    columns = [(row["name"], row["type"]) for row in await house.sql(COLUMNS, table)]
    names = ", ".join(name for name, _ in columns)
    statements = []
    for column, kind in columns:
        for garbage in GARBAGE[kind]:
            values = ", ".join(garbage if name == column else name for name, _ in columns)
            newest = f"FROM keys.{table} WHERE {column} IS NOT NULL ORDER BY xmin::text::bigint DESC, 1 LIMIT 1"
            copied = f"INSERT INTO keys.{table} ({names}) SELECT {values} {newest}"
            changed = f"UPDATE keys.{table} SET {column} = {garbage} WHERE ctid = (SELECT ctid {newest})"  # noqa: S608
            statements += [(column, copied), (column, changed)]
        if column in TOGETHER:
            statements.append((column, TOGETHER[column]))
    return statements


async def test_these_are_all_tables(house: House) -> None:
    rows = await house.sql("SELECT relname FROM pg_class WHERE relnamespace = 'keys'::regnamespace AND relkind = 'r'")
    assert {row["relname"] for row in rows} == set(TABLES)


@pytest.mark.rule(44)
@pytest.mark.rule(58)
@pytest.mark.parametrize("table", TABLES)
class WhenSomebodyPlantsInATableOfTheKeys:
    async def test_each_plant_is_named_and_both_sides_go_on(self, planting: Planting, table: str) -> None:
        before, all_plants, planted = await planting.named_after(), await plants(planting.house, table), set()
        for column, statement in all_plants:
            with suppress(asyncpg.IntegrityConstraintViolationError):
                if (after := await planting.named_after(statement)) is not None:
                    planted.add(column)
                    new = after - (before or Counter())
                    assert any(line.startswith(f"{table} ") for line in new), f"{statement}: {new}"
        assert planted == {column for column, _ in all_plants} - {"rests_on_number"}
        for _, statement in all_plants:
            with suppress(asyncpg.IntegrityConstraintViolationError):
                await planting.house.sql(statement)
        await planting.both_go_on()
        await planting.nothing_is_lost()
