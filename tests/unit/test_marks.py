"""What a disclosure's marks say: to whoever knows a person's id, and to nobody else."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from infohus.kernel.database.marks import MARK_BYTES, MARKS_AT_LEAST, mark_of, marks_of

EXCHANGE, RECORD = UUID(int=1), UUID(int=2)
OF: dict[str, Any] = {"exchange_id": EXCHANGE, "record_id": RECORD, "recipient_id": "politi"}


@pytest.mark.rule(44)
@pytest.mark.rule(79)
class WhenARecordIsTold:
    @pytest.mark.parametrize(("persons", "marks"), [
        (0, MARKS_AT_LEAST), (1, MARKS_AT_LEAST), (32, MARKS_AT_LEAST), (33, 2 * MARKS_AT_LEAST),
    ])  # fmt: skip
    def test_nobody_learns_how_many_it_concerns(self, persons: int, marks: int) -> None:
        made = marks_of({uuid4() for _ in range(persons)}, **OF)
        assert {len(one) for one in made} == {MARK_BYTES}
        assert (len(made), made) == (marks, sorted(made))

    def test_who_knows_a_person_finds_them_and_nobody_else(self) -> None:
        person, other = uuid4(), uuid4()
        made = marks_of({person}, **OF)
        assert mark_of(person, **OF) in made
        assert mark_of(other, **OF) not in made

    @pytest.mark.parametrize("change", [{"exchange_id": RECORD}, {"record_id": EXCHANGE}, {"recipient_id": "kommune"}])
    def test_the_same_person_stands_otherwise_in_another_place(self, change: dict[str, Any]) -> None:
        person = uuid4()
        assert mark_of(person, **{**OF, **change}) != mark_of(person, **OF)
