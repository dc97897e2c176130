"""What was passed on falls with what it rests on, for whoever was told last; nobody learns more than that (rule 16)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told

ADVISER = UUID("01a20000-0000-7000-8000-00000000000f")
OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "information": ("information", {"text": "Han kommer i klubben.", "source": "klubben"}),
    "note": ("notes", {"happened_at": "2026-11-20T12:00:00Z", "text": "Ringede."}),
    "custody_release": (
        "custody-releases", {"released_on": "2026-10-01", "judgement": "at_risk", "basis": "En vurdering."}
    ),
}


@dataclass
class Chain:
    """A record that one tovholder disclosed to the other, who passed it on to the probation service."""

    case: CaseInHand
    kind: str
    by: str
    record: str
    given: list[str]
    onward: str

    @classmethod
    async def of(cls, house: House, kind: str, by: str, *, times: int = 1) -> "Chain":
        """Write, disclose so many times, and pass on."""
        case = await (await house.case()).accept()
        await case.kommune.post(f"{case.path}/participants", {
            "person_id": str(ADVISER), "authority_id": PROBATION, "scope": ["information"],
            "reason": "Kender ham.", "ends_at": "2029-01-01T00:00:00Z",
        })
        path, body = KINDS[kind]
        record = (await tovholder(case, by).post(f"{case.path}/{path}", body))["id"]
        chain = cls(case, kind, by, record, [], "")
        chain.given = [await chain.disclose(by, OTHER[by]) for _ in range(times)]
        chain.onward = await chain.disclose(OTHER[by], PROBATION)
        return chain

    async def disclose(self, by: str, recipient: str) -> str:
        """Disclose the record; give the exchange's id."""
        body = {**told(by, recipients=[recipient]), "items": [{"kind": self.kind, "id": self.record}]}
        given: str = (await tovholder(self.case, by).post(f"{self.case.path}/exchanges", body))["id"]
        return given

    async def withdraw(self, by: str, exchange: str, recipient: str) -> dict[str, Any]:
        """Withdraw an exchange from a recipient."""
        body = {"recipient": recipient, "reason": "Givet ved en fejl."}
        done: dict[str, Any] = await tovholder(self.case, by).post(
            f"{self.case.path}/exchanges/{exchange}/withdrawals", body
        )
        return done

    async def readers(self, database: Database) -> set[str]:
        """Name the authorities to whom row security shows the record's disclosure and a wrap of its key.

        Exactly these have an exchange key under which it is wrapped.
        """
        seen = set()
        held = await self.case.house.sql(
            "SELECT DISTINCT e.recipient_id FROM keys.exchange_key e JOIN infohus.disclosed_key k"
            " ON (k.exchange_id, k.recipient_id, k.number) = (e.exchange_id, e.recipient_id, e.number)"
            " WHERE k.record_id = $1", UUID(self.record)
        )
        connection = await asyncpg.connect(database.dsn("app"))
        try:
            for authority, (person, role) in self.people().items():
                async with connection.transaction():
                    await connection.execute("SELECT infohus.act_as($1, $2, $3, now())", authority, person, role)
                    told_it = await connection.fetchval("SELECT infohus.was_told($1)", UUID(self.record))
                    keys = await connection.fetch(
                        "SELECT FROM infohus.disclosed_key WHERE record_id = $1", UUID(self.record)
                    )
                    assert told_it is bool(keys), authority
                    seen |= {authority} if keys else set()
        finally:
            await connection.close()
        assert seen == {row["recipient_id"] for row in held}
        return seen

    async def see(self, house: House, authority: str, expected: dict[str, tuple[list[str], bool]]) -> None:
        """See what each view of an authority's people tells of exchanges that were withdrawn."""
        person, path = tovholder(self.case, authority), f"{self.case.path}/exchanges"
        dpo = house.person("dpo" if authority == MUNICIPALITY else "politi-dpo")
        supervised = f"/infohuse/{house.infohus_id}/exchanges"
        lists = [
            (await one.get(f"{address}?limit=200"))["items"] for one, address in ((person, path), (dpo, supervised))
        ]
        for exchange, told_of in expected.items():
            views = [one for listed in lists for one in listed if one["id"] == exchange]
            views += [
                await person.get(f"{path}/{exchange}"), await person.get(f"{path}/{exchange}/receipts"),
                await dpo.get(f"{supervised}/{exchange}"),
            ]
            assert [(one["withdrawn_from"], one["rests_on_withdrawn"]) for one in views] == [told_of] * 5

    def people(self) -> dict[str, tuple[UUID, str]]:
        """Give a person of each authority who takes part, and their role."""
        return {
            MUNICIPALITY: (self.case.kommune.person_id, "municipal_coordinator"),
            POLICE: (self.case.politi.person_id, "police_coordinator"),
            PROBATION: (ADVISER, "invited_professional"),
        }


