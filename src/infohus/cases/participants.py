"""Deltagere: professionals are drawn in one by one, with reason, scope, from-date and end-date (rule 22).

The end date of a participation is never moved later: an extension is a new one with a reason of its own, which begins
when the other ends. So what was granted when, by whom and why, stays on record.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Annotated, Any, get_args
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.model import AuthoritySlug
from infohus.cases.information import Information
from infohus.cases.persons.about import About, persons_named
from infohus.kernel.access.model import (
    Authority,
    Infohus,
    InfohusAuthority,
    Invitation,
    Participant,
    ParticipationKind,
)
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.document import Sector


class Area(StrEnum):
    """What a professional who is drawn in may take part in."""

    INFORMATION = "information"
    ASSESSMENT = "assessment"
    MEASURES = "measures"
    EXCHANGE = "exchange"


class InvitationDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is drawn in, why, for what and until when.

    With `records` they see those items of information and no others, besides what they note themselves. `about` says
    for whom of the case they are drawn in; what they write concerns these, unless it says which of them. A colleague
    who is drawn in for some of several sees nothing of the side but what `records` names: all else may be on others.
    """

    person_id: UUID
    authority_id: AuthoritySlug
    reason: Reason
    scope: Annotated[list[Area], Meta(min_length=1, max_length=4)]
    ends_at: Moment
    begins_at: Moment | None = None
    public_task_confirmed: bool = False
    records: Annotated[list[UUID], Meta(max_length=200)] = []
    about: About | None = None


class ExtensionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Until when a participation goes on, and why."""

    ends_at: Moment
    reason: Reason


PUBLIC_TASK_SECTORS: frozenset[str] = frozenset(get_args(Sector))
"""What a self-governing institution works with to be drawn in. Source: retsplejeloven § 115, stk. 3 (rule 6)."""

NO_RECORD = UUID(int=0)
"""Stands alone among an invitation's records where it is narrowed to none: an empty list is not narrowed."""
_AUTHORITY_HERE = (
    sa.select(Authority)
    .join(InfohusAuthority, InfohusAuthority.authority_id == Authority.id)
    .where(InfohusAuthority.infohus_id == sa.bindparam("infohus_id"), Authority.id == sa.bindparam("authority_id"))
)
_TOVHOLDERS_OF = sa.select(Infohus.municipality_id, Infohus.police_id).where(Infohus.id == sa.bindparam("id"))
_TAKING_PART = sa.select(Participant.id).where(
    Participant.case_id == sa.bindparam("case_id"),
    Participant.person_id == sa.bindparam("person_id"),
    Participant.goes_on_at(sa.bindparam("now", type_=sa.DateTime(timezone=True))),
)
_NOT_OVER = (
    sa.select(Participant)
    .where(
        Participant.case_id == sa.bindparam("case_id"),
        Participant.person_id == sa.bindparam("person_id"),
        Participant.acts_for == sa.bindparam("acts_for"),
        Participant.kind == ParticipationKind.INVITED,
        Participant.goes_on_at(sa.bindparam("now", type_=sa.DateTime(timezone=True))),
    )
    .order_by(Participant.begins_at.desc())
)
"""The invitations of one person, for one authority, that run or lie ahead; the last to begin comes first."""
_VISIBLE_INFORMATION = sa.select(Information.id).where(
    Information.case_id == sa.bindparam("case_id"),
    Information.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))),
)
PARTICIPANTS_OF_CASE = (
    sa.select(Participant).where(Participant.case_id == sa.bindparam("case_id")).order_by(Participant.id)
)


_INVITATIONS = sa.select(Invitation).where(
    Invitation.participant_id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))
)


async def invitations_of(work: UnitOfWork, participant_ids: Sequence[UUID]) -> dict[UUID, Invitation]:
    """Give what participants were drawn in for, by their ids, where the caller may see that (rule 44)."""
    stored = await work.rows(Invitation, _INVITATIONS, ids=list(participant_ids)) if participant_ids else []
    return {one.participant_id: one for one in (*stored, *work.pending(Invitation))}


async def invite_participant(work: UnitOfWork, draft: InvitationDraft) -> Participant:
    """Draw one natural person in; access begins and ends by itself.

    Raises:
        NotAnAuthorityHere: the authority is not in the infohus' plan (rule 7).
        DrawnInByItsOwnAuthority: it is the other tovholder's authority, whose side the person would read.
        InstitutionWithoutPublicTask: a self-governing institution of another sector, or without a public task (rule 6).
        ParticipationEndsBeforeItBegins, AlreadyTakesPart
        NotAvailable: the caller does not see one of the `records` in this case.
        PersonsNotNamed, NoPersonOfTheSide: of whom they are drawn in for; see `persons_named`.
    """
    begins_at = draft.begins_at or work.now
    if draft.ends_at <= max(begins_at, work.now):
        raise errors.ParticipationEndsBeforeItBegins
    await _require_authority_here(work, draft.authority_id, public_task_confirmed=draft.public_task_confirmed)
    await _refuse_staff_of_the_other_tovholder(work, draft.authority_id)
    if await work.values(_TAKING_PART, case_id=work.case.id, person_id=draft.person_id, now=work.now):
        raise errors.AlreadyTakesPart
    about, records = await persons_named(work, draft.about), await _visible_records(work, draft.records)
    invited = work.create(
        Participant, sealed={}, person_id=draft.person_id, kind=ParticipationKind.INVITED, begins_at=begins_at,
        ends_at=draft.ends_at, ended_at=None, acts_for=draft.authority_id, about=about,
    )
    reads_own_side, others = draft.authority_id == work.caller.authority_id, {*work.side.persons} - about
    if reads_own_side and others and not records:
        records = [NO_RECORD]
    _invite(
        work, invited, reason=draft.reason, about=about, scope=sorted({area.value for area in draft.scope}),
        public_task_confirmed=draft.public_task_confirmed, records=records,
    )
    work.done(invited.id)
    return invited


