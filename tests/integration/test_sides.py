"""What one side does without telling changes nothing that the other can see, whatever the route (rules 44 and 70).

Two cases are alike but for what one side did in one of them. Every route that reads, and every act that is offered as a
next step, must answer the other side, and a professional it drew in, alike in both.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, now, told
from infohus.app import route_handlers
from infohus.danish_calendar import danish_day
from infohus.web.api_examples import EXAMPLES
from infohus.web.authentication import is_open
from invitations import invitation

ACTS = {
    "clearance-checks": "RecordClearanceCheck", "concerns": "AddConcern", "first-views": "StateFirstView",
    "scope-decisions": "ProposeScopeDecision", "screenings": "ProposeScreening", "assessments": "OpenAssessment",
    "recommendations": "ProposeRecommendation", "measures": "StartMeasure", "information": "NoteInformation",
    "notes": "WriteNote", "exchanges": "RecordExchange", "information-requests": "RequestInformation",
    "closures": "ProposeClosure", "oral-exchanges": "RecordOralExchange", "access-requests": "RecordAccessRequest",
    "legal-holds": "SetLegalHold", "custody-releases": "RecordCustodyRelease", "erasure": "",
}
"""Acts on a case, each with an example of its body, in an order in which most are possible."""
OF_THE_OWN_LOG = {"ReadCaseLog"}
"""Lists what the caller did, so it changes by being asked; the log's own tests are about it."""
CONCERN = {
    "channel": "mail", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Set igen.",
    "told_reporter": "Tak.", "reporter": {"name": "Vidne Vidnesen"},
    "subjects": [{"name": "Barn", "is_under_18": True, "cpr_number": "010114-5234"}],
}
Act = Callable[[CaseInHand, Person, str], Awaitable[Any]]


def reading_routes(*, of_case: bool) -> Iterator[tuple[str, str]]:
    """List the operation and address of each GET on a case as a whole, or on what is above one."""
    for handler in route_handlers():
        for path in sorted(handler.paths):
            plain = re.sub(r":[a-z]+}", "}", path)
            named = set(re.findall(r"{([a-z_]+)}", plain))
            fits = named == {"case_id"} if of_case else named <= {"infohus_id"}
            if "GET" in handler.http_methods and fits and not is_open(path):
                yield str(handler.operation_id), plain


CASE_ROUTES = [route for route in reading_routes(of_case=True) if route[0] not in OF_THE_OWN_LOG]
OTHER_ROUTES = list(reading_routes(of_case=False))


# --- what a side does without telling the other ----------------------------------------------------------------------
async def concern(case: CaseInHand, person: Person, _: str) -> None:
    await person.post(f"{case.path}/concerns", CONCERN)


async def ages(case: CaseInHand, person: Person, _: str) -> None:
    added = await person.post(f"{case.path}/concerns", {**CONCERN, "subjects": [{"name": "Fætter"}]})
    (subject,) = (await person.get(f"{case.path}/concerns/{added['id']}"))["subjects"]
    for said in ({"birth_date": "1990-01-01"}, {"earlier_is_wrong": True}):
        await person.post(f"{case.path}/subjects/{subject['id']}/ages", {**said, "reason": "Skolen siger det."})


async def notes(case: CaseInHand, person: Person, _: str) -> None:
    await person.post(f"{case.path}/information", {"text": "Noget.", "source": "klubben"})
    await person.post(f"{case.path}/notes", {"happened_at": now().isoformat(), "text": "Ringede."})
    await person.post(f"{case.path}/custody-releases", EXAMPLES["RecordCustodyRelease"])


async def own_papers(case: CaseInHand, person: Person, _: str) -> None:
    await person.put(f"{case.path}/journal-reference", {"reference": "26/1234"})
    today = str(danish_day(now()))
    await person.post(f"{case.path}/access-requests", {"received_on": today, "asked": "Hvad har I om mig?"})
    await person.post(f"{case.path}/legal-holds", {"reason": "Klagesag."})
    await person.post(f"{case.path}/archive-clearances", {
        "decision": "to_be_delivered", "decided_on": today, "reference": "RA 26/1",
    })


async def asked_from_outside(case: CaseInHand, person: Person, _: str) -> None:
    await person.post(f"{case.path}/information-requests", {"question": "Hvor bor han?", "received_from": PROBATION})


