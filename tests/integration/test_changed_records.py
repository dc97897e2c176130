"""A record whose row was changed past the system is an incident with a name: the rest is read, and the DPO finds it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import pytest

from checked_log import busy, drawn, found_at
from house import MUNICIPAL_LOG, CaseInHand, House, now
from infohus.kernel.audit.formats.entry import Outcome
from leaks import log_lines

LISTS: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "information": (
        {"text": "Moren er bekymret.", "source": "samtale"}, "information", "is_first_hand = NOT is_first_hand",
    ),
    "notes": (
        {"kind": "note", "happened_at": now().isoformat(), "text": "Talt med moren."}, "note",
        "happened_at = happened_at - interval '1 day'",
    ),
    "legal-holds": ({"reason": "En klagesag."}, "legal_hold", "recorded_at = recorded_at + interval '1 second'"),
    "access-requests": (
        {"received_on": f"{now():%Y-%m-%d}", "asked": "Alt."}, "access_request", "answer_by = answer_by + 100",
    ),
    "information-requests": (
        {"question": "Kender I ham?", "received_from": "kriminalforsorgen"}, "information_request",
        "asked_by = 'vaerestedet'",
    ),
}
"""Of each list of texts: what is posted, its table, and how a clear column is forged."""


async def with_one_changed(house: House, case: CaseInHand, path: str) -> tuple[list[str], str]:
    """Make three records, and forge a clear column of the second past the application; give their ids and its id."""
    draft, table, forging = LISTS[path]
    made = [(await case.kommune.post(f"{case.path}/{path}", draft))["id"] for _ in range(3)]
    await house.sql(f"UPDATE infohus.{table} SET {forging} WHERE id = $1", UUID(made[1]))  # noqa: S608 - our own names
    return made, made[1]


def said_of(written: Iterable[str]) -> list[tuple[str, str]]:
    """Give level and record of the service's lines on records that cannot be read."""
    lines = (json.loads(line) for line in written if '"record_not_readable"' in line)
    return [(line["level"], line["record"]) for line in lines]


class WhenAClearColumnIsForged:
    @pytest.mark.fault("A17")
    @pytest.mark.parametrize("path", LISTS)
    async def test_the_rest_of_the_list_is_read_and_the_one_is_named(
        self, house: House, path: str
    ) -> None:
        case = await (await house.case()).accept()
        made, changed = await with_one_changed(house, case, path)
        with log_lines() as lines:
            page = await case.kommune.get(f"{case.path}/{path}")
        assert [one["id"] for one in page["items"]] == [one for one in made if one != changed]
        assert page["not_readable"] == [changed]
        entry = (await house.entries(MUNICIPAL_LOG))[-1]
        assert (entry.outcome, entry.reason) == (Outcome.ALLOWED, f"record-not-readable {changed}")
        assert str(changed) not in {str(one.row) for one in entry.opened}
        assert len({(one.row, one.column) for one in entry.opened}) == len(entry.opened)
        assert said_of(lines.written) == [("critical", changed)]

    async def test_a_whole_list_names_none(self, house: House) -> None:
        case = await (await house.case()).accept()
        for path, (draft, _, _) in LISTS.items():
            await case.kommune.post(f"{case.path}/{path}", draft)
            assert (await case.kommune.get(f"{case.path}/{path}"))["not_readable"] == []
        assert all(entry.reason is None for entry in await house.entries(MUNICIPAL_LOG))

    @pytest.mark.fault("A17")
    @pytest.mark.parametrize("path", ["information", "notes"])
    async def test_reading_it_alone_says_what_happened_and_gives_nothing_of_it(
        self, house: House, path: str
    ) -> None:
        case = await (await house.case()).accept()
        _, changed = await with_one_changed(house, case, path)
        with log_lines() as lines:
            problem = await case.kommune.get(f"{case.path}/{path}/{changed}", status=500)
        assert problem["type"] == "/problems/record-not-readable"
        assert changed in problem["detail"]
        assert "databeskyttelsesrådgiveren" in problem["detail"]
        entry = (await house.entries(MUNICIPAL_LOG))[-1]
        assert (entry.outcome, entry.reason, str(entry.subject)) == (
            Outcome.FAILED, f"record-not-readable {changed}", changed,
        )
        assert entry.opened == []
        assert said_of(lines.written) == [("critical", changed)]

    @pytest.mark.fault("A17")
    async def test_a_concern_or_a_decision_says_so(self, house: House) -> None:
        case = await (await house.case()).accept()
        await house.sql("UPDATE infohus.concern SET kind = 'group'")
        problem = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}", status=500)
        assert problem["type"] == "/problems/record-not-readable"
        assert (await case.kommune.get(case.path))["case"]["id"] == case.id


class WhenTheDpoLooks:
    @pytest.mark.fault("A17")
    @pytest.mark.rule(61)
    async def test_the_entries_that_met_one_are_found_by_their_reason(self, house: House) -> None:
        case = await (await house.case()).accept()
        _, changed = await with_one_changed(house, case, "notes")
        await case.kommune.get(f"{case.path}/notes")
        await case.kommune.get(f"{case.path}/notes/{changed}", status=500)
        found = (await house.person("dpo").get("/log/entries?reason=record-not-readable"))["items"]
        assert [(one["entry"]["action"], one["entry"]["outcome"]) for one in found] == [
            ("readCase", "allowed"), ("readNote", "failed"),
        ]
        assert all(changed in one["entry"]["reason"] for one in found)
        check = await drawn(house, sample=2)
        assert sum("changed_record" in one["reasons"] for one in check["items"]) == 2

    @pytest.mark.fault("A17")
    async def test_a_finding_that_was_changed_takes_no_other_with_it(self, house: House) -> None:
        await busy(house)
        finding, owner = await found_at(house)
        await house.sql("UPDATE infohus.log_finding SET text = set_byte(text, 40, 255 - get_byte(text, 40))")
        for person in (house.person("dpo"), owner):
            page = await person.get("/log/findings")
            assert (page["items"], page["not_readable"]) == ([], [finding["id"]])

    @pytest.mark.fault("A17")
    async def test_a_name_that_was_changed_stops_no_draw(self, house: House) -> None:
        await house.case()
        await house.sql("UPDATE infohus.actor SET name = set_byte(name, 40, 255 - get_byte(name, 40))")
        assert (await drawn(house, sample=5))["items"]
        person = house.person("kommune").person_id
        problem = await house.person("dpo").get(f"/log/actors/{person}", status=500)
        assert problem["type"] == "/problems/record-not-readable"