def _invite(
    work: UnitOfWork, participant: Participant, *, reason: str, about: Collection[UUID], **what_for: Any
) -> None:
    """Write down what somebody is drawn in for, for those who drew them in and themselves."""
    work.create(
        Invitation, sealed={"reason": reason}, about=about, participant_id=participant.id,
        person_id=participant.person_id, acts_for=participant.acts_for, **what_for,
    )


async def _visible_records(work: UnitOfWork, records: Sequence[UUID]) -> list[UUID]:
    wanted = sorted(set(records))
    if wanted:
        visible = await work.values(_VISIBLE_INFORMATION, ids=wanted, case_id=work.case.id)
        if len(visible) != len(wanted):
            raise errors.NotAvailable(field="records")
    return wanted


async def extend_participation(work: UnitOfWork, participant: Participant, draft: ExtensionDraft) -> Participant:
    """Let a professional go on in the same areas when the participation ends, for a reason of its own.

    Raises:
        NotAvailable: another authority drew the person in, so what for is not the caller's to see (rule 44).
        ParticipationCannotBeExtended: it is over, or a tovholder's, which has no end.
        ParticipationEndsBeforeItBegins: the extension would not end after the participation.
        AlreadyRecorded: it was extended before; extend the extension instead.
        NotAnAuthorityHere, InstitutionWithoutPublicTask: the authority could no longer be drawn in.
    """
    if participant.authority_id != work.caller.authority_id:
        raise errors.NotAvailable
    if participant.until is None or participant.until <= work.now:
        raise errors.ParticipationCannotBeExtended
    if draft.ends_at <= participant.until:
        raise errors.ParticipationEndsBeforeItBegins
    if (await _not_over(work, participant.person_id, participant.acts_for))[0].id != participant.id:
        raise errors.AlreadyRecorded
    invitation = (await invitations_of(work, [participant.id]))[participant.id]
    await _require_authority_here(
        work, participant.acts_for, public_task_confirmed=invitation.public_task_confirmed
    )
    extension = work.create(
        Participant, sealed={}, person_id=participant.person_id, kind=ParticipationKind.INVITED,
        begins_at=participant.until, ends_at=draft.ends_at, ended_at=None, acts_for=participant.acts_for,
    )
    _invite(
        work, extension, reason=draft.reason, about=await work.whom(invitation), scope=invitation.scope,
        records=invitation.records,
        public_task_confirmed=invitation.public_task_confirmed,
    )
    work.done(extension.id)
    return extension


async def end_participation(work: UnitOfWork, participant: Participant) -> Participant:
    """End a professional's participation at once, extensions too; what was seen stays on record.

    Raises:
        CannotLeave: a tovholder stays while the case is open.
        NotAvailable: another authority drew the person in, and ends it (rule 22).
    """
    if participant.kind is ParticipationKind.COORDINATOR:
        raise errors.CannotLeave
    if participant.authority_id != work.caller.authority_id:
        raise errors.NotAvailable
    ended = _end(work, await _not_over(work, participant.person_id, participant.acts_for))
    return next((row for row in ended if row.id == participant.id), participant)


async def leave_case(work: UnitOfWork) -> list[Participant]:
    """End the caller's own participation at once, extensions too: from the next request on the case is unknown."""
    return _end(work, await _not_over(work, work.caller.person_id, work.caller.authority_id))


def _end(work: UnitOfWork, participants: list[Participant]) -> list[Participant]:
    # The one that runs now comes last: a caller who leaves must still take part while there are others to end.
    for participant in participants:
        work.change(participant, ended_at=work.now)
    return participants


async def _not_over(work: UnitOfWork, person_id: UUID, acts_for: str) -> list[Participant]:
    return await work.rows(
        Participant, _NOT_OVER, case_id=work.case.id, person_id=person_id, acts_for=acts_for, now=work.now
    )


async def _refuse_staff_of_the_other_tovholder(work: UnitOfWork, authority_id: str) -> None:
    tovholders = (await work.values(_TOVHOLDERS_OF, id=work.infohus_id))[0]
    if authority_id in {tovholders["municipality_id"], tovholders["police_id"]} - {work.caller.authority_id}:
        raise errors.DrawnInByItsOwnAuthority


async def _require_authority_here(work: UnitOfWork, authority_id: str, *, public_task_confirmed: bool) -> None:
    authority = await work.row(Authority, _AUTHORITY_HERE, infohus_id=work.infohus_id, authority_id=authority_id)
    if authority is None:
        raise errors.NotAnAuthorityHere
    if authority.kind is AuthorityKind.SELF_GOVERNING and not (
        public_task_confirmed and authority.public_task_sector in PUBLIC_TASK_SECTORS
    ):
        raise errors.InstitutionWithoutPublicTask
