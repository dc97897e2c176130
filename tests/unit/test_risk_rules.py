"""Which entries the risk rules of a log check pick, and which they leave alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infohus.kernel.audit.formats.entry import Entry, Outcome
from infohus.oversight.log_checks.risk_rules import (
    RULES,
    Background,
    DailyCases,
    at_unusual_hours,
    of_closed_cases,
    of_own_name_or_family,
    of_undisclosed_items,
    of_unusual_volume,
    rules_of,
)

WORKDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
CASE, PERSON = UUID(int=5), UUID(int=9)
NOTHING = Background({}, {})


def entry(at: datetime = WORKDAY, **change: Any) -> Entry:
    values: dict[str, Any] = {
        "caller": PERSON, "authority": "kommune", "role": "municipal_coordinator", "assurance": "high",
        "action": "readCase", "subject_kind": "case", "subject": CASE, "case": CASE, "outcome": Outcome.ALLOWED,
        "reason": None, "policies": [], "policy_set": "", "justification": None, "purpose": None, "recipients": [],
        "persons": [], "opened": [], "wrote": [], "correlation": "", "nonce": "",
    }
    return Entry(at=at, log=UUID(int=1), **{**values, **change})


def picked_for_volume(entries: list[tuple[int, Entry]]) -> list[int]:
    """Count a period in two chunks, and ask the rule about each."""
    daily, half = DailyCases(), len(entries) // 2
    for chunk in (entries[:half], entries[half:]):
        daily.see(chunk)
    background = Background({}, {}, daily.busy())
    return [index for chunk in (entries[:half], entries[half:]) for index in of_unusual_volume(chunk, background)]


class WhenRisksAreLookedFor:
    @pytest.mark.rule(63)
    def test_what_was_done_in_a_case_after_it_was_closed_is_picked(self) -> None:
        closings = {CASE: WORKDAY}
        entries = [
            (0, entry()), (1, entry(WORKDAY + timedelta(seconds=1))), (2, entry(WORKDAY + timedelta(1), case=None)),
            (3, entry(WORKDAY + timedelta(1), case=UUID(int=6))),
        ]
        assert of_closed_cases(entries, Background(closings, {})) == [1]

    @pytest.mark.rule(63)
    @pytest.mark.parametrize(("at", "is_picked"), [
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), True),  # 06.59 in Denmark
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 16, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 22, 10, 0, tzinfo=UTC), True),  # a Sunday
        (datetime(2026, 12, 25, 10, 0, tzinfo=UTC), True),  # a Friday, and Christmas
        (datetime(2026, 7, 1, 5, 0, tzinfo=UTC), False),  # summer time
    ])
    def test_what_was_done_outside_working_hours_is_picked(self, at: datetime, is_picked: bool) -> None:  # noqa: FBT001
        assert at_unusual_hours([(4, entry(at))], NOTHING) == ([4] if is_picked else [])
        assert at_unusual_hours([(4, entry(at, case=None)), (5, entry(at, caller=None))], NOTHING) == []

    @pytest.mark.rule(63)
    def test_a_day_far_beyond_the_persons_own_median_is_picked_whole(self) -> None:
        usual = [(day, entry(WORKDAY - timedelta(day), case=UUID(int=day))) for day in range(1, 10)]
        much = [(100 + n, entry(case=UUID(int=1000 + n))) for n in range(20)]
        assert picked_for_volume([*reversed(usual), *much]) == [index for index, _ in much]
        assert picked_for_volume([*reversed(usual), *much[:-1]]) == []
        others = [(200 + n, entry(case=UUID(int=1000 + n), caller=UUID(int=50 + n))) for n in range(30)]
        assert picked_for_volume(others) == []

    @pytest.mark.rule(63)
    @pytest.mark.fault("B3")
    def test_what_is_kept_to_know_an_unusual_day_does_not_grow_with_the_log(self) -> None:
        daily = DailyCases()
        for day in range(200):
            entries = [(0, entry(WORKDAY + timedelta(day), case=UUID(int=1000 * day + n))) for n in range(19)]
            daily.see([*entries, *entries])
        assert sum(len(cases) for callers in daily._open.values() for cases in callers.values()) == 2 * 19
        much = [(0, entry(WORKDAY + timedelta(200), case=UUID(int=n))) for n in range(100)]
        for chunk in (much[:40], much[40:], much[:5]):
            daily.see(chunk)
        assert daily.busy() == {(PERSON, (WORKDAY + timedelta(200)).date())}

    @pytest.mark.rule(63)
    def test_one_who_always_has_many_cases_is_not_picked_for_it(self) -> None:
        always = [
            (100 * day + n, entry(WORKDAY - timedelta(day), case=UUID(int=n))) for day in range(5) for n in range(30)
        ]
        assert picked_for_volume(always[::-1]) == []

    @pytest.mark.rule(63)
    def test_denied_attempts_are_picked_and_refused_ones_are_not(self) -> None:
        entries = [
            (0, entry()), (1, entry(outcome=Outcome.DENIED)), (2, entry(outcome=Outcome.REFUSED)),
            (3, entry(outcome=Outcome.DENIED, subject=None)),
        ]
        assert of_undisclosed_items(entries, NOTHING) == [1]

    @pytest.mark.rule(63)
    def test_what_was_done_on_somebody_of_the_same_family_name_is_picked(self) -> None:
        background = Background({}, {PERSON: frozenset({CASE, "pseudonym"})})
        other = UUID(int=6)
        entries = [
            (0, entry()), (1, entry(caller=UUID(int=8))), (2, entry(case=other)), (3, entry(case=None)),
            (4, entry(case=None, persons=["another", "pseudonym"])), (5, entry(caller=None)),
        ]
        assert of_own_name_or_family(entries, background) == [0, 4]
        assert of_own_name_or_family(entries, NOTHING) == []

    @pytest.mark.rule(63)
    def test_a_rule_that_cannot_tell_says_why_and_every_other_picks(self) -> None:
        assert all((rule.picks is None) == (rule.why_not is not None) for rule in RULES)
        assert {rule.code for rule in RULES if rule.picks is None} == {"break_glass"}
        # Of an institution's log neither its people's names nor a reason is shown, nor what was tried at a record.
        of_institution = rules_of("vaerestedet")
        assert all((rule.picks is None) == (rule.why_not is not None) for rule in of_institution)
        assert {rule.code for rule in of_institution if rule.picks is None} == {
            "own_name_or_family", "undisclosed_item_attempts", "changed_record", "break_glass",
        }