async def first_view(case: CaseInHand, person: Person, _: str) -> None:
    await person.post(f"{case.path}/first-views", {"view": "outside", "reasons": "En familiesag."})


async def measure(case: CaseInHand, person: Person, by: str) -> None:
    started = await person.post(f"{case.path}/measures", {
        "level": "selective", "responsible_authority": by, "description": "Samtaler.", "starts_on": "2026-12-01",
        "follow_up_on": "2099-01-01",
    })
    await case.house.sql(
        "UPDATE infohus.measure SET recorded_at = recorded_at - $2::interval WHERE id = $1", UUID(started["id"]),
        timedelta(days=90),
    )


async def told_a_third(case: CaseInHand, person: Person, by: str) -> None:
    item = await person.post(f"{case.path}/information", {"text": "Til en tredje.", "source": "klubben"})
    past_the_other = told(by, recipients=[PROBATION])
    await person.post(f"{case.path}/exchanges", {
        **past_the_other, "items": [{"kind": "information", "id": item["id"]}],
    })
    await person.post(f"{case.path}/information-requests", {"question": "Kender I ham?", "disclosure": past_the_other})


async def looked_back(case: CaseInHand, person: Person, _: str) -> None:
    await case.look_back(person)
    await person.get(f"{case.path}/closing")


AT: dict[str, tuple[Act, ...]] = {
    "received": (concern, notes, own_papers, asked_from_outside, told_a_third, looked_back),
    "cleared": (concern, notes, first_view, told_a_third),
    "accepted": (concern, own_papers, told_a_third),
    "qualifying": (concern, notes, told_a_third),
    "acting": (concern, measure, asked_from_outside, told_a_third),
}
"""What each side can do by itself at a stage; what is joint, such as drawing somebody in, is done in both cases."""


async def case_at(house: House, stage: str, guest: UUID) -> CaseInHand:
    """Bring a case to a stage, with two authorities drawn in."""
    case = await house.case(subjects=[{"name": "Prøve Prøvesen", "cpr_number": "010104-1234"}])
    await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
    everything = ["information", "assessment", "measures", "exchange"]
    draft = invitation(MUNICIPALITY, person_id=str(guest), scope=everything)
    await case.kommune.post(f"{case.path}/participants", draft)
    ways = {"cleared": case.clear, "accepted": case.accept, "qualifying": case.qualify, "acting": case.recommend}
    if stage in ways:
        await ways[stage]()
    return case


def alike(text: str) -> str:
    """Replace ids, digests, moments and case numbers by the number of their first appearance."""
    seen: dict[str, str] = {}
    random = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64}|20\d\d-\d{5}\b|20\d\d-\d\d-\d\dT[0-9:.]+Z"
    return re.sub(random, lambda found: seen.setdefault(found[0], f"<{len(seen)}>"), text)


async def answered(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str | None, str]:
    """Ask; give what the answer tells: its status, whether it has a tag, and its text but for what is random."""
    answer = await person.call(method, path, json=body)
    text = answer.text.replace(answer.headers["x-correlation-id"], "")
    return answer.status_code, answer.headers.get("etag"), alike(text)


async def seen_by(person: Person, case: CaseInHand) -> dict[str, tuple[int, str | None, str]]:
    """Read everything of a case that somebody can read."""
    return {
        operation: await answered(person, "GET", path.replace("{case_id}", case.id))
        for operation, path in CASE_ROUTES
    }


def body_of(example: str, by: str) -> Any:
    """Let an example disclose from the caller's own side."""
    body = EXAMPLES.get(example)
    if body is None:
        return None
    if body.get("disclosure"):
        return {**body, "disclosure": told(by, purpose=body["disclosure"]["purpose"])}
    return {**body, "recipients": told(by)["recipients"]} if "recipients" in body else body


