"""The yearly status to direktionen: counted once, after the year, with nothing in it that could be worked out."""

import csv
import hashlib
import io
import json
from typing import Any

import asyncpg
import pytest

from at_once import at_once
from house import House, now
from infohus.cases.disclosures.model import Paragraph
from infohus.cases.persons.model import AgeGroup
from infohus.cases.procedure.outcomes import ClosureOutcome, ScopeOutcome
from infohus.casework.concerns.model import ReportChannel
from infohus.casework.measures.model import PreventionLevel
from infohus.danish import EXTREMISM_FORMS
from infohus.oversight.statistics.tabulations import tabulations
from loaded_plans import ISHOJ, load_plans

MOMENTS = {
    "concern": ("recorded_at", "received_at"), "subject": ("recorded_at",), "scope_decision": ("decided_at",),
    "case": ("closed_at",), "exchange": ("recorded_at",), "measure": ("recorded_at",),
    "assessment": ("recorded_at", "decided_at"),
}
PERSON = "Kendt Kendtsen"
CPR = "0101585018"
YOUNG = f"{now().year - 20}-01-01"


def last_year() -> int:
    return now().year - 1


async def put_back_a_year(house: House) -> None:
    """Let everything so far have happened a year ago."""
    for table, columns in MOMENTS.items():
        changed = ", ".join(f"{one} = {one} - interval '1 year'" for one in columns)
        await house.sql(f'UPDATE infohus."{table}" SET {changed}')  # noqa: S608 - names of our own tables


async def a_year_of_cases(house: House) -> str:
    """Let a small year pass; give the address of its status."""
    await load_plans(house, f'{ISHOJ}\n[[extremism_form]]\nid = "venusian"\nname = "Fra Venus"\n')
    reports = [("phone", "1990-05-05", "islamist")] * 6 + [("mail", YOUNG, "right")] * 6
    for channel, birth_date, form in [*reports, ("in_person", None, "venusian")]:
        person = {"name": PERSON, "birth_date": birth_date} if birth_date else {"name": PERSON, "cpr_number": CPR}
        case = await house.case(channel=channel, extremism_form=form, subjects=[person])
        if channel == "phone":
            await case.clear()
            await case.decide("scope-decisions", "within", {"reasons": "Ekstremisme."}, purpose="scope_decision")
            await case.close()
    await put_back_a_year(house)
    await load_plans(house, ISHOJ)
    return f"/infohuse/{house.infohus_id}/yearly-status/{last_year()}"


def numbers(status: dict[str, Any]) -> dict[str, list[Any]]:
    """Give of each table its rows' numbers and the total."""
    return {
        table["code"]: [*(line["count"] for line in table["lines"]), table["total"]] for table in status["tables"]
    }


