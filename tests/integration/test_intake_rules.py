"""Modtagelse: the reporter, the persons, the police check and the child's underretning."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from house import CLEARANCE, House, now, told
from loaded_plans import ISHOJ, load_plans

ODD_CPR, EVEN_CPR = "010104-1234", "010158-5018"
"""Invented: by digit 7 the first was born in 1904 and the second in 1858, so neither can be a living person's."""


async def subject_of(house: House, draft: dict[str, Any]) -> dict[str, Any]:
    """Record a concern about one person and show the person."""
    case = await house.case(subjects=[draft])
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    subject: dict[str, Any] = {**concern["subjects"][0], "path": case.path}
    return subject


class WhenAConcernIsRecorded:
    """Step 1."""

    @pytest.mark.rule(26)
    @pytest.mark.parametrize("count", [0, 1, 3])
    async def test_it_names_none_one_or_several(self, house: House, count: int) -> None:
        case = await house.case(subjects=[{"name": f"Bror {n}"} for n in range(count)])
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        assert [one["name"] for one in concern["subjects"]] == [f"Bror {n}" for n in range(count)]

    @pytest.mark.rule(34)
    @pytest.mark.rule(27)
    async def test_observation_and_interpretation_stand_apart_and_signs_are_not_counted(self, house: House) -> None:
        await load_plans(house, ISHOJ)
        case = await house.case(
            interpretation="Måske bare praleri.", signs=["threatens-others", "isolates-oneself"],
            extremism_weight="one_of_several", extremism_form="other",
        )
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        assert concern["observation"] == "Han taler om våben i klassen."
        assert concern["interpretation"] == "Måske bare praleri."
        assert (concern["signs"], concern["extremism_form"]) == (["threatens-others", "isolates-oneself"], "other")
        assert not [value for value in concern.values() if isinstance(value, int) and not isinstance(value, bool)]

    @pytest.mark.rule(30)
    async def test_it_says_what_the_reporter_was_told(self, house: House) -> None:
        draft = {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Noget.",
            "told_reporter": "  ",
        }
        answer = await house.person("kommune").call("POST", f"/infohuse/{house.infohus_id}/concerns", json=draft)
        assert answer.json()["type"] == "/problems/telling-the-reporter-not-recorded"

    @pytest.mark.rule(31)
    async def test_acute_danger_answers_with_112_at_once(self, house: House) -> None:
        draft = {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Nu.",
            "told_reporter": "Ring 112.", "is_acute": True,
        }
        recorded = await house.person("kommune").post(f"/infohuse/{house.infohus_id}/concerns", draft)
        assert "112" in recorded["warnings"][0]


class WhenTheReporterIsProtected:
    """Rules 28 and 29."""

    @pytest.mark.rule(28)
    async def test_an_anonymous_one_has_no_place_to_stand_in(self, house: House) -> None:
        draft = {
            "channel": "hotline", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Noget.",
            "told_reporter": "Tak.", "reporter_is_anonymous": True, "reporter": {"name": "Hemmelig Henvender"},
        }
        answer = await house.person("kommune").call("POST", f"/infohuse/{house.infohus_id}/concerns", json=draft)
        assert answer.json()["type"] == "/problems/anonymous-reporter-has-identity"
        case = await house.case(reporter_is_anonymous=True)
        with pytest.raises(Exception, match=r"is_not_anonymous|fk_reporter"):
            await house.sql("""
                INSERT INTO infohus.reporter (id, concern_id, reporter_is_anonymous, identity, case_id, authority_id,
                  regime, record_version, recorded_at, recorded_by)
                SELECT gen_random_uuid(), id, reporter_is_anonymous, '\\x01', case_id, authority_id, regime, 1, now(),
                  recorded_by FROM infohus.concern WHERE case_id = $1
            """, case.id)

    @pytest.mark.rule(29)
    async def test_the_identity_is_left_out_of_every_ordinary_view(self, house: House) -> None:
        case = await house.case(reporter={"name": "Lærer Lund", "contact": "lund@skolen.example"})
        await case.clear()
        for person in (case.kommune, case.politi):
            answer = await person.call("GET", f"{case.path}/concerns/{case.concern_id}")
            assert answer.status_code == 200
            assert "Lund" not in answer.text

    @pytest.mark.rule(29)
    async def test_it_is_read_by_the_receiving_authority_alone_with_a_fresh_login(self, house: House) -> None:
        case = await house.case(reporter={"name": "Lærer Lund"})
        await case.clear()
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        path = f"{case.path}/reporters/{concern['reporter_id']}"
        assert (await case.kommune.get(path))["name"] == "Lærer Lund"
        await case.politi.get(path, status=404)
        draft = {**CLEARANCE, "items": [{"kind": "reporter", "id": concern["reporter_id"]}]}
        assert (await case.kommune.call("POST", f"{case.path}/exchanges", json=draft)).status_code == 400


