"""The database's own part of the yearly status: one function counts, and it gives away nothing else to anybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest

from conftest import Database
from house import INSTITUTION, MUNICIPALITY, POLICE, House, now, told
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.column import sealed_columns

COUNT = "SELECT * FROM infohus.yearly_counts($1, $2)"
IDENTIFYING = {
    ("case", "number"), ("subject", "cpr_index"), ("subject", "cpr_is_odd"),
    ("subject", "family_names"),
    ("concern", "signs"), ("concern", "reporter_kind"), ("concern", "reporter_is_anonymous"),
    ("exchange", "recipients"), ("assessment", "recorded_by"), ("measure", "recorded_by"), ("subject", "recorded_by"),
    ("concern", "recorded_by"), ("exchange", "recorded_by"), ("scope_decision", "recorded_by"),
}
"""Plain columns that say something of a person."""
NEXT_YEAR = datetime(now().year + 1, 1, 2, tzinfo=UTC)


@asynccontextmanager
async def acting(
    address: str, *, authority: str, person: UUID, role: str, at: datetime = NEXT_YEAR
) -> AsyncIterator[asyncpg.Connection]:
    """Connect, and say who acts, as a unit of work does; nothing of it stays."""
    connection = await asyncpg.connect(address)
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute("SELECT infohus.act_as($1, $2, $3, $4)", authority, person, role, at)
        yield connection
    finally:
        await attempt.rollback()
        await connection.close()


async def things_happen(house: House) -> None:
    """Let there be a record of every kind that is counted."""
    case = await (await house.case(subjects=[{"birth_date": f"{now().year - 20}-01-01"}])).recommend()
    await case.kommune.post(f"{case.path}/measures", {
        "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Mentor hver uge.",
        "starts_on": "2026-12-01", "follow_up_on": "2099-01-01",
    })
    await (await case.end_measures()).close()
    other = await (await house.case(channel="mail", subjects=[{"is_under_18": False}])).qualify()
    opening = {"users_are_trained": True, "disclosure": told(purpose="assessment")}
    await other.kommune.post(f"{other.path}/assessments", opening)


async def another_infohus(house: House) -> tuple[UUID, UUID]:
    """Let the police district have a second infohus, with a tovholder of its own; give its id and the tovholder's."""
    infohus, tovholder = uuid4(), uuid4()
    await house.sql(
        "INSERT INTO infohus.infohus VALUES ($1, 'Infohus Nabo', $2, $3, 'rpl-115-1-1')",
        infohus, INSTITUTION, POLICE,
    )
    await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, $2)", infohus, POLICE)
    await house.sql("INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", infohus, POLICE, tovholder)
    return infohus, tovholder


async def counts(
    database: Database, house: House, *, infohus: UUID | None = None, authority: str = MUNICIPALITY,
    person: UUID | None = None, role: str = "municipal_coordinator", at: datetime = NEXT_YEAR,
) -> set[tuple[str, str, int]]:
    """Ask the function as the application does."""
    person = person or house.person("kommune").person_id
    async with acting(database.dsn("app"), authority=authority, person=person, role=role, at=at) as app:
        rows = await app.fetch(COUNT, infohus or house.infohus_id, now().year)
        return {(row["tabulation"], row["place"], row["records"]) for row in rows}


WHAT_HAPPENED = {
    ("channel", "phone", 1), ("channel", "mail", 1), ("extremism_form", "unknown", 2),
    ("age_group", "18_to_24", 1), ("age_group", "unknown", 1), ("scope_outcome", "within", 2),
    ("scope_time", "within_7_days", 2), ("tool", "under_way", 1), ("prevention_level", "selective", 1),
    ("paragraph", "rpl-115-2", 9), ("outcome", "unfounded", 1),
}


JOINT = {one for one in WHAT_HAPPENED if one[0] in {"scope_outcome", "tool", "outcome"}}


