"""Every unique constraint that two acts can meet at has a row in the table of violations, and none is forgotten."""

import asyncpg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

import infohus.app  # noqa: F401 - every table is known once the application is
from infohus import errors
from infohus.danish import words_for
from infohus.kernel.database.tables import Row
from infohus.kernel.unit_of_work.violations import REFUSALS, refusal_of

NEVER_MET = {
    # Only the owner's commands write these; they do not run in a unit of work.
    "uq_authority_id_regime", "pk_authority", "uq_infohus_name", "pk_infohus_authority",
    "pk_plan", "pk_coordinator", "uq_obligation_infohus_id_code", "pk_assessment_template",
    # Inserted unless it is there.
    "uq_actor_authority_id_person_id_fingerprint", "pk_case_number", "pk_case_side", "pk_side_person",
    # Each holds a random id that this very act made.
    "uq_concern_id_reporter_is_anonymous", "uq_exchange_case_id_id", "pk_disclosure", "pk_disclosed_key",
    "uq_subject_case_id_id", "uq_side_person_log_id", "uq_invitation_participant_id",
    "uq_onward_notice_exchange_id_owner_id", "pk_concern_form",
}


def constraints() -> set[str]:
    """Name every unique constraint and primary key but those of a single random id."""
    return {
        str(constraint.name)
        for table in Row.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
        and [column.name for column in constraint.columns] != ["id"]
    } | {"pk_authority"} | {
        str(index.name) for table in Row.metadata.tables.values() for index in table.indexes if index.unique
    }


class WhenAConstraintIsAdded:
    def test_it_has_a_row_or_a_reason_why_nobody_meets_it(self) -> None:
        assert set(REFUSALS) | NEVER_MET == constraints()
        assert set(REFUSALS) & NEVER_MET == set()

    def test_what_is_told_has_words(self) -> None:
        assert all(words_for(refusal()) for refusal in REFUSALS.values())


class WhenTwoActsMeet:
    @pytest.mark.parametrize("name", REFUSALS)
    def test_the_second_is_told_what_the_constraint_is_about(self, name: str) -> None:
        violation = asyncpg.UniqueViolationError()
        violation.constraint_name = name
        assert type(refusal_of(violation)) is REFUSALS[name]

    @pytest.mark.parametrize("name", ["uq_new_constraint", None])
    def test_an_unknown_one_is_our_fault_and_alarms(self, name: str | None) -> None:
        violation = asyncpg.UniqueViolationError()
        violation.constraint_name, violation.table_name = name, "new"
        with capture_logs() as lines:
            assert type(refusal_of(violation)) is errors.UnexpectedFailure
        assert lines == [
            {"event": "unknown_unique_violation", "log_level": "critical", "constraint": name, "table": "new"}
        ]
