"""The routes of cases, of the information that each authority holds, and of participants."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.information import INFORMATION_OF_CASE, Information, InformationDraft, Origin, note_information
from infohus.cases.participants import (
    NO_RECORD,
    Area,
    ExtensionDraft,
    InvitationDraft,
    end_participation,
    extend_participation,
    invitations_of,
    invite_participant,
    leave_case,
)
from infohus.kernel.access.model import Case, Invitation, Participant, ParticipationKind, Stage
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.listing import page_opened
from infohus.kernel.unit_of_work.unit import UnitOfWork

_MY_CASES = (
    sa.select(Case)
    .where(
        Case.id > sa.bindparam("after", type_=sa.Uuid),
        Case.id.in_(
            sa.select(Participant.case_id).where(
                Participant.person_id == sa.bindparam("person_id"),
                Participant.acts_for == sa.bindparam("authority_id"),
                Participant.begins_at <= sa.func.infohus.acting_at(),
                Participant.goes_on_at(sa.func.infohus.acting_at()),
            )
        ),
    )
    .order_by(Case.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_INFORMATION_BY_ID = sa.select(Information).where(Information.id == sa.bindparam("id"))
_PARTICIPANT_BY_ID = sa.select(Participant).where(Participant.id == sa.bindparam("id"))


class AuthoritiesSigningIn(msgspec.Struct, frozen=True):
    """The authorities for whose people an identity provider of this installation vouches."""

    slugs: frozenset[str]


class ParticipantView(msgspec.Struct, frozen=True):
    """A person who takes part, and until when. For what, only those who drew the person in and the person see.

    A tovholder takes part in everything, and has neither `scope` nor `records`.
    """

    id: UUID
    person_id: UUID
    acts_for: str
    kind: ParticipationKind
    scope: list[Area] | None
    records: list[UUID] | None
    begins_at: datetime
    ends_at: datetime | None

    @classmethod
    async def shown(cls, work: UnitOfWork, participants: Sequence[Participant]) -> "list[ParticipantView]":
        """Show participants without the sealed reason; scope and records are the inviter's (rule 44)."""
        invited = [one.id for one in participants if one.kind is ParticipationKind.INVITED]
        invitations = await invitations_of(work, invited)
        return [cls._of(one, invitations.get(one.id)) for one in participants]

    @classmethod
    def _of(cls, participant: Participant, invitation: Invitation | None) -> "ParticipantView":
        return cls(
            id=participant.id, person_id=participant.person_id, acts_for=participant.acts_for, kind=participant.kind,
            scope=[Area(area) for area in invitation.scope] if invitation else None,
            records=[one for one in invitation.records if one != NO_RECORD] if invitation else None,
            begins_at=min(participant.begins_at, participant.ended_at or participant.begins_at),
            ends_at=participant.until,
        )


class InvitedView(ParticipantView, frozen=True):
    """A person who was drawn in, as who drew them in is answered.

    `can_sign_in`: an identity provider vouches for people of that authority here. Where none does, the person sees
    nothing of the case, though the authority takes part in it and can be told. `about`: for whom they are drawn in.
    """

    can_sign_in: bool
    about: list[UUID]

    @classmethod
    async def told(
        cls, work: UnitOfWork, participant: Participant, authorities_signing_in: AuthoritiesSigningIn
    ) -> "InvitedView":
        """Show a participant to who drew them in, or extended the participation."""
        (shown,) = await ParticipantView.shown(work, [participant])
        invitation = (await invitations_of(work, [participant.id]))[participant.id]
        await work.whom(invitation)
        can_sign_in = participant.acts_for in authorities_signing_in.slugs
        return cls(**msgspec.structs.asdict(shown), can_sign_in=can_sign_in, about=work.about(invitation))


class CaseLine(msgspec.Struct, frozen=True):
    """A case as lists show it: what is joint, and nothing about anyone. `version` is that of what is joint.

    `taken_over_at` is when the police took it over alone; why is theirs.
    """

    id: UUID
    infohus_id: UUID
    number: str
    stage: Stage
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None
    taken_over_at: datetime | None
    version: int

    @classmethod
    def of(cls, case: Case) -> "CaseLine":
        """Show a case's facts."""
        return cls(
            id=case.id, infohus_id=case.infohus_id, number=case.number, stage=case.stage, opened_at=case.opened_at,
            closed_at=case.closed_at, outcome=case.outcome, taken_over_at=case.taken_over_at, version=case.version,
        )


class InformationView(msgspec.Struct, frozen=True):
    """An item an authority holds."""

    id: UUID
    owner: str
    origin: Origin
    is_first_hand: bool
    dated_on: date | None
    text: str
    source: str
    about: list[UUID]
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, *items: Information) -> "list[InformationView]":
        """Open items."""
        texts, told = await work.open(*items, reading=Action.READ_INFORMATION), await told_of(work, *items)
        return [
            cls(
                id=item.id, owner=item.authority_id, origin=item.origin, is_first_hand=item.is_first_hand,
                dated_on=item.dated_on, text=texts[item.id]["text"], source=texts[item.id]["source"],
                about=work.about(item), told=told.get(item.id),
            )
            for item in items
        ]


