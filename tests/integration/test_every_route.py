"""For each route of the application, without naming any: a new route is tested from the day it is added."""

import re
from dataclasses import astuple, dataclass
from typing import Any

import pytest
import pytest_asyncio
from litestar.routes import HTTPRoute

from every_route import ROUTES, Route, request_for
from house import CaseInHand, House, Person
from infohus.danish import WORDS
from infohus.errors import situations, slug_of
from infohus.kernel.audit.storage.log import INSTALLATION_LOG
from infohus.web.authentication import is_open
from one_api import description_of

each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)


@dataclass(frozen=True, slots=True)
class Asking:
    """A case, two who take no part in it, and who asks for what does not exist; they are signed in."""

    case: CaseInHand
    outsiders: tuple[Person, Person]
    kommune: Person


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def asking(opened: House) -> Asking:
    """Record a case, and let those who ask sign in: their sign-in is an entry of its own."""
    outsiders = (opened.person("admin"), opened.person("raadgiver"))
    asking = Asking(await opened.case(), outsiders, opened.person("kommune"))
    for person in (*outsiders, asking.kommune):
        await person.call("GET", "/cases")
    return asking


async def counts(house: House) -> tuple[int, int]:
    """Count all rows of the cases' schema, and the entries of all logs."""
    tables = await house.sql("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'infohus'")
    assert len(tables) > 40
    rows = " + ".join(f'(SELECT count(*) FROM infohus."{table["name"]}")' for table in tables)  # noqa: S608
    (found,) = await house.sql(f"SELECT {rows} AS rows, (SELECT count(*) FROM audit.leaf) AS entries")  # noqa: S608
    return found["rows"], found["entries"]


def told(answer: Any) -> dict[str, Any]:
    """Give a problem without what is this request's own."""
    return {name: value for name, value in answer.json().items() if name != "correlation_id"}


class WhenTheRoutesAreListed:
    """What every route has."""

    async def test_they_are_all_there_are(self, house: House) -> None:
        served = {
            (method, route.path_format, str(handler.operation_id))
            for route in house.app.routes if isinstance(route, HTTPRoute) and not is_open(route.path)
            for handler in route.route_handlers for method in handler.http_methods - {"OPTIONS", "HEAD"}
        }
        assert served == {astuple(route) for route in ROUTES}

    def test_each_has_an_operation_id_of_its_own(self) -> None:
        names = [route.operation_id for route in ROUTES]
        assert "None" not in names
        assert len(names) == len(set(names))
        assert len(names) >= 40

    async def test_each_documents_every_status_it_can_give_and_every_parameter_it_reads(self, house: House) -> None:
        schema = description_of(house.app)
        assert schema["openapi"].startswith("3.1")
        read = {
            (route.path_format, method.lower()): {one.field_alias for one in arguments.expected_query_params}
            for route in house.app.routes if isinstance(route, HTTPRoute)
            for method, (_, arguments) in route.route_handler_map.items()
        }
        assert any(read.values())
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                described = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
                assert described == read[path, method], f"{method} {path}"
                if is_open(path):
                    continue
                given = set(operation["responses"])
                versioned = any(one["name"] == "If-Match" for one in operation.get("parameters", ()))
                wanted = {"400", "401", "403", "404", "409", "422", "500", "503"}
                wanted |= {"428"} if versioned else set()
                wanted |= {"412", "413"} if method != "get" else set()
                assert {one for one in given if not one.startswith("2")} == wanted, f"{method} {path}"

    def test_every_situation_has_danish_words(self) -> None:
        slugs = [slug_of(one) for one in situations()]
        assert sorted(slugs) == sorted(WORDS)
        assert all(title and detail.endswith((".", "?", "}")) for title, detail in WORDS.values())


OPEN_TO_STAFF = {
    "ListInfohuse", "ReadInfohus", "ListContacts", "ReadAssessmentTemplate", "ListPlanVersions", "ListPlanChanges",
    "ListObligations", "ReadObligation", "ListNetworkMaterials", "ReadLogNotice", "AcknowledgeLogNotice",
    "ListLogFindings",
}
"""The plan, the tool's template, the notice that use is logged, and findings, of which each sees those they answer for.

test_plan_loading.py says who reads the first.
"""


