"""What PET asks for is seen by the authority that was asked and its supervision, and by nobody else (rule 85)."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import CLEARANCE, MUNICIPAL_LOG, MUNICIPALITY, POLICE, POLICE_LOG, CaseInHand, House, Person, told
from infohus.danish.purposes import PURPOSES
from infohus.kernel.audit.formats.entry import Entry, Outcome, Track
from infohus.kernel.authorization.action import Action
from one_api import description_of

ASKED = {**CLEARANCE, "recipients": ["pet"], "requested_by_pet": True, "summary": "Han er set ved stationen."}
JSON = {"Content-Type": "application/json"}
UNREADABLE_AND_OF_PET = (
    ("exchanges", b'{"requested_by_pet":"yes"}'), ("exchanges", b'{"requested_by_pet":1,"recipients":[]}'),
    ("exchanges", b'{"requested_by_pet":true,"requested_by_pet":false}'), ("exchanges", b'{"requested_by_pet": tru'),
    ("exchanges", b'{"requested_by\\u005fpet":true'), ("exchanges", '{"requested_by_pet":true}'.encode("utf-16")),
    ("exchanges", b"{'requestedByPet': True}"), ("exchanges", b'{"recipients":["pet"],"req'),
    ("exchanges", b'[{"requested_by_pet":true}]'), ("exchanges", b'\xff{"requested_by_pet":true}'),
    ("information-requests", b'{"received_from":["pet"]}'), ("information-requests", b'{"received_from":"PET"}'),
    ("information-requests", b'{"question":"?","received_from":"pet'),
)
"""Bodies that no draft understands, each of which may mean that PET asked."""
_CORRELATION = re.compile(r'"correlation_id":"[^"]*"')
TOLD = (
    "INSERT INTO infohus.disclosure (exchange_id, record_id, recipient_id, record_version, record_kind, case_id,"
    " discloser_id, via, concerns) VALUES ($1, $2, $3, 1, 'information', $4, $5, '{}', '{}')"
)
QUESTION = {"question": "Hvor bor han?", "received_from": "pet", "states_chapters_12_13": True}


async def knowing_pet(house: House) -> CaseInHand:
    """Give a case after the police check, in an infohus whose plan has PET."""
    await house.sql("INSERT INTO infohus.authority VALUES ('pet', 'PET', 'security_service', 'pet', NULL)")
    await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, 'pet')", house.infohus_id)
    return await (await house.case()).clear()


@dataclass
class Answered:
    """PET was answered by the municipality, with an item of the police's."""

    case: CaseInHand
    from_police: dict[str, Any]
    item: str
    exchange: dict[str, Any]
    request: dict[str, Any]

    @property
    def ids(self) -> dict[str, str]:
        """Give the ids that a path can name, by the name in the API's description."""
        return {
            "case_id": self.case.id, "infohus_id": str(self.case.house.infohus_id),
            "exchange_id": self.exchange["id"], "request_id": self.request["id"], "record_id": self.exchange["id"],
        }


async def told_by_the_police(house: House) -> tuple[CaseInHand, str, dict[str, Any]]:
    """Let the police tell the municipality something, and look around, so that both have signed in."""
    case = await knowing_pet(house)
    item = await case.note(by=POLICE)
    return case, item, await case.disclose(item, by=POLICE)


async def answer_pet(case: CaseInHand, item: str, from_police: dict[str, Any]) -> Answered:
    """Note PET's request and answer it with the police's item."""
    request = await case.kommune.post(f"{case.path}/information-requests", QUESTION)
    exchange = await case.kommune.post(
        f"{case.path}/exchanges", {**ASKED, "items": [{"kind": "information", "id": item}]}
    )
    assert (exchange["is_onward"], exchange["paragraph"]) == (True, "pet-loven-4")
    answer = {"answer": "disclosed", "exchange_id": exchange["id"]}
    await case.kommune.post(f"{case.path}/information-requests/{request['id']}/answer", answer, status=200)
    return Answered(case, from_police, item, exchange, request)


