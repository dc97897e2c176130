"""An attempt keeps what it was after: the ids in its body, its address, whom it meant to tell and what for."""

import json
import re
from copy import deepcopy
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import uuid4

import pytest

from every_route import ROUTES, Route, request_for, sample
from house import MUNICIPAL_LOG, MUNICIPALITY, POLICE, POLICE_LOG, PROBATION, CaseInHand, House, told
from infohus.app import guarded_handlers
from infohus.kernel.audit.formats.entry import Entry
from infohus.web.api_examples import EXAMPLES
from infohus.web.attempts import acts_of
from one_api import description_of
from persons import CPR

MARK = "for_criminal_investigation"
WITH_A_BODY = [route for route in ROUTES if route.method in {"POST", "PUT"}]


async def newest(house: House, log_id: Any = MUNICIPAL_LOG) -> Entry:
    return (await house.entries(log_id))[-1]


def at_case(case: CaseInHand, route: Route) -> str:
    path = request_for(case.house, route)["path"]
    for name, value in (("/cases/", case.id), ("/infohuse/", str(case.house.infohus_id))):
        path = re.sub(rf"^{name}[0-9a-f-]+", f"{name}{value}", path)
    return str(path)


@pytest.mark.rule(56)
@pytest.mark.fault("A4")
class WhenARequestIsNotUnderstood:
    async def test_each_route_that_takes_a_body_leaves_an_entry_of_the_attempt(self, house: House) -> None:
        case, acts = await house.case(), acts_of(guarded_handlers())
        known = (await newest(house)).persons
        admin = house.person("admin")
        await admin.call("GET", case.path)
        looked_at = 0
        for route in WITH_A_BODY:
            if "json" not in request_for(house, route):
                continue
            before = len(await house.entries(MUNICIPAL_LOG))
            answer = await admin.call(
                route.method, at_case(case, route), content=b"{", headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 400, route
            (entry,) = (await house.entries(MUNICIPAL_LOG))[before:]
            assert (entry.action, entry.outcome.value, entry.reason) == (
                acts[route.operation_id].value, "refused", "request-not-understood"
            )
            assert entry.caller == admin.person_id
            assert entry.correlation == answer.json()["correlation_id"]
            if route.path.startswith("/cases/"):
                assert (str(entry.subject), str(entry.case), entry.persons) == (case.id, case.id, known)
                looked_at += 1
        assert looked_at > 30

    async def test_of_a_case_in_which_the_authority_has_no_side_the_id_alone_stands_there(self, house: House) -> None:
        unknown = uuid4()
        await house.person("admin").call("POST", f"/cases/{unknown}/notes", content=b"[", headers={})
        entry = await newest(house)
        assert (entry.subject, entry.case, entry.persons) == (unknown, None, [])

    @pytest.mark.parametrize("ask", ["?limit=abc", "?unknown=1", "?after=1&after=2"])
    async def test_a_misspelt_query_is_an_attempt_too(self, house: House, ask: str) -> None:
        case = await house.case()
        await case.politi.get(f"{case.path}/exchanges{ask}", status=400)
        entry = await newest(house, POLICE_LOG)
        assert (entry.action, entry.outcome.value, str(entry.subject)) == ("listExchanges", "refused", case.id)


@pytest.mark.rule(56)
@pytest.mark.rule(57)
@pytest.mark.fault("C13")
class WhenAnAttemptNamesSomethingInItsBody:
    @pytest.mark.parametrize(("path", "more"), [
        ("exchanges", {**told(POLICE), "items": [{"kind": "concern"}]}),
        ("restrictions", {
            "item": {"kind": "concern"}, "basis": "rhl-14", "reason": "Af hensyn til sagen.", "review_on": "2027-05-01",
        }),
    ])
    async def test_the_id_asked_for_stands_in_the_entry(self, house: House, path: str, more: dict[str, Any]) -> None:
        case = await house.case()
        body = deepcopy(more)
        (body["item"] if "item" in body else body["items"][0])["id"] = case.concern_id
        await case.politi.post(f"{case.path}/{path}", body, status=404)
        entry = await newest(house, POLICE_LOG)
        assert (entry.outcome.value, str(entry.case)) == ("denied", case.id)
        assert isinstance(entry.asked, dict)
        assert entry.asked == {"id": [case.concern_id]}

    async def test_a_report_on_a_person_of_another_side_keeps_whom_it_was_about(self, house: House) -> None:
        unknown = str(uuid4())
        reports = f"/infohuse/{house.infohus_id}/log-reports"
        await house.person("kommune").post(reports, {"subject": unknown}, status=404)
        assert (await newest(house)).asked == {"subject": [unknown]}

    async def test_a_refused_exchange_keeps_whom_it_was_meant_for_and_what_for(self, house: House) -> None:
        case = await house.case()
        draft = {
            **told(), "recipients": [POLICE, "010104-1234"], "for_criminal_investigation": True,
            "items": [{"kind": "concern", "id": case.concern_id}],
        }
        await case.kommune.post(f"{case.path}/exchanges", draft, status=422)
        entry = await newest(house)
        assert (entry.reason, entry.purpose, entry.recipients) == ("exchange-for-investigation", "screening", [POLICE])

    async def test_so_does_one_at_a_stage_that_has_none(self, house: House) -> None:
        case = await house.case()
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})
        draft = {**told(), "items": [{"kind": "concern", "id": case.concern_id}]}
        await case.kommune.post(f"{case.path}/exchanges", draft, status=409)
        entry = await newest(house)
        assert (entry.outcome.value, entry.purpose, entry.recipients) == ("refused", "screening", [POLICE])

    async def test_an_act_that_succeeds_names_no_more_than_its_rows(self, house: House) -> None:
        case = await house.case()
        await case.clear()
        assert not [one for one in await house.entries(MUNICIPAL_LOG) if isinstance(one.asked, dict)]


