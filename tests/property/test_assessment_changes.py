"""Two assessments are compared by their words alone, whichever way round (rules 38 and 40)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infohus.casework.assessments.changes import Difference, Said, differences
from infohus.casework.assessments.model import Answer

SAID = st.tuples(st.sampled_from(Answer), st.text(max_size=3) | st.none())
BROUGHT = st.dictionaries(st.sampled_from("abc"), st.lists(SAID, max_size=3))


class WhenTwoAssessmentsAreCompared:
    @pytest.mark.rule(40)
    @settings(deadline=None)
    @given(before=BROUGHT, after=BROUGHT)
    def test_going_back_turns_added_into_removed(
        self, before: dict[str, list[Said]], after: dict[str, list[Said]]
    ) -> None:
        turned = {Difference.ADDED: Difference.REMOVED, Difference.REMOVED: Difference.ADDED}
        there = {one.dimension: one.difference for one in differences(before, after, "abc")}
        back = {one.dimension: one.difference for one in differences(after, before, "abc")}
        assert {name: turned.get(one, one) for name, one in there.items()} == back
        assert set(there) == {name for name in "abc" if before.get(name) or after.get(name)}

    @settings(deadline=None)
    @given(brought=BROUGHT)
    def test_the_same_in_another_order_is_unchanged(self, brought: dict[str, list[Said]]) -> None:
        other = {name: said[::-1] for name, said in brought.items()}
        assert {one.difference for one in differences(brought, other, "abc")} <= {Difference.UNCHANGED}
