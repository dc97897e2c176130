"""Deltagere: professionals are drawn in one by one, with reason, scope, from-date and end-date (rule 22)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosure import AuthoritySlug, LongText
from infohus.ground import Authority, CaseKey, InfohusAuthority, Participant, ParticipationKind
from infohus.identity.caller import AuthorityKind
from infohus.unit_of_work import UnitOfWork


class Area(StrEnum):
    """What a professional who is drawn in may take part in."""

    INFORMATION = "information"
    ASSESSMENT = "assessment"
    MEASURES = "measures"
    EXCHANGE = "exchange"


class InvitationDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is drawn in, why, for what and until when."""

    person_id: UUID
    authority_id: AuthoritySlug
    reason: Annotated[LongText, Meta(min_length=1)]
    scope: Annotated[list[Area], Meta(min_length=1, max_length=4)]
    ends_at: Annotated[datetime, Meta(tz=True)]
    begins_at: Annotated[datetime, Meta(tz=True)] | None = None
    public_task_confirmed: bool = False


PUBLIC_TASK_SECTORS = frozenset({"social", "education", "employment", "psychiatry"})
"""What a self-governing institution works with to be drawn in. Source: retsplejeloven § 115, stk. 3 (rule 6)."""

_AUTHORITY_HERE = (
    sa.select(Authority)
    .join(InfohusAuthority, InfohusAuthority.authority_id == Authority.id)
    .where(InfohusAuthority.infohus_id == sa.bindparam("infohus_id"), Authority.id == sa.bindparam("authority_id"))
)
_TAKING_PART = sa.select(Participant.id).where(
    Participant.case_id == sa.bindparam("case_id"),
    Participant.person_id == sa.bindparam("person_id"),
    sa.or_(Participant.ends_at.is_(None), Participant.ends_at > sa.bindparam("now", type_=sa.DateTime(timezone=True))),
)
_HAS_CASE_KEY = sa.select(CaseKey.case_id).where(
    CaseKey.case_id == sa.bindparam("case_id"), CaseKey.authority_id == sa.bindparam("authority_id")
)
PARTICIPANTS_OF_CASE = (
    sa.select(Participant).where(Participant.case_id == sa.bindparam("case_id")).order_by(Participant.id)
)


async def invite_participant(work: UnitOfWork, draft: InvitationDraft) -> Participant:
    """Draw one natural person in; access begins and ends by itself.

    Raises:
        NotAnAuthorityHere: the authority is not in the infohus' plan (rule 7).
        InstitutionWithoutPublicTask: a self-governing institution of another sector, or without a public task (rule 6).
        ParticipationEndsBeforeItBegins, AlreadyTakesPart
    """
    begins_at = draft.begins_at or work.now
    if draft.ends_at <= max(begins_at, work.now):
        raise errors.ParticipationEndsBeforeItBegins
    authority = await work.row(
        Authority, _AUTHORITY_HERE, infohus_id=work.infohus_id, authority_id=draft.authority_id
    )
    if authority is None:
        raise errors.NotAnAuthorityHere
    if authority.kind is AuthorityKind.SELF_GOVERNING and not (
        draft.public_task_confirmed and authority.public_task_sector in PUBLIC_TASK_SECTORS
    ):
        raise errors.InstitutionWithoutPublicTask
    if await work.values(_TAKING_PART, case_id=work.case.id, person_id=draft.person_id, now=work.now):
        raise errors.AlreadyTakesPart
    if not await work.values(_HAS_CASE_KEY, case_id=work.case.id, authority_id=authority.id):
        work.new_case_keys(work.case.id, authority.id)
    invited = work.create(
        Participant, sealed={"reason": draft.reason}, person_id=draft.person_id, kind=ParticipationKind.INVITED,
        scope=sorted({area.value for area in draft.scope}), begins_at=begins_at, ends_at=draft.ends_at,
        acts_for=authority.id, public_task_confirmed=draft.public_task_confirmed,
    )
    work.done(invited.id)
    return invited


def end_participation(work: UnitOfWork, participant: Participant) -> Participant:
    """End a professional's participation at once; what was seen stays on record.

    Raises:
        CannotLeave: a tovholder stays while the case is open.
    """
    if participant.kind is ParticipationKind.COORDINATOR:
        raise errors.CannotLeave
    if participant.ends_at is None or participant.ends_at > work.now:
        begins_at = min(participant.begins_at, work.now)
        work.change(participant, begins_at=begins_at, ends_at=work.now)
    return participant