def marked(body: Any) -> Any:
    """Say, wherever a body declares that it is not for the investigation of a crime, that it is."""
    if isinstance(body, list):
        return [marked(one) for one in body]
    if not isinstance(body, dict):
        return body
    return {name: True if name == MARK else marked(value) for name, value in body.items()}


@pytest.mark.rule(2)
@pytest.mark.rule(57)
class WhenADisclosureIsRefused:
    """By the law's rules, by the stage, by the policies, or because the body was not understood."""

    SAID: ClassVar = EXAMPLES["RecordOralExchange"]

    async def test_each_route_keeps_that_it_was_marked_as_for_investigation_and_for_whom(self, house: House) -> None:
        """Before the stage that each needs, so that the stage refuses most; with a field that there is not, nobody."""
        case, seen = await house.case(), 0
        for route in WITH_A_BODY:
            body = marked(EXAMPLES.get(route.operation_id))
            if MARK not in str(body):
                continue
            for more in ({}, {"unknown": 1}):
                answer = await case.kommune.call(route.method, at_case(case, route), json={**body, **more})
                entry = await newest(house)
                assert answer.status_code >= 400, route
                assert (entry.outcome.value != "allowed", _asked(entry).get(MARK)) == (True, ["true"]), route
                named = re.findall(r"'recipients': \['([a-z-]+)'\]", str(body))
                assert entry.recipients == (named or [POLICE]), (route, more)
                seen += 1
        assert seen >= 30

    async def test_what_was_said_aloud_keeps_whom_and_what_for_by_default(self, house: House) -> None:
        case = await house.case()
        path, of_no_case = f"{case.path}/oral-exchanges", f"/cases/{uuid4()}/oral-exchanges"
        for by, recipients, log_id in (
            ("dpo", [POLICE], MUNICIPAL_LOG), ("raadgiver", [POLICE], MUNICIPAL_LOG),
            ("politi-dpo", [MUNICIPALITY], POLICE_LOG), ("kommune", [POLICE], MUNICIPAL_LOG),
        ):
            # By the role, or because nobody understood it; of a case without an own side, nothing is known.
            for body in ({**self.SAID, "unknown": 1}, *([self.SAID] if by != "kommune" else [])):
                for at, meant in ((path, (recipients, "clearance_check")), (of_no_case, ([], "exchange"))):
                    assert (await house.person(by).call("POST", at, json=body)).status_code >= 400
                    assert _meant(await newest(house, log_id)) == meant, (by, at, body)
        await house.person("raadgiver").post(path, {**self.SAID, "recipients": [POLICE]}, status=403)
        assert _meant(await newest(house)) == ([POLICE], "clearance_check")
        await case.kommune.post(path, {**self.SAID, "necessity": "."}, status=422)
        assert _meant(await newest(house)) == ([POLICE], "clearance_check")
        await case.politi.post(path, {**self.SAID, MARK: True}, status=422)
        assert _meant(await newest(house, POLICE_LOG)) == ([MUNICIPALITY], "clearance_check")
        await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})
        await case.kommune.post(path, {**self.SAID, MARK: True}, status=409)
        assert _meant(await newest(house)) == ([POLICE], "follow_up")
        assert (await newest(house)).asked == {MARK: ["true"]}

    async def test_a_correction_keeps_who_was_told_and_a_withdrawal_from_whom(self, house: House) -> None:
        case = await house.case()
        wrong = await case.kommune.post(f"{case.path}/exchanges", {**told(), "summary": "Han er set."})
        path = f"{case.path}/exchanges/{wrong['id']}"
        correction = {**told(), "recipients": [], "summary": "Det var en anden."}
        changes: list[dict[str, Any]] = [{"necessity": "."}, {MARK: True}, {"categories": []}, {"unknown": 1}, {}]
        for change in changes:
            # What is refused by a rule, what nobody understands, and what the role does not allow.
            by = case.kommune if change else house.person("dpo")
            answer = await by.call("POST", f"{path}/corrections", json={**correction, **change})
            assert answer.status_code >= 400
            assert _meant(await newest(house)) == ([POLICE], "screening"), change
        for by, recipient, log_id in (
            (case.kommune, POLICE, MUNICIPAL_LOG), (case.kommune, PROBATION, MUNICIPAL_LOG),
            (case.politi, POLICE, POLICE_LOG),
        ):
            reason = "." if log_id == MUNICIPAL_LOG else "En fejl."
            body = {"recipient": recipient, "reason": reason}
            assert (await by.call("POST", f"{path}/withdrawals", json=body)).status_code >= 400
            assert (await newest(house, log_id)).recipients == [recipient]


