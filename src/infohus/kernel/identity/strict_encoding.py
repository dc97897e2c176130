"""Readers of base64url and JSON that accept one spelling of a value and refuse every other.

Tokens can be forged where two readers disagree: on a duplicate member of which one takes the first and another the
last, or on a stray character that one skips. These readers refuse whatever could be read in two ways. They know
nothing of tokens or keys.
"""

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import NoReturn, cast

_LONGEST_NUMBER = 20
"""Characters in the longest number read; a 64-bit integer has 20. Longer ones cost time and mean nothing here."""


class NotStrictlyEncoded(ValueError):  # noqa: N818 - errors name the situation (STYLE.md)
    """The input is not in its one accepted spelling. The message never quotes the input."""


def decode_base64url(segment: bytes) -> bytes:
    """Decode unpadded base64url; encoding the result must give `segment` back.

    Raises:
        NotStrictlyEncoded: for padding, characters outside the alphabet, an impossible length or unused bits
            that are not zero.

    Source: RFC 7515, section 2 ("with all trailing '=' characters omitted ... and without the inclusion of
    any line breaks, whitespace, or other additional characters").
    """
    try:
        decoded = urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except NotBase64 as wrong_length:
        message = "not base64url"
        raise NotStrictlyEncoded(message) from wrong_length
    if encode_base64url(decoded) != segment:  # Python's decoder skips what it does not know
        message = "not base64url in its one spelling"
        raise NotStrictlyEncoded(message)
    return decoded


def encode_base64url(content: bytes) -> bytes:
    """Encode as base64url without padding. Source: RFC 7515, section 2."""
    return urlsafe_b64encode(content).rstrip(b"=")


def read_json_object(encoded: bytes) -> dict[str, object]:
    """Read UTF-8 JSON text that is one object, with no two members of one name at any depth.

    Numbers longer than 20 characters, infinities and NaN are refused; nesting too deep to read is refused.

    Raises:
        NotStrictlyEncoded: and nothing else, whatever the bytes.

    Source: RFC 8259, section 4; RFC 7515, section 4 ("Header Parameter names ... MUST be unique").
    """
    value: object = None
    try:
        value = json.loads(
            encoded.decode("utf-8", "strict"),
            object_pairs_hook=_object_without_duplicates,
            parse_int=_short_integer,
            parse_float=_finite_float,
            parse_constant=_no_constant,
        )
    except NotStrictlyEncoded:
        raise
    except (ValueError, RecursionError):
        pass  # these hold the whole text, which an error raised here would carry along as its context
    if not isinstance(value, dict):
        message = "not one JSON object"
        raise NotStrictlyEncoded(message)
    return cast("dict[str, object]", value)


def _object_without_duplicates(members: list[tuple[str, object]]) -> dict[str, object]:
    by_name = dict(members)
    if len(by_name) != len(members):
        message = "a member is named twice"
        raise NotStrictlyEncoded(message)
    return by_name


def _short_integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        message = "a number is too long"
        raise NotStrictlyEncoded(message)
    return int(digits)


def _finite_float(digits: str) -> float:
    number = float(digits) if len(digits) <= _LONGEST_NUMBER else math.inf
    if not math.isfinite(number):  # 1e400 reads as infinity and would later raise OverflowError
        message = "a number is out of range"
        raise NotStrictlyEncoded(message)
    return number


def _no_constant(name: str) -> NoReturn:
    del name  # NaN, Infinity and -Infinity are Python's additions to JSON
    message = "not a JSON number"
    raise NotStrictlyEncoded(message)