class WhenTheFunctionCounts:
    @pytest.mark.rule(76)
    async def test_it_gives_a_table_a_row_and_a_number_and_nothing_else(
        self, house: House, database: Database
    ) -> None:
        await things_happen(house)
        assert await counts(database, house) == WHAT_HAPPENED
        politi = house.person("politi").person_id
        by_the_police = await counts(database, house, authority=POLICE, person=politi, role="police_coordinator")
        assert by_the_police == JOINT
        result = await house.sql(
            "SELECT pg_get_function_result(oid) AS given FROM pg_proc WHERE proname = 'yearly_counts'"
        )
        assert [row["given"] for row in result] == ["TABLE(tabulation text, place text, records bigint)"]

    @pytest.mark.rule(75)
    async def test_it_needs_no_sealed_column_and_none_that_says_who(self, house: House, database: Database) -> None:
        """Every one of them is taken out of the database, and the numbers are the same."""
        await things_happen(house)
        gone = sealed_columns(Row.metadata) | IDENTIFYING
        assert len(gone) > 40
        for table, column in sorted(gone):
            await house.sql(f'ALTER TABLE infohus."{table}" DROP COLUMN "{column}" CASCADE')
        assert await counts(database, house) == WHAT_HAPPENED

    @pytest.mark.rule(75)
    async def test_a_year_that_is_not_over_in_denmark_has_no_numbers(self, house: House, database: Database) -> None:
        await things_happen(house)
        midnight = datetime(now().year, 12, 31, 23, 0, tzinfo=UTC)
        assert await counts(database, house, at=midnight) == WHAT_HAPPENED
        assert await counts(database, house, at=midnight - timedelta(seconds=1)) == set()

    @pytest.mark.rule(75)
    async def test_a_released_year_is_never_counted_again(self, house: House, database: Database) -> None:
        await things_happen(house)
        await house.sql(
            "INSERT INTO infohus.yearly_status VALUES ($1, $2, $3, $4, ''::bytea, sha256(''::bytea), now())",
            uuid4(), house.infohus_id, MUNICIPALITY, now().year,
        )
        assert await counts(database, house) == set()


class WhenSomebodyElseAsks:
    @pytest.mark.rule(75)
    @pytest.mark.parametrize(("name", "authority", "role"), [
        ("dpo", MUNICIPALITY, "data_protection_officer"), ("jurist", MUNICIPALITY, "legal"),
        ("admin", MUNICIPALITY, "administrator"), ("raadgiver", MUNICIPALITY, "invited_professional"),
        ("kommune", POLICE, "police_coordinator"), ("dpo", MUNICIPALITY, "municipal_coordinator"),
        ("politi", POLICE, "administrator"),
    ])
    async def test_they_get_no_number(
        self, house: House, database: Database, name: str, authority: str, role: str
    ) -> None:
        await things_happen(house)
        person = house.person(name).person_id
        assert await counts(database, house, authority=authority, person=person, role=role) == set()

    async def test_nobody_gets_none(self, house: House, database: Database) -> None:
        await things_happen(house)
        connection = await asyncpg.connect(database.dsn("app"))
        try:
            assert await connection.fetch(COUNT, house.infohus_id, now().year) == []
        finally:
            await connection.close()

    @pytest.mark.rule(75)
    async def test_a_tovholder_of_another_infohus_counts_that_one_s_cases_only(
        self, house: House, database: Database
    ) -> None:
        await things_happen(house)
        infohus, tovholder = await another_infohus(house)
        police = partial(counts, database, house, authority=POLICE, role="police_coordinator", person=tovholder)
        assert await police() == set()
        assert await police(infohus=infohus) == set()
        await house.sql('UPDATE infohus."case" SET infohus_id = $1 WHERE closed_at IS NULL', infohus)
        moved = await police(infohus=infohus)
        assert {one for one in moved if one[0] == "scope_outcome"} == {("scope_outcome", "within", 1)}
        left = await counts(database, house)
        assert {one for one in left if one[0] == "channel"} == {("channel", "phone", 1)}

    async def test_even_the_owner_sees_no_row_but_those_the_caller_coordinates(
        self, house: House, database: Database
    ) -> None:
        await things_happen(house)
        _, tovholder = await another_infohus(house)
        seen = {}
        for person, authority, role in (
            (house.person("kommune").person_id, MUNICIPALITY, "municipal_coordinator"),
            (house.person("politi").person_id, POLICE, "police_coordinator"), (tovholder, POLICE, "police_coordinator"),
        ):
            async with acting(database.dsn("owner"), authority=authority, person=person, role=role) as owner:
                seen[person] = await owner.fetchval("SELECT count(*) FROM infohus.concern")
        assert list(seen.values()) == [2, 0, 0]