async def everything_seen_by(house: House, person: Person, ids: dict[str, str]) -> dict[str, Any]:
    """Ask every GET of the API that needs no other id; the log's own grow by being read, and are left out."""
    seen = {}
    for path, acts in description_of(house.app)["paths"].items():
        address = path
        for name, value in ids.items():
            address = address.replace(f"{{{name}}}", value)
        if "get" in acts and "{" not in address and not {"log", "installation-log"} & set(path.split("/")):
            answer = await person.call("GET", address)
            text = _CORRELATION.sub("", answer.text)
            seen[path] = (answer.status_code, answer.headers.get("etag"), len(answer.content), text)
    return seen


class WhenPetIsAnswered:
    @pytest.mark.rule(16)
    @pytest.mark.rule(44)
    @pytest.mark.rule(85)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize("by", ["politi", "politi-dpo"])
    async def test_nothing_that_the_owner_of_an_item_can_ask_tells_of_it(self, house: House, by: str) -> None:
        case, item, from_police = await told_by_the_police(house)
        person = house.person(by)
        joint = {"case_id": case.id, "infohus_id": str(house.infohus_id), "exchange_id": from_police["id"]}
        before = await everything_seen_by(house, person, joint)
        made = await answer_pet(case, item, from_police)
        assert await everything_seen_by(house, person, joint) == before
        for path in (f"{case.path}/exchanges", f"/infohuse/{house.infohus_id}/exchanges"):
            assert (await person.call("GET", f"{path}/{made.exchange['id']}")).status_code in {403, 404}
        # It would see a difference: the municipality does.
        assert "pet-loven-4" in str(await everything_seen_by(house, house.person("dpo"), made.ids))
        assert "pet-loven-4" in str(await everything_seen_by(house, case.kommune, made.ids))
        assert made.exchange["records"] == [{"kind": "information", "id": item}]
        # What PET got is on record though it takes no part, in the version that it got.
        shown = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges/{made.exchange['id']}")
        assert (shown["kinds"], [(one["kind"], one["id"]) for one in shown["records"]]) == (
            ["information"], [("information", item)]
        )
        assert [row["given_versions"] for row in await house.sql(
            "SELECT given_versions FROM infohus.exchange WHERE id = $1", UUID(made.exchange["id"])
        )] == [[1]]
        after = await everything_seen_by(house, person, made.ids)
        assert {answer[0] for path, answer in after.items() if "{exchange_id}" in path} <= {403, 404}

    @pytest.mark.rule(44)
    @pytest.mark.rule(45)
    @pytest.mark.rule(85)
    @pytest.mark.parametrize("role", ["police_coordinator", "data_protection_officer", "legal"])
    async def test_row_security_hides_it_even_if_a_row_tells_the_owner(
        self, house: House, database: Database, role: str
    ) -> None:
        made = await answer_pet(*await told_by_the_police(house))
        for recipient, record in (("pet", made.item), (POLICE, made.exchange["id"])):
            await house.sql(
                TOLD, UUID(made.exchange["id"]), UUID(record), recipient, UUID(made.case.id), MUNICIPALITY,
            )
        pool = asyncpg.create_pool(database.dsn("app"), min_size=1, max_size=1)
        async with pool, pool.acquire() as app, app.transaction():
            person = made.case.politi.person_id if role == "police_coordinator" else UUID(int=1)
            await app.fetchval("SELECT infohus.act_as($1, $2, $3, now())", POLICE, person, role)
            seen = {row["id"] for row in await app.fetch("SELECT id FROM infohus.exchange")}
            assert UUID(made.from_police["id"]) in seen
            assert UUID(made.exchange["id"]) not in seen
            assert await app.fetch("SELECT FROM infohus.disclosure WHERE recipient_id = 'pet'") == []
            assert await app.fetch("SELECT FROM infohus.information_request WHERE under_pet_loven_4") == []

    @pytest.mark.rule(13)
    @pytest.mark.rule(16)
    @pytest.mark.rule(85)
    async def test_what_became_of_its_source_shows_to_who_gave_it_and_to_its_supervision(self, house: House) -> None:
        made = await answer_pet(*await told_by_the_police(house))
        case, dpo = made.case, house.person("dpo")
        supervised = f"/infohuse/{house.infohus_id}/exchanges/{made.exchange['id']}?purpose=lawfulness"
        views = [(case.kommune, f"{case.path}/exchanges/{made.exchange['id']}"), (dpo, supervised)]
        wrong = f"{case.path}/exchanges/{made.from_police['id']}"

        async def shown() -> list[tuple[bool, bool]]:
            seen = [await reader.get(path) for reader, path in views]
            return [(one["is_corrected"], one["rests_on_withdrawn"]) for one in seen]

        assert await shown() == [(False, False)] * 2
        correction = {**told(POLICE, recipients=[]), "summary": "Det var en anden."}
        await case.politi.post(f"{wrong}/corrections", correction)
        assert await shown() == [(True, False)] * 2
        await case.politi.post(f"{wrong}/withdrawals", {"recipient": MUNICIPALITY, "reason": "Givet ved en fejl."})
        assert await shown() == [(True, True)] * 2

    @pytest.mark.rule(13)
    @pytest.mark.rule(85)
    async def test_a_correction_stays_on_its_track(self, house: House) -> None:
        """One item was told to the police, and PET got it too: each is corrected without a word of the other."""
        case = await knowing_pet(house)
        items = [{"kind": "information", "id": await case.note()}]
        ordinary = await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": items})
        await case.kommune.post(f"{case.path}/information-requests", QUESTION)
        for_pet, again = [await case.kommune.post(f"{case.path}/exchanges", {**ASKED, "items": items}) for _ in "12"]
        draft = {**told(), "summary": "Det var en anden.", "recipients": []}
        of_pets = await case.kommune.post(f"{case.path}/exchanges/{for_pet['id']}/corrections", draft)
        assert (of_pets["recipients"], of_pets["paragraph"]) == (["pet"], "pet-loven-4")
        assert not (await case.politi.get(f"{case.path}/exchanges/{ordinary['id']}"))["is_corrected"]
        assert (await case.kommune.get(f"{case.path}/exchanges/{for_pet['id']}"))["is_corrected"]
        corrected = await case.kommune.post(f"{case.path}/exchanges/{ordinary['id']}/corrections", draft)
        assert corrected["recipients"] == [POLICE]
        assert (await case.politi.get(f"{case.path}/exchanges/{ordinary['id']}"))["is_corrected"]
        # Where nothing is exchanged any more, the correction carries what PET got, and nothing else.
        new = [{"kind": "information", "id": await case.note()}]
        await case.decide("scope-decisions", "outside", {"reasons": "Derfor."}, purpose="scope_decision")
        path, to_pet = f"{case.path}/exchanges/{again['id']}/corrections", {**draft, "recipients": ["pet"]}
        refused = await case.kommune.post(path, {**to_pet, "items": new}, status=409)
        assert refused["type"] == "/problems/correction-carries-more"
        assert (await case.kommune.post(path, {**to_pet, "items": items}))["records"] == items

    @pytest.mark.rule(13)
    @pytest.mark.rule(14)
    @pytest.mark.rule(85)
    async def test_what_pet_did_not_ask_for_is_not_corrected_as_if_it_had(self, house: House) -> None:
        case = await knowing_pet(house)
        wrong = await case.disclose(await case.note())
        path = f"{case.path}/exchanges/{wrong['id']}"
        await case.kommune.post(f"{path}/withdrawals", {"recipient": POLICE, "reason": "En fejl."})
        draft = {**told(), "summary": "Det var en anden.", "recipients": []}
        for recipients in ([], ["pet"], [POLICE]):
            as_pets = {**draft, "recipients": recipients, "requested_by_pet": True}
            refused = await case.kommune.post(f"{path}/corrections", as_pets, status=422)
            assert refused["type"] == "/problems/correction-on-another-track"
        right = await case.kommune.post(f"{path}/corrections", draft)
        assert right["paragraph"] == "rpl-115-2"
        assert (await case.politi.get(path))["is_corrected"]
        of_the_act = [one for one in await house.entries() if one.action == Action.CORRECT_EXCHANGE]
        assert [one.track for one in of_the_act] == [Track.PET] * 3 + [Track.ORDINARY]

    @pytest.mark.rule(85)
    async def test_the_note_for_the_journal_and_the_package_leave_it_out(self, house: House) -> None:
        made = await answer_pet(*await told_by_the_police(house))
        note = await made.case.kommune.post(f"{made.case.path}/journal-notes", status=200)
        assert {one["id"] for one in note["exchanges"]} >= {made.from_police["id"]}
        assert "pet" not in {name for one in note["exchanges"] for name in one["recipients"]}
        assert "PET" not in note["text"]


