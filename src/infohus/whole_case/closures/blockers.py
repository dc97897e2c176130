"""What must be finished before an authority can sign a closure (rule 70), told in Danish, and who can do it.

Only what is joint and what stands on the caller's own side: nothing here tells of the other's (rule 44), which is
asked for the same of its own when it signs. Row security already leaves out what was never disclosed to the caller.
"""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, aliased

from infohus import errors
from infohus.cases.disclosures.model import Exchange, Purpose
from infohus.cases.disclosures.receipts import Receipt
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.joint_decisions.operations import open_proposals
from infohus.cases.persons.model import Subject, counts_as_child
from infohus.cases.procedure.table import PROCEDURE
from infohus.casework.assessments.model import Assessment
from infohus.casework.concerns.child_notifications import RECEIPT
from infohus.casework.concerns.model import IS_OWED, ChildNotification, ChildStep, is_taken
from infohus.casework.exchanges.model import InformationRequest
from infohus.casework.measures.model import IS_ENDED, Measure, Recommendation
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.casework.screenings.model import Screening
from infohus.kernel.access.model import Authority, Case, Disclosure, Infohus, Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import Stored
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork


class ResolvableBy(StrEnum):
    """Who can lift what stands in the way."""

    MUNICIPALITY = "municipal_coordinator"
    POLICE = "police_coordinator"
    THE_OTHER = "the_other_coordinator"
    YOURSELF = "yourself"
    NOBODY = "nobody"
    BOTH = "both_coordinators"
    THE_AUTHORITY_ASKED = "the_authority_asked"
    THE_RESPONSIBLE_AUTHORITY = "the_responsible_authority"
    THE_RECIPIENT = "the_recipient"


class Blocker(msgspec.Struct, frozen=True):
    """One thing that must be finished first: what it is in Danish, by which rule, and who can lift it and how.

    `on` are the records that it is about, as far as the caller sees them: proposals, requests, corrections, measures.
    """

    code: str
    rule: int
    what: str
    lifted_by: ResolvableBy
    how: str
    on: list[UUID] = []


_SIGN = "Begge tovholdere underskriver det samme, eller forslaget ændres."
UNSIGNED_DECISIONS: dict[type[JointDecision], Blocker] = {
    ScopeDecision: Blocker(
        "scope-not-signed", 17, "underskrifter på, om bekymringen hører under infohuset", ResolvableBy.BOTH, _SIGN
    ),
    Screening: Blocker(
        "screening-not-signed", 17, "en screening, der ikke er underskrevet af begge", ResolvableBy.BOTH, _SIGN
    ),
    Assessment: Blocker(
        "assessment-not-finished", 37, "en vurdering, der ikke er afsluttet", ResolvableBy.BOTH,
        "Skriv konklusionen, og underskriv den begge.",
    ),
    Recommendation: Blocker(
        "recommendation-not-signed", 17, "en anbefaling, der ikke er underskrevet af begge", ResolvableBy.BOTH, _SIGN
    ),
}
"""Kinds of joint decision that may not be open when a case is closed; the closure itself is not among them."""
_SIGNED_BY: dict[type[JointDecision], Action] = {
    ScopeDecision: Action.SIGN_SCOPE_DECISION, Screening: Action.SIGN_SCREENING, Assessment: Action.SIGN_ASSESSMENT,
    Recommendation: Action.SIGN_RECOMMENDATION,
}
_CHECK = Blocker(
    "clearance-check-missing", 19, "politiets tjek", ResolvableBy.POLICE,
    "Politiets tovholder registrerer, om noget hindrer behandling i infohuset.",
)
_SCOPE = Blocker(
    "scope-missing", 17, "den fælles vurdering af, om bekymringen hører under infohuset", ResolvableBy.BOTH,
    "En tovholder foreslår, hvor bekymringen hører til, og den anden underskriver eller er uenig.",
)
MISSING_AT = {Stage.RECEIVED: (_CHECK, _SCOPE), Stage.CLEARED: (_SCOPE,)}
"""What a case lacks at its first stages; the stage is joint, so it tells neither side anything of the other."""
_CHILD = {
    AuthorityKind.MUNICIPALITY: Blocker(
        "child-notification-not-handed-over", 32, "aflevering af underretningen om barnet", ResolvableBy.MUNICIPALITY,
        "Kommunens tovholder registrerer, hvornår underretningen blev afleveret, og til hvem.",
    ),
    AuthorityKind.POLICE: Blocker(
        "child-notification-not-handed-over", 32, "aflevering af underretningen om barnet", ResolvableBy.POLICE,
        "Politiets tovholder registrerer, hvornår underretningen blev afleveret til kommunen, og til hvem.",
    ),
}
_AGE = Blocker(
    "age-not-considered", 82, "alderen på en person, der kan være et barn, og som I har fået oplyst",
    ResolvableBy.MUNICIPALITY,
    "Kommunens tovholder angiver alderen under personen. Er det, eller kan det være, et barn, får I underretningen.",
)
_CLOCKS = Blocker(
    "child-notification-clock-runs", 32, "en underretning, hvor vurderingen eller bekræftelsen ikke er registreret",
    ResolvableBy.MUNICIPALITY,
    "Kommunens tovholder registrerer, hvornår den blev vurderet, og hvornår modtagelsen blev bekræftet.",
)
_REQUEST = Blocker(
    "request-not-answered", 8, "en anmodning, der ikke er besvaret", ResolvableBy.THE_AUTHORITY_ASKED,
    "Den myndighed, der er spurgt, svarer. Den må gerne afslå uden grund.",
)
_CORRECTION = Blocker(
    "correction-not-confirmed", 13, "en rettelse, som modtagerens tovholder ikke har kvitteret for",
    ResolvableBy.THE_RECIPIENT, "Modtageren læser rettelsen og kvitterer.",
)
_MEASURE = Blocker(
    "measure-not-ended", 23, "en indsats med en opfølgning, der venter", ResolvableBy.THE_RESPONSIBLE_AUTHORITY,
    "Den ansvarlige myndighed registrerer, hvad indsatsen endte med; den kan godt fortsætte uden for infohuset.",
)


