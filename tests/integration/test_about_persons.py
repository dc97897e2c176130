"""Whom a record concerns: keys, entries, letters and packages follow the person, not the case (rule 79)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from conftest import Database
from house import MUNICIPAL_LOG, MUNICIPALITY, POLICE, POLICE_LOG, CaseInHand, House, told
from infohus.kernel.audit.formats.entry import Entry
from infohus.kernel.database.marks import EVERYBODY, MARKS_AT_LEAST
from infohus.web.api_examples import EXAMPLES
from reconciled import faults_in

BROTHERS = [{"name": "Ahmed Prøvesen", "cpr_number": "010104-1234"}, {"name": "Bilal Prøvesen"}]


@dataclass
class Brothers:
    """A case of the municipality about two brothers, of whom the police are told nothing."""

    house: House
    case: CaseInHand
    ids: list[str]

    async def entry(self, log_id: UUID = MUNICIPAL_LOG) -> Entry:
        """Give the newest entry of a log."""
        return (await self.house.entries(log_id))[-1]

    async def log_ids(self, authority: str = MUNICIPALITY) -> dict[str, str]:
        """Give how the persons stand in an authority's log."""
        rows = await self.house.sql(
            "SELECT subject_id, log_id FROM infohus.side_person WHERE authority_id = $1 AND case_id = $2", authority,
            UUID(self.case.path.rsplit("/", 1)[-1]),
        )
        return {str(row["subject_id"]): row["log_id"] for row in rows}

    async def name(self, person: str) -> None:
        """Tell the police who one of them is."""
        await self.case.disclose(items=[{"kind": "subject", "id": person}])


async def brothers(house: House) -> Brothers:
    case = await house.case(subjects=BROTHERS)
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    return Brothers(house, case, [one["id"] for one in concern["subjects"]])


async def named_in_last(it: Brothers, log_id: UUID = MUNICIPAL_LOG, authority: str = MUNICIPALITY) -> set[str]:
    """Give the ids of the persons whom the newest entry of a log names."""
    by_log_id = {log_id: person for person, log_id in (await it.log_ids(authority)).items()}
    return {by_log_id[one] for one in (await it.entry(log_id)).persons}


NOTE = {"text": "Noget.", "source": "klubben"}
BODIES: dict[str, dict[str, Any]] = {
    "information": NOTE,
    "notes": {"happened_at": "2026-01-02T10:00:00Z", "text": "Ringede."},
    "custody-releases": {"released_on": "2026-01-02", "judgement": "at_risk", "basis": "Kriminalforsorgen."},
    "information-requests": {"question": "Kender I ham?", "received_from": POLICE},
    "access-requests": {"received_on": "2026-01-02", "asked": "Hvad har I?"},
    "exchanges": {**told(), "summary": "De to blev omtalt."},
    "disclosures-outside": {**EXAMPLES["DiscloseOutside"], "basis": None},
    "concerns": {
        "channel": "mail", "received_at": "2026-01-02T10:00:00Z", "reporter_kind": "citizen", "observation": "Igen.",
        "told_reporter": "Tak.",
    },
}


