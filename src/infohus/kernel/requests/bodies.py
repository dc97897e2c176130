"""Reads a request's body: JSON in its one spelling, and every value of a type that this package knows.

A draft's type decides alone. `require_guarded` refuses a draft that would let in a moment without bounds, a text that
nobody looked at or a number without limits; the application does not start with one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from infohus import errors
from infohus.kernel.identity.strict_encoding import NotStrictlyEncoded, read_json_object
from infohus.kernel.requests.moments import can_be_meant
from infohus.kernel.requests.words import Needs, has_letter_or_digit, has_words

Draft = TypeVar("Draft", bound=msgspec.Struct)
Check = Callable[[Any, Any, str], None]
"""Refuses a value that was decoded, by it and by how it was sent; the text is its place (`subjects[0].name`)."""

WHOLE = "$"
IN_ADDRESS = "?"
_REQUIRED = re.compile(r"Object missing required field `(?P<name>[a-z_]+)`")
_UNKNOWN = "Object contains unknown field"
_SAID_FIRST = {"Invalid enum value": "code", "Expected `datetime` with a timezone": "zone"}
_LENGTH = re.compile(r"Expected `(?P<of>str|array)` of length (?P<is_most><=|>=) (?P<limit>\d+)")
_LENGTHS = {("str", "<="): "long", ("str", ">="): "short", ("array", "<="): "many", ("array", ">="): "few"}
_TYPE = re.compile(r"Expected `(?P<wanted>bool|str|int|array|object|uuid|datetime|date)(?: \| null)?`, got")
_INVALID = re.compile(r"Invalid (?:RFC3339 encoded )?(?P<wanted>UUID|datetime|date)")
_PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`$")
_MEETS: dict[Needs, Callable[[str], bool]] = {
    Needs.LETTER: has_words,
    Needs.LETTER_IF_ANY: lambda text: not text or has_words(text),
    Needs.LETTER_OR_DIGIT: has_letter_or_digit,
}
_EXACT = (inspect.BoolType, inspect.EnumType, inspect.LiteralType, inspect.NoneType)
"""Types of which msgspec's strict decoding lets in nothing that is not meant."""


class UnguardedType(TypeError):  # noqa: N818 - errors name the situation (STYLE.md)
    """A draft has a field of a type that lets in what nobody can mean. The message names draft and field."""


def read_body(content: bytes, draft: type[Draft]) -> Draft:
    """Read a body as a draft.

    Raises:
        RequestNotUnderstood: it is no JSON of this shape, or could be read in two ways.
        MomentNotPlausible: a moment or day lies outside what somebody can mean.
        ReasonWithoutWords: a text that must have words has none that show.
    """
    try:
        sent = read_json_object(content)
    except NotStrictlyEncoded:
        raise errors.RequestNotUnderstood(field=WHOLE) from None
    if b"\\u" in content and not all(_can_be_stored(text) for text in _texts_in(sent)):
        raise errors.RequestNotUnderstood(field=WHOLE, what="sign")
    try:
        decoded = msgspec.convert(_with_whole_numbers(sent), draft)
    except msgspec.ValidationError as failure:
        raise _not_understood(failure) from None
    except RecursionError:  # nested deeper than any draft
        raise errors.RequestNotUnderstood(field=WHOLE) from None
    check = _check_of_draft(draft)
    if check is not None:
        check(decoded, sent, "")
    return decoded


def _not_understood(failure: msgspec.ValidationError) -> errors.RequestNotUnderstood:
    """Name the field that was not understood, or is missing: never its value, nor the name of an unknown one."""
    said = str(failure)
    found, required = _PLACE.search(said), _REQUIRED.match(said)
    place = _only_a_name(found["place"]) if found else WHOLE
    if required is not None:
        name = required["name"]
        return errors.RequestNotUnderstood(field=name if place == WHOLE else f"{place}.{name}", what="required")
    if said.startswith(_UNKNOWN):
        return errors.RequestNotUnderstood(field=place, what="unknown")
    for said_first, what in _SAID_FIRST.items():
        if said.startswith(said_first):
            return errors.RequestNotUnderstood(field=place, what=what)
    if length := _LENGTH.match(said):
        what = _LENGTHS[length["of"], length["is_most"]]
        return errors.RequestNotUnderstood(field=place, what=what, limit=int(length["limit"]))
    if wanted := _TYPE.match(said) or _INVALID.match(said):
        return errors.RequestNotUnderstood(field=place, what=wanted["wanted"].lower())
    return errors.RequestNotUnderstood(field=place)


def require_guarded(draft: type[msgspec.Struct]) -> None:
    """Refuse a draft with a type that is not guarded.

    Raises:
        UnguardedType: naming the field.
    """
    _check_of_draft(draft)


