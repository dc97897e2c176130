"""What a side was told stays as it was told, whatever its owner does with it later, until that is disclosed (44)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

import infohus.app  # noqa: F401 - every table is known once the application is
from house import MUNICIPALITY, POLICE, CaseInHand, House, Person, now, told
from infohus.casework.disclosable_records import DISCLOSABLE
from infohus.danish_calendar import danish_day
from infohus.kernel.database.tables import Changing, VersionedRecord

OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
A_CHILD = {"name": "Barn", "is_under_18": True}
MEASURE = {
    "level": "selective", "description": "Samtaler.", "starts_on": "2026-12-01", "follow_up_on": "2099-01-01",
}
ENDED: dict[str, Any] = {"text": "Målet er nået.", "outcome": "goal_reached"}
Act = Callable[[], Awaitable[dict[str, str]]]


class Told:
    """A case in which one side has told the other of a child's task, a measure and a note."""

    def __init__(self, case: CaseInHand, by: str, owner: Person, reader: Person) -> None:
        self.case, self.by, self.owner, self.reader = case, by, owner, reader
        self.child = self.measure = self.note = ""

    @classmethod
    async def made(cls, house: House, by: str) -> "Told":
        """Bring a case to its measures, and let one side tell the other of what it recorded."""
        case = await (await house.case()).recommend()
        pair = (case.kommune, case.politi) if by == MUNICIPALITY else (case.politi, case.kommune)
        it = cls(case, by, *pair)
        concern = {
            "channel": "mail", "received_at": now().isoformat(), "reporter_kind": "citizen",
            "observation": "Set igen.", "told_reporter": "Tak.", "subjects": [A_CHILD],
        }
        added = await it.owner.post(f"{case.path}/concerns", concern)
        it.child = (await it.owner.get(f"{case.path}/concerns/{added['id']}"))["child_notifications"][0]["id"]
        started = {**MEASURE, "responsible_authority": by, "disclosure": told(by, purpose="measure")}
        it.measure = (await it.owner.post(f"{case.path}/measures", started))["id"]
        note = {"happened_at": now().isoformat(), "text": "Ringede."}
        it.note = (await it.owner.post(f"{case.path}/notes", note))["id"]
        await it.tell(concern=added["id"], child_notification=it.child, note=it.note)
        return it

    async def tell(self, **items: str) -> None:
        """Disclose records by their kind."""
        named = [{"kind": kind, "id": record} for kind, record in items.items()]
        await self.owner.post(f"{self.case.path}/exchanges", {**told(self.by), "items": named})

    async def hand_over(self) -> dict[str, str]:
        """Hand the underretning over."""
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
        return await self._step("hand-over", handed)

    async def assess(self) -> dict[str, str]:
        """Stop the first clock, which is the municipality's."""
        return await self._step("assessment", {"assessed_at": now().isoformat()})

    async def confirm(self) -> dict[str, str]:
        """Stop the second clock, which is the municipality's."""
        return await self._step("receipt", {"receipt_given_on": str(danish_day(now()))})

    async def _step(self, segment: str, body: dict[str, str]) -> dict[str, str]:
        path = f"{self.case.path}/child-notifications/{self.child}/{segment}"
        task = await self.owner.post(path, body, status=200)
        return {"child_notification_step": task["steps"][-1]["id"]}

    async def follow_up(self) -> dict[str, str]:
        """Follow the measure up, and look again later."""
        return await self._follow_up({"text": "Godt i gang.", "next_follow_up_on": "2099-02-01"})

    async def end(self) -> dict[str, str]:
        """End the measure."""
        return await self._follow_up(ENDED)

    async def _follow_up(self, body: dict[str, Any]) -> dict[str, str]:
        path = f"{self.case.path}/measures/{self.measure}/follow-ups"
        return {"follow_up": (await self.owner.post(path, body))["follow_ups"]["items"][-1]["id"]}

    async def correct_note(self) -> dict[str, str]:
        """Correct the note by another one."""
        right = {"happened_at": now().isoformat(), "text": "Han ringede.", "corrects": self.note}
        return {"note": (await self.owner.post(f"{self.case.path}/notes", right))["id"]}

    async def read(self) -> dict[str, tuple[int, str | None, str]]:
        """Read as the other side what it can of the case: status, tag and body."""
        seen = {}
        for segment in (
            "", "/concerns", "/notes", f"/notes/{self.note}", f"/measures/{self.measure}", "/closing", "/next-steps",
            "/exchanges", "/retention",
        ):
            answer = await self.reader.call("GET", self.case.path + segment)
            body = answer.text.replace(answer.headers["x-correlation-id"], "")
            seen[segment] = (answer.status_code, answer.headers.get("etag"), body)
        return seen

    async def rows(self) -> dict[str, list[str]]:
        """Read as the other side every row that the database shows it."""
        connection = await asyncpg.connect(self.case.house.superuser)
        role = "police_coordinator" if self.by == MUNICIPALITY else "municipal_coordinator"
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL ROLE infohus_app")
                await connection.execute(
                    "SELECT infohus.act_as($1, $2, $3, now())", OTHER[self.by], self.reader.person_id, role
                )
                tables = await connection.fetch(
                    "SELECT table_name AS name FROM information_schema.table_privileges"
                    " WHERE grantee = 'infohus_app' AND table_schema = 'infohus' AND privilege_type = 'SELECT'"
                )
                shown = {}
                for table in (row["name"] for row in tables):
                    rows = await connection.fetch(f'SELECT to_jsonb(t)::text AS row FROM infohus."{table}" t')  # noqa: S608
                    shown[table] = sorted(json.dumps(json.loads(row["row"]), sort_keys=True) for row in rows)
                return shown
        finally:
            await connection.close()


