"""Whatever bytes a body has, it is read or refused; no sign that is no letter makes a text into words."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infohus import errors
from infohus.kernel.requests.bodies import read_body
from infohus.kernel.requests.moments import Day, Moment, can_be_meant
from infohus.kernel.requests.words import Label, Reason, has_words


class Draft(msgspec.Struct, forbid_unknown_fields=True):
    """A body with a value of each kind."""

    at: Moment | None = None
    on: Day | None = None
    names: list[Label] = []
    why: Reason = "fordi"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "on", "names", "why"]), inner),
    max_leaves=8,
)


@pytest.mark.fault("B5")
class WhenABodyIsRead:
    @given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode) | JSON.map(msgspec.json.encode))
    def test_any_bytes_are_read_or_refused(self, sent: bytes) -> None:
        with suppress(errors.RequestNotUnderstood, errors.ReasonWithoutWords, errors.MomentNotPlausible):
            read = read_body(sent, Draft)
            assert read.at is None or can_be_meant(read.at)
            assert read.on is None or can_be_meant(read.on)
            assert has_words(read.why)

    @pytest.mark.rule(91)
    @given(st.text(st.characters(categories=["Cc", "Cf", "Cn", "Co", "M", "P", "S", "Z"])))
    def test_no_sign_that_is_no_letter_is_one(self, text: str) -> None:
        assert not has_words(text)
