"""Entity tags: what was read is changed only by who has seen it. Sources: RFC 9110 sections 8.8.3 and 13.1.1."""

from typing import Annotated

from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter

from infohus import errors

IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", description="The ETag that was fetched.", pattern=r'^"[0-9]{1,9}"$')
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
        ChangedMeanwhile: it names another version.
    """
    if if_match is None:
        raise errors.VersionNotStated
    if if_match != etag(version):
        raise errors.ChangedMeanwhile