class WhenAPersonHasACprNumber:
    """Rules 53 and 74."""

    @pytest.mark.rule(74)
    async def test_modulus_11_is_not_asked_for_but_told(self, house: House) -> None:
        odd = await subject_of(house, {"name": "A", "cpr_number": ODD_CPR})
        even = await subject_of(house, {"name": "B", "cpr_number": EVEN_CPR})
        without = await subject_of(house, {"name": "C"})
        assert "modulus 11" in odd["warnings"][0]
        assert even["warnings"] == []
        assert "uden CPR-nummer" in without["warnings"][0]

    @pytest.mark.rule(74)
    @pytest.mark.parametrize("number", ["310204-1234", "001304-1234", "010139-5234"])
    async def test_a_date_that_cannot_be_is_refused_with_a_way_on(self, house: House, number: str) -> None:
        draft = {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Noget.",
            "told_reporter": "Tak.", "subjects": [{"cpr_number": number}],
        }
        answer = await house.person("kommune").call("POST", f"/infohuse/{house.infohus_id}/concerns", json=draft)
        assert answer.json()["type"] == "/problems/cpr-number-not-possible"
        assert number not in answer.text

    @pytest.mark.rule(53)
    async def test_it_shows_masked_and_whole_only_by_an_act_of_its_own(self, house: House) -> None:
        subject = await subject_of(house, {"name": "A", "cpr_number": ODD_CPR})
        assert subject["cpr_number_masked"] == "010104-****"
        whole = await house.person("kommune").post(f"{subject['path']}/subjects/{subject['id']}/cpr-number", status=200)
        assert whole == {"cpr_number": "0101041234"}
        entry = (await house.entries())[-1]
        assert (entry.action, str(entry.subject)) == ("revealCprNumber", subject["id"])


class WhenThePoliceCheck:
    """Rule 19."""

    @pytest.mark.rule(19)
    async def test_only_the_police_record_it_and_before_it_there_is_no_scope_decision(self, house: House) -> None:
        case = await house.case()
        draft = {"outcome": "within", "content": {"reasons": "Ja."}, "disclosure": told(purpose="scope_decision")}
        early = await case.kommune.call("POST", f"{case.path}/scope-decisions", json=draft)
        assert early.json()["type"] == "/problems/not-possible-now"
        await case.kommune.post(f"{case.path}/clearance-checks", {"outcome": "nothing_hinders"}, status=403)
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "nothing_hinders"})
        assert await case.stage() == "cleared"

    @pytest.mark.rule(19)
    async def test_hindered_stops_infohus_handling(self, house: House) -> None:
        case = await house.case()
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered", "note": "Verserende sag."})
        assert await case.stage() == "hindered"
        draft = {"outcome": "within", "content": {"reasons": "Ja."}, "disclosure": told(purpose="scope_decision")}
        answer = await case.kommune.call("POST", f"{case.path}/scope-decisions", json=draft)
        assert answer.json()["type"] == "/problems/not-possible-now"
        assert "kan ikke behandles i infohuset" in answer.json()["detail"]


class WhenThePersonIsUnder18:
    """Rules 32 and 33."""

    @pytest.mark.rule(32)
    async def test_two_clocks_start_and_screening_waits_for_the_hand_over(self, house: House) -> None:
        received = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)  # Thursday 14 May is Kristi himmelfartsdag.
        girl = {"name": "Pige", "birth_date": "2010-03-01"}
        case = await house.case(subjects=[girl], received_at=received.isoformat())
        await case.accept()
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        task = concern["child_notifications"][0]
        assert datetime.fromisoformat(task["assess_by"]) == received + timedelta(hours=24)
        assert task["receipt_by"] == "2026-05-20"
        content = {"considered": "x", "reasons": "y"}
        draft = {"outcome": "recommend", "content": content, "disclosure": told()}
        waits = await case.kommune.call("POST", f"{case.path}/screenings", json=draft)
        assert waits.json()["type"] == "/problems/screening-awaits-child-notification"
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "StraXen"}
        path = f"{case.path}/child-notifications/{task['id']}/hand-over"
        await case.politi.post(path, handed, status=404)
        await case.kommune.post(path, handed, status=200)
        await case.kommune.post(f"{case.path}/screenings", draft)

    @pytest.mark.rule(33)
    async def test_age_counts_at_receipt_not_today(self, house: House) -> None:
        case = await house.case(
            subjects=[{"name": "Ung", "birth_date": "2008-06-01"}],
            received_at=datetime(2026, 5, 31, 12, 0, tzinfo=UTC).isoformat(),
        )
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        assert concern["subjects"][0]["is_under_18_at_receipt"] is True
        assert len(concern["child_notifications"]) == 1
