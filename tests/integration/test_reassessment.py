"""A re-assessment is a new version that says what changed; a template comes by file and counts nothing (36–41)."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from click.testing import CliRunner

from conftest import Database
from house import MUNICIPALITY, POLICE, CaseInHand, House, now, told
from infohus.casework.assessments.template import CURRENT, TemplateNotUsable, current_template
from infohus.casework.assessments.templates import load_template
from infohus.cli.commands import main
from infohus.errors import TemplateScores

RISK: dict[str, Any] = {
    "dimension": "willingness_to_use_violence", "answer": "described", "text": "Han vil forsvare sig.",
    "source": "klassens lærer", "dated_on": "2026-10-01", "is_first_hand": True, "origin": "already_held",
}
FAMILY = {**RISK, "dimension": "family", "text": "Moren holder kontakt."}
SPARE_TIME = {**RISK, "dimension": "network_and_spare_time", "text": "Han kommer i klubben."}
CONCLUSION = {"problems": "Isolation.", "resources": "Moren.", "overall_assessment": "Støtte hjælper."}
SHOWN = told(purpose="assessment")
OWN_TEMPLATE = CURRENT.read_text(encoding="utf-8").replace('id = "cdie-1"', 'id = "cdie-ishoj"')


async def assess(case: CaseInHand, *contributions: dict[str, Any], what_changed: str = "") -> str:
    """Open the tool, bring contributions for both to read, conclude and sign; gives the assessment's address."""
    opening = {"users_are_trained": True, "disclosure": SHOWN}
    opened = await case.kommune.post(f"{case.path}/assessments", opening)
    path = f"{case.path}/assessments/{opened['decision']['id']}"
    await case.kommune.post(f"{path}/contributions", {"contributions": contributions, "disclosure": SHOWN})
    draft = {"content": {**CONCLUSION, "what_changed": what_changed}, "disclosure": SHOWN}
    concluded = await case.kommune.put(f"{path}/conclusion", draft, headers={"If-Match": '"1"'})
    await case.politi.post(f"{path}/signatures", {"content_hash": concluded["decision"]["content_hash"]})
    return path


async def acting_after_assessment(house: House, *contributions: dict[str, Any]) -> tuple[CaseInHand, str]:
    """Bring a case through the tool and on to its measures."""
    case = await (await house.case()).qualify()
    first = await assess(case, *contributions)
    await case.decide("recommendations", "recommended", {"recommendation": "En mentor."}, purpose="recommendation")
    return case, first