@pytest.mark.rule(44)
@pytest.mark.rule(88)
class WhenTheOwnerGoesOn:
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    async def test_whoever_was_told_sees_nothing_of_it_until_it_is_disclosed(self, house: House, by: str) -> None:
        it = await Told.made(house, by)
        acts: list[Act] = [it.follow_up, it.correct_note, it.end]
        # What the police hand over, they tell the municipality by that.
        acts += [it.hand_over, it.assess, it.confirm] if by == MUNICIPALITY else []
        for act in acts:
            before, rows_before = await it.read(), await it.rows()
            assert len(rows_before) > 20
            made = await act()
            assert await it.read() == before, act.__name__
            assert await it.rows() == rows_before, act.__name__
            await it.tell(**made)
            (table, record), = made.items()
            assert any(record in row for row in (await it.rows())[table]), act.__name__
        measure = await it.reader.get(f"{it.case.path}/measures/{it.measure}")
        assert (measure["outcome"], len(measure["follow_ups"]["items"])) == ("goal_reached", 2)

    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    async def test_the_tag_of_a_measure_follows_what_is_read(self, house: House, by: str) -> None:
        it = await Told.made(house, by)
        path = f"{it.case.path}/measures/{it.measure}"

        async def tags() -> list[str]:
            return [(await one.call("GET", path)).headers["etag"] for one in (it.owner, it.reader)]

        assert await tags() == ['"1"', '"1"']
        made = await it.follow_up()
        assert await tags() == ['"2"', '"1"']
        await it.tell(**made)
        assert await tags() == ['"2"', '"2"']

    async def test_each_side_that_knows_of_the_child_hands_over_for_itself(self, house: House) -> None:
        it = await Told.made(house, POLICE)
        await it.hand_over()
        path = f"{it.case.path}/child-notifications/{it.child}/hand-over"
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
        # The municipality's tovholder, to whom the police did so, hands it on; no second one counts twice.
        task = await it.reader.post(path, handed, status=200)
        assert [one["authority_id"] for one in task["steps"]] == [POLICE, MUNICIPALITY]
        await it.reader.post(path, handed, status=409)
        await it.owner.post(path, handed, status=409)


class WhenARecordCanBeDisclosed:
    @pytest.mark.rule(44)
    def test_it_is_written_once_and_never_changes(self) -> None:
        changing = {
            kind.value for kind, model in DISCLOSABLE.items()
            if model.changes_later or issubclass(model, Changing | VersionedRecord)
        }
        assert changing == set()