_DANGER = Blocker(
    "danger-not-acknowledged", 84, "en melding om fare, som I ikke har kvitteret for", ResolvableBy.YOURSELF,
    "Læs meldingen under sagens videregivelser, og kvittér for den.",
)


def _waits_for(authority: sa.ColumnElement[str] | InstrumentedAttribute[str]) -> sa.ColumnElement[bool]:
    has_confirmed = sa.exists().where(Receipt.exchange_id == Exchange.id, Receipt.authority_id == authority)
    was_withdrawn = sa.exists().where(
        Disclosure.exchange_id == Exchange.id, Disclosure.record_id == Exchange.id,
        Disclosure.recipient_id == authority, Disclosure.withdrawn_at.is_not(None),
    )
    return (authority == sa.func.any(Exchange.recipients)) & ~has_confirmed & ~was_withdrawn


_OWN = sa.bindparam("authority_id", type_=sa.Text)
MOST_NAMED = 20
"""So many of what stands in the way are named."""
_asker = aliased(Authority)
_OPEN_REQUESTS = (
    sa.select(InformationRequest.id)
    .join(Case, Case.id == InformationRequest.case_id)
    .join(Infohus, Infohus.id == Case.infohus_id)
    .join(_asker, _asker.id == InformationRequest.asked_by)
    .where(
        InformationRequest.case_id == sa.bindparam("case_id"), InformationRequest.answer.is_(None),
        InformationRequest.asked_of.in_([Infohus.municipality_id, Infohus.police_id]),
        _asker.kind != AuthorityKind.SECURITY_SERVICE,
        ~sa.exists().where(
            Disclosure.record_id == InformationRequest.id, Disclosure.recipient_id == InformationRequest.asked_of,
            Disclosure.withdrawn_at.is_not(None),
        ),
    )
    .order_by(InformationRequest.id)
    .limit(MOST_NAMED)
)
"""Finds requests that one of the two authorities has not answered, and that were not taken back.

PET's never blocks a closing (rule 85). Others that are asked have no tovholder who could answer.
"""
_UNCONFIRMED_CORRECTIONS = (
    sa.select(Exchange.id)
    .join(Case, Case.id == Exchange.case_id)
    .join(Infohus, Infohus.id == Case.infohus_id)
    .where(
        Exchange.case_id == sa.bindparam("case_id"), Exchange.corrects_id.is_not(None),
        _waits_for(Infohus.municipality_id) | _waits_for(Infohus.police_id),
    )
    .order_by(Exchange.id)
    .limit(MOST_NAMED)
)
"""Finds corrections sent to the municipality or the police of the infohus that the recipient has not acknowledged.

One that was withdrawn from the recipient asks for no receipt any more.

Other recipients do not block closing: they have no tovholder who could acknowledge.
"""
_DANGER_NOT_READ = (
    sa.select(Exchange.id)
    .where(Exchange.case_id == sa.bindparam("case_id"), Exchange.purpose == Purpose.DANGER, _waits_for(_OWN))
    .order_by(Exchange.id)
    .limit(MOST_NAMED)
)
"""Finds danger that the caller's authority was told of and has not acknowledged; it waits for nobody else."""
_TO_HAND_OVER = sa.select(ChildNotification.id).where(
    ChildNotification.case_id == sa.bindparam("case_id"),
    sa.or_(ChildNotification.authority_id == _OWN, sa.bindparam("is_municipality", type_=sa.Boolean)), IS_OWED,
)
_NOT_HANDED_OVER = (
    _TO_HAND_OVER.where(~is_taken(ChildStep.HANDED_OVER)).order_by(ChildNotification.id).limit(MOST_NAMED)
)
"""Finds underretninger that the caller's authority recorded; the municipality's side has those it was told of too."""
_ANY_TO_HAND_OVER = _TO_HAND_OVER.limit(1)
_RUNNING_CLOCKS = sa.select(ChildNotification.id).where(
    ChildNotification.case_id == sa.bindparam("case_id"), sa.bindparam("is_municipality", type_=sa.Boolean),
    sa.or_(~is_taken(ChildStep.ASSESSED), ~is_taken(*RECEIPT)), IS_OWED,
).order_by(ChildNotification.id).limit(MOST_NAMED)
"""Finds underretninger whose clocks run: the municipality's duties, which it alone is asked for."""
_WITHOUT_TASK = sa.select(Subject.id).where(
    Subject.case_id == sa.bindparam("case_id"), sa.bindparam("is_municipality", type_=sa.Boolean),
    counts_as_child(Subject), ~sa.exists().where(ChildNotification.subject_id == Subject.id),
).order_by(Subject.id).limit(MOST_NAMED)
"""Finds persons who may be children, of whom the municipality was told without the task."""
_OPEN_MEASURES = sa.select(Measure.id).where(
    Measure.case_id == sa.bindparam("case_id"), ~IS_ENDED,
    sa.or_(Measure.authority_id == _OWN, Measure.responsible_id == _OWN),
).order_by(Measure.id).limit(MOST_NAMED)
"""Finds measures that the caller's authority started, or answers for and was told of."""