class WhenOneSideActsByItself:
    @pytest.mark.rule(44)
    @pytest.mark.rule(70)
    @pytest.mark.fault("A13")
    @pytest.mark.parametrize("stage", AT)
    @pytest.mark.parametrize("acting", [MUNICIPALITY, POLICE])
    async def test_the_other_is_answered_alike_by_every_route(self, house: House, stage: str, acting: str) -> None:
        adviser = house.person("raadgiver")
        touched, untouched = [await case_at(house, stage, adviser.person_id) for _ in range(2)]
        actor, other = (touched.kommune, touched.politi) if acting == MUNICIPALITY else (
            touched.politi, touched.kommune
        )
        by = POLICE if acting == MUNICIPALITY else MUNICIPALITY
        before = {operation: await answered(other, "GET", path.replace("{infohus_id}", str(house.infohus_id)))
                  for operation, path in OTHER_ROUTES}
        for act in AT[stage]:
            await act(touched, actor, acting)
        after = {operation: await answered(other, "GET", path.replace("{infohus_id}", str(house.infohus_id)))
                 for operation, path in OTHER_ROUTES}
        assert after == before
        lookers = [other, adviser] if acting == POLICE else [other]
        for looker in lookers:
            assert await seen_by(looker, touched) == await seen_by(looker, untouched), looker.name
        for path, example in ACTS.items():
            body = body_of(example, by)
            there, here = [await answered(other, "POST", f"{case.path}/{path}", body) for case in (touched, untouched)]
            assert there == here, path
        # Whoever acted sees it: the comparison would tell the two cases apart.
        assert await seen_by(actor, touched) != await seen_by(actor, untouched)

    @pytest.mark.rule(44)
    async def test_the_tag_of_the_case_is_joint_and_own(self, house: House) -> None:
        case = await house.case()
        people = (case.kommune, case.politi)
        tags = {one.name: (await one.call("GET", case.path)).headers["etag"] for one in people}
        assert tags == {"kommune": '"1.1"', "politi": '"1.0"'}
        await concern(case, case.kommune, MUNICIPALITY)
        changed = (await case.kommune.call("GET", case.path)).headers["etag"]
        assert changed != tags["kommune"]
        assert (await case.politi.call("GET", case.path)).headers["etag"] == tags["politi"]
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "nothing_hinders"})
        assert (await case.kommune.call("GET", case.path)).headers["etag"] == '"2.2"'


class WhenSomethingIsDisclosedPastOneSide:
    @pytest.mark.rule(44)
    async def test_a_withdrawal_from_a_third_is_not_told_to_the_other_recipient(self, house: House) -> None:
        adviser = house.person("raadgiver")
        case = await case_at(house, "received", adviser.person_id)
        given = await case.disclose(await case.note(), recipients=[POLICE, PROBATION])
        path = f"{case.path}/exchanges/{given['id']}"
        await case.kommune.post(f"{path}/withdrawals", {"recipient": PROBATION, "reason": "Ved en fejl."})
        assert (await case.kommune.get(f"{path}/receipts"))["withdrawn_from"] == [PROBATION]
        assert (await case.politi.get(f"{path}/receipts"))["withdrawn_from"] == []
        await case.kommune.post(f"{path}/withdrawals", {"recipient": POLICE, "reason": "Ved en fejl."})
        assert (await case.politi.get(f"{path}/receipts"))["withdrawn_from"] == [POLICE]


