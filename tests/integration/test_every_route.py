"""For each route of the application, without naming any: a new route is tested from the day it is added."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from litestar.handlers import HTTPRouteHandler

from house import House
from infohus.danish import WORDS
from infohus.errors import situations, slug_of
from infohus.kernel.unit_of_work.lookup import INSTALLATION_LOG
from infohus.web.authentication import is_open

SAMPLES: dict[str, Any] = {"string": "tekst", "integer": 1, "boolean": True, "number": 1.0, "null": None}


def guarded_routes(house: House) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """List (method, path, handler) of every route that needs a caller."""
    for route in house.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if is_open(route.path) or not isinstance(handler, HTTPRouteHandler):
                continue
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                yield method, route.path_format, handler


def sample(schema: dict[str, Any], components: dict[str, Any]) -> Any:  # noqa: C901, PLR0911 - one return per kind of schema
    """Make a value that a schema accepts."""
    if "$ref" in schema:
        return sample(components[schema["$ref"].rsplit("/", 1)[-1]], components)
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return sample(next(one for one in schema[several] if one.get("type") != "null"), components)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        wanted = schema.get("required", [])
        return {name: sample(part, components) for name, part in schema.get("properties", {}).items() if name in wanted}
    if schema.get("type") == "array":
        return [sample(schema["items"], components)] * schema.get("minItems", 0)
    if schema.get("format") == "uuid":
        return str(uuid4())
    if schema.get("format") == "date-time":
        return "2026-11-20T10:00:00Z"
    if schema.get("format") == "date":
        return "2026-11-20"
    if schema.get("pattern") == "^[0-9a-f]{64}$":
        return "0" * 64
    if schema.get("pattern", "").startswith("^[0-9]{6}"):
        return "010104-1234"
    return SAMPLES[schema.get("type", "string")]


async def request_for(house: House, method: str, path: str) -> dict[str, Any]:
    """Make a request that every check of form lets through, about ids that do not exist."""
    schema = house.app.openapi_schema.to_schema()
    operation = schema["paths"][re.sub(r":[a-z]+}", "}", path)][method.lower()]
    filled = re.sub(r"\{year[^}]*\}", "2025", re.sub(r"\{[a-z_]*index[^}]*\}", "0", path))
    filled = re.sub(r"\{version[^}]*\}", "1", filled)
    request: dict[str, Any] = {"path": re.sub(r"\{[^}]+\}", lambda _: str(uuid4()), filled)}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        request["json"] = sample(body, schema["components"]["schemas"])
    return request


async def row_count(house: House) -> int:
    """Count all rows of the cases' schema."""
    tables = await house.sql("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'infohus'")
    counts = [await house.sql(f'SELECT count(*) AS n FROM infohus."{row["name"]}"') for row in tables]  # noqa: S608
    return sum(count[0]["n"] for count in counts)


class WhenTheRoutesAreListed:
    """What every route has."""

    async def test_each_has_an_operation_id_of_its_own(self, house: House) -> None:
        names = [handler.operation_id for _, _, handler in guarded_routes(house)]
        assert all(names)
        assert len(names) == len(set(names))
        assert len(names) >= 40

    async def test_each_documents_every_status_it_can_give(self, house: House) -> None:
        schema = house.app.openapi_schema.to_schema()
        assert schema["openapi"].startswith("3.1")
        for path, methods in schema["paths"].items():
            if is_open(path):
                continue
            for method, operation in methods.items():
                given = set(operation["responses"])
                wanted = {"400", "401", "404", "409", "412", "413", "422", "428", "500", "503"}
                assert wanted <= given, f"{method} {path}: {sorted(wanted - given)}"

    def test_every_situation_has_danish_words(self) -> None:
        slugs = [slug_of(one) for one in situations()]
        assert sorted(slugs) == sorted(WORDS)
        assert all(title and detail.endswith((".", "?", "}")) for title, detail in WORDS.values())


OPEN_TO_STAFF = {
    "ListInfohuse", "ReadInfohus", "ListContacts", "ReadAssessmentTemplate", "ListPlanVersions", "ListPlanChanges",
    "ListObligations", "ReadObligation", "ListNetworkMaterials", "ReadLogNotice", "AcknowledgeLogNotice",
}
"""The plan, the tool's template, and the notice that use is logged; test_plan_loading.py says who reads the first."""


class WhenNobodyIsSignedIn:
    """Anonymous callers."""

    async def test_every_route_answers_401_and_logs_it(self, house: House) -> None:
        before = len(await house.entries(INSTALLATION_LOG))
        count = 0
        for method, path, _ in guarded_routes(house):
            request = await request_for(house, method, path)
            answer = await house.client.request(method, request["path"], json=request.get("json"))
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["type"] == "/problems/not-signed-in"
            count += 1
        entries = await house.entries(INSTALLATION_LOG)
        assert len(entries) == before + count
        assert {(entry.action, entry.outcome.value) for entry in entries[before:]} == {("signIn", "denied")}


class WhenSomebodyHasNoRights:
    """A caller whom no policy lets in gets the same answer as for what does not exist."""

    @pytest.mark.rule(47)
    async def test_every_route_answers_as_for_the_unknown_with_one_more_entry(self, house: House) -> None:
        case = await house.case()
        admin, kommune = house.person("admin"), house.person("kommune")
        for person in (admin, kommune):
            await person.call("GET", "/cases")
        for method, path, handler in guarded_routes(house):
            if handler.operation_id in OPEN_TO_STAFF:
                continue
            unknown = await request_for(house, method, path)
            known = dict(unknown)
            known["path"] = unknown["path"]
            for name, value in (("/cases/", case.id), ("/infohuse/", str(house.infohus_id))):
                known["path"] = re.sub(rf"^{name}[0-9a-f-]+", f"{name}{value}", known["path"])
            rows, entries = await row_count(house), len(await house.all_entries())
            forbidden = await admin.call(method, known["path"], json=known.get("json"))
            assert await row_count(house) == rows, f"{method} {path} changed rows"
            assert len(await house.all_entries()) == entries + 1, f"{method} {path}"
            if not path.startswith(("/cases/", "/infohuse/")):
                assert forbidden.status_code == 404, f"{method} {path}: {forbidden.text}"
                continue
            missing = await kommune.call(method, unknown["path"], json=unknown.get("json"))
            same = [
                {name: value for name, value in answer.json().items() if name != "correlation_id"}
                for answer in (forbidden, missing)
            ]
            assert same[0] == same[1], f"{method} {path}"
            assert (forbidden.status_code, missing.status_code) == (404, 404), f"{method} {path}: {forbidden.text}"

    @pytest.mark.rule(56)
    async def test_the_denial_is_in_the_log_with_who_and_what(self, house: House) -> None:
        case = await house.case()
        admin = house.person("admin")
        await admin.get(case.path, status=404)
        entry = (await house.all_entries())[-1]
        found = [one for one in await house.all_entries() if one.action == "readCase"][-1]
        assert (found.caller, found.outcome.value, str(found.subject)) == (admin.person_id, "denied", case.id)
        assert entry is not None


class WhenTheRequestIsNotUnderstood:
    """Bad input as a table beside the good."""

    @pytest.mark.parametrize(("change", "place"), [
        ({"channel": "telepati"}, "channel"),
        ({"ukendt": 1}, "data"),
        ({"observation": ""}, "observation"),
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