def tovholder(case: CaseInHand, authority: str) -> Person:
    return case.kommune if authority == MUNICIPALITY else case.politi


@pytest.mark.rule(16)
@pytest.mark.fault("A10")
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
@pytest.mark.parametrize("kind", KINDS)
class WhenWhatWasPassedOnIsWithdrawn:
    async def test_nobody_further_on_reads_it_and_each_is_told_of_its_own(
        self, house: House, database: Database, kind: str, by: str
    ) -> None:
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        assert await chain.readers(database) == {other, PROBATION}
        done = await chain.withdraw(by, chain.given[0], other)
        assert await chain.readers(database) == set()
        # The one who withdraws counts its own exchange alone, and does not learn who was told further on.
        assert done["records"] == 1
        path = f"{chain.case.path}/exchanges"
        seen = await tovholder(chain.case, other).get(f"{path}/{chain.onward}/receipts")
        assert seen["withdrawn_from"] == [PROBATION]
        (entry,) = [one for one in await house.entries() if one.action == "withdrawExchange"]
        assert (entry.authority, entry.recipients) == (by, [other])
        # The record, and the exchange's own texts; of what was passed on no row is written.
        withdrawn = sorted(one.key for one in entry.wrote if one.verb == "withdraw")
        assert withdrawn == sorted([chain.given[0], other, record] for record in (chain.record, chain.given[0]))

    async def test_each_view_tells_who_passed_it_on_that_it_rests_on_what_was_withdrawn(
        self, house: House, kind: str, by: str
    ) -> None:
        """List, exchange, receipts, both views of supervision; the first discloser sees no word of it."""
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        await chain.see(house, other, {chain.given[0]: ([], False), chain.onward: ([], False)})
        await chain.withdraw(by, chain.given[0], other)
        await chain.see(house, other, {chain.given[0]: ([other], False), chain.onward: ([PROBATION], True)})
        # The owner sees its own withdrawal; what was passed on it never saw.
        await chain.see(house, by, {chain.given[0]: ([other], False)})

    async def test_what_rests_on_two_exchanges_stands_until_both_fall(
        self, house: House, database: Database, kind: str, by: str
    ) -> None:
        chain = await Chain.of(house, kind, by, times=2)
        other = OTHER[by]
        for given, left in zip(chain.given, [{other, PROBATION}, set()], strict=True):
            await chain.withdraw(by, given, other)
            assert await chain.readers(database) == left

    async def test_what_is_told_later_carries_nothing_that_was_passed_on_before(
        self, house: House, database: Database, kind: str, by: str
    ) -> None:
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        await chain.disclose(by, other)
        await chain.withdraw(by, chain.given[0], other)
        assert await chain.readers(database) == {other}
        await chain.disclose(other, PROBATION)
        assert await chain.readers(database) == {other, PROBATION}

    async def test_the_one_in_between_withdraws_its_own_part_alone(
        self, house: House, database: Database, kind: str, by: str
    ) -> None:
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        await chain.withdraw(other, chain.onward, PROBATION)
        assert await chain.readers(database) == {other}

    async def test_telling_it_anew_revives_nothing_that_fell(
        self, house: House, database: Database, kind: str, by: str
    ) -> None:
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        await chain.withdraw(by, chain.given[0], other)
        chain.given.append(await chain.disclose(by, other))
        assert await chain.readers(database) == {other}
        # Passing it on anew is an exchange of its own, which falls with what it rests on, and not with the first.
        await chain.disclose(other, PROBATION)
        assert await chain.readers(database) == {other, PROBATION}
        await chain.withdraw(by, chain.given[1], other)
        assert await chain.readers(database) == set()