def _asked(entry: Entry) -> dict[str, list[str]]:
    return entry.asked if isinstance(entry.asked, dict) else {}


def _meant(entry: Entry) -> tuple[list[str], str | None]:
    return entry.recipients, entry.purpose
CRITERIA = {
    "authority": POLICE, "authority_id": POLICE, "reason": "not-available", "level": "entries",
    "place": "x001/234.p/17", "since": "1",
}
OF_OTHER_USE = {"after", "before", "limit", "purpose"}


def asking_for(house: House, route: Route, values: dict[str, str]) -> tuple[str, dict[str, list[str]]]:
    """Write an address with a value for each parameter but ids, and what its entry has to say of that."""
    description = description_of(house.app)
    operation, components = description["paths"][route.path]["get"], description["components"]["schemas"]
    path, query = route.path.replace("{infohus_id}", str(house.infohus_id)), ["?"]
    criteria: dict[str, str] = {}
    for one in operation.get("parameters", ()):
        name = one["name"]
        if one["schema"].get("format") == "uuid" or name in OF_OTHER_USE:
            continue
        found = sample(one["schema"], components)
        value = values.get(name, str(found).lower() if isinstance(found, bool) else str(found))
        if "date-time" in str(one["schema"]):
            value = "2026-11-20T10:00:00+00:00"
        criteria[name] = value
        path = path.replace(f"{{{name}}}", value)
        query += [f"{name}={quote(value)}&"] if one["in"] == "query" else []
    said = {name: [f"/{value}" if name == "place" else value] for name, value in criteria.items()}
    return path + "".join(query), said