class WhenSomethingElseClaimsToBeForPet:
    @pytest.mark.rule(85)
    async def test_a_proposal_and_a_question_are_refused(self, house: House) -> None:
        case = await knowing_pet(house)
        disclosure = {**told(), "recipients": ["pet"], "requested_by_pet": True}
        drafts = {
            "information-requests": {"question": "Kender I ham?", "disclosure": disclosure},
            "scope-decisions": {
                "outcome": "within", "content": {"reasons": "Det hører under."}, "disclosure": disclosure,
            },
        }
        refused = {"information-requests": "pet-is-answered-by-itself", "scope-decisions": "not-shown-to-the-other"}
        for path, draft in drafts.items():
            answer = await case.kommune.call("POST", f"{case.path}/{path}", json=draft)
            assert answer.json()["type"] == f"/problems/{refused[path]}", answer.text


class WhenAnActIsForPet:
    """Rule 64: each of a person's two tracks has a count and a chain of its own."""

    @pytest.mark.rule(64)
    @pytest.mark.rule(85)
    async def test_its_entry_stands_on_that_track_whatever_came_of_it(self, house: House) -> None:
        case, item, from_police = await told_by_the_police(house)
        made = await answer_pet(case, item, from_police)
        path = f"{case.path}/exchanges/{made.exchange['id']}"
        await case.kommune.get(path)
        await case.kommune.get(f"{path}/receipts")
        await case.politi.get(path, status=404)
        reviewed = f"/infohuse/{house.infohus_id}/exchanges/{made.exchange['id']}?purpose=lawfulness"
        await house.person("dpo").get(reviewed)
        await case.kommune.post(f"{case.path}/exchanges", {**ASKED, "categories": []}, status=422)
        await case.kommune.post(f"{case.path}/exchanges", {**ASKED, "summary": None}, status=422)
        await case.kommune.post(f"{path}/withdrawals", {"recipient": "pet", "reason": "En fejl."})
        tracks = {(entry.action, entry.outcome): entry.track for entry in await for_pet(house)}
        assert tracks == dict.fromkeys((
            (Action.REQUEST_INFORMATION, Outcome.ALLOWED), (Action.ANSWER_INFORMATION_REQUEST, Outcome.ALLOWED),
            (Action.RECORD_EXCHANGE, Outcome.ALLOWED), (Action.RECORD_EXCHANGE, Outcome.REFUSED),
            (Action.READ_EXCHANGE, Outcome.ALLOWED), (Action.WITHDRAW_EXCHANGE, Outcome.ALLOWED),
            (Action.SUPERVISE_EXCHANGES, Outcome.ALLOWED),
        ), Track.PET)
        ordinary = [entry for entry in await house.all_entries() if entry.track is Track.ORDINARY]
        named = [entry for entry in ordinary if made.exchange["id"] in str(entry) and entry.authority == MUNICIPALITY]
        assert named == []

    @pytest.mark.rule(56)
    @pytest.mark.rule(64)
    @pytest.mark.rule(85)
    async def test_one_that_is_refused_early_stands_on_it_too(self, house: House) -> None:
        """By the policies, the stage, a spent key, or before anything of it was understood."""
        made = await answer_pet(*await told_by_the_police(house))
        case, kommune, adviser = made.case, made.case.kommune, house.person("raadgiver")
        exchange = f"{case.path}/exchanges/{made.exchange['id']}"
        answer = f"{case.path}/information-requests/{made.request['id']}/answer"
        spent: dict[str, Any] = {"headers": {"Idempotency-Key": "svar-til-pet-0002"}}
        await kommune.post(f"{case.path}/exchanges", ASKED, **spent)
        await adviser.call("GET", "/infohuse")
        before = len(await house.entries(MUNICIPAL_LOG))
        refused: list[tuple[Person, str, str, dict[str, Any]]] = [
            (kommune, "POST", f"{case.path}/exchanges", {"json": {**ASKED, "summary": "Andet."}, **spent}),
            (adviser, "POST", f"{case.path}/exchanges", {"json": ASKED}),
            (kommune, "POST", f"{case.path}/exchanges", {"json": {**ASKED, "necessity": 7}}),
            (kommune, "POST", f"{case.path}/exchanges", {"json": {**ASKED, "unknown": [ASKED]}}),
            (kommune, "POST", f"{case.path}/information-requests", {"json": {"question": "?", "disclosure": ASKED}}),
            (kommune, "POST", f"{case.path}/information-requests", {"json": {**QUESTION, "disclosure": told()}}),
            (kommune, "POST", f"{case.path}/information-requests", {"json": {**QUESTION, "unknown": 1}}),
            (adviser, "POST", f"{case.path}/information-requests", {"json": QUESTION}),
            (kommune, "GET", f"{case.path}/exchanges/{made.exchange['id'].upper()}", {}),
            (kommune, "POST", f"{case.path}/exchanges", {"content": b'{"items":["' + made.exchange["id"].encode()}),
            (adviser, "GET", exchange, {}), (kommune, "GET", f"{exchange}/receipts?limit=x", {}),
            (kommune, "POST", f"{exchange}/withdrawals", {"content": b"{"}),
            (adviser, "POST", answer, {"json": {"answer": "declined"}}),
            (kommune, "POST", answer, {"json": {"answer": "disclosed", "exchange_id": made.exchange["id"]}}),
            *(
                (kommune, "POST", f"{case.path}/{path}", {"content": content, "headers": JSON})
                for path, content in UNREADABLE_AND_OF_PET
            ),
            (kommune, "POST", f"{case.path}/exchanges?after=1", {"json": ASKED}),
            (kommune, "POST", f"{case.path}/exchanges", {"content": json.dumps(ASKED).encode()}),
            (kommune, "POST", f"{case.path}/exchanges", {"data": {"requested_by_pet": "true"}}),
            (kommune, "POST", f"{case.path}/exchanges", {"json": ASKED, "headers": {"Idempotency-Key": "x"}}),
        ]
        for person, method, path, more in refused:
            assert (await person.call(method, path, **more)).status_code >= 400, (path, more)
        entries = (await house.entries(MUNICIPAL_LOG))[before:]
        assert [(one.action, one.track) for one in entries] == [(one.action, Track.PET) for one in entries]
        assert len(entries) == len(refused)
        for spelt in ("pet\0", "pet\ud800", "p\u00e9t", "pet\n"):
            asked = {"content": json.dumps({**QUESTION, "received_from": spelt}).encode(), "headers": JSON}
            assert (await kommune.call("POST", f"{case.path}/information-requests", **asked)).status_code == 400, spelt
        # What says that PET did not ask stands on the ordinary track, unreadable or not.
        for content in (b'{"requested_by_pet":false,"recipients":["politi"]', json.dumps(told()).encode()[:-9]):
            await kommune.call("POST", f"{case.path}/exchanges", content=content, headers=JSON)
            assert (await house.entries(MUNICIPAL_LOG))[-1].track is Track.ORDINARY
        # Another authority's entries say nothing of a track that it does not know.
        await case.politi.get(exchange, status=404)
        assert (await house.entries(POLICE_LOG))[-1].track is Track.ORDINARY

    @pytest.mark.rule(85)
    async def test_a_repetition_stands_on_it_too(self, house: House) -> None:
        case = await knowing_pet(house)
        once: dict[str, Any] = {"headers": {"Idempotency-Key": "svar-til-pet-0001"}}
        await case.kommune.post(f"{case.path}/information-requests", QUESTION)
        first = await case.kommune.post(f"{case.path}/exchanges", ASKED, **once)
        assert await case.kommune.post(f"{case.path}/exchanges", ASKED, **once) == first
        assert [entry.action for entry in await for_pet(house)][1:] == [Action.RECORD_EXCHANGE] * 2

    @pytest.mark.rule(64)
    async def test_no_letter_counts_it(self, house: House) -> None:
        """The letters before and after differ by what asking for the first of them left."""
        case, item, from_police = await told_by_the_police(house)
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        person = {"subject": concern["subjects"][0]["id"]}
        path = f"/infohuse/{house.infohus_id}/log-reports"
        before = (await case.kommune.post(path, person, status=200))["reports"][0]
        await answer_pet(case, item, from_police)
        after = (await case.kommune.post(path, person, status=200))["reports"][0]
        assert after["lines"][: len(before["lines"])] == before["lines"]
        assert {line["purpose"] for line in after["lines"][len(before["lines"]) :]} == {
            PURPOSES["subject_access"], PURPOSES["subject_access_report"]
        }


async def for_pet(house: House) -> list[Entry]:
    """List the entries on PET's track of every log."""
    return [entry for entry in await house.all_entries() if entry.track is Track.PET]