@pytest.mark.rule(79)
class WhenACaseIsAboutSeveral:
    @pytest.mark.parametrize("path", sorted(BODIES))
    async def test_each_record_says_whom_it_concerns(self, house: House, path: str) -> None:
        it = await brothers(house)
        first, second = it.ids
        field = "subject" if path == "access-requests" else "about"
        address = f"{it.case.path}/{path}"
        refused = await it.case.kommune.post(address, BODIES[path], status=422)
        assert refused["type"] == "/problems/persons-not-named"
        assert field in refused["detail"]
        for about in ([first], [second], [first, second], []):
            await it.case.kommune.post(address, {**BODIES[path], "about": about})
            assert await named_in_last(it) == set(about)

    async def test_nobody_but_the_sides_own_persons_can_be_named(self, house: House) -> None:
        it = await brothers(house)
        unknown = await it.case.politi.post(
            f"{it.case.path}/information", {**NOTE, "about": [str(uuid4())]}, status=422
        )
        theirs = await it.case.politi.post(f"{it.case.path}/information", {**NOTE, "about": it.ids[:1]}, status=422)
        assert unknown["type"] == "/problems/no-person-of-the-side"
        assert {**unknown, "correlation_id": None} == {**theirs, "correlation_id": None}

    async def test_who_reads_of_one_stands_in_no_letter_of_the_other(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        await it.case.note("Om begge.", about=it.ids)
        await it.case.note("Om den ene.", about=[first])
        note = await it.case.kommune.post(
            f"{it.case.path}/notes", {**BODIES["notes"], "about": [second]}
        )
        await it.case.kommune.get(f"{it.case.path}/notes/{note['id']}")
        assert await named_in_last(it) == {second}
        await it.case.kommune.get(f"{it.case.path}/notes")
        assert await named_in_last(it) == {second}
        await it.case.kommune.get(f"{it.case.path}/concerns/{it.case.concern_id}")
        assert await named_in_last(it) == {first, second}
        await it.case.kommune.get(it.case.path)
        assert await named_in_last(it) == {first, second}
        assert {"readNote", "writeNote"}.isdisjoint(await _letter(it, first))
        assert {"readNote", "writeNote"} <= set(await _letter(it, second))

    async def test_a_package_holds_what_is_about_its_person_alone(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        of_both = await it.case.note("Om begge.", about=it.ids)
        of_first = await it.case.note("Om den ene.", about=[first])
        of_second = await it.case.note("Om den anden.", about=[second])
        request = await it.case.kommune.post(f"{it.case.path}/access-requests", {
            **BODIES["access-requests"], "subject": first,
        })
        package = f"{it.case.path}/access-requests/{request['id']}/package"
        wanted = [
            {"kind": "concern", "id": it.case.concern_id}, {"kind": "subject", "id": first},
            {"kind": "information", "id": of_both},
        ]
        left = await it.case.kommune.post(package, {"include": wanted}, status=422)
        assert of_first in left["detail"]
        assert of_second not in left["detail"]
        wanted.append({"kind": "information", "id": of_first})
        too_much = [*wanted, {"kind": "information", "id": of_second}]
        await it.case.kommune.post(package, {"include": too_much}, status=404)
        answer = await it.case.kommune.call("POST", package, json={"include": wanted})
        assert answer.status_code == 200
        assert b"Om begge." in answer.content
        assert b"Om den anden." not in answer.content

    async def test_an_exchange_concerns_whom_its_records_concern_whatever_it_says(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        item = await it.case.note("Om den anden.", about=[second])
        exchange = await it.case.disclose(item, about=[first])
        assert await named_in_last(it) == {first, second}
        assert set(exchange["about"]) == {first, second}
        alone = await it.case.disclose(item)
        assert await named_in_last(it) == {second}
        assert alone["about"] == [second]

    async def test_each_has_a_secret_of_their_own_that_their_records_hang_on(
        self, house: House, database: Database
    ) -> None:
        it = await brothers(house)
        first, second = it.ids
        of_both = await it.case.note("Om begge.", about=it.ids)
        keys = await house.sql("SELECT person_id FROM infohus.record_key WHERE record_id = $1", UUID(of_both))
        assert {str(row["person_id"]) for row in keys} == {first, second}
        secrets = await house.sql("SELECT person_id FROM keys.side_secret WHERE authority_id = $1", MUNICIPALITY)
        assert {str(row["person_id"]) for row in secrets} >= {first, second}
        assert UUID(first).version == UUID(second).version == 4
        assert await faults_in(database) == []


@pytest.mark.rule(44)
@pytest.mark.rule(79)
class WhenTheOtherSideIsTold:
    async def test_it_learns_of_nobody_who_was_not_named(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        of_both, of_second = await it.case.note("Om begge.", about=it.ids), await it.case.note("X.", about=[second])
        await it.case.disclose(of_both)
        await it.case.disclose(of_second)
        seen = (await it.case.politi.get(f"{it.case.path}/information"))["items"]
        assert [one["about"] for one in seen] == [[], []]
        rows = await house.sql("SELECT concerns FROM infohus.disclosure WHERE recipient_id = $1", POLICE)
        assert {len(row["concerns"]) for row in rows} == {MARKS_AT_LEAST}
        keys = await house.sql("SELECT * FROM keys.exchange_key WHERE recipient_id = $1", POLICE)
        assert {row["number"] for row in keys} == {0, 1}
        assert not {UUID(first), UUID(second)} & {row["person_id"] for row in keys}

    async def test_who_is_named_later_is_found_in_what_was_told_before(
        self, house: House, database: Database
    ) -> None:
        it = await brothers(house)
        first, second = it.ids
        of_both, of_second = await it.case.note("Om begge.", about=it.ids), await it.case.note("X.", about=[second])
        await it.case.disclose(of_both)
        await it.case.disclose(of_second)
        await it.name(second)
        seen = (await it.case.politi.get(f"{it.case.path}/information"))["items"]
        assert [one["about"] for one in seen] == [[second], [second]]
        await it.name(first)
        seen = (await it.case.politi.get(f"{it.case.path}/information"))["items"]
        assert [set(one["about"]) for one in seen] == [{first, second}, {second}]
        await it.case.politi.post(f"{it.case.path}/information", NOTE, status=422)
        await it.case.politi.post(f"{it.case.path}/information", {**NOTE, "about": [first]})
        assert await named_in_last(it, POLICE_LOG, POLICE) == {first}
        keys = await house.sql("SELECT person_id FROM keys.exchange_key WHERE taken_in IS NOT NULL")
        assert {UUID(first), UUID(second)} <= {row["person_id"] for row in keys}
        assert await faults_in(database) == []

    async def test_what_was_told_of_one_stands_in_no_letter_of_the_other(self, house: House) -> None:
        it = await brothers(house)
        first, second = it.ids
        await it.name(first)
        await it.name(second)
        note = await it.case.kommune.post(f"{it.case.path}/notes", {**BODIES["notes"], "about": [first]})
        await it.case.politi.get(it.case.path)
        await it.case.disclose(items=[{"kind": "note", "id": note["id"]}])
        await it.case.politi.get(f"{it.case.path}/notes/{note['id']}")
        assert await named_in_last(it, POLICE_LOG, POLICE) == {first}

    async def test_a_joint_document_concerns_everybody_of_each_side_and_shows_nobody(self, house: House) -> None:
        it = await brothers(house)
        await it.name(it.ids[0])
        await it.case.accept()
        rows = await house.sql(
            "SELECT DISTINCT k.person_id FROM infohus.record_key k JOIN infohus.scope_decision d ON d.id = k.record_id"
        )
        assert [row["person_id"] for row in rows] == [EVERYBODY]
        decision = (await house.sql("SELECT id FROM infohus.scope_decision"))[0]["id"]
        shown = await it.case.politi.get(f"{it.case.path}/scope-decisions/{decision}")
        assert await named_in_last(it, POLICE_LOG, POLICE) == {it.ids[0]}
        assert "about" not in shown
        await it.case.kommune.get(f"{it.case.path}/scope-decisions/{decision}")
        assert await named_in_last(it) == set(it.ids)


@pytest.mark.rule(79)
class WhenACaseIsAboutOne:
    async def test_nobody_has_to_say_it(self, house: House) -> None:
        case = await house.case(subjects=BROTHERS[:1])
        noted = await case.kommune.post(f"{case.path}/information", NOTE)
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        assert noted["about"] == [concern["subjects"][0]["id"]] == concern["about"]
        nobody = await case.kommune.post(f"{case.path}/information", {**NOTE, "about": []})
        assert nobody["about"] == []

    async def test_what_named_nobody_concerns_who_becomes_known(self, house: House) -> None:
        case = await house.case(subjects=[])
        noted = await case.kommune.post(f"{case.path}/information", NOTE)
        assert noted["about"] == []
        await case.kommune.post(f"{case.path}/concerns", {**BODIES["concerns"], "subjects": BROTHERS[:1]})
        seen = (await case.kommune.get(f"{case.path}/information"))["items"]
        persons = await house.sql("SELECT id FROM infohus.subject")
        assert [one["about"] for one in seen] == [[str(row["id"]) for row in persons]]


async def _letter(it: Brothers, person: str) -> list[str]:
    """Give the acts that the municipality's log counts for a person."""
    log_id = (await it.log_ids())[person]
    return [one.action for one in await it.house.entries(MUNICIPAL_LOG) if log_id in one.persons]
