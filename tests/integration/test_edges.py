"""What every body lets in: moments and days that can be meant, words that can be read, JSON in one spelling.

Nothing here names a route: values are found in the types of all bodies and addresses (`drafts.py`).
"""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

import pytest
from msgspec import inspect

from drafts import Spot, spots
from house import MUNICIPALITY, POLICE, House, told
from infohus.kernel.requests.words import Needs
from one_api import description_of
from written_words import BLANKS, DIGITS, WORDS

SPOTS = spots()
MOMENTS = [spot for spot in SPOTS if isinstance(spot.kind, inspect.DateTimeType)]
DAYS = [spot for spot in SPOTS if isinstance(spot.kind, inspect.DateType)]
FAR_MOMENTS = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00", "1899-12-31T23:59:59.999999Z", "1900-01-01T00:00:00+00:01", "2100-01-01T00:00:00Z",
    "2099-12-31T23:59:59-00:01",
)
FAR_DAYS = ("0001-01-01", "1899-12-31", "2100-01-01", "9999-12-31")
NO_MOMENTS = (
    0, 1_700_000_000, 1.5, True, "0", "1700000000", "", " ", "i går", "infinity", "-infinity", "now", "2026-11-20",
    "2026-11-20T10:00:00", "2026-11-20T10:00:00+99:99", "2026-13-01T00:00:00Z", "10000-01-01T00:00:00Z",
    "-0001-01-01T00:00:00Z", ["2026-11-20T10:00:00Z"], {"at": "2026-11-20T10:00:00Z"},
)
NO_DAYS = (0, 20_000, True, "", "20000", "infinity", "2026-11-31", "2026-11-20T00:00:00", "2026-W47-5", ["2026-11-20"])
TWO_WAYS = (
    '{"reason": "a", "reason": "b"}', '{"reason": "a", "\\u0072eason": "b"}', '{"reason": NaN}', '["reason"]', "1",
    '"reason"', "null", "{}x", '{"reason": "a"} {"reason": "b"}', "{'reason': 'a'}", '{"reason": "a",}',
    '{"reason": "a" /* b */}', '\ufeff{"reason": "a"}', '{"reason": "a\tb"}', '{"Reason": "a"}',
    '{"reason": ["a"]}', '{"reason": 1e400}', '{"reason": "a", "x": 1}', '{"reason": "a', "", " ",
)
NO_TEXT = (
    '{"reason": "\xe6"}'.encode("latin-1"), b'{"reason": "\xed\xa0\x80a"}', b'{"reason": "\xc0\x80"}',
    b'{"reason": "a\xff"}', '{"reason": "a"}'.encode("utf-16"), '{"reason": "a"}'.encode("utf-32-le"),
    b'{"reason": "a\\u0000"}', b'{"reason": "a\\ud800"}', b'{"reason": "\\udc00\\ud800a"}',
    b'{"reason": "a\\ud83d"}', b'{"reason": "a", "\\u0000": 1}', b'{"reason": "a\x00"}', b"\x00", b"\xff\xfe",
    b"[" * 1_100, b"[" * 500_000, b'{"a":' * 100_000, b'{"reason":' + b"[" * 1_100 + b"]" * 1_100 + b"}",
    b'{"reason": ' + b"9" * 500_000 + b"}", b'{"reason": -' + b"9" * 5_000 + b"}",
)


def address_of(spot: Spot, house: House) -> str:
    """Fill in ids that nothing has, but for the infohus."""
    path = spot.path.replace("{infohus_id}", str(house.infohus_id)).replace("{leaf_index}", "0")
    return re.sub(r"\{\w+\}", lambda _: str(uuid4()), path)


async def answers(house: House, asked: Iterator[tuple[Spot, object]]) -> dict[str, tuple[int, str]]:
    """Send each body with another value at one place; give status and situation, and the field that is named."""
    kommune, given = house.person("kommune"), {}
    for spot, value in asked:
        said = {"If-Match": '"1"', "Content-Type": "application/json"}
        content = json.dumps(spot.body(value)).encode()
        answer = await kommune.call(spot.method, address_of(spot, house), content=content, headers=said)
        named = f"feltet {spot.name}" in answer.json()["detail"]
        given[f"{spot.operation} {spot.name} {value!r}"] = (
            answer.status_code, f"{answer.json()['type'].removeprefix('/problems/')}{'' if named else ' unnamed'}",
        )
    return given


def others_than(given: dict[str, tuple[int, str]], expected: tuple[int, str]) -> dict[str, tuple[int, str]]:
    """Give what was not answered as expected."""
    assert given
    return {asked: answer for asked, answer in given.items() if answer != expected}


async def rows_of(house: House) -> int:
    """Count the rows of all tables but those of who signed in."""
    tables = await house.sql("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'infohus'")
    counted = " + ".join(
        f'(SELECT count(*) FROM infohus."{one["name"]}")' for one in tables if one["name"] != "actor"  # noqa: S608
    )
    rows: int = (await house.sql(f"SELECT {counted} AS rows"))[0]["rows"]
    return rows


