"""The lists of kinds of records are written out; here each is compared with the tables there are, so none is forgotten.

A new kind of record fails these tests until somebody has decided, for each list, whether it belongs there.
"""

from datetime import datetime, timedelta, timezone

import pytest

import infohus.app  # noqa: F401 - every table is known once the application is
from infohus.cases.joint_decisions.model import JointDecision
from infohus.casework.disclosable_records import DISCLOSABLE
from infohus.casework.exchanges.disclosable import DisclosableKind
from infohus.casework.notes.model import Note
from infohus.danish.record_kinds import RECORD_KINDS
from infohus.kernel.database.tables import Record, Row
from infohus.oversight.content_requests.model import REVIEWABLE, ContentKind
from infohus.whole_case.closures.blockers import UNSIGNED_DECISIONS
from infohus.whole_case.closures.model import Closure
from infohus.whole_case.decision_kinds import JOINT_DECISIONS
from infohus.whole_case.erasure.own_records import OWN_RECORDS
from infohus.whole_case.rights.accessible_records import ACCESSIBLE
from infohus.whole_case.rights.model import AccessKind

RECORDS = sorted(
    (mapper.class_ for mapper in Row.registry.mappers if issubclass(mapper.class_, Record)),
    key=lambda model: str(model.__tablename__),
)

DISCLOSED_BY_AN_ACT_OF_ITS_OWN = {
    "assessment", "closure", "exchange", "first_view", "information_request", "onward_notice", "recommendation",
    "scope_decision", "scope_disagreement", "screening",
}
NEVER_DISCLOSED = {
    # Rule 29 keeps a reporter apart, rule 54 a protected address.
    "protected_address", "reporter", "reporter_release",
    # What a side learned of an age is its own; whoever was told of the person states what it learned for itself.
    "age_statement",
    # How an authority handles its own part of the case.
    "access_request", "archive_clearance", "invitation", "journal_reference", "kept_mark", "legal_hold", "participant",
    "release", "restriction", "withdrawal",
}

NOTHING_ON_A_PERSON_TO_HAND_OUT = {
    "access_request", "archive_clearance", "information_request", "invitation", "journal_reference", "kept_mark",
    "legal_hold", "onward_notice", "participant", "protected_address", "release", "reporter_release", "restriction",
    "withdrawal",
}


def test_a_moment_is_kept_as_it_is_read_back() -> None:
    """So that an answer to a repetition has the same moments as the first."""
    made = Note.of(happened_at=datetime(2026, 11, 30, 14, tzinfo=timezone(timedelta(hours=1))))
    assert made.happened_at.isoformat() == "2026-11-30T13:00:00+00:00"


def test_every_kind_that_a_person_is_given_has_danish_words() -> None:
    assert set(RECORD_KINDS) == set(AccessKind)


KEPT_APART_OR_WITHOUT_TEXT = {"participant", "protected_address", "reporter", "reporter_release"}


def names_of(models: object) -> list[str]:
    return [str(model.__tablename__) for model in models]  # type: ignore[attr-defined]


class WhenAnExchangeNamesARecord:
    @pytest.mark.rule(29)
    def test_every_table_of_records_is_either_disclosable_or_was_left_out_on_purpose(self) -> None:
        left_out = DISCLOSED_BY_AN_ACT_OF_ITS_OWN | NEVER_DISCLOSED
        assert sorted([*names_of(DISCLOSABLE.values()), *left_out]) == names_of(RECORDS)

    def test_every_kind_names_its_own_table(self) -> None:
        assert names_of(DISCLOSABLE.values()) == [kind.value for kind in DISCLOSABLE]
        assert set(DISCLOSABLE) == set(DisclosableKind)


class WhenAPackageIsMade:
    def test_every_table_of_records_is_either_accessible_or_was_left_out_on_purpose(self) -> None:
        assert sorted([*names_of(ACCESSIBLE.values()), *NOTHING_ON_A_PERSON_TO_HAND_OUT]) == names_of(RECORDS)

    def test_every_kind_names_its_own_table(self) -> None:
        assert names_of(ACCESSIBLE.values()) == [kind.value for kind in ACCESSIBLE]
        assert set(ACCESSIBLE) == set(AccessKind)


class WhenADpoAsksForContent:
    @pytest.mark.rule(29)
    @pytest.mark.rule(54)
    def test_every_table_of_records_is_either_reviewable_or_was_left_out_on_purpose(self) -> None:
        assert sorted([*names_of(REVIEWABLE.values()), *KEPT_APART_OR_WITHOUT_TEXT]) == names_of(RECORDS)
        assert set(REVIEWABLE) == set(ContentKind)


class WhenErasingIsReported:
    @pytest.mark.rule(72)
    def test_no_table_of_records_is_forgotten(self) -> None:
        assert list(OWN_RECORDS) == RECORDS


class WhenJointDecisionsAreGathered:
    def test_none_is_forgotten(self) -> None:
        assert list(JOINT_DECISIONS) == [model for model in RECORDS if issubclass(model, JointDecision)]

    @pytest.mark.rule(70)
    def test_every_one_but_the_closure_itself_hinders_closing_while_it_is_open(self) -> None:
        assert set(UNSIGNED_DECISIONS) == {*JOINT_DECISIONS} - {Closure}
