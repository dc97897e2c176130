"""The persons a concern is about: none, one or several; a CPR number may be missing or fail modulus 11."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from infohus import errors
from infohus.cases.persons.cpr_numbers import CprNumber, CprText, read_cpr_number
from infohus.cases.persons.family_names import INDEX, family_names
from infohus.cases.persons.model import AgeGroup, ProtectedAddress, Subject
from infohus.casework.concerns.deadlines import ADULT_AGE, YOUNG_ADULT_UNTIL, age_at, assess_by, receipt_by
from infohus.casework.concerns.model import ChildNotification, Concern
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Label
from infohus.kernel.unit_of_work.unit import UnitOfWork


class SubjectDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person the concern is about. Everything may be missing; a CPR number is ten digits, with or without a dash."""

    name: Label | None = None
    cpr_number: CprText | None = None
    birth_date: Day | None = None
    is_under_18: bool | None = None
    address: Label | None = None
    address_is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A subject with what follows from the CPR number."""

    draft: SubjectDraft
    age_group: AgeGroup
    cpr_number: CprNumber | None
    cpr_index: bytes | None
    """`None` also for a replacement number, which identifies nobody alone (rule 74)."""

    @property
    def is_child(self) -> bool:
        """Say whether the person was under 18 at receipt."""
        return self.age_group is AgeGroup.UNDER_18

    @classmethod
    def of(cls, work: UnitOfWork, draft: SubjectDraft, received_at: datetime) -> "Person":
        """Read a draft.

        Raises:
            CprNumberNotPossible: the date in the number does not exist or lies ahead (rule 74).
            ProtectedAddressMissing: an address is protected and not there.
        """
        if draft.address_is_protected and draft.address is None:
            raise errors.ProtectedAddressMissing
        number = read_cpr_number(draft.cpr_number) if draft.cpr_number is not None else None
        age_group = _age_group(draft, number, received_at)
        if number is None or number.is_replacement:
            return cls(draft, age_group, number, None)
        return cls(draft, age_group, number, work.lookup_index("cpr", number.digits))


def record_subject(work: UnitOfWork, concern: Concern, person: Person) -> None:
    """Record a person; a protected address apart, and for a child the underretning with its two deadlines."""
    draft, number = person.draft, person.cpr_number
    subject = work.create(
        Subject,
        sealed={
            "name": draft.name, "cpr_number": number.digits if number else None,
            "birth_date": draft.birth_date.isoformat() if draft.birth_date else None,
            "address": None if draft.address_is_protected else draft.address,
        },
        concern_id=concern.id, is_under_18_at_receipt=person.is_child,
        age_group=person.age_group, cpr_index=person.cpr_index, cpr_is_odd=number is not None and number.is_odd,
        family_names=sorted(work.lookup_index(INDEX, name) for name in family_names(draft.name)),
    )
    work.side.know(subject.id)
    if draft.address_is_protected:
        work.create(ProtectedAddress, sealed={"address": draft.address}, subject_id=subject.id)
    if person.is_child:
        work.create(
            ChildNotification, sealed={}, subject_id=subject.id, assess_by=assess_by(concern.received_at),
            receipt_by=receipt_by(concern.received_at),
        )


def doubts_about(subjects: Sequence[SubjectDraft]) -> Iterator[str]:
    """Give the keys of warnings about CPR numbers, each once; a warning refuses nothing (rule 74)."""
    numbers = [read_cpr_number(one.cpr_number) for one in subjects if one.cpr_number is not None]
    if any(number.is_odd for number in numbers):
        yield "cpr-odd"
    if any(number.is_replacement for number in numbers):
        yield "cpr-replacement"
    if len(numbers) < len(subjects):
        yield "cpr-missing"


def _age_group(draft: SubjectDraft, number: CprNumber | None, received_at: datetime) -> AgeGroup:
    """Judge the age by CPR number, else by birth date, else by the draft's `is_under_18`."""
    birth_date = number.birth_date if number else draft.birth_date
    if birth_date is None:
        return AgeGroup.UNDER_18 if draft.is_under_18 else AgeGroup.UNKNOWN
    age = age_at(birth_date, received_at)
    if age < ADULT_AGE:
        return AgeGroup.UNDER_18
    return AgeGroup.FROM_18_TO_24 if age < YOUNG_ADULT_UNTIL else AgeGroup.FROM_25
