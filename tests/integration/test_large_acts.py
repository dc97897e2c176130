"""No act on real data is too large to log: each is done, its entries say all of it, and the case goes on."""

import io
import json
import tarfile
from datetime import timedelta
from typing import Any

import pytest

from house import INSTITUTION, MUNICIPAL_LOG, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, now, told
from infohus.kernel.audit.formats.entry import LARGEST_ENTRY_BYTES, Entry
from invitations import invitation
from taken_in_pieces import size_and_peak

LONG_TEXT = "Moren er bekymret. " * 200
NOTES, CONCERNS, PERSONS_OF_A_CONCERN, ITEMS = 500, 45, 12, 100


async def act_logged_last(house: House, action: str) -> list[Entry]:
    """Give the entries of the newest act of a kind: one, or the parts of one."""
    entries = [entry for entry in await house.entries(MUNICIPAL_LOG) if entry.action == action]
    return [entry for entry in entries if entry.correlation == entries[-1].correlation]


async def largest_entry(house: House) -> int:
    size: int = (await house.sql("SELECT max(length(entry)) AS size FROM audit.leaf"))[0]["size"]
    return size


async def assert_the_case_goes_on(case: CaseInHand) -> None:
    """Read it, list what stands in it, and write in it, as both."""
    for person in (case.kommune, case.politi):
        assert (await person.get(case.path))["case"]["id"] == case.id
        await person.get(f"{case.path}/next-steps")
        await person.post(f"{case.path}/information", {"text": "Det går videre.", "source": "samtale"})
        assert (await person.get(f"{case.path}/log"))["items"]


class WhenSomebodyAsksForAllThatIsHeld:
    @pytest.mark.fault("B2")
    @pytest.mark.fault("B3")
    @pytest.mark.rule(66)
    async def test_a_package_of_five_hundred_notes_is_made(self, house: House) -> None:
        case = await house.case()
        kommune = case.kommune
        happened_at = (now() - timedelta(minutes=1)).isoformat()
        for number in range(NOTES):
            await kommune.post(f"{case.path}/notes", {
                "kind": "note", "happened_at": happened_at, "subject": f"Opkald {number}", "text": LONG_TEXT,
            })
        concern = await kommune.get(f"{case.path}/concerns/{case.concern_id}")
        request = await kommune.post(f"{case.path}/access-requests", {
            "received_on": f"{now():%Y-%m-%d}", "asked": "Alt.", "subject": concern["subjects"][0]["id"],
        })
        include = [{"kind": "note", "id": one} for one in await _ids_in(kommune, f"{case.path}/notes")]
        include += [{"kind": "concern", "id": case.concern_id}, {"kind": "subject", "id": concern["subjects"][0]["id"]}]
        package = f"{case.path}/access-requests/{request['id']}/package"
        answer = await kommune.call("POST", package, json={"include": include})
        assert answer.status_code == 200, answer.text
        with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
            packed = json.loads(archive.extractfile("oplysninger.json").read())  # type: ignore[union-attr]
        assert sum(item["kind"] == "note" for item in packed["items"]) == NOTES
        size, peak = size_and_peak(house, kommune, package, {"include": include})
        assert size == len(answer.content) == int(answer.headers["content-length"])
        assert len(LONG_TEXT) * NOTES < size
        assert peak < 0.75 * size
        parts = await act_logged_last(house, "exportAccessPackage")
        opened = {one.row for part in parts for one in part.opened if one.table == "note"}
        assert len(opened) == NOTES
        assert len(parts) > 1
        assert [part.part for part in parts] == [(number, len(parts)) for number in range(1, len(parts) + 1)]
        await assert_the_case_goes_on(case)


class WhenACaseIsAboutHundreds:
    @pytest.mark.fault("B2")
    @pytest.mark.rule(60)
    async def test_forty_five_concerns_with_many_persons_are_recorded(self, house: House) -> None:
        case = await (await house.case()).clear()
        kommune = case.kommune
        for concern in range(CONCERNS):
            persons = [
                {"name": f"Person {concern} {person}", "birth_date": "1990-02-01"}
                for person in range(PERSONS_OF_A_CONCERN)
            ]
            await kommune.post(f"{case.path}/concerns", {
                "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "professional",
                "observation": f"Henvendelse {concern}.", "told_reporter": "Vi ser på det.", "subjects": persons,
            })
        parts = await act_logged_last(house, "addConcern")
        assert len({person for part in parts for person in part.persons}) == PERSONS_OF_A_CONCERN
        await kommune.get(case.path)
        parts = await act_logged_last(house, "readCase")
        assert len({person for part in parts for person in part.persons}) == 1 + CONCERNS * PERSONS_OF_A_CONCERN
        assert await largest_entry(house) <= LARGEST_ENTRY_BYTES
        assert len(await _ids_in(kommune, f"{case.path}/concerns")) == 1 + CONCERNS
        await assert_the_case_goes_on(case)


class WhenMuchIsToldToMany:
    @pytest.mark.fault("B2")
    @pytest.mark.rule(13)
    async def test_a_hundred_items_reach_three_recipients_and_are_corrected_and_withdrawn(self, house: House) -> None:
        case = await (await house.case()).clear()
        kommune = case.kommune
        for authority in (PROBATION, INSTITUTION):
            more = {"public_task_confirmed": True} if authority == INSTITUTION else {}
            await kommune.post(f"{case.path}/participants", invitation(authority, **more))
        noted = [await case.note(f"Oplysning {number}.") for number in range(ITEMS)]
        recipients = [POLICE, PROBATION, INSTITUTION]
        items = [{"kind": "information", "id": one} for one in noted]
        exchange = await kommune.post(
            f"{case.path}/exchanges", {**told(MUNICIPALITY), "recipients": recipients, "items": items}
        )
        parts = await act_logged_last(house, "recordExchange")
        wrote = [row for part in parts for row in part.wrote]
        assert sum(row.table == "disclosure" for row in wrote) >= ITEMS * len(recipients)
        assert len({(row.table, *row.key) for row in wrote}) == len(wrote)
        assert set(noted) <= set(await _ids_in(case.politi, f"{case.path}/information"))
        await kommune.post(f"{case.path}/exchanges/{exchange['id']}/corrections", {
            **told(MUNICIPALITY), "recipients": recipients, "summary": "Det var klubben.",
        })
        await kommune.post(f"{case.path}/exchanges/{exchange['id']}/withdrawals", {
            "recipient": POLICE, "reason": "Det var en fejl.",
        })
        assert not set(noted) & set(await _ids_in(case.politi, f"{case.path}/information"))
        await assert_the_case_goes_on(case)


async def _ids_in(person: Any, path: str) -> list[str]:
    """Turn a list's pages to the end."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await person.get(f"{path}?limit=200{after and f'&after={after}'}")
        found += [one["id"] for one in page["items"]]
        after = page["next"]
    return found
