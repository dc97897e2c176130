"""Every route that writes takes an Idempotency-Key: a repetition answers what the first did, and does nothing."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from at_once import at_once
from checked_log import found_at
from conftest import Database
from every_route import ROUTES, request_for
from house import MUNICIPALITY, CaseInHand, House, Person, now, told
from infohus.cases.procedure.table import PROCEDURE
from infohus.danish_calendar import danish_day
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import UnitsOfWork
from infohus.kernel.unit_of_work.lookup import Lock
from infohus.web.api_examples import EXAMPLES
from invitations import invitation
from one_api import description_of
from plan_obligations import fulfil, load, owed
from policies.row_world import play_every_kind

TELL_THE_TIME = {"ExportJournalNote", "ExportAccessPackage"}
"""Exports, made anew with the time they are made at; nothing is written again."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
OFTEN_ENOUGH = 4
ACCESS_ENDS = {"LeaveCase"}
"""Whoever has left is answered as any stranger is."""


def operation_of(method: str, path: str) -> str:
    """Name the operation that a request reaches."""
    return next(
        route.operation_id for route in ROUTES
        if route.method == method and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", route.path), path)
    )


@dataclass
class Repeated:
    """Which operations were repeated, and what went wrong with which."""

    operations: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def is_wanted(self, operation: str) -> bool:
        """Count an operation; say whether it is to be repeated: a few times each."""
        self.operations[operation] += 1
        return self.operations[operation] <= OFTEN_ENOUGH


@dataclass
class RepeatingPerson(Person):
    """Sends every request that may write twice, under a key of its own, and notes where the second differs."""

    house: Any = None

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Send the request, and when it was done send it again; give the first answer."""
        if method == "GET":
            return await super().call(method, path, **more)
        more["headers"] = {"Idempotency-Key": uuid4().hex, **more.get("headers", {})}
        first = await super().call(method, path, **more)
        if first.is_success and self.house.repeated.is_wanted(operation_of(method, path)):
            before = await stored(self.house)
            second = await super().call(method, path, **more)
            operation = operation_of(method, path)
            if await stored(self.house) != before:
                self.house.repeated.faults.append(f"{operation} wrote again")
            if not alike(operation, first, second):
                self.house.repeated.faults.append(f"{operation}: {second.status_code} {second.text[:200]}")
        return first


@dataclass
class RepeatingHouse(House):
    """An installation in which everybody sends everything twice."""

    repeated: Repeated = field(default_factory=Repeated)

    def person(self, name: str) -> Person:
        """Give a demo user who repeats."""
        person = super().person(name)
        return RepeatingPerson(person.name, person.client, person.token, house=self)


async def stored(house: House) -> dict[str, str]:
    """Give a digest of each table of the cases' schema."""
    tables = await house.sql("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'infohus'")
    digests = " UNION ALL ".join(
        f"SELECT '{row['name']}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS digest"  # noqa: S608
        f' FROM infohus."{row["name"]}" t'
        for row in tables
    )
    return {row["name"]: row["digest"] for row in await house.sql(digests)}


def alike(operation: str, first: Any, second: Any) -> bool:
    """Say whether the second answer is what the first did."""
    if operation in ACCESS_ENDS:
        return bool(second.status_code == 404)
    same = (first.status_code, first.headers.get("ETag")) == (second.status_code, second.headers.get("ETag"))
    return same and (
        operation in TELL_THE_TIME or first.content == second.content or meant(first.json()) == meant(second.json())
    )


def meant(value: Any) -> Any:
    """Read moments out of an answer: the first gives one in the zone it was sent in."""
    match value:
        case dict():
            return {name: meant(part) for name, part in value.items()}
        case list():
            return [meant(part) for part in value]
        case str() if MOMENT.fullmatch(value):
            return datetime.fromisoformat(value)
    return value


@contextmanager
def begun_acts() -> Iterator[list[Action]]:
    """Collect the acts that units are begun for."""
    acts: list[Action] = []
    begin = UnitsOfWork.begin

    def noting(self: UnitsOfWork, caller: Any, action: Action, *rest: Any, **named: Any) -> Any:
        acts.append(action)
        return begin(self, caller, action, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UnitsOfWork, "begin", noting)
        yield acts


