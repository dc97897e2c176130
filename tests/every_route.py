"""Every route of the application that needs a caller, and a request for each that every check of form lets through."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from house import House
from infohus.app import route_handlers
from infohus.web.authentication import is_open
from one_api import description_of

SAMPLES: dict[str, Any] = {"string": "tekst", "integer": 1, "boolean": True, "number": 1.0, "null": None}


@dataclass(frozen=True, slots=True)
class Route:
    """A method at a path that needs a caller."""

    method: str
    path: str
    operation_id: str


def guarded_routes() -> Iterator[Route]:
    """List every route that needs a caller."""
    for handler in route_handlers():
        for path in sorted(handler.paths):
            if not is_open(path):
                for method in sorted(handler.http_methods):
                    yield Route(method, re.sub(r":[a-z]+}", "}", path), str(handler.operation_id))


ROUTES = list(guarded_routes())


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


def request_for(house: House, route: Route) -> dict[str, Any]:
    """Make a request that every check of form lets through, about ids that do not exist."""
    description = description_of(house.app)
    operation = description["paths"][route.path][route.method.lower()]
    filled = re.sub(r"\{year[^}]*\}", "2025", re.sub(r"\{[a-z_]*index[^}]*\}", "0", route.path))
    filled = filled.replace("{kind}", "note")
    filled = re.sub(r"\{version[^}]*\}", "1", filled)
    request: dict[str, Any] = {"path": re.sub(r"\{[^}]+\}", lambda _: str(uuid4()), filled)}
    asked = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query" and one.get("required")]
    if asked:
        assert asked == ["purpose"]
        request["path"] += "?purpose=self_monitoring"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        request["json"] = sample(body, description["components"]["schemas"])
    return request
