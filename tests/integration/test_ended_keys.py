"""Idempotency keys end some days after the act, by the running service; no role may end one sooner."""

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from litestar.testing import AsyncTestClient
from msgspec import structs

from conftest import Database
from house import CaseInHand, House, now
from infohus.app import create_app
from infohus.danish_calendar import danish_day

NOTE = {"text": "Han har talt om at rejse.", "source": "skolen"}


async def put_back(house: House, days: int) -> None:
    """Let every stored key be of an act some days ago."""
    await house.sql("UPDATE infohus.answered_request SET acted_on = $1", danish_day(now()) - timedelta(days=days))


async def noted(case: CaseInHand, key: str = "en-og-samme") -> Any:
    """Note the same item under a key."""
    return await case.kommune.post(f"{case.path}/information", NOTE, headers={"Idempotency-Key": key})


async def keys_left(house: House, *, wanted: int) -> int:
    """Count the stored keys, as soon as they are as many as wanted, or after some seconds."""
    until = asyncio.get_running_loop().time() + 5
    while (left := len(await house.sql("SELECT FROM infohus.answered_request"))) != wanted:
        if asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(0.05)
    return left


class WhenAServiceStarts:
    @pytest.mark.fault("B10")
    @pytest.mark.parametrize(("days", "left"), [(15, 0), (14, 1), (0, 1)])
    async def test_keys_older_than_the_period_end_and_the_others_stay(
        self, house: House, days: int, left: int
    ) -> None:
        case = await house.case()
        first = await noted(case)
        await put_back(house, days)
        async with AsyncTestClient(create_app(house.settings)):
            assert await keys_left(house, wanted=left) == left
        again = await noted(case)
        assert (again["id"] == first["id"]) is (left == 1)

    @pytest.mark.fault("B10")
    async def test_the_period_is_a_setting(self, house: House) -> None:
        case = await house.case()
        await noted(case)
        await put_back(house, 5)
        async with AsyncTestClient(create_app(structs.replace(house.settings, idempotency_days=4))):
            assert await keys_left(house, wanted=0) == 0


class WhenSomebodyWouldEndThemSooner:
    @pytest.mark.rule(59)
    @pytest.mark.fault("B10")
    async def test_the_application_s_role_cannot(self, house: House, database: Database) -> None:
        case = await house.case()
        await noted(case)
        app = await asyncpg.connect(database.dsn("app"))
        try:
            for statement in ("DELETE FROM infohus.answered_request", "TRUNCATE infohus.answered_request"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await app.execute(statement)
            for days_ago, ended in ((0, 0), (1, 0), (3, 1)):
                await put_back(house, days_ago)
                assert await app.fetchval("SELECT infohus.end_answered_requests($1)", date(9999, 1, 1)) == ended
        finally:
            await app.close()

    @pytest.mark.fault("B10")
    @pytest.mark.parametrize("role", ["verifier", "retention"])
    async def test_no_other_role_may_call_the_function(self, database: Database, role: Any) -> None:
        connection = await asyncpg.connect(database.dsn(role))
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetchval("SELECT infohus.end_answered_requests($1)", date(2026, 1, 1))
        finally:
            await connection.close()

    @pytest.mark.fault("B10")
    async def test_many_end_in_steps(self, house: House) -> None:
        await house.sql(
            "INSERT INTO infohus.answered_request"
            " SELECT gen_random_uuid(), n::text, '', gen_random_uuid(), '2026-01-01' FROM generate_series(1, 25000) n"
        )
        async with AsyncTestClient(create_app(house.settings)):
            assert await keys_left(house, wanted=0) == 0