@pytest.mark.fault("B1")
@pytest.mark.rule(91)
class WhenAMomentOrADayCannotBeMeant:
    async def test_one_far_away_is_refused_in_every_body_and_nothing_is_stored(self, house: House) -> None:
        assert len(MOMENTS) >= 10
        assert len(DAYS) >= 10
        before = await rows_of(house)
        far = [(spot, value) for spot in MOMENTS for value in FAR_MOMENTS]
        far += [(spot, value) for spot in DAYS for value in FAR_DAYS]
        assert others_than(await answers(house, iter(far)), (422, "moment-not-plausible")) == {}
        assert await rows_of(house) == before

    async def test_what_is_none_is_refused_in_every_body(self, house: House) -> None:
        bad = [(spot, value) for spot in MOMENTS for value in NO_MOMENTS]
        bad += [(spot, value) for spot in DAYS for value in NO_DAYS]
        assert others_than(await answers(house, iter(bad)), (400, "request-not-understood")) == {}

    async def test_it_is_refused_in_every_address(self, house: House) -> None:
        dpo, given = house.person("dpo"), {}
        asked = [
            (path, parameter["name"], value, status)
            for path, operations in description_of(house.app)["paths"].items() for operation in operations.values()
            for parameter in operation.get("parameters", ()) if parameter["in"] == "query"
            if parameter["schema"].get("format") in {"date-time", "date"}
            for values, status in ((FAR_MOMENTS, 422), (NO_MOMENTS, 400)) for value in values
        ]
        assert len(asked) >= 4 * 25
        for path, name, value, status in asked:
            address = path.replace("{infohus_id}", str(house.infohus_id))
            answer = await dpo.call("GET", address, params={name: str(value)})
            if answer.status_code != status or f"feltet {name}" not in answer.json()["detail"]:
                given[path, name, value] = answer.text
        assert given == {}

    async def test_the_description_shows_the_bounds(self, house: House) -> None:
        schemas = description_of(house.app)["components"]["schemas"]
        for spot in (*MOMENTS, *DAYS):
            schema = schemas[spot.draft.__name__]
            for step in spot.place:
                schema = schema["items"] if isinstance(step, int) else schema["properties"][step]
                schema = next((one for one in schema.get("anyOf", ()) if one != {"type": "null"}), schema)
                schema = schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
            assert schema["formatMinimum"][:4] == "1900", spot.name
            assert schema["formatMaximum"][:4] == "2099", spot.name
        parameters = [
            parameter["schema"] for operations in description_of(house.app)["paths"].values()
            for operation in operations.values() for parameter in operation.get("parameters", ())
        ]
        queried = [schema for schema in parameters if schema.get("format") == "date-time"]
        assert len(queried) >= 4
        assert all("formatMaximum" in schema for schema in queried)


@pytest.mark.fault("B7")
@pytest.mark.rule(91)
class WhenAReasonHasNoWords:
    async def test_it_is_refused_in_every_body(self, house: House) -> None:
        kinds: dict[Needs | None, tuple[str, ...]] = {
            Needs.LETTER: (*BLANKS, *DIGITS), Needs.LETTER_IF_ANY: (*BLANKS[1:], *DIGITS),
            Needs.LETTER_OR_DIGIT: BLANKS,
        }
        texts = [spot for spot in SPOTS if spot.needs in kinds and not _has_a_pattern(spot)]
        assert len(texts) >= 60
        # Each blank in many bodies, each body with some; the types are the same everywhere.
        bad = [
            (spot, value) for number, spot in enumerate(texts) for value in kinds[spot.needs][number % 9 :: 9]
        ]
        assert {value for _, value in bad} == {*BLANKS, *DIGITS}
        before = await rows_of(house)
        assert others_than(await answers(house, iter(bad)), (422, "reason-without-words")) == {}
        assert await rows_of(house) == before

    async def test_the_answers_to_a_rule_are_refused_by_the_rule_and_stand_in_the_log(self, house: House) -> None:
        left = {spot.place[-1] for spot in SPOTS if spot.needs is Needs.NOTHING}
        assert left == {"necessity", "proportionality", "subsidiarity", "strict_necessity", "told_reporter"}
        case = await house.case()
        expected = {
            "necessity": "exchange-without-necessity", "proportionality": "proportionality-not-answered",
            "subsidiarity": "subsidiarity-not-answered", "strict_necessity": "strict-necessity-missing",
        }
        for blank in BLANKS:
            for name, situation in expected.items():
                body = {**told(), "summary": "Sagt på mødet.", name: blank}
                answer = await case.kommune.post(f"{case.path}/exchanges", body, status=422)
                assert answer["type"] == f"/problems/{situation}", (name, blank)
            assert (await house.entries())[-1].reason == "strict-necessity-missing"
            concern = {
                "channel": "phone", "received_at": "2026-11-20T10:00:00Z", "reporter_kind": "citizen",
                "observation": "Noget.", "told_reporter": blank,
            }
            answer = await case.kommune.post(f"{case.path}/concerns", concern, status=422)
            assert answer["type"] == "/problems/telling-the-reporter-not-recorded", blank

    async def test_a_letter_of_any_script_is_enough(self, house: House) -> None:
        case = await house.case()
        for words in WORDS:
            await case.kommune.post(f"{case.path}/legal-holds", {"reason": words})
            answers_given = dict.fromkeys(("necessity", "proportionality", "subsidiarity"), words)
            await case.kommune.post(f"{case.path}/exchanges", {**told(), "summary": words, **answers_given})
        for digits in DIGITS:
            await case.kommune.put(
                f"{case.path}/journal-reference", {"reference": digits}, headers={"If-Match": "*"}
            )

    async def test_every_text_of_every_body_is_of_a_type_that_is_looked_at(self) -> None:
        bare = [
            f"{spot.operation} {spot.name}" for spot in SPOTS
            if isinstance(spot.kind, inspect.StrType) and spot.needs is None and spot.kind.pattern is None
        ]
        assert bare == []


