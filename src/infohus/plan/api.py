"""The routes of the infohuse and of the plan in force. Nothing here is about any case."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.danish_calendar import Hours
from infohus.kernel.access.model import Authority, Infohus, InfohusAuthority
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Regime
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.document import Contact, PlanPreventionLevel
from infohus.plan.in_force import concern_codes, plan_in_force

_INFOHUSE = (
    sa.select(Infohus)
    .where(Infohus.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(Infohus.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_AUTHORITIES = (
    sa.select(Authority)
    .join(InfohusAuthority, InfohusAuthority.authority_id == Authority.id)
    .where(InfohusAuthority.infohus_id == sa.bindparam("infohus_id"))
    .order_by(Authority.id)
)


class InfohusLine(msgspec.Struct, frozen=True):
    """An infohus as the list shows it."""

    id: UUID
    name: str
    municipality: str
    police: str
    cooperation_form: str


class AuthorityView(msgspec.Struct, frozen=True):
    """An authority that can take part in the infohus' cases."""

    id: str
    name: str
    kind: AuthorityKind
    regime: Regime


class PossibleParticipantView(msgspec.Struct, frozen=True):
    """Somebody who may be drawn in when the concern makes it relevant; none has access by default."""

    name: str
    authority: str


class ContactView(msgspec.Struct, frozen=True):
    """Whom to turn to. `is_open_now` is null where the plan states no hours; hours are Danish local time."""

    id: str
    audience: Literal["under_18", "over_18", "anyone", "acute"]
    name: str
    email: str | None
    phone: str | None
    purpose: str | None
    hours: list[Hours]
    is_open_now: bool | None


class ConcernSignView(msgspec.Struct, frozen=True):
    """A sign as help for the observer. It is no checklist; how many are seen says nothing (rule 34)."""

    id: str
    group: Literal["individual", "social"]
    label: str


class ExtremismFormView(msgspec.Struct, frozen=True):
    """A form of extremism that a concern may name."""

    id: str
    name: str


class ConcernKindView(msgspec.Struct, frozen=True):
    """What a concern may be about."""

    id: str
    name: str


class PlanView(msgspec.Struct, frozen=True):
    """The plan in force."""

    version: int
    title: str
    adopted: date
    next_revision_year: int | None
    possible_participants: list[PossibleParticipantView]
    contacts: list[ContactView]
    concern_signs: list[ConcernSignView]
    extremism_forms: list[ExtremismFormView]
    concern_kinds: list[ConcernKindView]
    prevention_levels: list[PlanPreventionLevel]


class InfohusView(msgspec.Struct, frozen=True):
    """An infohus with its authorities and its plan; `plan` is null until one is loaded."""

    id: UUID
    name: str
    municipality: str
    police: str
    cooperation_form: str
    authorities: list[AuthorityView]
    plan: PlanView | None


@get("/infohuse", operation_id="ListInfohuse")
async def list_infohuse(
    request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[InfohusLine]:
    """List the infohuse of this installation; being listed opens no case."""
    async with request_scope.begin(Action.LIST_INFOHUSE) as work:
        infohuse = await work.rows(Infohus, _INFOHUSE, after=after, limit=limit + 1)
        lines = [
            InfohusLine(infohus.id, infohus.name, infohus.municipality_id, infohus.police_id, infohus.cooperation_form)
            for infohus in infohuse
        ]
        return page_of(lines, [infohus.id for infohus in infohuse], limit=limit)


@get("/infohuse/{infohus_id:uuid}", operation_id="ReadInfohus")
async def read_infohus(infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope]) -> InfohusView:
    """Read an infohus: who carries it, whom to turn to, and the words its plan gives for what is observed."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        infohus = work.infohus
        authorities = await work.rows(Authority, _AUTHORITIES, infohus_id=infohus.id)
        return InfohusView(
            id=infohus.id, name=infohus.name, municipality=infohus.municipality_id, police=infohus.police_id,
            cooperation_form=infohus.cooperation_form,
            authorities=[
                AuthorityView(authority.id, authority.name, authority.kind, authority.regime)
                for authority in authorities
            ],
            plan=await _plan_in_force(work),
        )


async def _plan_in_force(work: UnitOfWork) -> PlanView | None:
    plan = await plan_in_force(work)
    if plan is None:
        return None
    document, codes = plan.document, concern_codes(plan.document)
    return PlanView(
        version=plan.version, title=document.plan.title, adopted=document.plan.adopted,
        next_revision_year=document.plan.next_revision_year,
        possible_participants=[
            PossibleParticipantView(participant.name, participant.authority or participant.own_id)
            for participant in document.possible_participants
        ],
        contacts=[_contact(work, contact) for contact in document.contacts],
        concern_signs=[ConcernSignView(sign.id, sign.group, sign.label) for sign in document.signs],
        extremism_forms=[ExtremismFormView(code, name) for code, name in codes.extremism_forms.items()],
        concern_kinds=[ConcernKindView(code, name) for code, name in codes.kinds.items()],
        prevention_levels=document.prevention_levels,
    )


def _contact(work: UnitOfWork, contact: Contact) -> ContactView:
    hours = contact.opening_hours()
    return ContactView(
        id=contact.id, audience=contact.audience, name=contact.name, email=contact.email, phone=contact.phone,
        purpose=contact.purpose, hours=hours,
        is_open_now=any(period.cover(work.now) for period in hours) if hours else None,
    )


handlers = [list_infohuse, read_infohus]
