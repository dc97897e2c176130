"""Which rows of exchanges who was drawn in sees and tells by: the own report of danger alone (rules 44, 84)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, now
from infohus.web.api_examples import EXAMPLES
from invitations import invitation

COPY = """
INSERT INTO infohus.exchange SELECT * FROM jsonb_populate_record(NULL::infohus.exchange, (
  SELECT to_jsonb(e) || jsonb_build_object('id', gen_random_uuid()) || $2::jsonb FROM infohus.exchange e WHERE e.id = $1
)) RETURNING id
"""
"""An exchange once more, with other columns: such as stand there where somebody had another role, or other work."""
OTHERS: dict[str, str] = {
    "of another who reported": '{"recorded_by": "00000000-0000-4000-8000-000000000001"}',
    "as tovholder, of something else": '{"purpose": "own_handling", "is_acute": null, "was_told_112": null}',
    "for another authority, where they worked": f'{{"authority_id": "{PROBATION}", "regime": "led"}}',
}
TELLS = "SELECT infohus.reports_danger($1, $2, $3)"


@asynccontextmanager
async def as_the_adviser(house: House, database: Database) -> AsyncIterator[Any]:
    """Act for the municipality's adviser, as the application's role, in a transaction that comes to nothing."""
    app = await asyncpg.connect(database.dsn("app"))
    transaction = app.transaction()
    await transaction.start()
    await app.execute(
        "SELECT infohus.act_as($1, $2, 'invited_professional', $3)", MUNICIPALITY,
        house.person("raadgiver").person_id, now(),
    )
    yield app
    await transaction.rollback()
    await app.close()


async def reported(house: House) -> tuple[CaseInHand, UUID]:
    """Draw the adviser in for measures, and let them report danger."""
    case, adviser = await house.case(), house.person("raadgiver")
    draft = invitation(MUNICIPALITY, person_id=str(adviser.person_id), scope=["measures"])
    await case.kommune.post(f"{case.path}/participants", draft)
    return case, UUID((await adviser.post(f"{case.path}/danger-reports", EXAMPLES["ReportDanger"]))["id"])


@pytest.mark.rule(84)
@pytest.mark.rule(44)
class WhenSomebodyDrawnInReportedDanger:
    async def test_they_see_that_row_and_tell_it_to_the_police_alone(self, house: House, database: Database) -> None:
        case, report = await reported(house)
        elsewhere = UUID((await house.case()).id)
        async with as_the_adviser(house, database) as app:
            assert [row["id"] for row in await app.fetch("SELECT id FROM infohus.exchange")] == [report]
            told = [
                (of_case, to) for of_case in (UUID(case.id), elsewhere) for to in (POLICE, MUNICIPALITY, PROBATION)
                if await app.fetchval(TELLS, of_case, report, to)
            ]
        assert told == [(UUID(case.id), POLICE)]

    @pytest.mark.parametrize("other", OTHERS)
    async def test_another_exchange_they_neither_see_nor_tell(
        self, house: House, database: Database, other: str
    ) -> None:
        case, report = await reported(house)
        [row] = await house.sql(COPY, report, OTHERS[other])
        async with as_the_adviser(house, database) as app:
            assert [seen["id"] for seen in await app.fetch("SELECT id FROM infohus.exchange")] == [report]
            assert not await app.fetchval(TELLS, UUID(case.id), row["id"], POLICE)

    async def test_nor_that_one_once_they_left(self, house: House, database: Database) -> None:
        case, report = await reported(house)
        await house.person("raadgiver").delete(f"{case.path}/participation")
        async with as_the_adviser(house, database) as app:
            assert await app.fetch("SELECT id FROM infohus.exchange") == []
            assert not await app.fetchval(TELLS, UUID(case.id), report, POLICE)