@pytest.mark.rule(56)
@pytest.mark.rule(61)
class WhenAnAddressHasCriteria:
    async def test_each_stands_in_the_entry_of_the_act_and_of_the_attempt(self, house: House) -> None:
        looked_at = set()
        for route in (one for one in ROUTES if one.method == "GET" and "case_id" not in one.path):
            path, criteria = asking_for(house, route, CRITERIA)
            if not criteria:
                continue
            for name in ("dpo", "raadgiver"):
                await house.person(name).call("GET", path)
                asked = (await newest(house)).asked
                assert isinstance(asked, dict), route
                assert {of: asked.get(of) for of in criteria} == criteria, (route, name)
            looked_at.add(route.operation_id)
        assert looked_at >= {"SuperviseExchanges", "CountExchanges", "ListLogEntries", "ServeTile", "ListPlanChanges"}

    @pytest.mark.rule(60)
    async def test_what_is_no_word_of_the_system_s_own_leaves_its_name_alone(self, house: House) -> None:
        supervised = f"/infohuse/{house.infohus_id}/exchanges"
        spelt = {
            f"{supervised}?authority=jonas-overskov": "authority", "/log/entries?reason=jonas-overskov": "reason",
            "/log/tile/jonas/000": "level", "/log/tile/0/010104-1234": "place",
        }
        for path, of in spelt.items():
            for name in ("dpo", "raadgiver"):
                await house.person(name).call("GET", path)
                entry = await newest(house)
                assert isinstance(entry.asked, dict)
                assert entry.asked[of] == []
                assert "jonas" not in str(entry)
                assert "010104" not in str(entry)

    async def test_those_that_are_understood_are_kept_where_another_is_not(self, house: House) -> None:
        case = await house.case()
        known = (await newest(house)).persons
        for more in ("zz=1&", "limit=x&", "outcome=odd&", "after=-9&"):
            await house.person("dpo").get(f"/log/entries?{more}case={case.id.upper()}&action=readCase", status=400)
            entry = await newest(house)
            assert (str(entry.case), entry.persons, entry.asked) == (case.id, known, {"action": ["readCase"]})


@pytest.mark.rule(56)
class WhenSomebodyIsLookedForInVain:
    async def test_the_case_named_and_the_number_stand_in_the_entry_however_it_was_refused(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Prøve", "cpr_number": CPR}])
        known, path = (await newest(house)).persons, f"/infohuse/{house.infohus_id}/searches"
        search = {"cpr_number": CPR, "purpose": "casework", "case_id": case.id}
        await case.kommune.post(path, search, status=200)
        criterion = (await newest(house)).justification
        refused: list[tuple[str, dict[str, Any]]] = [
            ("admin", {"json": search}), ("raadgiver", {"json": search}), ("dpo", {"json": search}),
            ("kommune", {"json": {**search, "purpose": "new_concern"}}),
            ("kommune", {"content": json.dumps(search).encode(), "headers": {"Content-Type": "text/plain"}}),
        ]
        for name, more in refused:
            assert (await house.person(name).call("POST", path, **more)).status_code >= 400
            entry = await newest(house)
            assert (str(entry.case), entry.persons, entry.justification) == (case.id, known, criterion), (name, more)
            assert "case_id" not in (entry.asked or {})
        # Of what nobody can read, the number, the purpose, and the ids by the names that the draft has for them.
        for body, purpose in (
            (json.dumps(search)[:-1], "casework"),
            (json.dumps({**search, "purpose": "subject_access"})[:-1], "subject_access"),
            (json.dumps({**search, "cpr_number": "010104 1234", "purpose": "odd"}), "casework"),
        ):
            await case.kommune.call("POST", path, content=body, headers={"Content-Type": "application/json"})
            entry = await newest(house)
            found = (entry.justification, str(entry.case), entry.persons, entry.purpose)
            assert found == (criterion, case.id, known, purpose)
            assert entry.asked == {"infohus_id": [str(house.infohus_id)]}
        # Where the own authority has no side in the case, the id alone.
        unknown = str(uuid4())
        await house.person("admin").post(path, {**search, "case_id": unknown}, status=403)
        entry = await newest(house)
        assert (entry.case, entry.persons, entry.asked) == (None, [], {"case_id": [unknown]})

    async def test_a_report_that_says_no_purpose_keeps_whom_it_was_about(self, house: House) -> None:
        subject, path = str(uuid4()), f"/infohuse/{house.infohus_id}/log-reports"
        kommune = house.person("kommune")
        answer = await kommune.client.post(
            path, json={"subject": subject}, headers={"Authorization": f"Bearer {kommune.token}"}
        )
        assert answer.status_code == 422
        assert (await newest(house)).asked == {"infohus_id": [str(house.infohus_id)], "subject": [subject]}
