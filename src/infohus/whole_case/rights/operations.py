"""Record a request for access, restrict items, and release persons."""

from datetime import date, timedelta

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from infohus import errors
from infohus.cases.persons.about import persons_named
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Case, SidePerson
from infohus.kernel.database.tables import Record, Regime
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.rights.accessible_records import ACCESSIBLE, BY_ID
from infohus.whole_case.rights.model import (
    BASES,
    AccessItem,
    AccessKind,
    AccessRequest,
    AccessRequestDraft,
    PersonReleaseDraft,
    Release,
    Restriction,
    RestrictionDraft,
)
from infohus.whole_case.rights.refusals import (
    BlanketRestriction,
    NoSubjectOfThisCase,
    NothingToRelease,
    RestrictionOfAnotherRegime,
    ReviewInThePast,
)
from infohus.whole_case.rights.withheld import released_among, restricted_among

LED_DAYS = 28
"""Days for answering under retshåndhævelsesloven, which says "uden unødig forsinkelse"; the number is our choice."""

REQUEST_BY_ID = sa.select(AccessRequest).where(AccessRequest.id == sa.bindparam("id"))
RESTRICTION_BY_ID = sa.select(Restriction).where(Restriction.id == sa.bindparam("id"))
RELEASE_BY_ID = sa.select(Release).where(Release.id == sa.bindparam("id"))
REQUESTS = (
    sa.select(AccessRequest)
    .where(AccessRequest.case_id == sa.bindparam("case_id"), AccessRequest.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(AccessRequest.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
RESTRICTIONS = (
    sa.select(Restriction)
    .where(Restriction.case_id == sa.bindparam("case_id"), Restriction.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(Restriction.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
OVERDUE = (
    sa.select(Restriction)
    .join(Case, Case.id == Restriction.case_id)
    .where(
        Case.infohus_id == sa.bindparam("infohus_id"), Restriction.lifted_at.is_(None),
        Restriction.review_on < sa.bindparam("today", type_=sa.Date), Restriction.id > sa.bindparam("after"),
    )
    .order_by(Restriction.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists restrictions to be reviewed; row security leaves those of the caller's authority."""
_KNOWN = sa.select(SidePerson.subject_id).where(
    SidePerson.subject_id == sa.bindparam("id"), SidePerson.case_id == sa.bindparam("case_id"),
    SidePerson.authority_id == sa.bindparam("authority_id"),
)
"""Finds a person whom the own side knows; what told of them may be withdrawn since, and the log counts them still."""


async def record_request(work: UnitOfWork, draft: AccessRequestDraft) -> AccessRequest:
    """Record that somebody asks for access, and the last day for answering.

    Raises:
        InTheFuture: the day it was received lies ahead.
        PersonsNotNamed, NoPersonOfTheSide: nobody is named, and the side knows several; see `persons_named`.
        NoSubjectOfThisCase: `subject` is no person of this case whom the caller's side knows, or knew.
    """
    if draft.received_on > danish_day(work.now):
        raise errors.InTheFuture(field="received_on")
    if draft.subject is not None and not await work.values(
        _KNOWN, id=draft.subject, case_id=work.case.id, authority_id=work.caller.authority_id
    ):
        raise NoSubjectOfThisCase
    request = work.create(
        AccessRequest, sealed={"asked": draft.asked}, subject_id=draft.subject, received_on=draft.received_on,
        answer_by=answer_by(draft.received_on, work.regime), answered_at=None,
        about=await persons_named(work, draft.about if draft.subject is None else [draft.subject], field="subject"),
    )
    work.done(request.id)
    return request


def answer_by(received_on: date, regime: Regime) -> date:
    """Give the last day for answering: a month later under GDPR (art. 12, stk. 3), `LED_DAYS` later under LED."""
    if regime is not Regime.GDPR:
        return received_on + timedelta(days=LED_DAYS)
    return received_on + relativedelta(months=1)


async def restrict(work: UnitOfWork, draft: RestrictionDraft) -> Restriction:
    """Withhold one item of the caller's own authority (rule 65).

    Raises:
        BlanketRestriction: no item is named.
        RestrictionOfAnotherRegime: the provision is not one of the authority's own regime.
        ReviewInThePast: the date of the review is not after today.
        AlreadyRecorded: the item is restricted already.
        NotAvailable: it is no record of the authority's own.
    """
    if draft.item is None:
        raise BlanketRestriction
    if draft.basis not in BASES[work.regime]:
        raise RestrictionOfAnotherRegime
    if draft.review_on <= danish_day(work.now):
        raise ReviewInThePast
    item = await _own(work, draft.item)
    if await restricted_among(work, [draft.item.id]):
        raise errors.AlreadyRecorded
    restriction = work.create(
        Restriction, sealed={"reason": draft.reason}, record_kind=draft.item.kind, record_id=draft.item.id,
        basis=draft.basis, review_on=draft.review_on, lifted_at=None, about=await work.whom(item),
    )
    work.done(restriction.id)
    return restriction


async def lift(work: UnitOfWork, restriction: Restriction) -> Restriction:
    """End a restriction; that it stood, and why, remains.

    Raises:
        AlreadyRecorded: it was lifted before.
    """
    if restriction.lifted_at is not None:
        raise errors.AlreadyRecorded
    work.change(restriction, lifted_at=work.now)
    return restriction


async def release(work: UnitOfWork, draft: PersonReleaseDraft) -> Release:
    """Permit that the record of another person of the case is handed out (rule 67).

    Raises:
        NothingToRelease: the item is no person; a reporter is released by `casework.concerns`.
        NotAvailable: it is no record of the authority's own.
        AlreadyRecorded: the person was released before.
    """
    if draft.item.kind is not AccessKind.SUBJECT:
        raise NothingToRelease
    item = await _own(work, draft.item)
    if await released_among(work, [draft.item.id]):
        raise errors.AlreadyRecorded
    released = work.create(
        Release, sealed={"reason": draft.reason}, record_kind=draft.item.kind, record_id=draft.item.id,
        about=await work.whom(item),
    )
    work.done(released.id)
    return released


async def _own(work: UnitOfWork, item: AccessItem) -> Record:
    record = await work.row(ACCESSIBLE[item.kind], BY_ID[item.kind], id=item.id, case_id=work.case.id)
    if record is None or record.authority_id != work.caller.authority_id:
        raise errors.NotAvailable(field="item")
    return record
