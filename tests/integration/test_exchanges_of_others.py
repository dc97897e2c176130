"""A supervisor sees what their authority gave or received, and of what it owns that it was passed on (A8)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, told
from infohus.kernel.identity.caller import Role
from invitations import invitation

SUPERVISORS = (Role.DATA_PROTECTION_OFFICER, Role.LEGAL)


@dataclass
class Exchanges:
    """The ids of a case's exchanges, by who gave what to whom, and of two items."""

    case: CaseInHand
    check: UUID
    to_police: UUID
    to_third: UUID
    passed_on: UUID
    municipal_item: UUID
    police_item: UUID

    def seen_by(self, authority: str) -> set[UUID]:
        """List what an authority gave or received."""
        return {
            MUNICIPALITY: {self.check, self.to_police},
            POLICE: {self.check, self.to_police, self.to_third, self.passed_on},
            PROBATION: {self.to_third, self.passed_on},
        }[authority]


async def with_exchanges(house: House) -> Exchanges:
    """Let the police disclose an own item to a third authority, and then pass on the municipality's with it."""
    case = await (await house.case()).clear()
    check = (await case.kommune.get(f"{case.path}/exchanges"))["items"][0]["id"]
    ours, theirs = await case.note(), await case.note("Kun politiets.", by=POLICE)
    to_police = await case.disclose(ours)
    await case.politi.post(f"{case.path}/participants", invitation(PROBATION))
    third = {**told(POLICE), "recipients": [PROBATION]}
    both = [{"kind": "information", "id": one} for one in (ours, theirs)]
    to_third = await case.politi.post(f"{case.path}/exchanges", {**third, "items": both[1:]})
    passed_on = await case.politi.post(f"{case.path}/exchanges", {**third, "items": both})
    await case.politi.post(
        f"{case.path}/exchanges/{to_police['id']}/receipts", {"manifest": to_police["manifest"]}, status=200
    )
    ids = (check, to_police["id"], to_third["id"], passed_on["id"], ours, theirs)
    return Exchanges(case, *map(UUID, ids))


class WhenExchangesAreSupervised:
    @pytest.mark.fault("A8")
    @pytest.mark.rule(44)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize(("by", "authority"), [
        ("dpo", MUNICIPALITY), ("jurist", MUNICIPALITY), ("politi-dpo", POLICE),
    ])
    async def test_each_route_shows_the_own_ones_alone(self, house: House, by: str, authority: str) -> None:
        made = await with_exchanges(house)
        path, reviewer = f"/infohuse/{house.infohus_id}/exchanges", house.person(by)
        listed = (await reviewer.get(f"{path}?limit=200"))["items"]
        assert {UUID(one["id"]) for one in listed} == made.seen_by(authority)
        assert (await reviewer.get(f"{path}/counts"))["total"] == len(made.seen_by(authority))
        for exchange in made.seen_by(POLICE):
            status = 200 if exchange in made.seen_by(authority) else 404
            await reviewer.get(f"{path}/{exchange}", status=status)

    @pytest.mark.fault("A8")
    @pytest.mark.rule(90)
    async def test_of_what_was_passed_on_the_owner_sees_its_own_item(self, house: House) -> None:
        made = await with_exchanges(house)
        path = f"/infohuse/{house.infohus_id}"
        theirs = await house.person("politi-dpo").get(f"{path}/exchanges/{made.passed_on}")
        assert {UUID(one["id"]) for one in theirs["records"]} == {made.municipal_item, made.police_item}
        assert theirs["proof"] is not None
        assert theirs["unacknowledged"] == [PROBATION]
        await house.person("dpo").get(f"{path}/exchanges/{made.passed_on}", status=404)
        (notice,) = (await house.person("dpo").get(f"{path}/onward-notices"))["items"]
        assert {UUID(one["id"]) for one in notice["records"]} == {made.municipal_item}


class WhenTheApplicationsRoleActsForASupervisor:
    @pytest.mark.fault("A8")
    @pytest.mark.rule(44)
    @pytest.mark.rule(45)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize("role", SUPERVISORS)
    async def test_row_security_shows_the_same(self, house: House, database: Database, role: Role) -> None:
        made = await with_exchanges(house)
        app = await asyncpg.connect(database.dsn("app"))
        seen: dict[str, dict[str, Any]] = {}
        for authority in (MUNICIPALITY, POLICE, PROBATION):
            async with app.transaction():
                await app.fetchval("SELECT infohus.act_as($1, $2, $3, now())", authority, UUID(int=1), role.value)
                seen[authority] = {
                    "exchanges": {row["id"] for row in await app.fetch("SELECT id FROM infohus.exchange")},
                    "told": {
                        (row["exchange_id"], row["record_id"], row["recipient_id"]) for row in await app.fetch(
                            "SELECT exchange_id, record_id, recipient_id FROM infohus.disclosure"
                            " WHERE exchange_id <> record_id AND record_kind = 'information'"
                        )
                    },
                    "receipts": len(await app.fetch("SELECT FROM infohus.receipt")),
                    "cases": len(await app.fetch('SELECT FROM infohus."case"')),
                }
        await app.close()
        passed_on = (made.passed_on, made.municipal_item, PROBATION)
        of_police = {(exchange, made.police_item, PROBATION) for exchange in (made.to_third, made.passed_on)}
        told_of = {
            MUNICIPALITY: {(made.to_police, made.municipal_item, POLICE)},
            POLICE: {(made.to_police, made.municipal_item, POLICE), passed_on, *of_police},
            PROBATION: {passed_on, *of_police},
        }
        assert seen == {
            authority: {
                "exchanges": made.seen_by(authority), "told": told_of[authority],
                "receipts": 0 if authority == PROBATION else 1, "cases": 1,
            }
            for authority in told_of
        }

    @pytest.mark.rule(90)
    @pytest.mark.parametrize("role", SUPERVISORS)
    async def test_an_authority_that_takes_no_part_learns_of_no_case(
        self, house: House, database: Database, role: Role
    ) -> None:
        await with_exchanges(house)
        app = await asyncpg.connect(database.dsn("app"))
        async with app.transaction():
            await app.fetchval("SELECT infohus.act_as('vaerestedet', $1, $2, now())", UUID(int=1), role.value)
            for table in ("case", "exchange", "disclosure", "receipt", "participant", "information_request"):
                assert await app.fetch(f'SELECT FROM infohus."{table}"') == [], table
        await app.close()
