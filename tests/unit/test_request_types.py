"""The types of what requests bring in: which moments can be meant, which texts have words, which drafts are guarded."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from infohus import errors
from infohus.app import route_handlers
from infohus.danish import words_for
from infohus.kernel.requests.bodies import UnguardedType, read_body, require_guarded
from infohus.kernel.requests.moments import Day, Moment, can_be_meant
from infohus.kernel.requests.words import Label, OptionalReason, Reason, has_letter_or_digit, has_words
from infohus.web.strict_request import draft_of
from written_words import BLANKS, DIGITS, WORDS

BARE: list[Any] = [
    datetime, Annotated[datetime, Meta(tz=True)], date, time, timedelta, str, Annotated[str, Meta(max_length=9)], int,
    Annotated[int, Meta(ge=0)], float, bytes, Any, dict[str, int], list[str], list[datetime], str | None,
    datetime | None, Reason | bool, set[str], msgspec.Raw, list[dict[str, Reason]],
]
GUARDED: list[Any] = [
    Moment, Day, Moment | None, Reason, OptionalReason | None, Label, list[Reason], UUID, bool, bool | None,
    Annotated[int, Meta(ge=0, le=9)], Annotated[str, Meta(pattern="^[a-z]{1,9}$")], list[Annotated[list[Day], Meta()]],
]


def draft_with(kind: Any) -> type[msgspec.Struct]:
    """Make a draft with one field, two levels down."""
    inner = msgspec.defstruct("Inner", [("value", kind)])
    return msgspec.defstruct("Outer", [("inner", list[inner] | None)])  # type: ignore[valid-type]


@pytest.mark.fault("B1")
@pytest.mark.fault("B7")
class WhenARouteTakesABody:
    @pytest.mark.parametrize("kind", BARE, ids=str)
    def test_a_bare_type_in_it_is_refused(self, kind: Any) -> None:
        with pytest.raises(UnguardedType, match=r"^Inner\.value "):
            require_guarded(draft_with(kind))

    @pytest.mark.parametrize("kind", GUARDED, ids=str)
    def test_a_guarded_one_is_not(self, kind: Any) -> None:
        require_guarded(draft_with(kind))

    def test_every_route_has_a_guarded_one(self) -> None:
        drafts = [
            draft_of(handler) for handler in route_handlers() if "data" in handler.parsed_fn_signature.parameters
        ]
        assert len(drafts) > 40
        for draft in drafts:
            require_guarded(draft)


@pytest.mark.rule(91)
class WhenAMomentIsStated:
    @pytest.mark.parametrize(("when", "can"), [
        (datetime(1900, 1, 1, tzinfo=UTC), True), (datetime(1899, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), False),
        (datetime(2099, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), True), (datetime(2100, 1, 1, tzinfo=UTC), False),
        (datetime(2100, 1, 1, tzinfo=timezone(timedelta(hours=14))), True), (datetime.min.replace(tzinfo=UTC), False),
        (datetime.max.replace(tzinfo=timezone(-timedelta(hours=23))), False), (date(1900, 1, 1), True),
        (date(1899, 12, 31), False), (date(2099, 12, 31), True), (date(2100, 1, 1), False), (date.min, False),
        (date.max, False),
    ])
    def test_it_lies_in_the_years_1900_to_2099(self, when: date, *, can: bool) -> None:
        assert can_be_meant(when) is can


@pytest.mark.rule(91)
class WhenWordsAreAskedFor:
    @pytest.mark.parametrize("text", BLANKS)
    def test_what_shows_nothing_to_read_has_none(self, text: str) -> None:
        assert not has_words(text)
        assert not has_letter_or_digit(text)

    @pytest.mark.parametrize("text", DIGITS)
    def test_digits_are_a_label_and_no_words(self, text: str) -> None:
        assert not has_words(text)
        assert has_letter_or_digit(text)

    @pytest.mark.parametrize("text", WORDS)
    def test_a_letter_of_any_script_is_one(self, text: str) -> None:
        assert has_words(text)
        assert has_letter_or_digit(text)


class Draft(msgspec.Struct, forbid_unknown_fields=True):
    at: Moment | None = None
    names: list[Label] = []
    id: UUID | None = None
    count: Annotated[int, Meta(ge=0, le=9)] = 0
    code: Annotated[str, Meta(pattern="^[a-z]+$")] = "a"
    why: Reason = "fordi"


@pytest.mark.fault("B8")
class WhenABodyIsRead:
    def test_it_becomes_the_draft(self) -> None:
        read = read_body(
            b'{"at": "2026-11-20T10:00:00+01:00", "names": ["1"], "id": "00000000-0000-4000-8000-000000000000"}', Draft
        )
        assert read == Draft(datetime(2026, 11, 20, 9, tzinfo=UTC), ["1"], UUID("00000000-0000-4000-8000-000000000000"))

    @pytest.mark.parametrize(("sent", "refused", "place"), [
        (b'{"names": ["a", " "]}', errors.ReasonWithoutWords, "names[1]"),
        (b'{"why": ""}', errors.ReasonWithoutWords, "why"),
        (b'{"at": "0001-01-01T00:00:00Z"}', errors.MomentNotPlausible, "at"),
        (b'{"at": "1"}', errors.RequestNotUnderstood, "at"), (b'{"code": "a\\n"}', errors.RequestNotUnderstood, "code"),
        (b'{"id": "00000000000040008000000000000000"}', errors.RequestNotUnderstood, "id"),
        (b'{"names": ["a\\ud800"]}', errors.RequestNotUnderstood, "$"), (b"[]", errors.RequestNotUnderstood, "$"),
        *((b'{"names": ' + b"[" * deep + b"]" * deep + b"}", errors.RequestNotUnderstood, place)
          for deep, place in ((9, "names[0]"), (950, "$"), (5_000, "$"))),
        (b'{"names": "a"}', errors.RequestNotUnderstood, "names"), (b'{"x": 1}', errors.RequestNotUnderstood, "$"),
    ])
    def test_what_is_wrong_is_named_by_its_place(
        self, sent: bytes, refused: type[errors.Refused], place: str
    ) -> None:
        with pytest.raises(refused) as refusal:
            read_body(sent, Draft)
        assert refusal.value.facts["field"] == place

    @pytest.mark.parametrize(("sent", "words"), [
        (b'{"at": "2026-11-20T10:00:00"}', "feltet at: et tidspunkt har sin tidszone"),
        (b'{"names": ["a\\u0000"]}', "et tegn, som ikke kan gemmes"),
    ])
    def test_what_is_wrong_is_said_where_it_is_known(self, sent: bytes, words: str) -> None:
        with pytest.raises(errors.RequestNotUnderstood) as refusal:
            read_body(sent, Draft)
        assert words in words_for(refusal.value)[1]

    def test_a_whole_number_may_have_a_point(self) -> None:
        assert read_body(b'{"count": 7.0}', Draft).count == 7

    def test_a_backslash_before_the_letter_u_is_no_escape(self) -> None:
        assert read_body(b'{"why": "a\\\\u0000"}', Draft).why == "a\\u0000"
