"""Entity tags: what was read is changed only by who has seen it. Sources: RFC 9110 sections 8.8.3 and 13.1.1."""

import re
from typing import Annotated

from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter

from infohus import errors

_TAG = r'(?:W/)?"[!#-~]*"'
_LIST = rf"^(?:\*|(?:[ \t]*,)*[ \t]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*)$"
"""`*`, or entity tags between commas, of which some may be missing. Source: RFC 9110, sections 5.6.1 and 13.1.1."""
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match", pattern=_LIST,
        description="The ETag that was fetched; several, of which one must be the present one; or `*` for any.",
    ),
]
VERSIONED = [
    ResponseHeader(
        name="ETag", documentation_only=True, required=True, value='"1"',
        description="The version answered; send it as If-Match to change exactly that.",
    )
]
"""For the `response_headers` of a route that answers with an entity tag: documents it, sets nothing."""


CASE_VERSIONED = [
    ResponseHeader(
        name="ETag", documentation_only=True, required=True, value='"1.1"',
        description="The version of what is joint in the case, and behind the point that of the own side.",
    )
]
"""The same for a route that answers with a case. What the other side does changes nothing of it (rule 44)."""


def etag(version: int) -> str:
    """Give the entity tag of a version."""
    return f'"{version}"'


def case_etag(joint: int, own_side: int) -> str:
    """Give the entity tag of a case, by the versions of what is joint and of the caller's own side."""
    return f'"{joint}.{own_side}"'


def require_match(if_match: str | None, version: int) -> None:
    """Refuse a change of a version that the caller has not seen.

    Raises:
        VersionNotStated: there is no If-Match.
        ChangedMeanwhile: it names other versions only.
    """
    if if_match is None:
        raise errors.VersionNotStated
    if not names(if_match, etag(version)):
        raise errors.ChangedMeanwhile


def names(if_match: str, tag: str) -> bool:
    """Say whether an If-Match names an entity tag. A weak one names nothing, for it may stand for several versions.

    Source: RFC 9110, section 13.1.1 ("An origin server MUST use the strong comparison function").
    """
    return if_match.strip() == "*" or tag in re.findall(_TAG, if_match)
