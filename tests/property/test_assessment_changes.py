"""Two assessments are compared by their words alone, whichever way round (rules 38 and 40)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infohus.casework.assessments.changes import Difference, Said, Sayings, differences
from infohus.casework.assessments.model import Answer

SAID = st.tuples(st.sampled_from(Answer), st.text(max_size=3) | st.none())
BROUGHT = st.dictionaries(st.sampled_from("abc"), st.lists(SAID, max_size=3))


def gathered(brought: dict[str, list[Said]]) -> dict[str, Sayings]:
    return {name: Sayings.of(said) for name, said in brought.items()}


class WhenTwoAssessmentsAreCompared:
    @pytest.mark.rule(40)
    @settings(deadline=None)
    @given(before=BROUGHT, after=BROUGHT)
    def test_going_back_turns_added_into_removed(
        self, before: dict[str, list[Said]], after: dict[str, list[Said]]
    ) -> None:
        turned = {Difference.ADDED: Difference.REMOVED, Difference.REMOVED: Difference.ADDED}
        earlier, later = gathered(before), gathered(after)
        there = {one.dimension: one.difference for one in differences(earlier, later, "abc")}
        back = {one.dimension: one.difference for one in differences(later, earlier, "abc")}
        assert {name: turned.get(one, one) for name, one in there.items()} == back
        assert set(there) == {name for name in "abc" if before.get(name) or after.get(name)}

    @settings(deadline=None)
    @given(brought=BROUGHT)
    def test_the_same_in_another_order_is_unchanged(self, brought: dict[str, list[Said]]) -> None:
        other = {name: said[::-1] for name, said in brought.items()}
        unchanged = differences(gathered(brought), gathered(other), "abc")
        assert {one.difference for one in unchanged} <= {Difference.UNCHANGED}

    @settings(deadline=None)
    @given(before=st.lists(SAID, min_size=1, max_size=4), after=st.lists(SAID, min_size=1, max_size=4))
    def test_it_is_unchanged_only_where_the_same_was_said_as_often(self, before: list[Said], after: list[Said]) -> None:
        [change] = differences(gathered({"a": before}), gathered({"a": after}), "a")
        same = sorted(before, key=str) == sorted(after, key=str)
        assert change.difference is (Difference.UNCHANGED if same else Difference.CHANGED)
