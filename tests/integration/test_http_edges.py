"""Addresses in one spelling, conditional requests, and HEAD, on every route (B8 and B11)."""

import re
from uuid import uuid4

import pytest

from house import House, told
from one_api import description_of

NUMBERS, TEXTS = {"version", "leaf_index", "year"}, {"slug", "level", "place", "authority_id", "kind"}
"""The parameters of paths that are no ids."""

IF_MATCH: tuple[tuple[str | None, int], ...] = (
    ("*", 200), ('"{v}"', 200), ('"9999", "{v}"', 200), (',, "{v}" ,', 200), ('"{v}","{v}"', 200),
    ('W/"{v}"', 412), ('W/"{v}", "9999"', 412), ('W/"9", W/"{v}", "{v}"', 200), ('"9999"', 412), ('""', 412),
    ('"{v}x"', 412), ("{v}", 400), ('"{v}', 400), ("*, *", 400), ('*, "{v}"', 400), ('"{v}" "{v}"', 400),
    ('w/"{v}"', 400), ("", 400), (None, 428),
)


def filled(path: str) -> str:
    """Fill in ids that nothing has, numbers and texts."""
    values = {**dict.fromkeys(NUMBERS, "1"), **dict.fromkeys(TEXTS, "000")}
    return re.sub(r"\{(\w+)\}", lambda one: values.get(one[1], str(uuid4())), path)


@pytest.mark.fault("B8")
class WhenAnAddressCanBeReadInTwoWays:
    async def test_every_id_and_number_of_every_path_has_one_spelling(self, house: House) -> None:
        person, wrong = house.person("kommune"), []
        for path, operations in description_of(house.app)["paths"].items():
            for name in re.findall(r"\{(\w+)\}", path):
                if name in TEXTS:
                    continue
                spellings = ("+1", "01", "1_0", "-0") if name in NUMBERS else (
                    str(uuid4()).upper(), uuid4().hex, f"%7B{uuid4()}%7D", f"urn:uuid:{uuid4()}"
                )
                for spelling in spellings:
                    here = filled(path.replace(f"{{{name}}}", spelling))
                    answer = await person.call(next(iter(operations)).upper(), here)
                    if answer.status_code != 400:
                        wrong.append((here, answer.status_code))
        assert wrong == []

    async def test_a_path_has_one_spelling(self, house: House) -> None:
        case = await house.case()
        for spelled in ("/cases%2f", "/cases%2F", "/cases//", "/%63ases/", "/cases/%", "/cases/%zz", "/cases\\"):
            for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
                answer = await case.kommune.call(method, case.path.replace("/cases/", spelled))
                assert answer.status_code == 400, (method, spelled)

    async def test_it_ends_without_a_slash(self, house: House) -> None:
        case = await house.case()
        for path in (f"{case.path}/", "/cases/", "/health/", "/docs/"):
            assert (await case.kommune.call("GET", path)).status_code == 400, path

    async def test_the_values_of_every_query_have_one_spelling(self, house: House) -> None:
        dpo, wrong, asked = house.person("dpo"), [], 0
        for path, operations in description_of(house.app)["paths"].items():
            for parameter in operations.get("get", {}).get("parameters", ()):
                kind = parameter["schema"].get("type"), parameter["schema"].get("format")
                values = {
                    ("boolean", None): ("0", "1", "True", "TRUE", "on", "yes", "", "tru%65e"),
                    ("integer", None): ("+1", "01", "1_0", "%D9%A3", "1.0", "1e1", "", "%201", "1%20", "9" * 30),
                    ("string", "uuid"): (str(uuid4()).upper(), uuid4().hex, "", f"%7B{uuid4()}%7D"),
                }.get(kind, ()) if parameter["in"] == "query" else ()
                for value in (*values, *(("%00", "%ff", "%", "%zz", "a%00") if parameter["in"] == "query" else ())):
                    here = filled(path.replace("{infohus_id}", str(house.infohus_id)))
                    answer = await dpo.call("GET", f"{here}?{parameter['name']}={value}")
                    asked += 1
                    if answer.status_code != 400:
                        wrong.append((path, parameter["name"], value, answer.status_code))
        assert wrong == []
        assert asked > 200

    async def test_every_parameter_has_a_type_with_limits(self, house: House) -> None:
        loose = []
        for path, operations in description_of(house.app)["paths"].items():
            for operation in operations.values():
                for parameter in operation.get("parameters", ()):
                    schema = parameter["schema"]
                    is_bounded = (
                        {"$ref", "allOf", "enum", "pattern"} & schema.keys() or schema.get("type") == "boolean"
                        or schema.get("format") in {"uuid", "date-time"}
                        or (schema.get("type") == "integer" and {"minimum", "maximum"} <= set(schema))
                    )
                    if not is_bounded and parameter["name"] not in {"slug", "level", "place"}:
                        loose.append((path, parameter["name"], schema))
        assert loose == []

    async def test_every_body_is_said_to_be_json(self, house: House) -> None:
        paths, asked = description_of(house.app)["paths"], 0
        for path, operations in paths.items():
            for method in operations.keys() & {"post", "put"}:
                if "requestBody" not in operations[method]:
                    continue
                answer = await house.person("kommune").call(
                    method.upper(), filled(path), content=b"{}", headers={"Content-Type": "text/plain"}
                )
                given = (answer.status_code, answer.json()["type"])
                assert given == (400, "/problems/unsupported-media-type"), path
                asked += 1
        assert asked > 40