def _only_a_name(place: str) -> str:
    return "".join(sign for sign in place if sign.isalnum() or sign in "._[]-")[:120] or WHOLE


def _can_be_stored(text: str) -> bool:
    """Say whether a text is without NUL and unpaired surrogates, which only an escape can bring in."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _texts_in(sent: object) -> Iterator[str]:
    waiting: list[object] = [sent]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case dict(members):
                waiting.extend(members)
                waiting.extend(members.values())
            case list(items):
                waiting.extend(items)


def _with_whole_numbers(sent: Any) -> Any:  # noqa: ANN401 - any JSON there is
    """Give JSON with 25.0 as 25: to JSON and its schemas they are one number."""
    match sent:
        case float() if sent.is_integer():
            return int(sent)
        case dict():
            return {name: _with_whole_numbers(value) for name, value in sent.items()}
        case list():
            return [_with_whole_numbers(value) for value in sent]
    return sent


@cache
def _check_of_draft(draft: type[msgspec.Struct]) -> Check | None:
    return _check_of(inspect.type_info(draft), draft.__name__)


def _check_of(kind: inspect.Type, name: str) -> Check | None:
    """Make the check of a type, `None` where there is nothing to ask."""
    match kind:
        case inspect.StructType():
            return _struct_check(kind)
        case inspect.ListType(item_type=item):
            return _list_check(_check_of(item, name))
        case inspect.UnionType(types=types):
            return _optional_check([one for one in types if not isinstance(one, inspect.NoneType)], name)
        case inspect.Metadata(type=inner):
            checks = _checks_of_value(inner, said=kind.extra_json_schema or {}, needs=(kind.extra or {}).get("needs"))
        case _:
            checks = _checks_of_value(kind, said={}, needs=None)
    if checks is None:
        message = f"{name} lets in any {type(kind).__name__}: take a type of kernel/requests, a pattern or limits"
        raise UnguardedType(message)
    return _all_of(checks)


def _checks_of_value(kind: inspect.Type, *, said: Mapping[str, Any], needs: Needs | None) -> list[Check] | None:
    """List what is asked of a value, `None` where nothing guards the type."""
    match kind:
        case inspect.StrType(pattern=pattern) if needs is not None or pattern is not None:
            return [*([_text_check(_MEETS[needs])] if needs in _MEETS else []), *([_is_one_line] if pattern else [])]
        case inspect.DateTimeType(tz=True) | inspect.DateType() if "formatMinimum" in said:
            return [_is_plausible]
        case inspect.UUIDType():
            return [_is_canonical]
        case inspect.IntType(ge=int(), le=int()):
            return []
    return [] if isinstance(kind, _EXACT) else None


def _all_of(checks: list[Check]) -> Check | None:
    if len(checks) < 2:  # noqa: PLR2004 - nothing to join
        return checks[0] if checks else None

    def all_of(value: Any, sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
        for check in checks:
            check(value, sent, place)

    return all_of


def _optional_check(types: list[inspect.Type], name: str) -> Check | None:
    checks = [asks for asks in (_check_of(one, name) for one in types) if asks is not None]
    if not checks:
        return None
    if len(types) > 1:
        message = f"{name} is one of several types, of which one needs a check"
        raise UnguardedType(message)

    def if_there(value: Any, sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
        if value is not None:
            checks[0](value, sent, place)

    return if_there


def _struct_check(kind: inspect.StructType) -> Check | None:
    asked = ((field, _check_of(field.type, f"{kind.cls.__name__}.{field.name}")) for field in kind.fields)
    checks = [(field.name, field.encode_name, asks) for field, asks in asked if asks is not None]
    if not checks:
        return None

    def of_fields(value: Any, sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
        for name, encoded, check in checks:
            if encoded in sent:
                check(getattr(value, name), sent[encoded], f"{place}.{encoded}" if place else encoded)

    return of_fields


def _list_check(item: Check | None) -> Check | None:
    if item is None:
        return None

    def check(value: Any, sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
        for index, (one, one_sent) in enumerate(zip(value, sent, strict=True)):
            item(one, one_sent, f"{place}[{index}]")

    return check


def _text_check(meets: Callable[[str], bool]) -> Check:
    def check(value: Any, _sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
        if not meets(value):
            raise errors.ReasonWithoutWords(field=place)

    return check


def _is_plausible(value: Any, _sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
    if not can_be_meant(value):
        raise errors.MomentNotPlausible(field=place)


def _is_canonical(value: Any, sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
    if sent != str(value):
        raise errors.RequestNotUnderstood(field=place)


def _is_one_line(value: Any, _sent: Any, place: str) -> None:  # noqa: ANN401 - any value there is
    # Python's `$` also matches before a final newline, which the pattern in the description does not allow.
    if value.endswith("\n"):
        raise errors.RequestNotUnderstood(field=place)
