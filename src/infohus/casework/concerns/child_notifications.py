"""Underretningen om et barn: its steps, which are its hand-over, and what meets its two deadlines.

Each is a record of its own that points to the task.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.model import Category, Channel, DisclosureDraft, Item, Paragraph, Purpose
from infohus.cases.disclosures.operations import CLOCK_TOLERANCE, disclose
from infohus.cases.disclosures.outside_115 import Outside
from infohus.cases.persons.model import Subject
from infohus.casework.concerns.clocks import Clocks
from infohus.casework.concerns.model import (
    IS_OWED,
    ChildNotification,
    ChildNotificationStep,
    ChildStep,
    Concern,
    Reporter,
)
from infohus.casework.concerns.refusals import BeforeTheClockBegan, HandOverWithoutWords, ReporterIsKnown
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import STANDS, Disclosure, Infohus
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.requests.moments import Day, Moment
from infohus.kernel.requests.words import Label, OptionalReason, has_words
from infohus.kernel.unit_of_work.unit import UnitOfWork


class HandOverDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To whom in the municipality the underretning was handed over, when and how.

    `categories` and `channel` are those of the exchange that it is, where another authority than the municipality hands
    over: purely private, unless stated; whether a CPR number goes along is seen. `text` is what the underretning says:
    it has words, unless the municipality was told the concern.
    """

    handed_over_at: Moment
    handed_over_to: Label
    categories: Annotated[list[Category], Meta(min_length=1, max_length=5)] | None = None
    strict_necessity: OptionalReason | None = None
    text: OptionalReason | None = None
    channel: Channel = Channel.WRITTEN


class AssessmentOfChildDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the underretning was assessed; what came of it is the family department's own."""

    assessed_at: Moment


class ReceiptToReporterDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The day the reporter got a receipt, or that on which it was found that nobody knows whom to give it."""

    receipt_given_on: Day
    is_not_possible: bool = False


_STEPS = (
    sa.select(ChildNotificationStep)
    .where(ChildNotificationStep.notification_id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(ChildNotificationStep.id)
)


_OWED = sa.select(ChildNotification.id).where(
    ChildNotification.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))), IS_OWED
)


NECESSITY = "Underretningspligten: barnets lov § 133."
_SUBJECT = sa.select(Subject).where(Subject.id == sa.bindparam("id"))
_WAS_TOLD = sa.select(Disclosure.record_id).where(
    Disclosure.record_id == sa.bindparam("concern_id"),
    Disclosure.recipient_id == sa.bindparam("municipality_id"), STANDS,
).limit(1)
_MUNICIPALITY = sa.select(Infohus.municipality_id).where(Infohus.id == sa.bindparam("id"))
_RECEIVED = sa.select(Concern.received_at).join(Subject, Subject.concern_id == Concern.id).where(
    Subject.id == sa.bindparam("subject_id")
)
_SOMEBODY_TO_TELL = (
    sa.select(Subject.id)
    .outerjoin(Reporter, Reporter.concern_id == Subject.concern_id)
    .where(
        Subject.id == sa.bindparam("subject_id"),
        sa.or_(Reporter.id.is_not(None), Subject.authority_id != sa.bindparam("authority_id")),
    )
)
"""Finds the person where somebody is known to whom a receipt is owed: a reporter, or the authority that told of it."""
RECEIPT = frozenset({ChildStep.RECEIPT_GIVEN, ChildStep.RECEIPT_NOT_POSSIBLE})
"""The steps that stop the second clock."""


async def owed_among(work: UnitOfWork, *notifications: ChildNotification) -> set[UUID]:
    """Say which tasks are still owed: those whose person is no proven adult (rule 82)."""
    ids = [one.id for one in notifications]
    return {row["id"] for row in await work.values(_OWED, ids=ids)} if ids else set()


async def steps_of(work: UnitOfWork, *notifications: ChildNotification) -> list[ChildNotificationStep]:
    """List the steps of tasks that the caller may read, oldest first, and those that this unit is about to write."""
    ids = [one.id for one in notifications]
    stored = await work.rows(ChildNotificationStep, _STEPS, ids=ids) if ids else []
    return [*stored, *work.pending(ChildNotificationStep)]


async def hand_over_child_notification(
    work: UnitOfWork, notification: ChildNotification, draft: HandOverDraft, clocks: Clocks | None
) -> ChildNotificationStep:
    """Record that the underretning was handed over; with the last one the side knows of, it may screen (rule 32).

    The authority that recorded the child hands it over, and the municipality what was disclosed to it. Another
    authority than the municipality hands over to that: an exchange with a basis of its own (rules 83 and 105).

    Raises:
        NotAvailable: it is the municipality's, disclosed to the caller.
        AlreadyRecorded: it was handed over before, as far as the caller's side knows.
        HandOverWithoutWords: the municipality would learn of a child, and not what the worry is.
        InTheFuture, BeforeTheClockBegan
    """
    own = notification.authority_id == work.caller.authority_id
    if not own and work.caller.authority_kind is not AuthorityKind.MUNICIPALITY:
        raise errors.NotAvailable
    began = clocks.began_at if clocks is not None else await _received_at(work, notification)
    _refuse_what_cannot_be(work, began, draft.handed_over_at, "handed_over_at")
    step = await _record(
        work, notification, ChildStep.HANDED_OVER, taken_at=draft.handed_over_at, handed_over_to=draft.handed_over_to
    )
    if work.caller.authority_kind is not AuthorityKind.MUNICIPALITY:
        await _tell_the_municipality(work, notification, step, draft)
    work.side.change()
    return step


async def _tell_the_municipality(
    work: UnitOfWork, notification: ChildNotification, step: ChildNotificationStep, draft: HandOverDraft
) -> None:
    """Disclose child, task and hand-over to the municipality of the infohus, outside § 115. Source: barnets lov § 133.

    What was handed over before the case was opened is told in it from then on; the step says when it was.
    """
    subject = await work.row(Subject, _SUBJECT, id=notification.subject_id)
    municipality = (await work.values(_MUNICIPALITY, id=work.infohus_id))[0]["municipality_id"]
    if subject is None:
        raise errors.NotAvailable
    was_told = await work.values(_WAS_TOLD, concern_id=subject.concern_id, municipality_id=municipality)
    if not was_told and not has_words(draft.text):
        raise HandOverWithoutWords(field="text")
    categories = list(draft.categories or [Category.PURELY_PRIVATE])
    if subject.cpr_index is not None:
        categories.append(Category.CPR_NUMBER)
    disclosure = DisclosureDraft(
        recipients=[municipality], purpose=Purpose.CHILD_NOTIFICATION, categories=list(dict.fromkeys(categories)),
        necessity=NECESSITY, strict_necessity=draft.strict_necessity, channel=draft.channel,
        exchanged_at=min(max(draft.handed_over_at, work.case.opened_at), work.now),
    )
    outside = Outside(Paragraph.CHILD_IS_NOTIFIED, is_acute=None)
    items = [Item.of(one) for one in (subject, notification, step)]
    await disclose(work, disclosure, items, summary=draft.text, outside=outside)


async def record_assessment_of_child(
    work: UnitOfWork, notification: ChildNotification, draft: AssessmentOfChildDraft, clocks: Clocks | None
) -> ChildNotificationStep:
    """Record when the underretning was assessed, the first deadline. Source: barnets lov § 136, stk. 2.

    Raises:
        AlreadyRecorded, InTheFuture, BeforeTheClockBegan
    """
    _refuse_what_cannot_be(work, clocks and clocks.began_at, draft.assessed_at, "assessed_at")
    return await _record(work, notification, ChildStep.ASSESSED, taken_at=draft.assessed_at)


async def record_receipt_to_reporter(
    work: UnitOfWork, notification: ChildNotification, draft: ReceiptToReporterDraft, clocks: Clocks | None
) -> ChildNotificationStep:
    """Record when the reporter got a receipt, the second deadline. Source: barnets lov § 138, stk. 1.

    Raises:
        AlreadyRecorded, InTheFuture, BeforeTheClockBegan
        ReporterIsKnown: it is said not to be possible, and somebody is there to be told.
    """
    if draft.receipt_given_on > danish_day(work.now):
        raise errors.InTheFuture(field="receipt_given_on")
    if clocks is not None and draft.receipt_given_on < danish_day(clocks.began_at):
        raise BeforeTheClockBegan(field="receipt_given_on")
    if any(one.step in RECEIPT for one in await steps_of(work, notification)):
        raise errors.AlreadyRecorded
    step = ChildStep.RECEIPT_GIVEN
    if draft.is_not_possible:
        own = {"subject_id": notification.subject_id, "authority_id": work.caller.authority_id}
        if await work.values(_SOMEBODY_TO_TELL, **own):
            raise ReporterIsKnown
        step = ChildStep.RECEIPT_NOT_POSSIBLE
    return await _record(work, notification, step, taken_on=draft.receipt_given_on)


async def _record(  # noqa: PLR0913 - all but the first three by name
    work: UnitOfWork, notification: ChildNotification, step: ChildStep, *, taken_at: datetime | None = None,
    taken_on: date | None = None, handed_over_to: str | None = None,
) -> ChildNotificationStep:
    own = work.caller.authority_id
    if any((one.step, one.authority_id) == (step, own) for one in await steps_of(work, notification)):
        raise errors.AlreadyRecorded
    recorded = work.create(
        ChildNotificationStep, sealed={"handed_over_to": handed_over_to}, notification_id=notification.id, step=step,
        taken_at=taken_at, taken_on=taken_on, about=await work.whom(notification),
    )
    work.done(recorded.id)
    return recorded


async def _received_at(work: UnitOfWork, notification: ChildNotification) -> datetime | None:
    rows = await work.values(_RECEIVED, subject_id=notification.subject_id)
    return rows[0]["received_at"] if rows else None


def _refuse_what_cannot_be(work: UnitOfWork, began: datetime | None, moment: datetime, field: str) -> None:
    if moment > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field=field)
    if began is not None and moment < began:
        raise BeforeTheClockBegan(field=field)
