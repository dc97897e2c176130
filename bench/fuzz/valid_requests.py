"""Valid requests of every operation, from the description that the service gives of itself."""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

NUMBERS = {"version": 1, "leaf_index": 2, "year": 2025}
TEXTS = {"slug": "not-signed-in", "level": "entries", "place": "000.p/1"}


@dataclass(frozen=True, slots=True)
class Valid:
    """A request in parts, before it becomes bytes. `body` is JSON or `None`."""

    operation: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[bytes, bytes], ...]
    body: Any = field(default=None, repr=False)

    def with_body(self, body: Any) -> "Valid":  # noqa: ANN401 - any JSON there is
        """Give the same request with another body."""
        return replace(self, body=body)


class Known:
    """Ids that exist, by the name of their parameter: they are collected from answers."""

    def __init__(self, infohus_id: UUID) -> None:
        """Begin with one infohus."""
        self._ids: dict[str, list[str]] = {"infohus_id": [str(infohus_id)]}

    def add(self, name: str, value: str) -> None:
        """Remember an id, the last two hundred of each name."""
        ids = self._ids.setdefault(name, [])
        ids.append(value)
        del ids[:-200]

    def learn(self, operation: str, path: str, answer: Any) -> None:  # noqa: ANN401 - any JSON there is
        """Remember the ids that an answer holds, under the names that the paths below it give them."""
        if not isinstance(answer, dict):
            return
        for name, value in answer.items():
            if name.endswith("_id") and isinstance(value, str):
                self.add(name, value)
        made = answer.get("id") or (answer.get("decision") or {}).get("id")
        kind = re.sub(r"^(Record|Propose|Add|Write|Set|Note|Open)", "", operation)
        if isinstance(made, str) and kind in _MADE:
            self.add(_MADE[kind], made)
        if "/concerns" in path and isinstance(answer.get("id"), str):
            self.add("concern_id", answer["id"])

    def pick(self, name: str, dice: random.Random) -> str:
        """Give an id that exists, or now and then one that does not."""
        ids = self._ids.get(name)
        if not ids or dice.random() < 0.05:  # noqa: PLR2004 - one in twenty
            return str(UUID(int=dice.getrandbits(128), version=4))
        return dice.choice(ids)

    def all(self, name: str) -> list[str]:
        """List the ids of a name."""
        return list(self._ids.get(name, ()))


_MADE: Mapping[str, str] = {
    "ScopeDecision": "decision_id", "Screening": "decision_id", "Recommendation": "decision_id",
    "Closure": "decision_id", "Assessment": "assessment_id", "Information": "information_id", "Exchange": "exchange_id",
    "OralExchange": "exchange_id", "Note": "note_id", "CustodyRelease": "release_id", "AccessRequest": "request_id",
    "LegalHold": "hold_id", "Measure": "measure_id", "Concern": "concern_id",
}


class ValidRequests:
    """Makes valid requests from an OpenAPI description."""

    def __init__(self, description: Mapping[str, Any], known: Known, tokens: Mapping[str, str]) -> None:
        """Take the description, the ids that exist and a token per person."""
        self._operations = [
            (method.upper(), path, operation)
            for path, methods in description["paths"].items() for method, operation in methods.items()
        ]
        self._schemas: Mapping[str, Any] = description["components"]["schemas"]
        self._known, self.tokens = known, tokens

    @property
    def operations(self) -> list[str]:
        """List the operations' names."""
        return [operation["operationId"] for _, _, operation in self._operations]

    def lists(self, *, most: int) -> list[Valid]:
        """Make a GET of every list of the `most` newest cases, and of every list above them, by who may read it."""
        requests = []
        for method, path, operation in self._operations:
            names = re.findall(r"\{(\w+)\}", path)
            if method == "GET" and set(names) <= {"case_id", "infohus_id"}:
                (name,) = names or ("infohus_id",)
                needed = self._needed(operation)
                addresses = [path.replace(f"{{{name}}}", one) + needed for one in self._known.all(name)[-most:]]
                requests += [
                    Valid(operation["operationId"], "GET", address, (), self._headers("kommune"))
                    for address in addresses
                ]
        return requests

    def make(self, number: int, dice: random.Random) -> Valid:
        """Make the request of a number: the operations come in turn, so that as many requests as there are try each."""
        method, path, operation = self._operations[number % len(self._operations)]
        filled = re.sub(r"\{(\w+)\}", lambda one: self._value(one[1], dice), path)
        asked = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
        query = tuple(
            (one["name"], _sample(self._resolved(one["schema"]), dice))
            for one in asked if one.get("required") or dice.random() < 0.3  # noqa: PLR2004
        )
        headers = list(self._headers(dice.choice(sorted(self.tokens))))
        if any(one["name"] == "If-Match" for one in operation.get("parameters", ())):
            headers.append((b"If-Match", dice.choice((b"*", b'"1"', b'"2"'))))
        if dice.random() < 0.1:  # noqa: PLR2004 - one in ten
            headers.append((b"Idempotency-Key", f"key-{dice.randrange(1000):08}".encode()))
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        body = json.loads(json.dumps(content["example"])) if content else None
        return Valid(operation["operationId"], method, filled, query, tuple(headers), body)

    def _needed(self, operation: Mapping[str, Any]) -> str:
        """Write the parameters without which a list is not given, as what a log is read for."""
        needed = [one for one in operation.get("parameters", ()) if one["in"] == "query" and one.get("required")]
        written = "&".join(f"{one['name']}={self._resolved(one['schema'])['enum'][0]}" for one in needed)
        return f"?{written}" if written else ""

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        (named,) = schema.get("allOf", (schema,))
        resolved: Mapping[str, Any] = self._schemas[named["$ref"].rpartition("/")[2]] if "$ref" in named else named
        return resolved

    def _headers(self, person: str) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"Host", b"127.0.0.1"), (b"Authorization", b"Bearer " + self.tokens[person].encode()))

    def _value(self, name: str, dice: random.Random) -> str:
        if name in NUMBERS or name in TEXTS:
            return str(NUMBERS.get(name, TEXTS.get(name)))
        return self._known.pick(name, dice)


def _sample(schema: Mapping[str, Any], dice: random.Random) -> str:
    if schema.get("format") == "uuid":
        return str(UUID(int=dice.getrandbits(128), version=4))
    if schema.get("format") == "date-time":
        return "2026-11-20T10:00:00Z"
    if schema.get("type") == "integer":
        return str(dice.randint(max(schema.get("minimum", 0), 0), min(schema.get("maximum", 100), 100)))
    if schema.get("type") == "boolean":
        return dice.choice(("true", "false"))
    return dice.choice(schema.get("enum") or ("ishoj-kommune", "readCase", "allowed"))
