"""What a caller wrote comes back in no answer and stands in no log: no value, no name, and no id of theirs."""

import re
from types import SimpleNamespace
from typing import Any
from uuid import uuid1, uuid4

import pytest
from litestar.exceptions import ClientException, HTTPException, ValidationException

from house import House
from infohus.web.authentication import UUID_TEXT
from infohus.web.problems import exception_handlers
from leaks import assert_nothing_leaked, leaks, log_lines

CANARY = "KanariefuglGul"
JSON = {"Content-Type": "application/json"}
CONCERN = {
    "channel": "mail", "received_at": "2026-11-20T10:00:00Z", "reporter_kind": "citizen", "observation": "Set i byen.",
    "told_reporter": "Tak.",
}


def detail(place: str) -> str:
    """Say what is answered when a place was not understood, or held something unknown."""
    if place == "$":
        return "Send ét JSON-objekt med de felter, som /docs viser, og intet andet. Intet er gemt."
    if place.startswith("i "):
        return f"Der er noget {place}, som ikke findes. Fjern det; /docs viser felter og parametre. Intet er gemt."
    if place.endswith(" mangler"):
        return f"Feltet {place}. Tilføj det, og send igen. Intet er gemt."
    if place.endswith(" har en kode"):
        return f"Feltet {place}, som ikke findes. Brug en af dem, der står på /docs. Intet er gemt."
    return f"Ret feltet {place}, og send igen. Intet er gemt."


NOT_UNDERSTOOD: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a value": ("POST", "searches", {"json": {"purpose": CANARY}}, "purpose har en kode"),
    "a name": ("POST", "searches", {"json": {"purpose": "casework", CANARY: 1}}, "i indholdet"),
    "a name within": ("POST", "concerns", {"json": {"channel": "mail", "subjects": [{CANARY: 1}]}}, "i subjects[0]"),
    "all but a field": ("POST", "searches", {"json": {}}, "cpr_number mangler"),
    "nothing": ("POST", "searches", {}, "$"),
    "another kind": ("POST", "searches", {"json": CANARY}, "$"),
    "no JSON": ("POST", "searches", {"content": CANARY.encode(), "headers": JSON}, "$"),
    "half of it": ("POST", "searches", {"content": f'{{"purpose": "{CANARY}'.encode(), "headers": JSON}, "$"),
    "not UTF-8": ("POST", "searches", {"content": CANARY.encode() + b"\xff", "headers": JSON}, "$"),
    "a length": ("POST", "searches", {"json": {}, "headers": {**JSON, "Content-Length": CANARY}}, "$"),
    "a parameter": ("GET", f"/log/entries?limit={CANARY}", {}, "limit"),
    "a parameter's name": ("GET", f"/log/entries?{CANARY}=1", {}, "i adressen"),
    "a key": ("POST", "concerns", {"json": CONCERN, "headers": {"Idempotency-Key": f"en {CANARY}"}}, "idempotency_key"),
}
"""What is sent below an infohus or to the log, and the place that the answer names."""