def can_be_signed(model: type[JointDecision], stage: Stage) -> bool:
    """Say whether a proposal of this kind can be signed at a stage.

    What was open when the police took a case over stays undecided, and holds up nobody (rules 70 and 84).
    """
    return model not in _SIGNED_BY or stage in PROCEDURE[_SIGNED_BY[model]].stages


async def has_hand_over(work: UnitOfWork) -> bool:
    """Say whether the caller's authority had, or has, an underretning to hand over."""
    return bool(await work.values(_ANY_TO_HAND_OVER, **_own_side(work)))


async def hand_over_waits(work: UnitOfWork) -> bool:
    """Say whether there is an underretning that the caller's authority has to hand over."""
    return bool(await work.values(_NOT_HANDED_OVER, **_own_side(work)))


async def blockers_of_closing(work: UnitOfWork) -> list[Blocker]:
    """List what must be finished before the caller can sign; empty when nothing is. Signing a closure refuses by it."""
    blockers = []
    for model, blocker in UNSIGNED_DECISIONS.items():
        if not can_be_signed(model, work.case.stage):
            continue
        if found := await work.values(open_proposals(model), case_id=work.case.id):
            blockers.append(_about(blocker, found))
    missing = MISSING_AT.get(work.case.stage, ())
    codes = {blocker.code for blocker in blockers}
    blockers += [one for one in missing if one is not _SCOPE or UNSIGNED_DECISIONS[ScopeDecision].code not in codes]
    own, child = _own_side(work), _CHILD[work.caller.authority_kind]
    for statement, blocker in (
        (_OPEN_REQUESTS, _REQUEST), (_UNCONFIRMED_CORRECTIONS, _CORRECTION), (_RUNNING_CLOCKS, _CLOCKS),
        (_OPEN_MEASURES, _MEASURE), (_NOT_HANDED_OVER, child), (_WITHOUT_TASK, _AGE), (_DANGER_NOT_READ, _DANGER),
    ):
        if found := await work.values(statement, **own):
            blockers.append(_about(blocker, found))
    return sorted(blockers, key=lambda blocker: blocker.code)


async def refuse_unfinished(work: UnitOfWork) -> None:
    """Refuse to sign a closure, or to end the own side, while something must be finished first.

    Raises:
        CaseHasUnfinishedBusiness: naming what.
    """
    if blockers := await blockers_of_closing(work):
        raise errors.CaseHasUnfinishedBusiness(missing=", ".join(blocker.what for blocker in blockers))


def _about(blocker: Blocker, found: Sequence[Stored]) -> Blocker:
    return msgspec.structs.replace(blocker, on=[row["id"] for row in found])


def _own_side(work: UnitOfWork) -> dict[str, object]:
    return {
        "case_id": work.case.id, "authority_id": work.caller.authority_id,
        "is_municipality": work.caller.authority_kind is AuthorityKind.MUNICIPALITY,
    }