class WhenSomebodyIsDrawnIn:
    @pytest.mark.rule(44)
    @pytest.mark.fault("A13")
    @pytest.mark.parametrize("path", ["closing"])
    async def test_a_professional_does_not_read_what_stands_in_the_way(self, house: House, path: str) -> None:
        adviser = house.person("raadgiver")
        case = await case_at(house, "received", adviser.person_id)
        await adviser.get(case.path)
        await adviser.get(f"{case.path}/{path}", status=403)

    @pytest.mark.rule(44)
    @pytest.mark.rule(22)
    async def test_for_what_is_seen_by_who_drew_them_in_and_by_themselves(self, house: House) -> None:
        adviser = house.person("raadgiver")
        case = await case_at(house, "received", adviser.person_id)
        shown = {}
        for person in (case.kommune, case.politi, adviser):
            participants = (await person.get(case.path))["participants"]
            shown[person.name] = [
                (one["acts_for"], one["scope"] is None, one["records"] is None)
                for one in participants if one["kind"] == "invited"
            ]
        assert shown == {
            "kommune": [(PROBATION, False, False), (MUNICIPALITY, False, False)],
            "politi": [(PROBATION, True, True), (MUNICIPALITY, True, True)],
            # Who works for the authority that drew in the other professional sees for what, too.
            "raadgiver": [(PROBATION, False, False), (MUNICIPALITY, False, False)],
        }
        [drawn_in, _] = [one for one in (await case.politi.get(case.path))["participants"] if one["kind"] == "invited"]
        extension = {"ends_at": (now() + timedelta(days=90)).isoformat(), "reason": "Længere."}
        await case.politi.post(f"{case.path}/participants/{drawn_in['id']}/extension", extension, status=404)


    @pytest.mark.rule(44)
    @pytest.mark.rule(45)
    async def test_the_database_shows_what_for_to_them_alone(self, house: House) -> None:
        adviser = house.person("raadgiver")
        case = await case_at(house, "received", adviser.person_id)
        await case.politi.post(f"{case.path}/participants", invitation(POLICE))
        connection = await asyncpg.connect(house.superuser)
        seen = {}
        try:
            for who, authority, role in (
                ("kommune", MUNICIPALITY, "municipal_coordinator"), ("politi", POLICE, "police_coordinator"),
                ("raadgiver", MUNICIPALITY, "invited_professional"), ("dpo", MUNICIPALITY, "data_protection_officer"),
            ):
                async with connection.transaction():
                    await connection.execute("SET LOCAL ROLE infohus_app")
                    person_id = house.person(who).person_id
                    await connection.execute("SELECT infohus.act_as($1, $2, $3, now())", authority, person_id, role)
                    rows = await connection.fetch("SELECT authority_id, acts_for FROM infohus.invitation ORDER BY id")
                    seen[who] = [tuple(row) for row in rows]
            joint = await connection.fetch(
                "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'participant'"
            )
        finally:
            await connection.close()
        own = [(MUNICIPALITY, PROBATION), (MUNICIPALITY, MUNICIPALITY)]
        assert seen == {"kommune": own, "politi": [(POLICE, POLICE)], "raadgiver": own, "dpo": []}
        assert not {row["name"] for row in joint} & {"scope", "records", "reason", "public_task_confirmed"}


class WhenAPersonIsDisclosed:
    @pytest.mark.rule(44)
    @pytest.mark.rule(60)
    async def test_each_side_knows_them_under_a_log_id_of_its_own(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Prøve Prøvesen", "birth_date": "1990-02-01"}])
        subject = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"][0]["id"]
        await case.politi.get(case.path)
        assert [entry.persons for entry in await house.entries()][-1] == []
        await case.disclose(items=[{"kind": "subject", "id": subject}])
        known = await house.sql("SELECT authority_id, log_id FROM infohus.side_person")
        assert [row["authority_id"] for row in known] == [MUNICIPALITY]
        # The police's first act that meets the person makes the row, although it only reads.
        await case.politi.get(case.path)
        rows = await house.sql("SELECT authority_id, log_id FROM infohus.side_person ORDER BY authority_id")
        assert [row["authority_id"] for row in rows] == [MUNICIPALITY, POLICE]
        ours, theirs = (row["log_id"] for row in rows)
        assert ours != theirs
        assert all(re.fullmatch("[A-Za-z0-9_-]{22}", one) for one in (ours, theirs))
        entry = (await house.entries())[-1]
        assert (entry.persons, [(one.verb, one.table) for one in entry.wrote]) == (
            [theirs], [("insert", "side_person")],
        )
        await case.politi.get(case.path)
        again = (await house.entries())[-1]
        assert (again.persons, again.wrote) == ([theirs], [])
        await house.assert_logs_are_whole()

    @pytest.mark.rule(56)
    async def test_a_refused_act_makes_no_person_and_names_nobody_who_is_not_stored(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Prøve Prøvesen", "birth_date": "1990-02-01"}])
        subject = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"][0]["id"]
        await case.disclose(items=[{"kind": "subject", "id": subject}])
        await case.politi.get(f"{case.path}/notes/{uuid4()}", status=404)
        elsewhere = {**told(POLICE, recipients=[PROBATION]), "summary": "Han er set."}
        await case.politi.post(f"{case.path}/exchanges", elsewhere, status=422)
        assert [entry.persons for entry in (await house.entries())[-2:]] == [[], []]
        assert len(await house.sql("SELECT FROM infohus.side_person")) == 1