@pytest.mark.fault("B11")
class WhenARequestIsConditionalOrAsksForTheHeadOnly:
    async def test_if_match_is_read_as_http_says(self, house: House) -> None:
        case = await (await house.case()).clear()
        draft = {"outcome": "within", "content": {"reasons": "a"}, "disclosure": told(purpose="scope_decision")}
        answer = await case.kommune.call("POST", f"{case.path}/scope-decisions", json=draft)
        path, tag = f"{case.path}/scope-decisions/{answer.json()['id']}", ""
        for said, status in IF_MATCH:
            tag = answer.headers["etag"].strip('"') if "etag" in answer.headers else tag
            headers = {} if said is None else {"If-Match": said.replace("{v}", tag)}
            answer = await case.kommune.call("PUT", path, json=draft, headers=headers)
            assert answer.status_code == status, said

    async def test_a_reading_is_whole_whatever_tag_is_known(self, house: House) -> None:
        """A tag names the version that If-Match changes; the answer shows more: here, that the other has signed."""
        case = await (await house.case()).clear()
        draft = {"outcome": "within", "content": {"reasons": "a"}, "disclosure": told(purpose="scope_decision")}
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", draft)
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        before = await case.kommune.call("GET", path)
        await case.politi.post(f"{path}/signatures", {"content_hash": proposal["content_hash"]})
        for said in (before.headers["etag"], "*", f"W/{before.headers['etag']}"):
            answer = await case.kommune.call("GET", path, headers={"If-None-Match": said})
            assert (answer.status_code, answer.headers["etag"]) == (200, before.headers["etag"])
            assert len(answer.json()["signatures"]) == len(before.json()["signatures"]) + 1

    async def test_head_answers_as_get_does_and_without_a_body(self, house: House) -> None:
        case = await house.case()
        for path in (case.path, "/cases", f"{case.path}/concerns/{case.concern_id}", f"/cases/{uuid4()}", "/health"):
            got, head = [await case.kommune.call(method, path) for method in ("GET", "HEAD")]
            assert head.status_code == got.status_code
            assert head.content == b""
            assert set(head.headers) == set(got.headers)
            for name in ("content-length", "content-type", "etag", "cache-control"):
                assert head.headers.get(name) == got.headers.get(name), (path, name)

    @pytest.mark.rule(56)
    async def test_head_is_logged_as_the_reading_it_is(self, house: House) -> None:
        case = await house.case()
        seen = []
        for method in ("GET", "HEAD"):
            await case.kommune.call(method, f"{case.path}/concerns/{case.concern_id}")
            entry = (await house.entries())[-1]
            seen.append((entry.action, entry.case, entry.outcome, entry.opened))
        assert seen[0] == seen[1]
        assert seen[0][-1]

    async def test_head_of_what_cannot_be_read_is_refused(self, house: House) -> None:
        case = await house.case()
        answer = await case.kommune.call("HEAD", f"{case.path}/legal-holds/{uuid4()}/lift")
        assert (answer.status_code, answer.content, answer.headers["allow"]) == (405, b"", "OPTIONS, POST")
        assert (await house.client.head("/cases")).status_code == 401