def _has_a_pattern(spot: Spot) -> bool:
    return isinstance(spot.kind, inspect.StrType) and spot.kind.pattern is not None


@pytest.mark.fault("B8")
class WhenABodyCanBeReadInTwoWays:
    async def test_a_boolean_is_true_or_false_in_every_body(self, house: House) -> None:
        flags = [spot for spot in SPOTS if isinstance(spot.kind, inspect.BoolType)]
        assert len(flags) >= 8
        no_flags: tuple[object, ...] = ("0", "true", "", 0, 1, 1.0, [], {}, "on")
        bad = [(spot, value) for spot in flags for value in no_flags]
        assert others_than(await answers(house, iter(bad)), (400, "request-not-understood")) == {}

    async def test_a_number_is_a_number_within_its_limits_in_every_body(self, house: House) -> None:
        numbers = [spot for spot in SPOTS if isinstance(spot.kind, inspect.IntType)]
        assert numbers
        bad = [(spot, value) for spot in numbers for value in ("1", True, 1.5, 1e9, 2**31, 2**63, 2**64, -(2**70))]
        assert others_than(await answers(house, iter(bad)), (400, "request-not-understood")) == {
            f"{spot.operation} {spot.name} {value}": (400, "request-not-understood unnamed")
            for spot in numbers for value in (2**64, -(2**70)) if len(str(value)) > 20
        }

    async def test_an_id_is_written_as_this_system_writes_it_in_every_body(self, house: House) -> None:
        ids = [spot for spot in SPOTS if isinstance(spot.kind, inspect.UUIDType)]
        assert len(ids) >= 8
        one = UUID("a1b2c3d4-0000-4000-8000-00000000000f")
        bad = [
            (spot, value) for spot in ids for value in (one.hex, str(one).upper(), f"{{{one}}}", one.urn, "", 1, [1])
        ]
        assert others_than(await answers(house, iter(bad)), (400, "request-not-understood")) == {}

    async def test_json_has_one_spelling(self, house: House) -> None:
        await self._refused(house, [text.encode() for text in TWO_WAYS])

    @pytest.mark.fault("B5")
    async def test_bytes_that_are_no_text_are_refused(self, house: House) -> None:
        await self._refused(house, NO_TEXT)

    async def test_a_body_is_said_to_be_json(self, house: House) -> None:
        case = await house.case()
        for said, status in (
            ("application/json", 201), ("Application/JSON", 201), ("application/json; charset=utf-8", 201),
            ('application/json;charset="UTF-8"', 201), ("application/json; charset=latin-1", 400), ("text/plain", 400),
            ("application/x-www-form-urlencoded", 400), ("multipart/form-data; boundary=x", 400), ("", 400),
            ("application/msgpack", 400), ("application/json, text/plain", 400), ("application/jsonx", 400),
            ("*/*", 400), ("application/problem+json", 400),
        ):
            answer = await case.kommune.call(
                "POST", f"{case.path}/legal-holds", content=b'{"reason": "a"}', headers={"Content-Type": said}
            )
            assert answer.status_code == status, said

    @staticmethod
    async def _refused(house: House, contents: Sequence[bytes]) -> None:
        kommune, path = house.person("kommune"), f"/cases/{uuid4()}/legal-holds"
        for content in contents:
            answer = await kommune.call("POST", path, content=content, headers={"Content-Type": "application/json"})
            given = (answer.status_code, answer.json()["type"])
            assert given == (400, "/problems/request-not-understood"), content[:100]


class WhenManyOddRequestsCame:
    async def test_the_lists_still_answer(self, house: House) -> None:
        case = await house.case()
        await asyncio.gather(*(
            case.kommune.call("POST", f"{case.path}/notes", json={"happened_at": moment, "text": "a"})
            for moment in FAR_MOMENTS
        ))
        await case.kommune.get(f"{case.path}/notes")
        read = await case.kommune.get(case.path)
        assert {MUNICIPALITY, POLICE} == {one["acts_for"] for one in read["participants"]}