async def writing_operations(house: House) -> set[str]:
    """Name every operation, but for GET, whose act may write, as the procedure says."""
    writing, person = set(), house.person("kommune")
    await person.get("/cases")
    for route in (one for one in ROUTES if one.method != "GET"):
        request = request_for(house, route)
        with begun_acts() as acts:
            await person.call(route.method, request["path"], json=request.get("json"))
        assert acts, route
        if any(PROCEDURE[act].lock is not Lock.NONE for act in acts):
            writing.add(route.operation_id)
    return writing


class WhenARouteWrites:
    @pytest.mark.fault("A16")
    async def test_it_takes_an_idempotency_key_and_no_other_does(self, house: House) -> None:
        taking = {
            operation["operationId"]
            for path in description_of(house.app)["paths"].values() for operation in path.values()
            for parameter in operation.get("parameters", ()) if parameter["name"] == "Idempotency-Key"
        }
        assert taking == await writing_operations(house)
        assert len(taking) > 50


class WhenTheSameIsSentAtOnce:
    @pytest.mark.fault("A16")
    async def test_all_are_answered_alike_and_no_case_number_is_lost(self, house: House) -> None:
        kommune, path = house.person("kommune"), f"/infohuse/{house.infohus_id}/concerns"
        key = {"Idempotency-Key": uuid4().hex}
        draft = {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "professional",
            "observation": "Han taler om våben.", "told_reporter": "Vi ser på det.", "subjects": [],
        }
        answers = await at_once(*(kommune.call("POST", path, json=draft, headers=key) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        after = await kommune.post(path, draft)
        first, second = [
            int((await kommune.get(f"/cases/{case_id}"))["case"]["number"].rpartition("-")[2])
            for case_id in (answers[0].json()["case_id"], after["case_id"])
        ]
        assert second == first + 1


class WhenEverythingIsSentTwice:
    @pytest.mark.rule(59)
    @pytest.mark.fault("A16")
    async def test_every_route_answers_what_the_first_did_and_nothing_happens_twice(
        self, house: House, database: Database
    ) -> None:
        again = RepeatingHouse(**{one.name: getattr(house, one.name) for one in fields(House)})
        await play_every_kind(again)
        await the_rest_of_a_case(again)
        await what_is_of_an_infohus(again, database)
        assert again.repeated.faults == []
        # Nothing is erased yet, so there is no success to repeat.
        assert again.repeated.operations.keys() >= await writing_operations(house) - {"EraseCase"}


async def the_rest_of_a_case(house: House) -> None:
    """Do what making a row of every kind leaves out."""
    case = await (await house.case(subjects=[{"name": "Prøve Prøvesen", "birth_date": "1990-02-01"}])).accept()
    kommune = case.kommune
    for address, operation in (
        ("concerns", "AddConcern"), ("oral-exchanges", "RecordOralExchange"), ("notes", "WriteNote"),
        ("custody-releases", "RecordCustodyRelease"), ("danger-reports", "ReportDanger"),
        ("disclosures-outside", "DiscloseOutside"),
    ):
        await kommune.post(f"{case.path}/{address}", EXAMPLES[operation])
    told_it = await case.disclose(await case.note())
    await kommune.post(f"{case.path}/exchanges/{told_it['id']}/corrections", {**told(), "summary": "Det var klubben."})
    held = await kommune.post(f"{case.path}/legal-holds", EXAMPLES["SetLegalHold"])
    await kommune.post(f"{case.path}/legal-holds/{held['id']}/lift", status=200)
    await kommune.put(f"{case.path}/journal-reference", EXAMPLES["SetJournalReference"])
    await kommune.post(f"{case.path}/journal-notes", status=200)
    taken_over = await house.case()
    await taken_over.politi.post(f"{taken_over.path}/takeover", EXAMPLES["TakeOverCase"])
    await leave_and_go_on(case)
    await amend_each(house)
    await the_package(await house.case(subjects=[{"name": "Prøve Prøvesen", "birth_date": "1990-02-01"}]))


async def leave_and_go_on(case: CaseInHand) -> None:
    """Draw the adviser in, let the participation go on, and let the adviser leave."""
    adviser = case.house.person("raadgiver")
    draft = invitation(MUNICIPALITY, person_id=str(adviser.person_id))
    invited = await case.kommune.post(f"{case.path}/participants", draft)
    later = EXAMPLES["ExtendParticipation"]
    await case.kommune.post(f"{case.path}/participants/{invited['id']}/extension", later)
    await adviser.delete(f"{case.path}/participation")


async def amend_each(house: House) -> None:
    """Propose each joint decision, and amend it."""
    for name, path, bring in (
        ("ScopeDecision", "scope-decisions", CaseInHand.clear), ("Screening", "screenings", CaseInHand.accept),
        ("Closure", "closures", CaseInHand.accept),
    ):
        case = await bring(await house.case())
        proposal = await propose_and_amend(case, name, path)
        if name == "Closure":
            await end_the_own_side(case, f"{case.path}/{path}/{proposal['id']}")
            await case.kommune.delete(f"{case.path}/{path}/{proposal['id']}/signature", status=204)
    case = await (await house.case()).accept()
    await case.decide("screenings", "recommend", EXAMPLES["ProposeScreening"]["content"], purpose="screening")
    await propose_and_amend(case, "Recommendation", "recommendations")


async def end_the_own_side(case: CaseInHand, closure: str) -> None:
    """End the municipality's own side as a month after it signed; its signature is as it was written afterwards."""
    for shift in ("-", "+"):
        await case.house.sql(
            f"UPDATE infohus.signature SET signed_at = signed_at {shift} interval '720 hours 1 minute'"  # noqa: S608
            " WHERE case_id = $1", UUID(case.id),
        )
        if shift == "-":
            await case.kommune.post(f"{closure}/own-end", status=200)


async def propose_and_amend(case: CaseInHand, name: str, path: str) -> dict[str, Any]:
    """Propose a joint decision, and amend it; give what it is then."""
    draft = EXAMPLES[f"Propose{name}"]
    proposal = await case.kommune.post(f"{case.path}/{path}", draft)
    changed = await case.kommune.put(f"{case.path}/{path}/{proposal['id']}", draft, headers={"If-Match": '"1"'})
    return dict(changed)


async def the_package(case: CaseInHand) -> None:
    """Answer a request for access, with a note restricted, and lift the restriction."""
    kommune = case.kommune
    note = await kommune.post(f"{case.path}/notes", EXAMPLES["WriteNote"])
    restriction = {**EXAMPLES["RestrictAccess"], "item": {"kind": "note", "id": note["id"]}}
    made = await kommune.post(f"{case.path}/restrictions", restriction)
    asked = await kommune.post(f"{case.path}/access-requests", EXAMPLES["RecordAccessRequest"])
    package = f"{case.path}/access-requests/{asked['id']}/package"
    included = {"include": [{"kind": "concern", "id": case.concern_id}]}
    assert (await kommune.call("POST", package, json=included)).status_code == 200
    await kommune.post(f"{case.path}/restrictions/{made['id']}/lift", status=200)


async def what_is_of_an_infohus(house: House, database: Database) -> None:
    """Check the log and answer for a finding, meet an obligation, tell the network, release the year's figures."""
    here, kommune = f"/infohuse/{house.infohus_id}", house.person("kommune")
    finding, owner = await found_at(house)
    path = f"/log/findings/{finding['id']}"
    for person, end, version in ((owner, "answer", 1), (house.person("dpo"), "remedy", 2)):
        draft = EXAMPLES["AnswerLogFinding" if end == "answer" else "EndLogFinding"]
        await person.post(f"{path}/{end}", draft, status=200, headers={"If-Match": f'"{version}"'})
    await kommune.post("/log/notice/acknowledgement", status=200)
    await house.person("dpo").post(f"{here}/content-requests", EXAMPLES["RequestContent"])
    await kommune.post(f"{here}/network-materials", EXAMPLES["AddNetworkMaterial"])
    await kommune.post(f"{here}/yearly-status/{danish_day(now()).year - 1}")
    await load(house, database)
    assert (await fulfil(house, (await owed(house))["action-cards"], {"fulfilled_on": "2026-11-02"})).is_success
