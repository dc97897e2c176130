"""Whom of the own side's persons a record concerns, as whoever writes it says (rule 79).

In a case about one person nobody has to say it. Where the side knows several, each record says it: what is about one of
them stands in no letter and no package of another's.
"""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from infohus.cases.persons.refusals import NoPersonOfTheSide, PersonsNotNamed
from infohus.kernel.unit_of_work.unit import EVERYBODY, UnitOfWork

MOST_PERSONS = 60
About = Annotated[list[UUID], Meta(max_length=MOST_PERSONS)]
"""The ids of persons of the case whom the caller's side knows; an empty list is about nobody."""


def persons_named(
    work: UnitOfWork, about: Iterable[UUID] | None, *, field: str = "about"
) -> frozenset[UUID]:
    """Give whom a record concerns. Left out, that is the side's only person, or whoever the case turns out to concern.

    Raises:
        PersonsNotNamed: the side knows several, and the record names none of them.
        NoPersonOfTheSide: one of them is no person of this case whom the side knows.
    """
    known = work.side.persons
    if about is None:
        if len(known) > 1:
            raise PersonsNotNamed(field=field)
        return frozenset(known or {EVERYBODY})
    named = frozenset(about)
    if not named <= set(known):
        raise NoPersonOfTheSide(field=field)
    return named