class WhenACaseIsAssessedAgain:
    """Rule 40."""

    @pytest.mark.rule(40)
    async def test_it_is_a_new_version_that_says_what_changed(self, house: House) -> None:
        case, first = await acting_after_assessment(house, RISK, FAMILY, {**FAMILY, "dimension": "criminal_history"})
        before = await case.politi.get(first)
        calmer = {**RISK, "text": "Han taler om at flytte."}
        second = await assess(case, calmer, FAMILY, SPARE_TIME, what_changed="Han er rykket væk fra gruppen.")
        for person in (case.kommune, case.politi):
            shown = await person.get(second)
            assert (shown["version"], shown["previous_id"]) == (2, before["decision"]["id"])
            assert {one["dimension"]: one["difference"] for one in shown["changes"]} == {
                "willingness_to_use_violence": "changed", "criminal_history": "removed", "family": "unchanged",
                "network_and_spare_time": "added",
            }
            assert shown["decision"]["content"]["what_changed"] == "Han er rykket væk fra gruppen."
        assert await case.stage() == "recommending"
        assert await case.politi.get(first) == before
        listed = await case.politi.get(f"{case.path}/assessments")
        assert [(one["version"], bool(one["decided_at"])) for one in listed["items"]] == [(1, True), (2, True)]
        await house.assert_logs_are_whole()

    @pytest.mark.rule(40)
    async def test_the_older_one_stays_as_it_was(self, house: House) -> None:
        case, first = await acting_after_assessment(house, RISK, FAMILY)
        opening = {"users_are_trained": False, "disclosure": SHOWN}
        await case.kommune.post(f"{case.path}/assessments", opening)
        again = await case.kommune.call("POST", f"{first}/contributions", json={"contributions": [RISK]})
        assert again.json()["type"] == "/problems/decision-already-made"
        draft = {"content": CONCLUSION, "disclosure": SHOWN}
        changed = await case.kommune.call("PUT", f"{first}/conclusion", json=draft, headers={"If-Match": '"2"'})
        assert changed.json()["type"] == "/problems/decision-already-made"
        twice = await case.kommune.call("POST", f"{case.path}/assessments", json=opening)
        assert twice.json()["type"] == "/problems/already-proposed"

    @pytest.mark.rule(40)
    async def test_it_is_not_finished_without_own_words_on_the_change(self, house: House) -> None:
        case, _ = await acting_after_assessment(house, RISK, FAMILY)
        opened = await case.kommune.post(
            f"{case.path}/assessments", {"users_are_trained": True, "disclosure": SHOWN}
        )
        path = f"{case.path}/assessments/{opened['decision']['id']}"
        await case.kommune.post(f"{path}/contributions", {"contributions": [RISK, FAMILY]})
        draft = {"content": CONCLUSION, "disclosure": SHOWN}
        answer = await case.kommune.call("PUT", f"{path}/conclusion", json=draft, headers={"If-Match": '"1"'})
        assert answer.json()["type"] == "/problems/assessment-one-sided"
        assert "ændret siden sidst" in answer.json()["detail"]

    @pytest.mark.rule(44)
    async def test_a_text_that_one_side_keeps_changes_nothing_for_either(self, house: House) -> None:
        case, _ = await acting_after_assessment(house, RISK, FAMILY)
        opened = await case.kommune.post(
            f"{case.path}/assessments", {"users_are_trained": True, "disclosure": SHOWN}
        )
        path = f"{case.path}/assessments/{opened['decision']['id']}"
        await case.kommune.post(f"{path}/contributions", {"contributions": [RISK, FAMILY], "disclosure": SHOWN})
        await case.kommune.post(f"{path}/contributions", {"contributions": [SPARE_TIME]})
        await case.politi.post(f"{path}/contributions", {"contributions": [{**RISK, "text": "Kendt af patruljen."}]})
        seen = [(await person.get(path))["changes"] for person in (case.kommune, case.politi)]
        assert seen[0] == seen[1]
        assert {one["difference"] for one in seen[0]} == {"unchanged"}

    @pytest.mark.rule(35)
    async def test_a_case_that_was_never_qualified_further_is_not_assessed(self, house: House) -> None:
        case = await (await house.case()).recommend()
        opening = {"users_are_trained": True, "disclosure": SHOWN}
        answer = await case.kommune.call("POST", f"{case.path}/assessments", json=opening)
        assert answer.json()["type"] == "/problems/not-possible-now"

    async def test_measures_go_on_while_the_case_recommends_anew(self, house: House) -> None:
        case, _ = await acting_after_assessment(house, RISK, FAMILY)
        measure = await case.kommune.post(f"{case.path}/measures", {
            "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Mentor.",
            "starts_on": "2026-12-01", "follow_up_on": "2099-01-01",
        })
        await assess(case, RISK, FAMILY, what_changed="Intet.")
        body = {"text": "Godt i gang.", "next_follow_up_on": "2099-02-01"}
        await case.kommune.post(f"{case.path}/measures/{measure['id']}/follow-ups", body)