class WhenAYearIsReleased:
    @pytest.mark.rule(75)
    async def test_small_counts_are_hidden_and_what_would_give_them_away(self, house: House) -> None:
        path = await a_year_of_cases(house)
        status = (await house.person("kommune").post(path))["status"]
        assert numbers(status) == {
            "channel": [6, "hidden", "hidden", "hidden", 13],
            "extremism_form": [6, "hidden", "hidden", "hidden", "hidden", 13],
            "age_group": ["hidden", 6, "hidden", "hidden", 13],
            "scope_outcome": ["hidden"] * 4 + [6],
            "scope_time": ["hidden"] * 5 + [6],
            "tool": ["hidden", "hidden", "hidden"],
            "prevention_level": ["hidden"] * 4,
            "paragraph": ["hidden"] * 9 + [18],
            "outcome": ["hidden"] * 4 + [6],
        }

    @pytest.mark.rule(75)
    async def test_it_holds_no_identifier(self, house: House) -> None:
        path = await a_year_of_cases(house)
        await house.person("kommune").post(path)
        answers = [(await house.person("kommune").call("GET", path + more)).text for more in ("", "/csv")]
        known = {PERSON, CPR, "0101", YOUNG}
        for table in ("case", "concern", "subject", "exchange", "scope_decision", "closure", "participant"):
            known |= {str(row["id"]) for row in await house.sql(f'SELECT id FROM infohus."{table}"')}  # noqa: S608
        known |= {row["number"] for row in await house.sql('SELECT number FROM infohus."case"')}
        known |= {str(house.person(name).person_id) for name in ("kommune", "politi")}
        assert len(known) > 80
        assert [one for one in known for answer in answers if one in answer] == []

    @pytest.mark.rule(76)
    async def test_nothing_sealed_is_opened_and_the_log_names_exactly_what_was_released(self, house: House) -> None:
        path = await a_year_of_cases(house)
        before = len(await house.entries())
        released = await house.person("politi").post(path)
        (entry,) = (await house.entries())[before:]
        stored = (await house.sql("SELECT document, digest FROM infohus.yearly_status"))[0]
        assert (entry.action, entry.outcome.value, entry.opened) == ("releaseYearlyStatus", "allowed", [])
        assert [(one.verb, one.table) for one in entry.wrote] == [("insert", "yearly_status")]
        assert entry.justification == f"sha256:{released['digest']}" == f"sha256:{stored['digest'].hex()}"
        assert hashlib.sha256(stored["document"]).digest() == stored["digest"]
        assert json.loads(stored["document"]) == released["status"]

    @pytest.mark.rule(75)
    async def test_what_was_released_stays_whatever_comes_or_goes(self, house: House) -> None:
        path = await a_year_of_cases(house)
        kommune = house.person("kommune")
        released = await kommune.post(path)
        await house.case(channel="hotline")
        await put_back_a_year(house)
        await house.sql("UPDATE infohus.concern SET channel = 'mail', recorded_at = $1", now())
        refused = await kommune.call("POST", path)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/yearly-status-already-released")
        for name in ("kommune", "politi"):
            assert await house.person(name).get(path) == {"contributions": [released]}

    async def test_a_repeated_request_gives_the_same_and_another_year_needs_another_key(self, house: House) -> None:
        path = await a_year_of_cases(house)
        kommune = house.person("kommune")
        kommune.headers["Idempotency-Key"] = "status-for-direktionen"
        assert await kommune.post(path) == await kommune.post(path)
        other = await kommune.call("POST", path.replace(str(last_year()), str(last_year() - 1)))
        assert other.json()["type"] == "/problems/idempotency-key-reused"
        assert len(await house.sql("SELECT FROM infohus.yearly_status")) == 1

    async def test_two_at_once_release_one(self, house: House) -> None:
        path = await a_year_of_cases(house)
        both = await at_once(*(house.person("kommune").call("POST", path) for _ in range(2)))
        assert sorted(answer.status_code for answer in both) == [201, 409]
        assert len(await house.sql("SELECT FROM infohus.yearly_status")) == 1

    @pytest.mark.rule(75)
    @pytest.mark.parametrize("years_ahead", [0, 1, 50])
    async def test_a_year_that_is_not_over_is_refused(self, house: House, years_ahead: int) -> None:
        path = f"/infohuse/{house.infohus_id}/yearly-status/{now().year + years_ahead}"
        refused = await house.person("kommune").call("POST", path)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/year-not-over")
        assert await house.sql("SELECT FROM infohus.yearly_status") == []

    @pytest.mark.parametrize("year", ["1999", "2200", "20255", "i-fjor", "-2025"])
    async def test_what_is_no_year_is_refused(self, house: House, year: str) -> None:
        path = f"/infohuse/{house.infohus_id}/yearly-status/{year}"
        assert (await house.person("kommune").call("POST", path)).status_code in {400, 404}

    @pytest.mark.rule(75)
    async def test_each_record_is_in_one_year_only(self, house: House) -> None:
        path = await a_year_of_cases(house)
        earlier = path.replace(str(last_year()), str(last_year() - 1))
        kommune = house.person("kommune")
        assert set(map(tuple, numbers((await kommune.post(earlier))["status"]).values())) <= {
            ("hidden",) * length for length in (*range(3, 8), 10)
        }
        assert numbers((await kommune.post(path))["status"])["channel"][-1] == 13


