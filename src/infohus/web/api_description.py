"""Makes Litestar's description of the API (OpenAPI 3.1) exact: schemas, parameters, headers and problems as they are.

The schemas are msgspec's own, which also decodes them, so that a length, a pattern or a refused unknown field cannot
differ from what happens. Nothing is served here; `documentation.py` shows it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI

from infohus import errors
from infohus.kernel.answers.problems import PROBLEM, Problem
from infohus.kernel.authorization.roles import names_of
from infohus.kernel.identity.caller import Role
from infohus.kernel.requests.moments import OF_MOMENTS
from infohus.web.api_examples import EXAMPLES
from infohus.web.attempts import RolesOfRoutes
from infohus.web.authentication import UUID_TEXT, is_open

Document = dict[str, Any]

_REF = "#/components/schemas/"
_CORRELATION = {
    "description": "Names this request in the logs; send a UUID and it is kept.",
    "required": True, "schema": {"type": "string", "format": "uuid", "pattern": UUID_TEXT},
}
_CHALLENGE = {"description": "How to sign in.", "required": True, "schema": {"type": "string", "const": "Bearer"}}
_SUCCESS = {"200": "As asked.", "201": "Recorded, and in the log."}
_ETAG = {"type": "string", "pattern": r'^"[0-9]{1,9}(\.[0-9]{1,9})?"$'}
_BINARY = "application/x-tar"


@dataclass
class ExactConfig(OpenAPIConfig):
    """Litestar's configuration, with the routes whose structs are described, what each is called and who can call it.

    `acts` are the Danish names of what the routes do, by their operation ids.
    """

    handlers: Sequence[HTTPRouteHandler] = ()
    acts: Mapping[str, str] = field(default_factory=dict)
    roles: RolesOfRoutes = field(default_factory=dict)

    def to_openapi_schema(self) -> OpenAPI:
        """Make the document to which Litestar adds the routes."""
        begun = super().to_openapi_schema()
        document = ExactDocument(**{one.name: getattr(begun, one.name) for one in fields(OpenAPI)})
        document.shapes, document.acts, document.roles = [Problem, *shapes_of(self.handlers)], self.acts, self.roles
        return document


class ExactDocument(OpenAPI):
    """A document that `made_exact` changes when it is written out."""

    shapes: Sequence[Any]
    acts: Mapping[str, str]
    roles: RolesOfRoutes

    def to_schema(self) -> Document:
        """Write the document out."""
        exact = made_exact(super().to_schema(), self.shapes)
        for methods in exact["paths"].values():
            for operation in methods.values():
                if operation["operationId"] in self.acts:
                    self._say_who_can(operation)
        return exact

    def _say_who_can(self, operation: Document) -> None:
        """Add the act's Danish name and the roles: as extensions for programs, and these as a sentence for people."""
        name = operation["operationId"]
        operation["x-act"] = self.acts[name]
        operation["x-roles"] = names_of(self.roles[name])
        operation["description"] += who_can(operation["x-roles"])


def shapes_of(handlers: Sequence[HTTPRouteHandler]) -> list[Any]:
    """List every struct that routes take or give."""
    hints = [get_type_hints(handler.fn, include_extras=True) for handler in handlers]
    return list(dict.fromkeys(
        shape for hint in hints for name in ("data", "return") if name in hint for shape in _structs_in(hint[name])
    ))


def _structs_in(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - any annotation there is
    origin = get_origin(annotation)
    if isinstance(origin or annotation, type) and issubclass(origin or annotation, msgspec.Struct):
        yield annotation
        return
    inner = get_args(annotation)
    for part in inner[:1] if origin is Annotated else inner:
        yield from _structs_in(part)


def made_exact(document: Document, shapes: Sequence[Any]) -> Document:
    """Put msgspec's schemas in, and add what holds for every route: whether it needs a token, and its headers."""
    exact = _with_shapes_of_msgspec(document, shapes)
    for path, methods in exact["paths"].items():
        for operation in methods.values():
            _describe(operation, path)
    exact["tags"] = [{"name": tag} for tag in dict.fromkeys(
        tag for methods in exact["paths"].values() for operation in methods.values() for tag in operation["tags"]
    )]
    return exact


def _with_shapes_of_msgspec(document: Document, shapes: Sequence[Any]) -> Document:
    """Replace Litestar's component of the same title; what only a parameter uses (an enum) stays Litestar's."""
    _, exact = msgspec.json.schema_components(shapes, ref_template=_REF + "{name}")
    exact["Problem"]["properties"]["type"]["enum"] = [
        f"/problems/{errors.slug_of(situation)}" for situation in errors.situations()
    ]
    rough = document["components"]["schemas"]
    named = {schema.get("title", name): name for name, schema in exact.items()}
    renamed = {name: named.get(schema.get("title", name), name) for name, schema in rough.items()}
    replaced: Document = _renamed({**document, "components": {**document["components"], "schemas": {}}}, renamed)
    kept = {name: _renamed(schema, renamed) for name, schema in rough.items() if renamed[name] not in exact}
    replaced["components"]["schemas"] = dict(sorted({**exact, **kept}.items()))
    return replaced


def _renamed(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON there is
    if isinstance(value, dict):
        return {
            key: _REF + names[part.removeprefix(_REF)] if key == "$ref" else _renamed(part, names)
            for key, part in value.items()
        }
    return [_renamed(part, names) for part in value] if isinstance(value, list) else value


def _describe(operation: Document, path: str) -> None:
    operation["summary"] = words_of(operation["operationId"])
    operation["tags"] = [tag_of(path)]
    operation["security"] = [] if is_open(path) else [{"bearer": []}]
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
        if parameter["schema"].get("format") == "date-time":
            parameter["schema"].update(OF_MOMENTS)
        if parameter["name"] == "If-Match":
            parameter.update(required=True, example='"1"')
    if operation["operationId"] in EXAMPLES:
        operation["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[operation["operationId"]]
    for status, response in operation["responses"].items():
        headers = response.setdefault("headers", {})
        headers["X-Correlation-Id"] = _CORRELATION
        response["description"] = _SUCCESS.get(status, response["description"])
        if status == "401":
            headers["WWW-Authenticate"] = _CHALLENGE
        if "ETag" in headers:
            headers["ETag"]["schema"] = _ETAG
        if _BINARY in response.get("content", {}):
            response["content"][_BINARY] = {}


def who_can(roles: Sequence[str]) -> str:
    """Write the sentence that names the roles which can call a route; behind a description."""
    return f" For: {'every role' if len(roles) == len(Role) else ', '.join(roles)}."


def words_of(operation_id: str) -> str:
    """Turn `RevealCprNumber` into `Reveal cpr number`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", operation_id).capitalize()


def tag_of(path: str) -> str:
    """Give the tag of a route: `/cases/{case_id}/measures/{measure_id}` is about measures, `/log/tiles/…` a log."""
    first, *others = [step for step in path.split("/") if step]
    of_one = others[1:2] if others and others[0].startswith("{") else []
    return of_one[0] if of_one else first


def _without_null(schema: Document) -> Document:
    """Take null out of a parameter's schema: an optional one is left out, for an address or header holds no null."""
    values = [option for option in schema.get("oneOf", ()) if option.get("type") != "null"]
    if len(values) != 1:
        return schema
    return {**values[0], **{key: value for key, value in schema.items() if key != "oneOf"}}


def problem_statuses(operation: Document) -> list[str]:
    """List the statuses that an operation answers as problem details."""
    return [status for status, response in operation["responses"].items() if PROBLEM in response.get("content", {})]
