"""The API's description is complete, and its page works offline: nothing on it comes from elsewhere."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from house import House
from infohus.danish.topics import TOPICS
from infohus.errors import situations, slug_of
from infohus.kernel.authorization.action import Action
from infohus.web.api_description import who_can
from infohus.web.api_examples import EXAMPLES
from infohus.web.authentication import is_open
from one_api import description_of

FETCHING = {"src", "srcset", "action", "data", "poster", "background", "ping", "formaction"}
DANISH = re.compile(r"[æøåÆØÅ]")


@pytest.fixture
def document(house: House) -> dict[str, Any]:
    """Give the description as it is served."""
    return description_of(house.app)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """List (method, path, operation)."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


class Addresses(HTMLParser):
    """Collects every address a page holds, what it would run, and the ids in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in FETCHING:
                self.fetched.append(value or "")
            if name == "href":
                (self.links if tag == "a" else self.fetched).append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)


class WhenTheDescriptionIsRead:
    async def test_it_is_openapi_3_1_and_every_operation_has_a_name_of_its_own(self, document: dict[str, Any]) -> None:
        assert document["openapi"].startswith("3.1.")
        names = [operation["operationId"] for _, _, operation in operations(document)]
        assert len(names) == len(set(names))

    async def test_every_operation_is_described_in_english(self, document: dict[str, Any]) -> None:
        for method, path, operation in operations(document):
            for text in (operation["summary"], operation["description"]):
                assert len(text) > 3, f"{method} {path}"
                assert not DANISH.search(text), f"{method} {path}: {text}"
            assert len(operation["tags"]) == 1

    async def test_every_operation_says_who_may_call_it(self, document: dict[str, Any]) -> None:
        for method, path, operation in operations(document):
            assert operation["security"] == ([] if is_open(path) else [{"bearer": []}]), f"{method} {path}"
            assert ("x-roles" in operation) is not is_open(path), f"{method} {path}"
            if not is_open(path):
                assert operation["x-roles"], f"{method} {path}"
                assert operation["description"].endswith(who_can(operation["x-roles"])), f"{method} {path}"
        assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"

    async def test_every_situation_is_a_type_that_a_problem_can_have(self, house: House) -> None:
        document = (await house.client.get("/docs/openapi.json")).json()
        documented = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
        assert documented == [f"/problems/{slug_of(one)}" for one in situations()]
        assert documented == [one["type"] for one in (await house.client.get("/problems")).json()]

    async def test_every_refusal_is_problem_details_with_a_correlation_id(self, document: dict[str, Any]) -> None:
        for method, path, operation in operations(document):
            for status, response in operation["responses"].items():
                assert response["headers"]["X-Correlation-Id"]["required"], f"{method} {path} {status}"
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], f"{method} {path} {status}"
                if status == "401":
                    assert response["headers"]["WWW-Authenticate"]["required"], f"{method} {path}"

    async def test_versions_and_idempotency_are_in_the_headers(self, document: dict[str, Any]) -> None:
        versioned = set()
        for method, path, operation in operations(document):
            headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
            success = next(one for status, one in operation["responses"].items() if status.startswith("2"))
            if "ETag" in success["headers"]:
                versioned.add(path)
            if method == "put":
                assert headers == {"If-Match", "Idempotency-Key"}, path
                assert "ETag" in success["headers"], path
            if method == "post" and "201" in operation["responses"]:
                assert headers - {"If-Match"} == {"Idempotency-Key"}, path
        assert "/cases/{case_id}" in versioned

    async def test_every_body_refuses_unknown_fields_and_has_an_example(self, document: dict[str, Any]) -> None:
        with_a_body = set()
        for _, _, operation in operations(document):
            if "requestBody" in operation:
                body = operation["requestBody"]["content"]["application/json"]
                name = body["schema"]["$ref"].rsplit("/", 1)[-1]
                assert document["components"]["schemas"][name]["additionalProperties"] is False, name
                assert body["example"] == EXAMPLES[operation["operationId"]]
                with_a_body.add(operation["operationId"])
        assert with_a_body == set(EXAMPLES)

    async def test_nothing_is_referred_to_that_is_not_there(self, document: dict[str, Any]) -> None:
        written = msgspec.json.encode(document).decode()
        referred = set(re.findall(r'"#/components/schemas/([^"]+)"', written))
        assert referred <= set(document["components"]["schemas"])
        assert set(document["components"]["schemas"]["Action"]["enum"]) == {action.value for action in Action}


class WhenAQueryIsNotUnderstood:
    """A filter that went unread would answer as if everything had been asked for."""

    async def test_the_parameter_is_named(self, house: House) -> None:
        for query, place in (
            ("action=readCase&action=readExchange", "action"),
            ("action=null", "action"),
            ("case=NULL", "case"),
            ("limit=50&limit=50", "limit"),
            ("limit=0", "limit"),
            ("after=-2", "after"),
        ):
            answer = await house.person("dpo").call("GET", f"/log/entries?{query}")
            assert (answer.status_code, answer.json()["type"]) == (400, "/problems/request-not-understood"), query
            assert f"Ret feltet {place}," in answer.json()["detail"], query
        unknown = await house.person("dpo").call("GET", "/log/entries?acton=readCase")
        assert (unknown.status_code, "i adressen" in unknown.json()["detail"]) == (400, True)

    async def test_a_moment_is_a_date_a_time_and_a_zone(self, house: House) -> None:
        address, dpo = f"/infohuse/{house.infohus_id}/exchanges", house.person("dpo")
        for moment in ("0.5", "1700000000", "2026-11-20T10:00:00", "2026-11-20", "i går", "", "2026-13-01T00:00:00Z"):
            for name in ("since", "until"):
                answer = await dpo.call("GET", address, params={name: moment, "purpose": "lawfulness"})
                assert answer.status_code == 400, f"{name}={moment}"
                assert f"Ret feltet {name}," in answer.json()["detail"]
        period = {"since": "2026-11-20T10:00:00+01:00", "until": "2099-01-01T00:00:00Z"}
        await dpo.get(address, params={**period, "purpose": "lawfulness"})


class WhenAnAddressIsAskedWhatItCanDo:
    async def test_it_names_every_method_it_has(self, house: House) -> None:
        case = await house.case()
        answer = await case.kommune.call("OPTIONS", f"{case.path}/exchanges")
        assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")

    async def test_an_unknown_address_answers_with_the_same_headers_as_every_other(self, house: House) -> None:
        answer = await house.client.get("/findes-ikke")
        assert answer.json()["type"] == "/problems/no-such-address"
        assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"]
        assert answer.headers["cache-control"] == "no-store"


class WhenTheDocumentationIsOpenedOffline:
    async def test_the_page_names_no_other_host_and_fetches_nothing(self, house: House) -> None:
        answer = await house.client.get("/docs")
        page = Addresses(answer.text)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<title>infohus: dokumentation af API&#x27;et</title>" in answer.text
        assert page.fetched == []
        assert page.handlers == []
        assert page.tags.isdisjoint({"script", "iframe", "object", "embed", "img", "link", "base", "form"})
        assert "//" not in re.sub(r"(?s)<pre>.*?</pre>", "", answer.text)
        assert "url(" not in answer.text
        assert "@import" not in answer.text

    async def test_the_policy_lets_nothing_in_but_the_page_s_own_style(self, house: House) -> None:
        answer = await house.client.get("/docs")
        (style,) = re.findall(r"(?s)<style>(.*?)</style>", answer.text)
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert answer.headers["content-security-policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
            " frame-ancestors 'none'"
        )
        assert answer.headers["referrer-policy"] == "no-referrer"

    async def test_every_operation_shape_and_problem_is_on_it(self, house: House, document: dict[str, Any]) -> None:
        page = Addresses((await house.client.get("/docs")).text)
        assert len(page.ids) == len(set(page.ids))
        assert {operation["operationId"] for _, _, operation in operations(document)} <= set(page.ids)
        assert {tag["name"] for tag in document["tags"]} == TOPICS.keys()
        assert {f"format-{name}" for name in document["components"]["schemas"]} <= set(page.ids)
        assert {f"/problems/{slug_of(one)}" for one in situations()} <= set(page.links)

    async def test_every_link_leads_somewhere_here(self, house: House) -> None:
        page = Addresses((await house.client.get("/docs")).text)
        inside = {link.removeprefix("#") for link in page.links if link.startswith("#")}
        assert inside <= set(page.ids)
        outside = sorted({link for link in page.links if not link.startswith("#")})
        answers = {link: (await house.client.get(link)).status_code for link in outside}
        assert answers == dict.fromkeys(outside, 200)

    async def test_what_an_unknown_page_answers_is_as_closed(self, house: House) -> None:
        answer = await house.client.get("/docs/findes-ikke")
        assert answer.status_code == 404
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert Addresses(answer.text).fetched == []
