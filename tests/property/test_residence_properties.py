"""Whatever is typed as a home municipality, the answer is a warning or nothing, and the same for the same place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infohus.casework.scope_decisions.residences import (
    Municipality,
    municipalities,
    municipality_of,
    residence_warnings,
)
from infohus.danish import WARNINGS

MUNICIPALITIES = st.sampled_from(municipalities())
POLICE = st.sampled_from(sorted({one.police_district or "Fyns Politi" for one in municipalities()}))
TEXTS = st.text(max_size=60)
KNOWN = [
    re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(text)), re.DOTALL)
    for code, text in WARNINGS.items() if code.startswith(("home-", "district-"))
]


@st.composite
def written(draw: st.DrawFn) -> tuple[Municipality, str]:
    """Write a municipality in one of the ways people do."""
    one = draw(MUNICIPALITIES)
    text = draw(st.sampled_from([
        one.code, f"0{one.code}", one.name, f"{one.name} Kommune", f"{one.name}s kommune", one.name.replace("-", " "),
        one.name.replace("aa", "å"),
    ]))
    return one, draw(st.sampled_from([text, text.upper(), text.lower(), f"  {text} "]))


class WhenSomethingIsTypedAsAHomeMunicipality:
    @given(TEXTS, TEXTS, TEXTS)
    def test_it_is_answered_with_known_warnings_and_never_refused(self, home: str, ours: str, police: str) -> None:
        warnings = residence_warnings(home, municipality=ours, police=police)
        assert [one for one in warnings if not any(known.fullmatch(one) for known in KNOWN)] == []

    @given(written())
    def test_each_way_of_writing_means_the_same_place(self, typed: tuple[Municipality, str]) -> None:
        one, text = typed
        assert municipality_of(text) == one

    @pytest.mark.rule(21)
    @given(written(), MUNICIPALITIES, POLICE)
    def test_a_warning_says_exactly_what_does_not_fit(
        self, typed: tuple[Municipality, str], ours: Municipality, police: str
    ) -> None:
        home, text = typed
        warnings = residence_warnings(text, municipality=f"{ours.name} Kommune", police=police)
        assert any(one.startswith("Bopælskommunen er ") for one in warnings) is (home != ours)
        elsewhere = home.police_district not in {None, police}
        assert any(f"{home.name} hører under {home.police_district}" in one for one in warnings) is elsewhere
        unknown = home.police_district is None and home != ours
        assert any(one.startswith("Systemet ved ikke") for one in warnings) is unknown
        assert len(warnings) == sum((home != ours, elsewhere, unknown))
