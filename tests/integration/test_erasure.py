"""How long a case is kept, and what stands in the way of erasing it (rules 24, 71 and 72)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, now
from infohus.danish_calendar import danish_day
from infohus.kernel.database.tables import Regime
from infohus.whole_case.closures.retention import read_retention, retention_table, rule_for

LAST = '[[rule]]\nname = "all"\ndays = 10\nsource = "x"\n'
CLEARED: dict[str, Any] = {"decision": "may_be_discarded", "decided_on": "2026-11-20", "reference": "RA 26/1"}


class WhenThePeriodIsLookedUp:
    @pytest.mark.rule(71)
    @pytest.mark.parametrize(("outcome", "is_child", "regime", "name"), [
        ("unfounded", False, Regime.GDPR, "unfounded"), ("unfounded", True, Regime.LED, "unfounded"),
        ("completed", True, Regime.GDPR, "child"), ("completed", True, Regime.LED, "police"),
        ("completed", False, Regime.LED, "police"), ("handed_over", False, Regime.GDPR, "ordinary"),
        ("outside_infohus", False, Regime.PET, "unfounded"), ("completed", False, Regime.PET, "ordinary"),
    ])
    def test_outcome_age_and_regime_decide_and_each_row_has_a_source(
        self, outcome: str, is_child: bool, regime: Regime, name: str,  # noqa: FBT001
    ) -> None:
        rule = rule_for(retention_table(), outcome=outcome, is_child=is_child, regime=regime, authority="x")
        assert rule.name == name
        assert rule.source

    @pytest.mark.rule(43)
    def test_an_authority_can_have_a_row_of_its_own(self) -> None:
        own = '[[rule]]\nname = "own"\nauthority = "ishoj-kommune"\ndays = 30\nsource = "aftale"\n'
        rules = read_retention(own + LAST)
        names = [
            rule_for(rules, outcome="completed", is_child=False, regime=Regime.GDPR, authority=one).name
            for one in (MUNICIPALITY, POLICE)
        ]
        assert names == ["own", "all"]

    @pytest.mark.parametrize("document", [
        "", '[[rule]]\nname = "a"\nage = "adult"\ndays = 10\nsource = "x"\n', LAST + LAST,
        LAST.replace("10", "0"), LAST.replace('"x"', '""'), LAST + "more = 1\n",
    ])
    def test_a_table_that_leaves_a_case_without_a_period_is_refused(self, document: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            read_retention(document)


class WhenACaseIsClosed:
    @pytest.mark.rule(43)
    @pytest.mark.rule(71)
    async def test_each_authority_has_its_own_rule_from_closure(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Barn", "is_under_18": True}])
        await hand_over(case)
        await (await case.clear()).close("completed")
        kept = [*await case.kommune.get(f"{case.path}/retention"), *await case.politi.get(f"{case.path}/retention")]
        assert [(one["authority_id"], one["rule"]) for one in kept] == [(MUNICIPALITY, "child"), (POLICE, "police")]
        assert {one["runs_from"] for one in kept} == {str(danish_day(now()))}

    @pytest.mark.rule(43)
    @pytest.mark.rule(44)
    async def test_a_child_that_the_police_hand_over_shows_in_the_municipality_s_rule_from_then_on(
        self, house: House
    ) -> None:
        case = await house.case(subjects=[])
        concern = await case.politi.post(f"{case.path}/concerns", {
            "channel": "mail", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Set.",
            "told_reporter": "Tak.", "subjects": [{"name": "Barn", "is_under_18": True}],
        })
        seen = await case.politi.get(f"{case.path}/concerns/{concern['id']}")
        path = f"{case.path}/child-notifications/{seen['child_notifications'][0]['id']}/hand-over"
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen", "text": "Ja."}
        await case.politi.post(path, handed, status=200)
        await case.kommune.post(path.replace("hand-over", "assessment"), {"assessed_at": now().isoformat()}, status=200)
        given = {"receipt_given_on": str(danish_day(now()))}
        await case.kommune.post(path.replace("hand-over", "receipt"), given, status=200)
        await (await case.clear()).close("completed")
        (kept,) = await case.kommune.get(f"{case.path}/retention")
        assert kept["rule"] == "child"


async def hand_over(case: CaseInHand) -> None:
    """Hand the underretning over, assessed and receipted."""
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    notification = f"{case.path}/child-notifications/{concern['child_notifications'][0]['id']}"
    await case.kommune.post(f"{notification}/assessment", {"assessed_at": now().isoformat()}, status=200)
    await case.kommune.post(f"{notification}/receipt", {"receipt_given_on": str(danish_day(now()))}, status=200)
    path = f"{notification}/hand-over"
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen", "text": "Ja."}
    await case.kommune.post(path, handed, status=200)


async def closed_long_ago(house: House) -> CaseInHand:
    """Close a case whose period has run out."""
    case = await (await house.case()).clear()
    await case.note()
    await case.close()
    await house.sql(
        'UPDATE infohus."case" SET closed_at = $2 WHERE id = $1', case.id, datetime(2026, 1, 1, tzinfo=UTC)
    )
    return case


class WhenErasureIsAskedFor:
    """Rule 72."""

    async def reasons(self, case: CaseInHand) -> str:
        """Ask; give what the answer says."""
        answer = await case.kommune.call("POST", f"{case.path}/erasure")
        assert answer.status_code == 409
        return f"{answer.json()['type']} {answer.json()['detail']}"

    @pytest.mark.rule(72)
    async def test_it_waits_for_the_archive_and_while_a_hold_stands(self, house: House) -> None:
        case = await closed_long_ago(house)
        assert "arkivet har ikke godkendt" in await self.reasons(case)
        clearances, holds = f"{case.path}/archive-clearances", f"{case.path}/legal-holds"
        await case.kommune.post(clearances, {**CLEARED, "decision": "to_be_delivered"})
        assert "arkivet har ikke godkendt" in await self.reasons(case)
        await case.politi.post(clearances, CLEARED)
        assert "arkivet har ikke godkendt" in await self.reasons(case), "another authority's clearance is not ours"
        await case.kommune.post(clearances, CLEARED)
        held = await case.kommune.post(holds, {"reason": "Klagesag."})
        assert "holdt tilbage" in await self.reasons(case)
        assert "arkivet" not in await self.reasons(case)
        await case.kommune.post(f"{holds}/{held['id']}/lift", status=200)
        await case.kommune.post(f"{holds}/{held['id']}/lift", status=409)
        assert "/problems/erasure-not-built-yet" in await self.reasons(case)
        assert await case.stage() == "closed"

    @pytest.mark.rule(71)
    @pytest.mark.rule(72)
    async def test_it_waits_for_closure_and_for_the_period(self, house: House) -> None:
        case = await (await house.case()).clear()
        assert "ikke afsluttet" in await self.reasons(case)
        await case.close()
        assert "skal stadig gemmes" in await self.reasons(case)

    @pytest.mark.rule(43)
    async def test_holds_are_each_authoritys_own(self, house: House) -> None:
        case = await closed_long_ago(house)
        held = await case.politi.post(f"{case.path}/legal-holds", {"reason": "Verserende sag."})
        assert (await case.kommune.get(f"{case.path}/legal-holds"))["items"] == []
        await case.kommune.post(f"{case.path}/legal-holds/{held['id']}/lift", status=404)


class WhenTheReportIsRead:
    @pytest.mark.rule(72)
    async def test_it_says_what_would_be_erased_when_and_what_stands_in_the_way(self, house: House) -> None:
        due = await closed_long_ago(house)
        kept = await (await (await house.case()).clear()).close("completed")
        await house.case()
        path = f"/infohuse/{house.infohus_id}/erasure-report"
        lines = {one["case_id"]: one for one in (await due.kommune.get(path))["items"]}
        assert lines.keys() == {due.id, kept.id}
        assert lines[due.id]["hindered_by"] == ["not_cleared_by_the_archive"]
        assert lines[kept.id]["hindered_by"] == ["still_kept", "not_cleared_by_the_archive"]
        assert lines[due.id]["records"] == {"closure": 1, "concern": 1, "exchange": 3, "information": 1,
                                            "participant": 2, "scope_decision": 1, "subject": 1}
        theirs = {one["case_id"]: one["records"] for one in (await due.politi.get(path))["items"]}
        assert theirs[due.id] == {"clearance_check": 1}
        assert (await due.kommune.get(f"{path}?limit=1"))["next"] in lines