class WhenOthersSitAtTheTable:
    """Rule 39."""

    @pytest.mark.rule(39)
    async def test_the_assessment_names_them_and_what_each_brought(self, house: House) -> None:
        case = await (await house.case()).qualify()
        adviser = house.person("raadgiver")
        for scope in (["assessment"],):
            await case.kommune.post(f"{case.path}/participants", {
                "person_id": str(adviser.person_id), "authority_id": MUNICIPALITY, "scope": scope,
                "reason": "Kender ham.", "ends_at": (now() + timedelta(days=5)).isoformat(),
            })
        opened = await case.kommune.post(f"{case.path}/assessments", {"users_are_trained": False, "disclosure": SHOWN})
        path = f"{case.path}/assessments/{opened['decision']['id']}"
        await adviser.post(f"{path}/contributions", {"contributions": [FAMILY, {**SPARE_TIME, "origin": "collected"}]})
        shown = await case.kommune.get(path)
        table = {(one["authority_id"], one["kind"]): one["dimensions"] for one in shown["at_the_table"]}
        assert table == {
            (MUNICIPALITY, "coordinator"): [], (POLICE, "coordinator"): [],
            (MUNICIPALITY, "invited"): ["family", "network_and_spare_time"],
        }
        assert [(one["brought_by"], one["origin"]) for one in shown["contributions"]["items"]] == [
            (str(adviser.person_id), "already_held"), (str(adviser.person_id), "collected"),
        ]
        assert {tuple(one["dimensions"]) for one in (await case.politi.get(path))["at_the_table"]} == {()}


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn("owner"))
    yield connection
    await connection.close()


class WhenAnInfohusLoadsItsOwnTemplate:
    """Rules 36, 38 and 41."""

    @pytest.mark.rule(41)
    @pytest.mark.rule(36)
    async def test_assessments_opened_from_then_on_use_it_and_older_ones_keep_theirs(
        self, house: House, owner: asyncpg.Connection
    ) -> None:
        case, first = await acting_after_assessment(house, RISK, FAMILY)
        path = f"/infohuse/{house.infohus_id}/assessment-template"
        shipped = await case.politi.get(path)
        assert (shipped["version"], shipped["digest"]) == (0, current_template().digest().hex())
        for _ in range(2):
            assert await load_template(owner, OWN_TEMPLATE, infohus_id=house.infohus_id, clock=now) == 1
        loaded = await case.politi.get(path)
        assert (loaded["version"], loaded["template"]["id"]) == (1, "cdie-ishoj")
        assert loaded["digest"] != shipped["digest"]
        second = await assess(case, RISK, FAMILY, what_changed="Intet.")
        ids = [(await case.kommune.get(one))["template"]["id"] for one in (first, second)]
        assert ids == ["cdie-1", "cdie-ishoj"]
        listed = await case.kommune.get(f"{case.path}/assessments")
        assert [one["template_digest"] for one in listed["items"]] == [shipped["digest"], loaded["digest"]]

    async def test_it_is_for_one_infohus_that_exists(self, house: House, owner: asyncpg.Connection) -> None:
        with pytest.raises(TemplateNotUsable, match="there is no infohus"):
            await load_template(owner, OWN_TEMPLATE, infohus_id=uuid4(), clock=now)
        assert isinstance(house.infohus_id, UUID)

    @pytest.mark.rule(38)
    async def test_one_that_counts_is_refused_and_nothing_is_stored(
        self, house: House, owner: asyncpg.Connection
    ) -> None:
        with pytest.raises(TemplateScores):
            await load_template(owner, OWN_TEMPLATE + '"vægt" = "meget"\n', infohus_id=house.infohus_id, clock=now)
        assert await house.sql("SELECT version FROM infohus.assessment_template") == []

    @pytest.mark.rule(38)
    def test_the_command_says_where_it_counts(self, tmp_path: Path, database: Database) -> None:
        file, address = tmp_path / "skabelon.toml", database.dsn("owner")
        file.write_text(OWN_TEMPLATE + 'risk_level = "noget"\n', encoding="utf-8")
        run = CliRunner().invoke(main, [
            "template", "load", str(file), "--infohus", str(uuid4()), "--owner-database", address,
        ])
        said = re.sub(r"[\s│]+", " ", run.output)
        assert (run.exit_code, "Fjern dimension[9].risk_level" in said) == (1, True), said
