"""Content on request: a DPO reads one record of the own side's, by an act of its own, with a reason (rule 90)."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import CLEARANCE, MUNICIPAL_LOG, MUNICIPALITY, CaseInHand, House, now
from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.danish.purposes import OF_CONTENT_BY_ANOTHER, OF_CONTENT_ON_REQUEST
from infohus.demo.people import DEMO_PEOPLE
from infohus.oversight.content_requests.model import REVIEWABLE
from integration.test_pets_track import QUESTION, knowing_pet

WHY = "En borger har klaget over, hvad der står."
CPR = "010104-1234"


def requests_of(house: House) -> str:
    return f"/infohuse/{house.infohus_id}/content-requests"


async def ask(
    house: House, kind: str, record_id: object, who: str = "dpo", *, status: int = 201
) -> Any:
    draft = {"kind": kind, "record_id": str(record_id), "reason": WHY}
    return await house.person(who).post(requests_of(house), draft, status=status)


async def read(
    house: House, case: CaseInHand, kind: str, record_id: object, who: str = "dpo", *, status: int = 200
) -> Any:
    return await house.person(who).get(f"{case.path}/content-on-request/{kind}/{record_id}", status=status)


async def a_note(case: CaseInHand, who: str = "kommune") -> str:
    draft = {"text": "Skolen ringede.", "happened_at": now().isoformat()}
    made: str = (await getattr(case, who).post(f"{case.path}/notes", draft))["id"]
    return made


@pytest.mark.rule(90)
class WhenADpoAsksForContent:
    @pytest.mark.rule(57)
    @pytest.mark.rule(60)
    @pytest.mark.rule(104)
    async def test_it_is_read_by_an_act_of_its_own_after_an_act_that_says_why(self, house: House) -> None:
        case = await house.case()
        note = await a_note(case)
        await read(house, case, "note", note, status=404)
        asked = await ask(house, "note", note)
        assert (asked["reason"], asked["record_id"], asked["purpose"]) == (WHY, note, "lawfulness")
        # It is read for what it was asked for (rule 104).
        path, dpo = f"{case.path}/content-on-request/note/{note}", house.person("dpo")
        for purpose in set(LogReadingPurpose) - {LogReadingPurpose.LAWFULNESS}:
            answer = await dpo.get(f"{path}?purpose={purpose}", status=409)
            assert answer["type"] == "/problems/content-asked-for-another-purpose"
        assert {(one.outcome.value, len(one.opened)) for one in (await house.entries())[-3:]} == {("refused", 0)}
        shown = await read(house, case, "note", note)
        assert shown["texts"]["text"] == "Skolen ringede."
        entries = await house.entries()
        asking, reading = entries[-5], entries[-1]
        assert (asking.action, asking.outcome.value, asking.purpose) == ("requestContent", "allowed", "lawfulness")
        assert [(row.table, row.verb) for row in asking.wrote] == [("content_request", "insert")]
        assert (reading.action, str(reading.subject), str(reading.case)) == ("openOnRequest", note, case.id)
        assert (reading.purpose, len(reading.persons), reading.asked) == ("lawfulness", 1, {"kind": ["note"]})
        assert {(one.table, str(one.row)) for one in reading.opened} == {("note", note)}
        assert WHY not in str((asking, reading))
        assert await house.person("jurist").get(requests_of(house)) == {
            "items": [asked], "next": None, "not_readable": [],
        }
        assert (await house.person("politi-dpo").get(requests_of(house)))["items"] == []
        await read(house, case, "note", note, "kommune", status=403)
        # The person's letter says that a DPO read what stands in the case, and not that somebody looked at the log.
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        draft = {"subject": concern["subjects"][0]["id"]}
        (report,) = (await case.kommune.post(f"/infohuse/{house.infohus_id}/log-reports", draft, status=200))["reports"]
        supervised = [one["purpose"] for one in report["lines"] if "hvad der står i sagen" in one["purpose"]]
        tried, tried_by_another = [
            f"{words} (et forsøg, som systemet ikke lod gennemføre)"
            for words in (OF_CONTENT_ON_REQUEST, OF_CONTENT_BY_ANOTHER)
        ]
        assert supervised == [*[tried] * 4, OF_CONTENT_ON_REQUEST, tried_by_another]

    @pytest.mark.rule(91)
    async def test_a_reason_has_words(self, house: House) -> None:
        draft = {"kind": "note", "record_id": str(UUID(int=1)), "reason": " . "}
        await house.person("dpo").post(requests_of(house), draft, status=422)

    @pytest.mark.rule(44)
    @pytest.mark.rule(47)
    async def test_it_opens_what_the_own_authority_wrote_or_was_told_and_nothing_else(self, house: House) -> None:
        case = await (await house.case()).clear()
        ours, theirs = await a_note(case), await a_note(case, "politi")
        for who in ("dpo", "politi-dpo"):
            for note in (ours, theirs, UUID(int=7)):
                await ask(house, "note", note, who)
        for who, note, status in (
            ("dpo", ours, 200), ("politi-dpo", theirs, 200), ("politi-dpo", ours, 404), ("dpo", theirs, 404),
            ("dpo", UUID(int=7), 404),
        ):
            await read(house, case, "note", note, who, status=status)
        told = await case.kommune.post(f"{case.path}/exchanges", {
            **CLEARANCE, "items": [{"kind": "note", "id": ours}], "summary": "Notatet.",
        })
        assert (await read(house, case, "note", ours, "politi-dpo"))["texts"]["text"] == "Skolen ringede."
        draft = {"recipient": "kbh-vestegns-politi", "reason": "Givet ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{told['id']}/withdrawals", draft)
        await read(house, case, "note", ours, "politi-dpo", status=404)

    async def test_a_request_lets_its_own_dpo_read_for_half_an_hour_that_record_alone(self, house: House) -> None:
        case = await house.case()
        note, another = await a_note(case), await a_note(case)
        await ask(house, "note", note)
        await read(house, case, "note", another, status=404)
        await read(house, case, "information", note, status=404)
        for who in ("jurist", "admin", "kommune", "raadgiver"):
            await ask(house, "note", note, who, status=403)
            await read(house, case, "note", note, who, status=403)
        await house.sql(
            "UPDATE infohus.content_request SET requested_at = requested_at - interval '31 minutes',"
            " ends_at = ends_at - interval '31 minutes'"
        )
        await read(house, case, "note", note, status=404)
        outcomes = {one.outcome.value for one in await house.entries() if one.action == "openOnRequest"}
        assert outcomes == {"denied"}

    @pytest.mark.rule(29)
    @pytest.mark.rule(53)
    @pytest.mark.rule(54)
    async def test_neither_a_reporter_nor_a_protected_address_nor_a_whole_cpr_number_is_shown(
        self, house: House
    ) -> None:
        person = {
            "name": "Prøve Prøvesen", "cpr_number": CPR, "address": "Skjulestedet 7", "address_is_protected": True,
        }
        case = await house.case(subjects=[person], reporter={"name": "Vera Vidne"})
        for table in ("reporter", "protected_address"):
            (row,) = await house.sql(f"SELECT id FROM infohus.{table}")  # noqa: S608 - one of two words
            await ask(house, table, row["id"], status=400)
        (row,) = await house.sql("SELECT id FROM infohus.subject")
        for kind, record_id in (("subject", row["id"]), ("concern", case.concern_id)):
            await ask(house, kind, record_id)
            text = json.dumps(await read(house, case, kind, record_id), ensure_ascii=False)
            assert [word for word in ("Vera Vidne", "Skjulestedet", CPR[-4:]) if word in text] == []
        assert "010104-****" in json.dumps(await read(house, case, "subject", row["id"]))

    @pytest.mark.rule(64)
    @pytest.mark.rule(85)
    async def test_what_stands_on_pets_track_is_read_on_that_track(self, house: House) -> None:
        case = await knowing_pet(house)
        await case.kommune.post(f"{case.path}/information-requests", QUESTION)
        exchange = (await case.kommune.post(f"{case.path}/exchanges", {
            **CLEARANCE, "recipients": ["pet"], "requested_by_pet": True, "summary": "Han er set ved stationen.",
        }))["id"]
        await ask(house, "exchange", exchange)
        assert (await read(house, case, "exchange", exchange))["texts"]["summary"] == "Han er set ved stationen."
        await ask(house, "exchange", exchange, "politi-dpo")
        await read(house, case, "exchange", exchange, "politi-dpo", status=404)
        # What was withdrawn from PET stands there too, when it is asked for and when it is read.
        draft = {"recipient": "pet", "reason": "Givet ved en fejl."}
        gone = await case.kommune.post(f"{case.path}/exchanges/{exchange}/withdrawals", draft)
        await ask(house, "withdrawal", gone["id"])
        await read(house, case, "withdrawal", gone["id"])
        entries = await house.entries(MUNICIPAL_LOG)
        asking, reading = [
            [one for one in entries if one.action == act] for act in ("requestContent", "openOnRequest")
        ]
        assert [(one.persons, one.case, one.track.value) for one in asking] == [([], None, "pet")] * 2
        assert [one.track.value for one in reading] == ["pet"] * 2


@pytest.mark.rule(45)
async def test_the_database_shows_a_dpo_no_record_without_a_request_and_one_with_it(
    house: House, database: Database
) -> None:
    case = await house.case()
    note = UUID(await a_note(case))
    tables = [model.__tablename__ for model in REVIEWABLE.values()] + ["record_key", "disclosed_key"]
    app = await asyncpg.connect(database.dsn("app"))

    async def seen(role: str = "data_protection_officer") -> dict[str, int]:
        async with app.transaction():
            await app.execute(
                "SELECT infohus.act_as($1, $2, $3, $4)", MUNICIPALITY, DEMO_PEOPLE["dpo"].person_id, role, now()
            )
            counts = {table: await app.fetchval(f"SELECT count(*) FROM infohus.{table}") for table in tables}  # noqa: S608
        return {table: count for table, count in counts.items() if count}

    try:
        assert await seen() == {}
        await ask(house, "note", note)
        await ask(house, "note", await a_note(case, "politi"))
        assert await seen() == {"note": 1, "record_key": 1}
        assert await seen("legal") == {}
        policies = await house.sql("SELECT tablename FROM pg_policies WHERE policyname = 'supervised_on_request'")
        assert {row["tablename"] for row in policies} == set(tables)
        for change in (
            "UPDATE infohus.content_request SET ends_at = 'infinity'", "DELETE FROM infohus.content_request",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(change)
    finally:
        await app.close()
