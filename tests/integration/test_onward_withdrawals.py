"""What was passed on falls with what it rests on, for whoever was told last; nobody learns more than that (rule 16)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told

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
    given: str
    onward: str

    @classmethod
    async def of(cls, house: House, kind: str, by: str) -> "Chain":
        """Write, disclose and pass on."""
        case = await (await house.case()).accept()
        await case.kommune.post(f"{case.path}/participants", {
            "person_id": "01a20000-0000-7000-8000-00000000000f", "authority_id": PROBATION, "scope": ["information"],
            "reason": "Kender ham.", "ends_at": "2029-01-01T00:00:00Z",
        })
        path, body = KINDS[kind]
        record = (await tovholder(case, by).post(f"{case.path}/{path}", body))["id"]
        chain = cls(case, kind, by, record, "", "")
        chain.given = await chain.disclose(by, OTHER[by])
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

    async def holders(self) -> set[str]:
        """Name the authorities that hold a key of the record by an exchange, and that row security shows it."""
        rows = await self.case.house.sql(
            "SELECT recipient_id FROM infohus.disclosed_key WHERE record_id = $1", UUID(self.record)
        )
        told_now = await self.case.house.sql(
            "SELECT recipient_id FROM infohus.disclosure WHERE record_id = $1 AND withdrawn_at IS NULL",
            UUID(self.record),
        )
        assert {row["recipient_id"] for row in rows} == {row["recipient_id"] for row in told_now}
        return {row["recipient_id"] for row in rows}


def tovholder(case: CaseInHand, authority: str) -> Person:
    return case.kommune if authority == MUNICIPALITY else case.politi


@pytest.mark.rule(16)
@pytest.mark.fault("A10")
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
@pytest.mark.parametrize("kind", KINDS)
class WhenWhatWasPassedOnIsWithdrawn:
    async def test_nobody_further_on_reads_it_and_each_is_told_of_its_own(
        self, house: House, kind: str, by: str
    ) -> None:
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        assert await chain.holders() == {other, PROBATION}
        done = await chain.withdraw(by, chain.given, other)
        assert await chain.holders() == set()
        # The one who withdraws counts its own exchange alone, and does not learn who was told further on.
        assert done["records"] == 1
        path = f"{chain.case.path}/exchanges"
        seen = await tovholder(chain.case, other).get(f"{path}/{chain.onward}/receipts")
        assert seen["withdrawn_from"] == [PROBATION]
        entry = next(one for one in reversed(await house.entries()) if one.action == "withdrawExchange")
        assert PROBATION not in entry.recipients
        assert sum(one.verb == "withdraw" for one in entry.wrote) == 1

    async def test_what_another_exchange_gave_too_stands_until_that_falls(
        self, house: House, kind: str, by: str
    ) -> None:
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        again = await chain.disclose(by, other)
        await chain.withdraw(by, chain.given, other)
        assert await chain.holders() == {other, PROBATION}
        await chain.withdraw(by, again, other)
        assert await chain.holders() == set()

    async def test_the_one_in_between_withdraws_its_own_part_alone(self, house: House, kind: str, by: str) -> None:
        chain = await Chain.of(house, kind, by)
        other = OTHER[by]
        await chain.withdraw(other, chain.onward, PROBATION)
        assert await chain.holders() == {other}
