"""The persons a concern is about: none, one or several; a CPR number may be missing or fail modulus 11."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

import msgspec

from infohus import errors
from infohus.cases.persons.ages import Age, AgeDraft, StatedAge, age_on, judged
from infohus.cases.persons.cpr_numbers import CprNumber, CprText, read_cpr_number
from infohus.cases.persons.family_names import INDEX, family_names
from infohus.cases.persons.model import ProtectedAddress, Subject
from infohus.casework.concerns.ages import add_task, doubts_of, require_possible_age
from infohus.casework.concerns.model import Concern
from infohus.casework.concerns.refusals import BirthDateNotPossible
from infohus.danish_calendar import danish_day
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Label
from infohus.kernel.unit_of_work.unit import UnitOfWork


class SubjectDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person the concern is about. Everything may be missing; a CPR number is ten digits, with or without a dash."""

    name: Label | None = None
    cpr_number: CprText | None = None
    birth_date: Day | None = None
    is_under_18: bool | None = None
    age: AgeDraft | None = None
    address: Label | None = None
    address_is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A subject with what follows from the CPR number. `id` is random, so that it tells of no other person's."""

    id: UUID
    draft: SubjectDraft
    stated: StatedAge
    age: Age
    cpr_number: CprNumber | None
    cpr_index: bytes | None
    """`None` also for a replacement number, which identifies nobody alone (rule 74)."""

    @property
    def is_child(self) -> bool:
        """Say whether the person was under 18 at receipt or, in doubt, counts as a child (rule 82)."""
        return self.age.counts_as_child

    @classmethod
    def of(cls, work: UnitOfWork, draft: SubjectDraft, received_at: datetime, *, field: str) -> "Person":
        """Read a draft, which is at `field` of the body.

        Raises:
            CprNumberNotPossible: the date in the number does not exist or lies ahead (rule 74).
            BirthDateNotPossible: the birth date lies after receipt, or further back than anybody lives; or the date in
                the number lies after receipt.
            AgeNotPossible, InTheFuture: what is said of the age cannot be.
            ProtectedAddressMissing: an address is protected and not there.
        """
        if draft.address_is_protected and draft.address is None:
            raise errors.ProtectedAddressMissing
        number = read_cpr_number(draft.cpr_number) if draft.cpr_number is not None else None
        received_on = danish_day(received_at)
        require_possible_age(
            draft.age, draft.birth_date, today=danish_day(work.now), received_on=received_on, within=f"{field}."
        )
        if number is not None and age_on(number.birth_date, received_on) < 0:
            raise BirthDateNotPossible(field=f"{field}.cpr_number")
        stated, age = _stated(draft, received_on), _age(draft, number, received_on)
        if number is None or number.is_replacement:
            return cls(uuid4(), draft, stated, age, number, None)
        return cls(uuid4(), draft, stated, age, number, work.lookup_index("cpr", number.digits))


def record_subject(work: UnitOfWork, concern: Concern, person: Person, *, saturday_counts: bool) -> None:
    """Record a person; a protected address apart, and for a child the underretning with its two deadlines."""
    draft, number = person.draft, person.cpr_number
    subject = work.create(
        Subject, id=person.id, about=[person.id],
        sealed={
            "name": draft.name, "cpr_number": number.digits if number else None,
            "birth_date": draft.birth_date.isoformat() if draft.birth_date else None, "age": person.stated.encoded(),
            "address": None if draft.address_is_protected else draft.address,
        },
        concern_id=concern.id, is_under_18_at_receipt=person.is_child,
        age_group=person.age.group, cpr_index=person.cpr_index, cpr_is_odd=number is not None and number.is_odd,
        family_names=sorted(work.lookup_index(INDEX, name) for name in family_names(draft.name)),
    )
    work.side.know(subject.id)
    if draft.address_is_protected:
        work.create(ProtectedAddress, sealed={"address": draft.address}, subject_id=subject.id, about=[subject.id])
    if person.is_child:
        add_task(work, subject.id, concern.received_at, saturday_counts=saturday_counts)


def doubts_about(subjects: Sequence[SubjectDraft], received_at: datetime) -> Iterator[str]:
    """Give the keys of warnings about CPR numbers and ages, each once; a warning refuses nothing (rules 74 and 82)."""
    numbers = [read_cpr_number(one.cpr_number) for one in subjects if one.cpr_number is not None]
    if any(number.is_odd for number in numbers):
        yield "cpr-odd"
    if any(number.is_replacement for number in numbers):
        yield "cpr-replacement"
    if len(numbers) < len(subjects):
        yield "cpr-missing"
    ages = [
        _age(one, read_cpr_number(one.cpr_number) if one.cpr_number is not None else None, danish_day(received_at))
        for one in subjects
    ]
    yield from dict.fromkeys(key for age in ages for key in doubts_of(age))


def _stated(draft: SubjectDraft, received_on: date) -> StatedAge:
    return StatedAge.of(is_under_18=draft.is_under_18, age=draft.age, birth_date=None, on=received_on)


def _age(draft: SubjectDraft, number: CprNumber | None, received_on: date) -> Age:
    dates = [number.birth_date] if number is not None else []
    dates += [draft.birth_date] if draft.birth_date is not None else []
    return judged(dates, _stated(draft, received_on).born(), on=received_on)


