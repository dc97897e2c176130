"""Who looked up their own: found by family names that meet as keyed indexes, each authority's people by its own DPO."""

from typing import Any
from uuid import UUID

import pytest

from checked_log import drawn
from house import CLEARANCE, MUNICIPALITY, House, now
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.audit.formats.entry import Entry, Opened, Outcome, Wrote, encode_parts
from infohus.oversight.log_checks.drawing import MOST_BY_LOT, MOST_BY_RULE
from infohus.oversight.log_checks.namesakes import MOST_NAMES
from infohus.oversight.log_checks.risk_rules import RULES
from persons import CPR, case_of, named_otherwise, recorded_by_the_police

METTE, SOREN = DEMO_PEOPLE["kommune"], DEMO_PEOPLE["politi"]
CODE = "own_name_or_family"


async def picked(house: House, by: str = "dpo") -> list[dict[str, Any]]:
    """Draw a check, and give the entries that the rule picked."""
    found = await drawn(house, by, sample=2)
    return [one["entry"] for one in found["items"] if CODE in one["reasons"]]


class WhenACheckIsDrawn:
    @pytest.mark.rule(63)
    async def test_what_somebody_did_on_a_namesake_is_looked_at_whatever_the_lot_says(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Jonas Prøve Lindvang"}])
        other = await house.case(subjects=[{"name": "Jonas Overskov"}])
        for one in (case, other):
            await one.kommune.get(one.path)
            await one.politi.get(one.path)
        entries = await picked(house)
        assert {(one["caller"], one["case"]) for one in entries} == {(str(METTE.person_id), case.id)}
        assert "readCase" in {one["action"] for one in entries}

    @pytest.mark.rule(63)
    async def test_so_is_a_search_for_one(self, house: House) -> None:
        await case_of(house, CPR, name="Jonas Lindvang")
        await house.person("kommune").post(
            f"/infohuse/{house.infohus_id}/searches", {"cpr_number": CPR, "purpose": "subject_access"}, status=200
        )
        assert "searchPersons" in {one["action"] for one in await picked(house)}

    @pytest.mark.rule(63)
    async def test_a_name_borne_before_counts_too(self, house: House) -> None:
        await named_otherwise(house, name="Mette Overskov").get("/cases")
        case = await house.case(subjects=[{"name": "Jonas Overskov"}])
        assert {one["case"] for one in await picked(house)} == {case.id}

    @pytest.mark.rule(44)
    @pytest.mark.rule(63)
    async def test_each_authority_s_people_are_looked_at_by_its_own_dpo(self, house: House) -> None:
        await house.case(subjects=[{"name": "Jonas Lindvang"}])
        theirs = await recorded_by_the_police(house, subject={"name": "Jonas Brandholt"})
        assert {one["caller"] for one in await picked(house)} == {str(METTE.person_id)}
        entries = await picked(house, "politi-dpo")
        assert {(one["caller"], one["case"]) for one in entries} == {(str(SOREN.person_id), theirs.id)}

    @pytest.mark.rule(44)
    async def test_a_person_the_authority_was_never_told_of_is_compared_with_nobody(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Jonas Brandholt"}])
        await case.politi.get(case.path)
        assert await picked(house, "politi-dpo") == []
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        items = [{"kind": "concern", "id": case.concern_id}, {"kind": "subject", "id": concern["subjects"][0]["id"]}]
        await case.kommune.post(f"{case.path}/exchanges", {**CLEARANCE, "items": items})
        assert {one["case"] for one in await picked(house, "politi-dpo")} == {case.id}

    @pytest.mark.rule(60)
    async def test_the_names_opened_for_it_stand_in_the_log_and_no_name_does(self, house: House) -> None:
        await house.case(subjects=[{"name": "Jonas Lindvang"}])
        await picked(house)
        (entry,) = [one for one in await house.entries() if any(row.table == "log_check_entry" for row in one.wrote)]
        rows = await house.sql("SELECT id FROM infohus.actor WHERE authority_id = $1", MUNICIPALITY)
        assert {(one.table, one.column) for one in entry.opened} == {("actor", "name")}
        assert {one.row for one in entry.opened} <= {row["id"] for row in rows}
        stored = await house.sql("SELECT family_names FROM infohus.subject")
        assert [[len(one) for one in row["family_names"]] for row in stored] == [[32]]


class WhenTheDatabaseIsAsked:
    @pytest.mark.rule(44)
    @pytest.mark.rule(45)
    @pytest.mark.parametrize(("role", "authority", "knows"), [
        ("data_protection_officer", "ishoj-kommune", True), ("data_protection_officer", "kbh-vestegns-politi", False),
        ("legal", "ishoj-kommune", False), ("municipal_coordinator", "ishoj-kommune", False),
        ("data_protection_officer", "another", False),
    ])
    async def test_it_answers_a_dpo_of_an_authority_that_knows_the_person(
        self, house: House, role: str, authority: str, knows: bool,  # noqa: FBT001
    ) -> None:
        await house.case(subjects=[{"name": "Jonas Lindvang"}])
        (row,) = await house.sql("SELECT family_names FROM infohus.subject")
        answer = await house.sql(
            "SELECT f.family_name FROM (SELECT set_config('infohus.role', $1, false) || "
            "set_config('infohus.authority', $2, false)) s, LATERAL infohus.cases_on_family($3, $4) f",
            role, authority, house.infohus_id, row["family_names"],
        )
        assert [one["family_name"] for one in answer] == (row["family_names"] if knows else [])


class WhenTheMostIsLookedAt:
    @pytest.mark.rule(59)
    def test_the_entry_that_says_so_holds_it(self) -> None:
        rules = sum(rule.picks is not None for rule in RULES)
        wrote = Wrote("insert", "log_check_entry", [str(UUID(int=1)), "1000000"], 1, "0" * 64)
        encode_parts(Entry(
            at=now(), log=UUID(int=1), caller=UUID(int=2), authority="a" * 100, role="data_protection_officer",
            assurance="substantial", action="drawLogCheck", subject_kind="infohus", subject=UUID(int=1), case=None,
            outcome=Outcome.ALLOWED, reason=None, policies=["p" * 100], policy_set="0" * 16, justification="j" * 200,
            purpose=None, recipients=[], persons=[],
            opened=[Opened("actor", "name", UUID(int=3))] * MOST_NAMES,
            wrote=[wrote] * (MOST_BY_LOT + rules * MOST_BY_RULE + 1), correlation="c" * 64, nonce="n" * 22,
        ))
