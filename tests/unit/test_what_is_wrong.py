"""A body that is not understood is answered with what the field is to hold, and never with what it held."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from infohus.danish import words_for
from infohus.errors import RequestNotUnderstood
from infohus.kernel.requests.bodies import read_body


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a body."""

    note: str


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body with a field of each type."""

    text: Annotated[str, Meta(min_length=2, max_length=5)] = "abc"
    some: Annotated[list[UUID], Meta(min_length=1, max_length=2)] = []
    yes: bool | None = None
    number: Annotated[int, Meta(ge=0, le=9)] = 1
    day: date | None = None
    inner: Inner | None = None


@pytest.mark.parametrize(("sent", "what"), [
    ({"text": "Kanariefugl"}, "Forkort den til højst 5 tegn"), ({"text": "K"}, "Skriv mindst 2 tegn"),
    ({"some": []}, "Angiv mindst 1"), ({"some": [str(UUID(int=1))] * 3}, "Angiv højst 2"),
    ({"some": "Kanariefugl"}, "angiv en liste"), ({"some": ["Kanariefugl"]}, "Ret feltet some[0]: angiv et id"),
    ({"yes": "Kanariefugl"}, "true eller false"), ({"number": "Kanariefugl"}, "skriv et helt tal"),
    ({"text": 5}, "skriv en tekst"), ({"day": "Kanariefugl"}, "angiv en dag, som"), ({"inner": 7}, "dets egne felter"),
])
def test_it_says_what_to_write(sent: dict[str, Any], what: str) -> None:
    with pytest.raises(RequestNotUnderstood) as refused:
        read_body(msgspec.json.encode(sent), Draft)
    _, detail = words_for(refused.value)
    assert what in detail
    assert next(iter(sent)) in detail
    assert "Kanariefugl" not in detail
