"""Whom of the own side's persons a record concerns, as whoever writes it says (rule 79).

In a case about one person nobody has to say it. Where the side knows several, each record says it: what is about one of
them stands in no letter and no package of another's.
"""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from msgspec import Meta

from infohus.cases.persons.refusals import NoPersonOfTheSide, PersonsNotNamed
from infohus.kernel.access.model import Invitation, Participant, ParticipationKind
from infohus.kernel.unit_of_work.unit import EVERYBODY, UnitOfWork

MOST_PERSONS = 60
About = Annotated[list[UUID], Meta(max_length=MOST_PERSONS)]
"""The ids of persons of the case whom the caller's side knows; an empty list is about nobody."""


_DRAWN_IN_BY_ITS_OWN = (
    sa.select(Invitation)
    .join(Participant, Participant.id == Invitation.participant_id)
    .where(
        Participant.case_id == sa.bindparam("case_id"), Participant.person_id == sa.bindparam("person_id"),
        Participant.acts_for == sa.bindparam("authority_id"), Invitation.authority_id == Participant.acts_for,
        Participant.kind == ParticipationKind.INVITED,
        Participant.goes_on_at(sa.bindparam("now", type_=sa.DateTime(timezone=True))),
    )
    .order_by(Participant.begins_at)
    .limit(1)
)


async def persons_named(
    work: UnitOfWork, about: Iterable[UUID] | None, *, field: str = "about"
) -> frozenset[UUID]:
    """Give whom a record concerns. Left out, that is the side's only person, or whoever the case turns out to concern.

    Of who was drawn in by their own authority it is whom they were drawn in for, and they can name nobody else: whether
    the side knows others is not theirs to learn.

    Raises:
        PersonsNotNamed: the side knows several, and the record names none of them.
        NoPersonOfTheSide: one of them is no person of this case whom the side knows.
    """
    drawn_in_for = await _drawn_in_for(work)
    known = frozenset(work.side.persons) if drawn_in_for is None else drawn_in_for
    if about is None:
        if drawn_in_for is None and len(known) > 1:
            raise PersonsNotNamed(field=field)
        return known if known or drawn_in_for is not None else frozenset({EVERYBODY})
    named = frozenset(about)
    if not named <= known - {EVERYBODY}:
        raise NoPersonOfTheSide(field=field)
    work.audit_draft.is_about(named)
    return named


async def all_at_hand(work: UnitOfWork) -> frozenset[UUID]:
    """Give all whom the caller could name, or whoever the case turns out to concern: of what waits for no question."""
    drawn_in_for = await _drawn_in_for(work)
    return frozenset(work.side.persons or {EVERYBODY}) if drawn_in_for is None else drawn_in_for


async def _drawn_in_for(work: UnitOfWork) -> frozenset[UUID] | None:
    """Give whom the caller was drawn in for by their own authority; `None` for everybody else, who knows the side."""
    if work.participation.kind != ParticipationKind.INVITED:
        return None
    values = {"person_id": work.caller.person_id, "authority_id": work.caller.authority_id, "now": work.now}
    invitation = await work.row(Invitation, _DRAWN_IN_BY_ITS_OWN, case_id=work.case.id, **values)
    return None if invitation is None else await work.whom(invitation)