@get("/cases", operation_id="ListCases")
async def list_cases(
    request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[CaseLine]:
    """List the cases that the caller takes part in, oldest first."""
    async with request_scope.begin(Action.LIST_CASES) as work:
        cases = await work.rows(
            Case, _MY_CASES, after=after, limit=limit + 1, person_id=request_scope.caller.person_id,
            authority_id=request_scope.caller.authority_id,
        )
        return page_of([CaseLine.of(case) for case in cases], [case.id for case in cases], limit=limit)


@post("/cases/{case_id:uuid}/information", operation_id="NoteInformation")
async def note(
    case_id: FromPath[UUID], data: JSONBody[InformationDraft], idempotent_scope: NamedDependency[RequestScope],
) -> InformationView:
    """Note what the caller's authority holds; the other authority does not see it."""
    async with idempotent_scope.begin(Action.NOTE_INFORMATION, Case, case_id) as work:
        item = await work.earlier(Information, _INFORMATION_BY_ID)
        if item is None:
            item = await note_information(work, data)
            work.done(item.id)
        return (await InformationView.opened(work, item))[0]


@get("/cases/{case_id:uuid}/information", operation_id="ListInformation")
async def list_information(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    after: After = NIL, limit: Limit = 50,
) -> Page[InformationView]:
    """List the items that the caller's authority holds or was told."""
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        items = await work.rows(Information, INFORMATION_OF_CASE, case_id=case_id, after=after, limit=limit + 1)
        return await page_opened(work, items, partial(InformationView.opened, work), limit=limit)


@get("/cases/{case_id:uuid}/information/{information_id:uuid}", operation_id="ReadInformation")
async def read_information(
    case_id: FromPath[UUID], information_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> InformationView:
    """Read one item; another authority's undisclosed item answers as if it did not exist."""
    async with request_scope.begin(Action.READ_INFORMATION, Information, information_id, within=case_id) as work:
        return (await InformationView.opened(work, work.subject(Information)))[0]


@post("/cases/{case_id:uuid}/participants", operation_id="InviteParticipant")
async def invite(
    case_id: FromPath[UUID], data: JSONBody[InvitationDraft], idempotent_scope: NamedDependency[RequestScope],
    authorities_signing_in: NamedDependency[AuthoritiesSigningIn],
) -> InvitedView:
    """Draw a professional in, with reason, scope and end date."""
    async with idempotent_scope.begin(Action.INVITE_PARTICIPANT, Case, case_id) as work:
        earlier = await work.earlier(Participant, _PARTICIPANT_BY_ID)
        invited = earlier or await invite_participant(work, data)
        return await InvitedView.told(work, invited, authorities_signing_in)


@delete("/cases/{case_id:uuid}/participants/{participant_id:uuid}", operation_id="EndParticipation", status_code=200)
async def end(
    case_id: FromPath[UUID], participant_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope],
) -> ParticipantView:
    """End a professional's participation at once, extensions too; the record of it stays."""
    async with idempotent_scope.begin(Action.END_PARTICIPATION, Participant, participant_id, within=case_id) as work:
        participant = work.subject(Participant)
        ended = participant if work.is_repetition else await end_participation(work, participant)
        return (await ParticipantView.shown(work, [ended]))[0]


@post("/cases/{case_id:uuid}/participants/{participant_id:uuid}/extension", operation_id="ExtendParticipation")
async def extend(
    case_id: FromPath[UUID], participant_id: FromPath[UUID], data: JSONBody[ExtensionDraft],
    idempotent_scope: NamedDependency[RequestScope], authorities_signing_in: NamedDependency[AuthoritiesSigningIn],
) -> InvitedView:
    """Let a professional go on when the participation ends; a reason and an end date of its own."""
    async with idempotent_scope.begin(
            Action.EXTEND_PARTICIPATION, Participant, participant_id, within=case_id
    ) as work:
        earlier = await work.earlier(Participant, _PARTICIPANT_BY_ID)
        extended = earlier or await extend_participation(work, work.subject(Participant), data)
        return await InvitedView.told(work, extended, authorities_signing_in)


@delete("/cases/{case_id:uuid}/participation", operation_id="LeaveCase", status_code=200)
async def leave(case_id: FromPath[UUID], idempotent_scope: NamedDependency[RequestScope]) -> list[ParticipantView]:
    """Leave a case that one was drawn into: access is gone with the next request, a repetition of this one too."""
    async with idempotent_scope.begin(Action.LEAVE_CASE, Case, case_id) as work:
        return await ParticipantView.shown(work, await leave_case(work))


handlers = [
    list_cases, note, list_information, read_information, invite, end, extend, leave,
]
