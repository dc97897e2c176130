"""The application's role alone, acting for whoever may change a row: the row changes as some act changes it, or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import POLICE, House, now, told
from infohus.kernel.access.model import Stage
from infohus.kernel.access.row_changes import STAGES
from plan_obligations import load

LEADING = {(was, to) for moves in STAGES.values() for to, come_from in moves.items() for was in come_from}


@asynccontextmanager
async def as_the_police(
    house: House, database: Database, *, later: timedelta = timedelta()
) -> AsyncIterator[Any]:
    """Act for the police tovholder, in a transaction that comes to nothing."""
    app = await asyncpg.connect(database.dsn("app"))
    transaction = app.transaction()
    await transaction.start()
    await app.execute(
        "SELECT infohus.act_as($1, $2, 'police_coordinator', $3)", POLICE, house.person("politi").person_id,
        now() + later,
    )
    yield app
    await transaction.rollback()
    await app.close()


async def is_let(app: Any, statement: str, *values: Any) -> bool:
    """Say whether a change is let through; what it changed is changed back."""
    attempt = app.transaction()
    await attempt.start()
    try:
        assert await app.execute(statement, *values) == "UPDATE 1"
    except asyncpg.IntegrityConstraintViolationError:
        return False
    else:
        return True
    finally:
        await attempt.rollback()


class WhenTheApplicationsRoleChangesACase:
    @pytest.mark.rule(58)
    @pytest.mark.fault("A17")
    async def test_it_moves_on_alone_and_a_closed_one_stays_closed(self, house: House, database: Database) -> None:
        case = UUID((await house.case()).id)
        let = set[tuple[Stage, Stage]]()
        for was in Stage:
            await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id = $1', case, was.value)
            async with as_the_police(house, database) as app:
                let |= {
                    (was, to) for to in Stage
                    if await is_let(app, 'UPDATE infohus."case" SET stage = $2 WHERE id = $1', case, to.value)
                }
        assert let == LEADING | {(stage, stage) for stage in Stage}

    @pytest.mark.rule(58)
    @pytest.mark.parametrize(("change", "is_lawful"), {
        "closed_at = infohus.acting_at()": True,
        "closed_at = infohus.acting_at() - interval '1 second'": False,
        "version = version + 1": True,
        "version = version + 2": False,
        "version = version - 1": False,
        "revision = revision + 2": False,
    }.items())
    async def test_its_moments_are_the_acts_and_its_versions_are_counted(
        self, house: House, database: Database, change: str, is_lawful: bool,  # noqa: FBT001
    ) -> None:
        case = UUID((await house.case()).id)
        async with as_the_police(house, database) as app:
            statement = f'UPDATE infohus."case" SET {change} WHERE id = $1'  # noqa: S608 - a change above
            assert await is_let(app, statement, case) == is_lawful


    @pytest.mark.rule(58)
    @pytest.mark.fault("A17")
    @pytest.mark.parametrize(("minutes", "is_lawful"), [(1, True), (3, False)])
    async def test_no_act_happens_at_another_moment_than_now(
        self, house: House, database: Database, minutes: int, is_lawful: bool,  # noqa: FBT001
    ) -> None:
        """Whoever has the application's password says when it acts; a moment ahead would make years pass."""
        case = UUID((await house.case()).id)
        async with as_the_police(house, database, later=timedelta(minutes=minutes)) as app:
            closing = 'UPDATE infohus."case" SET closed_at = infohus.acting_at() WHERE id = $1'
            assert await is_let(app, closing, case) == is_lawful


class WhenTheApplicationsRoleChangesWhatWasSigned:
    @pytest.mark.rule(40)
    @pytest.mark.fault("A17")
    async def test_what_is_set_stays_as_it_was_set(self, house: House, database: Database) -> None:
        await (await house.case()).accept()
        async with as_the_police(house, database) as app:
            for change in (
                "decided_at = decided_at - interval '30 days'", "decided_at = NULL", "decided_at = infohus.acting_at()",
                "exchange_id = NULL", "differed_at = infohus.acting_at() - interval '1 day'",
            ):
                assert not await is_let(app, f"UPDATE infohus.scope_decision SET {change}"), change  # noqa: S608
            assert await is_let(app, "UPDATE infohus.scope_decision SET decided_at = decided_at")


class WhenAnObligationIsMet:
    @pytest.mark.fault("A17")
    async def test_it_is_due_when_the_plan_says(self, house: House, database: Database) -> None:
        await load(house, database)
        listed = await house.sql("SELECT * FROM infohus.obligation")
        repeated = next(one["id"] for one in listed if one["every"] is not None)
        met = "UPDATE infohus.obligation SET fulfilled_on = $2, due_on = ($2::date + every::interval)::date + $3::int"
        met += ", version = version + 1 WHERE id = $1"
        today = now().date()
        async with as_the_police(house, database) as app:
            assert await is_let(app, met, repeated, today - timedelta(days=9), 0)
            assert not await is_let(app, met, repeated, today - timedelta(days=9), 3000)
            assert not await is_let(app, met, repeated, today + timedelta(days=9), 0)
            assert not await is_let(app, "UPDATE infohus.obligation SET due_on = NULL WHERE id = $1", repeated)
        async with as_the_police(house, database, later=timedelta(days=5000)) as app:
            assert not await is_let(app, met, repeated, today + timedelta(days=4999), 0)


class WhenACaseIsMovedOn:
    @pytest.mark.rule(17, 19, 58)
    @pytest.mark.fault("A17")
    @pytest.mark.parametrize("stage", [one for one in Stage if one is not Stage.RECEIVED])
    async def test_the_application_alone_moves_none_that_nothing_was_decided_on(
        self, house: House, database: Database, stage: Stage
    ) -> None:
        """Whoever acts for one authority has an act for each step; the check or the other's signature is not there."""
        case = await house.case()
        was = min(was for was, to in LEADING if to is stage is not was)
        await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id = $1', UUID(case.id), was.value)
        async with as_the_police(house, database) as app:
            await app.execute('UPDATE infohus."case" SET stage = $2 WHERE id = $1', UUID(case.id), stage.value)
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="nothing was decided"):
                await app.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await house.sql('UPDATE infohus."case" SET stage = $2 WHERE id = $1', UUID(case.id), Stage.RECEIVED.value)

    @pytest.mark.rule(17, 58)
    async def test_one_signature_decides_nothing(self, house: House, database: Database) -> None:
        case = await house.case()
        await case.clear()
        draft = {"outcome": "within", "content": {"reasons": "Uklart."}, "disclosure": told(purpose="scope_decision")}
        await case.kommune.post(f"{case.path}/scope-decisions", draft)
        async with as_the_police(house, database) as app:
            await app.execute("UPDATE infohus.scope_decision SET decided_at = infohus.acting_at()")
            await app.execute('UPDATE infohus."case" SET stage = $2 WHERE id = $1', UUID(case.id), "accepted")
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="nothing was decided"):
                await app.execute("SET CONSTRAINTS ALL IMMEDIATE")
