"""Every value that a body can hold, found in the types of the routes' drafts, and bodies that hold another one there.

A route's example is the body that is changed; what the example leaves out is made from the types.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import inspect

from infohus.app import route_handlers
from infohus.kernel.requests.words import Needs
from infohus.web.api_examples import EXAMPLES

Place = tuple[str | int, ...]
PATTERNS: Mapping[str, str] = {"^[0-9a-f]{64}$": "0" * 64, "^[a-z][a-z0-9-]{0,39}$": "isolates-oneself"}
VALUES: Mapping[type[inspect.Type], object] = {
    inspect.BoolType: False, inspect.DateTimeType: "2026-11-20T10:00:00Z", inspect.DateType: "2026-11-20",
    inspect.UUIDType: "00000000-0000-4000-8000-000000000000",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """One value of one route's body: its method and path, where in the body, its type, what the type asks of a text."""

    method: str
    path: str
    operation: str
    place: Place
    kind: inspect.Type
    needs: Needs | None
    draft: type[msgspec.Struct]

    @property
    def name(self) -> str:
        """Write the place as an answer names it: `subjects[0].name`."""
        return re.sub(r"\.(\[)", r"\1", ".".join(f"[{one}]" if isinstance(one, int) else one for one in self.place))

    def body(self, value: object) -> Any:
        """Make a body of this route with another value at this place."""
        return placed(inspect.type_info(self.draft), self.place, value, EXAMPLES[self.operation])


def spots() -> list[Spot]:
    """List every value of every body."""
    return [spot for handler in route_handlers() for spot in _of(handler)]


def _of(handler: Any) -> Iterator[Spot]:
    hint = get_type_hints(handler.fn, include_extras=True).get("data")
    if hint is None:
        return
    draft = get_args(hint)[0]
    path = re.sub(r"\{(\w+):\w+\}", r"{\1}", min(handler.paths))
    for place, kind, needs in values_in(inspect.type_info(draft)):
        yield Spot(min(handler.http_methods), path, str(handler.operation_id), place, kind, needs, draft)


def values_in(kind: inspect.Type, place: Place = (), needs: Needs | None = None) -> Iterator[tuple[Place, Any, Any]]:
    """List the values below a type: where, of what type, and what is asked of a text."""
    match kind:
        case inspect.Metadata():
            yield from values_in(kind.type, place, (kind.extra or {}).get("needs"))
        case inspect.StructType():
            for field in kind.fields:
                yield from values_in(field.type, (*place, field.encode_name))
        case inspect.ListType():
            yield from values_in(kind.item_type, (*place, 0))
        case inspect.UnionType():
            for one in kind.types:
                if not isinstance(one, inspect.NoneType):
                    yield from values_in(one, place)
        case _:
            yield place, kind, needs


def placed(kind: inspect.Type, place: Place, value: object, example: Any) -> Any:
    """Change an example at a place, and make from the types what it lacks on the way there."""
    kind = plain(kind)
    if not place:
        return value
    if isinstance(kind, inspect.ListType):
        first = example[0] if example else None
        return [placed(kind.item_type, place[1:], value, first), *(example or [])[1:]]
    assert isinstance(kind, inspect.StructType)
    body = dict(example) if isinstance(example, dict) else sample(kind)
    field = next(field for field in kind.fields if field.encode_name == place[0])
    body[place[0]] = placed(field.type, place[1:], value, body.get(place[0]))
    return body


def plain(kind: inspect.Type) -> inspect.Type:
    """Take a type without what is said about it, and without `None`."""
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        kind = kind.type if isinstance(kind, inspect.Metadata) else next(
            one for one in kind.types if not isinstance(one, inspect.NoneType)
        )
    return kind


def sample(kind: inspect.Type) -> Any:
    """Make a valid value of a type: of a struct, with what it must have."""
    kind = plain(kind)
    match kind:
        case inspect.StructType():
            return {field.encode_name: sample(field.type) for field in kind.fields if field.required}
        case inspect.ListType():
            return [sample(kind.item_type)]
        case inspect.EnumType():
            return next(iter(kind.cls)).value
        case inspect.StrType(pattern=pattern):
            return PATTERNS.get(pattern or "", "tekst")
    return kind.ge if isinstance(kind, inspect.IntType) else VALUES[type(kind)]