class WhenAStatusIsRead:
    @pytest.mark.rule(76)
    async def test_tovholdere_and_supervisors_read_and_nobody_else(self, house: House) -> None:
        path = await a_year_of_cases(house)
        for name in ("dpo", "jurist", "politi-dpo", "admin", "raadgiver"):
            await house.person(name).post(path, status=403)
        released = await house.person("kommune").post(path)
        for name in ("kommune", "politi", "dpo", "jurist", "politi-dpo"):
            assert await house.person(name).get(path) == {"contributions": [released]}
        for name in ("admin", "raadgiver"):
            await house.person(name).get(path, status=403)
            await house.person(name).get(path + "/csv", status=403)

    @pytest.mark.rule(75)
    async def test_before_it_is_released_there_is_no_number_to_read(self, house: House) -> None:
        path = await a_year_of_cases(house)
        for name, more in (("kommune", ""), ("dpo", ""), ("politi", "/csv")):
            refused = await house.person(name).call("GET", path + more)
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/yearly-status-not-released")

    @pytest.mark.rule(76)
    async def test_it_is_a_sheet_too(self, house: House) -> None:
        path = await a_year_of_cases(house)
        status = (await house.person("kommune").post(path))["status"]
        answer = await house.person("jurist").call("GET", path + "/csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].endswith(f'filename="aarlig-status-{last_year()}.csv"')
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
        assert rows[0] == ["Infohus", "Myndighed", "År", "Tabel", "Opgjort", "Række", "Antal"]
        assert {len(row) for row in rows} == {7}
        first = status["tables"][0]
        assert rows[1:6] == [
            ["Infohus Ishøj", "Ishøj Kommune", str(last_year()), first["heading"], first["counted"], heading, number]
            for heading, number in (
                ("Telefon", "6"), ("Mail", "skjult"), ("Personligt", "skjult"), ("Hotline", "skjult"), ("I alt", "13"),
            )
        ]
        assert rows[-1][4] == status["explanation"]

    async def test_a_stored_status_cannot_be_replaced_by_another(self, house: House) -> None:
        await house.person("kommune").post(await a_year_of_cases(house))
        with pytest.raises(asyncpg.CheckViolationError, match="sealed_by_its_digest"):
            await house.sql("UPDATE infohus.yearly_status SET document = document || ' '::bytea")


class WhenBothReleaseTheirs:
    @pytest.mark.rule(44)
    @pytest.mark.rule(75)
    async def test_each_counts_its_own_side_and_what_is_joint(self, house: House) -> None:
        path = await a_year_of_cases(house)
        ours, theirs = await house.person("kommune").post(path), await house.person("politi").post(path)
        assert (ours["status"]["authority"], theirs["status"]["authority"]) == (
            "Ishøj Kommune", "Københavns Vestegns Politi",
        )
        joint = {"scope_outcome": ["hidden"] * 4 + [6], "outcome": ["hidden"] * 4 + [6]}
        shown = numbers(theirs["status"])
        assert {code: shown[code] for code in joint} == joint
        # Of the municipality's concerns, persons and exchanges the police count nothing.
        assert {number for code in shown.keys() - joint for number in shown[code]} == {"hidden"}
        assert await house.person("dpo").get(path) == {"contributions": [ours, theirs]}


class WhenTheTablesAreLookedAt:
    @pytest.mark.parametrize(("code", "values"), [
        ("channel", ReportChannel), ("age_group", AgeGroup), ("scope_outcome", ScopeOutcome),
        ("prevention_level", PreventionLevel),
        ("paragraph", [one for one in Paragraph if one is not Paragraph.ON_REQUEST_OF_PET]),
        ("outcome", ClosureOutcome),
    ])
    def test_each_value_has_its_row(self, code: str, values: Any) -> None:
        (table,) = [one for one in tabulations(EXTREMISM_FORMS) if one.code == code]
        assert set(table.rows) == {one.value for one in values}

    def test_the_plan_names_the_forms_and_other_and_unknown_come_last(self) -> None:
        forms = {"other": "Noget", "antistate": "A", "unknown": "Ikke kendt"}
        (table,) = [one for one in tabulations(forms) if one.code == "extremism_form"]
        assert list(table.rows) == ["antistate", "other", "unknown"]


class WhenAConcernIsRecorded:
    @pytest.mark.rule(75)
    @pytest.mark.parametrize(("person", "group"), [
        ({"birth_date": f"{now().year - 17}-01-01"}, "under_18"),
        ({"birth_date": f"{now().year - 18}-01-01"}, "18_to_24"),
        ({"birth_date": f"{now().year - 24}-01-01"}, "18_to_24"),
        ({"birth_date": f"{now().year - 25}-01-01"}, "25_or_older"),
        ({"cpr_number": CPR}, "25_or_older"),
        ({"cpr_number": CPR, "birth_date": "2020-01-01"}, "unknown"),
        ({"is_under_18": True}, "under_18"),
        ({"is_under_18": False}, "unknown"),
        ({}, "unknown"),
    ])
    async def test_only_the_age_group_is_kept_in_plain(self, house: House, person: dict[str, Any], group: str) -> None:
        await house.case(subjects=[person])
        assert [row["age_group"] for row in await house.sql("SELECT age_group FROM infohus.subject")] == [group]