SEES = {
    ("kommune", MUNICIPALITY, "municipal_coordinator"): 1, ("politi", POLICE, "police_coordinator"): 1,
    ("dpo", MUNICIPALITY, "data_protection_officer"): 1, ("jurist", MUNICIPALITY, "legal"): 1,
    ("dpo", "anden-kommune", "data_protection_officer"): 0, ("admin", MUNICIPALITY, "administrator"): 0,
    ("neighbour", POLICE, "police_coordinator"): 0, ("kommune", MUNICIPALITY, "invited_professional"): 0,
}
"""Who, for which authority, in which role; and how many of the one released status."""


class WhenReleasedRowsAreLookedAt:
    @pytest.mark.rule(45)
    async def test_the_infohus_own_tovholdere_and_supervisors_see_them_and_nobody_else(
        self, house: House, database: Database
    ) -> None:
        await self._release(house)
        _, tovholder = await another_infohus(house)
        assert await self._seen(house, database, tovholder) == SEES

    @pytest.mark.rule(45)
    @pytest.mark.parametrize("rule", [
        "true", "false", "infohus.coordinates(infohus_id)", "infohus.supervises(infohus_id)",
        "infohus.coordinates(infohus_id) OR infohus.caller_role() IN ('legal', 'data_protection_officer')",
        "infohus.caller_role() LIKE '%coordinator' OR infohus.supervises(infohus_id)",
    ])
    async def test_a_policy_that_said_anything_else_would_be_noticed(
        self, house: House, database: Database, rule: str
    ) -> None:
        await self._release(house)
        _, tovholder = await another_infohus(house)
        await house.sql(f"ALTER POLICY select_yearly_status ON infohus.yearly_status USING ({rule})")
        assert await self._seen(house, database, tovholder) != SEES

    @pytest.mark.rule(75)
    async def test_nobody_changes_or_takes_one_back(self, house: House, database: Database) -> None:
        await self._release(house)
        person = house.person("politi").person_id
        for statement in ("UPDATE infohus.yearly_status SET year = 1", "DELETE FROM infohus.yearly_status"):
            async with acting(database.dsn("app"), authority=POLICE, person=person, role="police_coordinator") as app:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await app.execute(statement)
            async with acting(database.dsn("owner"), authority=POLICE, person=person, role="police_coordinator") as own:
                assert (await own.execute(statement)).endswith(" 0")

    @pytest.mark.rule(45)
    @pytest.mark.parametrize(("name", "role"), [("dpo", "data_protection_officer"), ("jurist", "legal")])
    async def test_who_supervises_releases_nothing(
        self, house: House, database: Database, name: str, role: str
    ) -> None:
        person = house.person(name).person_id
        async with acting(database.dsn("app"), authority=MUNICIPALITY, person=person, role=role) as app:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await app.execute(
                    "INSERT INTO infohus.yearly_status VALUES ($1, $2, $3, 2020, ''::bytea, sha256(''::bytea), now())",
                    uuid4(), house.infohus_id, MUNICIPALITY,
                )

    async def _seen(self, house: House, database: Database, tovholder: UUID) -> dict[tuple[str, str, str], int]:
        seen = {}
        for name, authority, role in SEES:
            person = tovholder if name == "neighbour" else house.person(name).person_id
            async with acting(database.dsn("app"), authority=authority, person=person, role=role) as app:
                seen[name, authority, role] = len(await app.fetch("SELECT FROM infohus.yearly_status"))
        return seen

    async def _release(self, house: House) -> None:
        await house.person("kommune").post(f"/infohuse/{house.infohus_id}/yearly-status/{now().year - 1}")
