"""Whoever owns what is passed on learns that it was, to whom and why, and nothing else of the exchange (16, 44)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told
from invitations import invitation

OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
SUPERVISOR = {MUNICIPALITY: "dpo", POLICE: "politi-dpo"}
SECRET = "Han er sigtet i en anden sag."
REASON = "De følger ham i forvejen."


def by_of(case: CaseInHand, by: str) -> Person:
    return case.kommune if by == MUNICIPALITY else case.politi


@dataclass
class PassedOn:
    """What one tovholder's authority owns, and the other passed on to the probation service with much of its own."""

    case: CaseInHand
    owner: str
    item: str
    theirs: str
    exchange: dict[str, Any]

    @classmethod
    async def by_other_than(cls, house: House, owner: str, **more: Any) -> "PassedOn":
        """Let the owner tell the other, and the other pass it on."""
        case, by = await house.case(), OTHER[owner]
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        item, theirs = await case.note("Ejerens.", by=owner), await case.note(SECRET, by=by)
        await case.disclose(item, by=owner)
        body = {
            **told(by, recipients=[PROBATION]), "categories": ["criminal_offences"], "strict_necessity": SECRET,
            "summary": SECRET, "necessity": SECRET, "consent_reason": SECRET,
            "items": [{"kind": "information", "id": one} for one in (item, theirs)], **more,
        }
        return cls(case, owner, item, theirs, await by_of(case, by).post(f"{case.path}/exchanges", body))

    @property
    def path(self) -> str:
        """Give the path of the exchange that passed it on."""
        return f"{self.case.path}/exchanges/{self.exchange['id']}"

    async def notices(self, by: str) -> list[dict[str, Any]]:
        """List what was passed on that an authority owns."""
        listed: list[dict[str, Any]] = (await by_of(self.case, by).get(f"{self.case.path}/onward-notices"))["items"]
        return listed


@pytest.mark.rule(16)
@pytest.mark.rule(44)
@pytest.mark.parametrize("owner", [MUNICIPALITY, POLICE])
class WhenWhatAnAuthorityOwnsIsPassedOn:
    async def test_it_learns_to_whom_and_why_and_of_its_own_item_alone(self, house: House, owner: str) -> None:
        made = await PassedOn.by_other_than(house, owner, onward_reason=REASON)
        (notice,) = await made.notices(owner)
        assert notice | {"id": "", "exchanged_at": "", "recorded_at": ""} == {
            "id": "", "case_id": made.case.id, "discloser": OTHER[owner], "owner": owner, "recipients": [PROBATION],
            "paragraph": made.exchange["paragraph"], "purpose": "screening", "channel": "system", "exchanged_at": "",
            "recorded_at": "", "records": [{"kind": "information", "id": made.item}], "reason": REASON,
        }
        assert await made.notices(OTHER[owner]) == []

    async def test_it_sees_nothing_else_of_the_exchange_in_any_list_or_route(self, house: House, owner: str) -> None:
        made = await PassedOn.by_other_than(house, owner)
        reader = by_of(made.case, owner)
        for path in (made.path, f"{made.path}/receipts", f"{made.case.path}/information/{made.theirs}"):
            await reader.get(path, status=404)
        receipt = {"manifest": made.exchange["manifest"]}
        await reader.post(f"{made.path}/receipts", receipt, status=404)
        listed = (await reader.get(f"{made.case.path}/exchanges"))["items"]
        assert made.exchange["id"] not in {one["id"] for one in listed}
        everything = str([await made.notices(owner), listed, await reader.get(f"{made.case.path}/closing")])
        assert SECRET not in everything
        assert "criminal_offences" not in everything
        assert made.theirs not in everything

    @pytest.mark.rule(13)
    async def test_it_is_no_recipient_of_a_correction(self, house: House, owner: str) -> None:
        made = await PassedOn.by_other_than(house, owner)
        by, reader = by_of(made.case, OTHER[owner]), by_of(made.case, owner)
        new_item = await made.case.note("Kun til den tredje.", by=OTHER[owner])
        right = await by.post(f"{made.path}/corrections", {
            **told(OTHER[owner], recipients=[PROBATION]), "summary": SECRET,
            "items": [{"kind": "information", "id": new_item}],
        })
        assert right["recipients"] == [PROBATION]
        await reader.get(f"{made.case.path}/information/{new_item}", status=404)
        await reader.get(f"{made.case.path}/exchanges/{right['id']}", status=404)
        assert len(await made.notices(owner)) == 1
        lifting = (await by.get(f"{made.case.path}/closing"))["blockers"]
        assert not [one for one in lifting if "exchange" in str(one) or "correction" in str(one)]

    @pytest.mark.rule(90)
    @pytest.mark.fault("A8")
    async def test_its_supervision_sees_the_notice_without_its_text(self, house: House, owner: str) -> None:
        made = await PassedOn.by_other_than(house, owner, onward_reason=REASON)
        path, reviewer = f"/infohuse/{house.infohus_id}", house.person(SUPERVISOR[owner])
        await reviewer.get(f"{path}/exchanges/{made.exchange['id']}", status=404)
        (noted,) = (await reviewer.get(f"{path}/onward-notices"))["items"]
        assert (noted["recipients"], noted["records"]) == ([PROBATION], [{"kind": "information", "id": made.item}])
        assert "reason" not in noted
        other = house.person(SUPERVISOR[OTHER[owner]])
        assert (await other.get(f"{path}/onward-notices"))["items"] == [noted]

    @pytest.mark.rule(45)
    async def test_row_security_and_the_keys_say_the_same(
        self, house: House, database: Database, owner: str
    ) -> None:
        made = await PassedOn.by_other_than(house, owner)
        right = {**told(OTHER[owner], recipients=[PROBATION]), "summary": SECRET}
        await by_of(made.case, OTHER[owner]).post(f"{made.path}/corrections", right)
        role = {MUNICIPALITY: "municipal_coordinator", POLICE: "police_coordinator"}[owner]
        app = await asyncpg.connect(database.dsn("app"))
        async with app.transaction():
            person = by_of(made.case, owner).person_id
            await app.fetchval("SELECT infohus.act_as($1, $2, $3, now())", owner, person, role)
            exchange = UUID(made.exchange["id"])
            assert await app.fetch("SELECT FROM infohus.exchange WHERE id = $1", exchange) == []
            rows = await app.fetch("SELECT record_kind FROM infohus.disclosure WHERE exchange_id = $1", exchange)
            keys = await app.fetch("SELECT record_id FROM infohus.disclosed_key WHERE exchange_id = $1", exchange)
            notices = await app.fetch("SELECT id FROM infohus.onward_notice")
            correction = await app.fetchval("SELECT infohus.correction_of($1, '-infinity')", exchange)
        await app.close()
        assert ([row["record_kind"] for row in rows], correction) == (["onward_notice"], None)
        assert {row["record_id"] for row in keys} == {notices[0]["id"]}

    async def test_a_recipient_that_owns_a_part_reads_the_exchange_and_gets_no_notice(
        self, house: House, owner: str
    ) -> None:
        made = await PassedOn.by_other_than(house, owner, recipients=[owner, PROBATION])
        assert (await by_of(made.case, owner).get(made.path))["summary"] == SECRET
        assert await made.notices(owner) == []