class WhenNobodyIsSignedIn:
    """Anonymous callers."""

    pytestmark = pytest.mark.asyncio(loop_scope="module")

    @each_route
    async def test_every_route_answers_401_and_counts_it(self, opened: House, route: Route) -> None:
        opened.append_counts()
        before = await counts(opened)
        request = request_for(opened, route)
        answer = await opened.client.request(route.method, request["path"], json=request.get("json"))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["type"] == "/problems/not-signed-in"
        assert await counts(opened) == before
        opened.append_counts()
        assert await counts(opened) == (before[0], before[1] + 1)
        entry = (await opened.entries(INSTALLATION_LOG))[-1]
        assert (entry.action, entry.outcome.value) == ("signIn", "denied")
        assert entry.counted
        assert entry.counted.refusals == {"no_bearer_token": 1}


class WhenSomebodyHasNoRights:
    """A caller whom no policy lets in gets the same answer as for what does not exist.

    That is 403 where the role alone decides, for every case there is and for none; 404 otherwise.
    """

    @pytest.mark.rule(47)
    @pytest.mark.asyncio(loop_scope="module")
    @pytest.mark.parametrize(
        "route", [route for route in ROUTES if route.operation_id not in OPEN_TO_STAFF],
        ids=lambda route: route.operation_id,
    )
    async def test_every_route_answers_as_for_the_unknown_with_one_more_entry(
        self, opened: House, asking: Asking, route: Route
    ) -> None:
        unknown = request_for(opened, route)
        known = dict(unknown)
        for name, value in (("/cases/", asking.case.id), ("/infohuse/", str(opened.infohus_id))):
            known["path"] = re.sub(rf"^{name}[0-9a-f-]+", f"{name}{value}", known["path"])
        operation = description_of(opened.app)["paths"][route.path][route.method.lower()]
        for person, role in zip(asking.outsiders, ("administrator", "invited_professional"), strict=True):
            if role in operation["x-roles"] and not route.path.startswith("/cases/"):
                continue
            rows, entries = await counts(opened)
            forbidden = await person.call(route.method, known["path"], json=known.get("json"))
            assert await counts(opened) == (rows, entries + 1)
            assert forbidden.status_code == (404 if role in operation["x-roles"] else 403), forbidden.text
            if route.path.startswith(("/cases/", "/infohuse/")):
                missing = await person.call(route.method, unknown["path"], json=unknown.get("json"))
                assert told(missing) == told(forbidden)
        if route.path.startswith(("/cases/", "/infohuse/")):
            missing = await asking.kommune.call(route.method, unknown["path"], json=unknown.get("json"))
            expected = 404 if "municipal_coordinator" in operation["x-roles"] else 403
            assert missing.status_code == expected, missing.text

    @pytest.mark.rule(56)
    async def test_the_denial_is_in_the_log_with_who_and_what(self, house: House) -> None:
        case = await house.case()
        admin = house.person("admin")
        await admin.get(case.path, status=403)
        entry = (await house.all_entries())[-1]
        found = [one for one in await house.all_entries() if one.action == "readCase"][-1]
        assert (found.caller, found.outcome.value, str(found.subject)) == (admin.person_id, "denied", case.id)
        assert entry is not None


class WhenTheRequestIsNotUnderstood:
    """Bad input as a table beside the good."""

    @pytest.mark.parametrize(("change", "place"), [
        ({"channel": "telepati"}, "channel"),
        ({"ukendt": 1}, "i indholdet"), ({"subjects": [{"ukendt": 1}]}, "i subjects[0]"),
        ({"received_at": "i går"}, "received_at"),
        ({"received_at": "2026-11-20T10:00:00"}, "received_at"),
        ({"subjects": [{"cpr_number": "hemmelig 0101011234"}]}, "subjects[0].cpr_number"),
        ({"signs": ["social-1; DROP TABLE"]}, "signs[0]"),
    ])
    async def test_the_field_is_named_and_the_value_is_not(
        self, house: House, change: dict[str, Any], place: str
    ) -> None:
        draft = {
            "channel": "phone", "received_at": "2026-11-20T10:00:00Z", "reporter_kind": "citizen",
            "observation": "Noget.", "told_reporter": "Tak.", **change,
        }
        answer = await house.person("kommune").call("POST", f"/infohuse/{house.infohus_id}/concerns", json=draft)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/request-not-understood")
        assert place in answer.json()["detail"]
        assert "hemmelig" not in answer.text
        assert "telepati" not in answer.text

    async def test_what_is_too_large_is_refused(self, house: House) -> None:
        kommune = house.person("kommune")
        large = b'{"x":"' + b"a" * 1_100_000
        answer = await kommune.call("POST", f"/infohuse/{house.infohus_id}/concerns", content=large)
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/request-too-large")

    async def test_another_method_says_which_are_allowed(self, house: House) -> None:
        answer = await house.person("kommune").call("PATCH", "/cases")
        assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
        assert "GET" in answer.headers["allow"]