class WhenItIsNotUnderstood:
    @pytest.mark.rule(53)
    async def test_the_answer_names_the_place_and_neither_it_nor_the_log_says_what_was_there(
        self, house: House
    ) -> None:
        answers: dict[str, str] = {}
        secrets = [CANARY]
        with log_lines() as lines:
            for name, (method, path, sent, _) in NOT_UNDERSTOOD.items():
                by = "dpo" if method == "GET" else "kommune"
                address = path if path.startswith("/") else f"/infohuse/{house.infohus_id}/{path}"
                answer = await house.person(by).call(method, address, **sent)
                assert (answer.status_code, answer.json()["type"]) == (400, "/problems/request-not-understood"), name
                answers[name] = answer.json()["detail"]
                assert_nothing_leaked(secrets, {name: answer.text + str(answer.headers)})
            assert lines.events() <= {"request", "answered_requests_ended"}
            lines.assert_without(secrets)
        assert answers == {name: detail(place) for name, (*_, place) in NOT_UNDERSTOOD.items()}
        assert_nothing_leaked(secrets, {"entries": str(await house.all_entries())})

    @pytest.mark.rule(53)
    @pytest.mark.parametrize("kind", [ValidationException, ClientException, HTTPException])
    @pytest.mark.parametrize(("said", "extra", "place"), [
        (f"Invalid enum value '{CANARY}' - at `$.purpose`", None, "$.purpose"),
        (f"Expected `int`, got `{CANARY}` - at `$.subjects[0].age`", None, "$.subjects[0].age"),
        (f"Invalid enum value '{CANARY}'", None, "$"),
        (f"Validation failed for GET /cases?{CANARY}=1", [], "$"),
        (f"Invalid content-length: '{CANARY}'", {}, "$"),
        (CANARY, [{"message": CANARY, "key": "subjects[0].cpr_number", "source": "body"}], "subjects[0].cpr_number"),
        (CANARY, [{"message": CANARY, "source": "body"}], "$"),
        (CANARY, [{"message": CANARY, "key": 7}, {"message": CANARY, "key": "purpose"}], "$"),
        ("x - at `$.<b>hej</b> `", None, "$.bhejb"),
        (f"x - at `{'a' * 200}`", None, "a" * 120),
    ])
    def test_whatever_the_library_says_the_answer_is_ours(
        self, kind: type[HTTPException], said: str, extra: Any, place: str
    ) -> None:
        handler: Any = exception_handlers[ValidationException if kind is ValidationException else HTTPException]
        request = SimpleNamespace(scope={"method": "POST", "path": "/"})
        answer = handler(request, kind(detail=said, extra=extra, status_code=400))
        assert answer.content.detail == detail(place)
        assert_nothing_leaked([CANARY], {"answer": repr(answer.content)})


REPLACED = (
    "henvender-lund", "Lund-41749090", "1134ae8447251597-lund", "laerer.lund", "to ord og to", "kort", "7" * 65,
    "010158-5018", "0101585018", "cpr0101585018", "abc-0101585018-abc", "0101585018abcdef", "1134ae84_72515",
    "0101-01-1234", "1134ae8447251597", "e02b-20260131-a", uuid4().hex, str(uuid4()).upper(), f"{{{uuid4()}}}",
    f"{uuid4()}-lund", f"urn:uuid:{uuid4()}",
)
KEPT = (str(uuid4()), str(uuid1()), "00000000-0000-0000-0000-000000000000")


class WhenACallerGivesARequestAnId:
    @pytest.mark.fault("B9")
    @pytest.mark.rule(28)
    @pytest.mark.rule(53)
    @pytest.mark.rule(60)
    async def test_one_that_could_carry_a_name_or_a_cpr_number_is_replaced_everywhere(self, house: House) -> None:
        case = await house.case()
        with log_lines() as lines:
            for given in REPLACED:
                answer = await case.kommune.call("GET", f"{case.path}/concerns", headers={"X-Correlation-Id": given})
                made = answer.headers["x-correlation-id"]
                assert re.fullmatch(UUID_TEXT, made), given
                assert (await house.entries())[-1].correlation == made
                assert f'"correlation_id":"{made}"' in lines.written[-1]
            lines.assert_without(REPLACED)
        assert leaks(REPLACED, {"entries": str(await house.all_entries())}) == []

    @pytest.mark.rule(57)
    async def test_a_uuid_joins_the_answer_the_log_line_and_the_entry(self, house: House) -> None:
        case = await house.case()
        with log_lines() as lines:
            for given in KEPT:
                answer = await case.kommune.call(
                    "GET", f"{case.path}/concerns/{uuid4()}", headers={"X-Correlation-Id": given}
                )
                assert (answer.headers["x-correlation-id"], answer.json()["correlation_id"]) == (given, given)
                assert (await house.entries())[-1].correlation == given
                assert f'"correlation_id":"{given}"' in lines.written[-1]
