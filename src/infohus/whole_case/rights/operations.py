"""Record a request for access, restrict items, release persons, and make the package that is handed out."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from infohus import errors
from infohus.casework.concerns.model import ReporterRelease
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Case, SidePerson
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record, Regime
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.rights.accessible_records import ACCESSIBLE, BY_ID, OF_CASE
from infohus.whole_case.rights.model import (
    BASES,
    AccessItem,
    AccessKind,
    AccessRequest,
    AccessRequestDraft,
    PackageDraft,
    PersonReleaseDraft,
    Release,
    Restriction,
    RestrictionDraft,
)
from infohus.whole_case.rights.package import Package, PackedItem, packed
from infohus.whole_case.rights.refusals import (
    BlanketRestriction,
    ItemIsRestricted,
    ItemsNotConsidered,
    NoSubjectOfThisCase,
    NothingToRelease,
    RestrictionOfAnotherRegime,
    ReviewInThePast,
    WithheldUnlessReleased,
)

LED_DAYS = 28
"""Days for answering under retshåndhævelsesloven, which says "uden unødig forsinkelse"; the number is our choice."""

READING = {
    AccessKind.SCOPE_DISAGREEMENT: Action.READ_SCOPE_DECISION, AccessKind.CONTRIBUTION: Action.READ_ASSESSMENT,
    AccessKind.FOLLOW_UP: Action.READ_MEASURE, AccessKind.CHILD_NOTIFICATION_STEP: Action.READ_CHILD_NOTIFICATION,
    **{kind: Action[f"READ_{kind.name}"] for kind in AccessKind if f"READ_{kind.name}" in Action.__members__},
}
"""The action that reads a record of each kind, under which a package opens it."""
THIRD_PARTIES = frozenset({AccessKind.REPORTER, AccessKind.SUBJECT})
"""Kinds of records about a person, who may be another than the one who asks."""

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
_STANDING = sa.select(Restriction).where(
    Restriction.case_id == sa.bindparam("case_id"), Restriction.lifted_at.is_(None)
)
_KNOWN = sa.select(SidePerson.subject_id).where(
    SidePerson.subject_id == sa.bindparam("id"), SidePerson.case_id == sa.bindparam("case_id"),
    SidePerson.authority_id == sa.bindparam("authority_id"),
)
"""Finds a person whom the own side knows; what told of them may be withdrawn since, and the log counts them still."""
_RELEASED = sa.select(Release.record_id).where(Release.case_id == sa.bindparam("case_id"))
_RELEASED_REPORTERS = sa.select(ReporterRelease.reporter_id.label("record_id")).where(
    ReporterRelease.case_id == sa.bindparam("case_id")
)


async def record_request(work: UnitOfWork, draft: AccessRequestDraft) -> AccessRequest:
    """Record that somebody asks for access, and the last day for answering.

    Raises:
        InTheFuture: the day it was received lies ahead.
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
    await _own(work, draft.item)
    if any(row.record_id == draft.item.id for row in await work.rows(Restriction, _STANDING, case_id=work.case.id)):
        raise errors.AlreadyRecorded
    restriction = work.create(
        Restriction, sealed={"reason": draft.reason}, record_kind=draft.item.kind, record_id=draft.item.id,
        basis=draft.basis, review_on=draft.review_on, lifted_at=None,
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
    await _own(work, draft.item)
    if draft.item.id in await _released(work):
        raise errors.AlreadyRecorded
    released = work.create(
        Release, sealed={"reason": draft.reason}, record_kind=draft.item.kind, record_id=draft.item.id
    )
    work.done(released.id)
    return released


async def make_package(work: UnitOfWork, request: AccessRequest, draft: PackageDraft) -> bytes:
    """Pack the included records of the caller's authority as a tar file; the request is answered by it (rules 66, 67).

    Raises:
        NotAvailable: an item is no record of the authority's own.
        WithheldUnlessReleased: a reporter, or another person of the case, is included and was not released.
        ItemIsRestricted: an included item has a standing restriction.
        ItemsNotConsidered: some items are neither included, restricted nor withheld; it says how many of each kind.
    """
    own = await _all_own(work)
    chosen = set(draft.include)
    if not chosen <= own.keys():
        raise errors.NotAvailable
    restricted = {row.record_id: row for row in await work.rows(Restriction, _STANDING, case_id=work.case.id)}
    withheld = _withheld(own, request.subject_id) - await _released(work)
    if any(item.id in withheld for item in chosen):
        raise WithheldUnlessReleased
    if any(item.id in restricted for item in chosen):
        raise ItemIsRestricted
    not_considered = Counter(
        item.kind.value for item in own
        if item not in chosen and item.id not in restricted and item.id not in withheld
    )
    if not_considered:
        raise ItemsNotConsidered(items=", ".join(f"{kind}: {n}" for kind, n in sorted(not_considered.items())))
    items = []
    for item in sorted(chosen):
        texts = await work.open(own[item], reading=READING[item.kind])
        items.append(PackedItem.of(item.kind, own[item], texts[item.id]))
    package = Package(
        case_number=work.case.number, authority=work.caller.authority_id, regime=work.regime, request_id=request.id,
        received_on=request.received_on, made_at=work.now, items=items,
        restricted=dict(Counter(restriction.basis.value for restriction in restricted.values())),
    )
    content, digest = packed(package)
    work.audit_draft.justification = f"sha256:{digest}"
    if request.answered_at is None:
        work.change(request, answered_at=work.now)
    return content


def _withheld(own: Iterable[AccessItem], subject_id: UUID | None) -> set[UUID]:
    """List reporters, and the persons of the case but `subject_id`; all persons where that is `None`."""
    asking = AccessItem(AccessKind.SUBJECT, subject_id) if subject_id is not None else None
    return {item.id for item in own if item.kind in THIRD_PARTIES and item != asking}


async def _released(work: UnitOfWork) -> set[UUID]:
    persons = await work.values(_RELEASED, case_id=work.case.id)
    reporters = await work.values(_RELEASED_REPORTERS, case_id=work.case.id)
    return {row["record_id"] for row in (*persons, *reporters)}


async def _own(work: UnitOfWork, item: AccessItem) -> Record:
    record = await work.row(ACCESSIBLE[item.kind], BY_ID[item.kind], id=item.id, case_id=work.case.id)
    if record is None or record.authority_id != work.caller.authority_id:
        raise errors.NotAvailable
    return record


async def _all_own(work: UnitOfWork) -> dict[AccessItem, Record]:
    own: dict[AccessItem, Record] = {}
    for kind in AccessKind:
        records = await work.rows(
            ACCESSIBLE[kind], OF_CASE[kind], case_id=work.case.id, authority_id=work.caller.authority_id
        )
        own.update({AccessItem(kind, record.id): record for record in records})
    return own
