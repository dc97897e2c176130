"""The look-up's one query reads the case that it is asked for, in every part of it."""

import pytest

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.access.model import ParticipationKind
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.lookup import Lock, case_query


@pytest.mark.parametrize("lock", Lock)
@pytest.mark.parametrize("record", [None, Exchange])
@pytest.mark.parametrize("takes_part_as", [None, *ParticipationKind])
def test_no_part_of_it_looks_at_other_cases(
    record: type[Record] | None, lock: Lock, takes_part_as: ParticipationKind | None
) -> None:
    # SQLAlchemy adds a table to a sub-select's own FROM where it is not told that the outer query's row is meant; then
    # a condition holds as soon as it holds for any case.
    assert case_query(record, lock, takes_part_as).sql.count('infohus."case"') == 1
