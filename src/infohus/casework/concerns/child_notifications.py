"""Underretningen om et barn: its hand-over, and when its two deadlines were met: the assessment and the receipt."""

from datetime import datetime

import msgspec

from infohus import errors
from infohus.cases.disclosures.operations import CLOCK_TOLERANCE
from infohus.casework.concerns.model import ChildNotification
from infohus.danish_calendar import danish_day
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.requests.moments import Day, Moment
from infohus.kernel.requests.words import Label
from infohus.kernel.unit_of_work.unit import UnitOfWork


class HandOverDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To whom the underretning was handed over, and when."""

    handed_over_at: Moment
    handed_over_to: Label


class AssessmentOfChildDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the underretning was assessed; what came of it is the family department's own."""

    assessed_at: Moment


class ReceiptToReporterDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The day the reporter got a receipt."""

    receipt_given_on: Day



async def hand_over_child_notification(
    work: UnitOfWork, notification: ChildNotification, draft: HandOverDraft
) -> ChildNotification:
    """Record that the underretning was handed over; with the last one the side knows of, it may screen (rule 32).

    The authority that recorded the child hands it over, and the municipality what was disclosed to it.

    Raises:
        NotAvailable: it is the municipality's, disclosed to the caller.
        AlreadyRecorded: it was handed over before.
        InTheFuture
    """
    own = notification.authority_id == work.caller.authority_id
    if not own and work.caller.authority_kind is not AuthorityKind.MUNICIPALITY:
        raise errors.NotAvailable
    if notification.handed_over_at is not None:
        raise errors.AlreadyRecorded
    _refuse_the_future(work, draft.handed_over_at, "handed_over_at")
    await work.rewrite(
        notification, sealed={"handed_over_to": draft.handed_over_to}, handed_over_at=draft.handed_over_at
    )
    work.side.change()
    return notification


def record_assessment_of_child(
    work: UnitOfWork, notification: ChildNotification, draft: AssessmentOfChildDraft
) -> ChildNotification:
    """Record when the underretning was assessed, the first deadline. Source: barnets lov § 133.

    Raises:
        AlreadyRecorded, InTheFuture
    """
    if notification.assessed_at is not None:
        raise errors.AlreadyRecorded
    _refuse_the_future(work, draft.assessed_at, "assessed_at")
    work.change(notification, assessed_at=draft.assessed_at)
    return notification


def record_receipt_to_reporter(
    work: UnitOfWork, notification: ChildNotification, draft: ReceiptToReporterDraft
) -> ChildNotification:
    """Record when the reporter got a receipt, the second deadline. Source: barnets lov § 136.

    Raises:
        AlreadyRecorded, InTheFuture
    """
    if notification.receipt_given_on is not None:
        raise errors.AlreadyRecorded
    if draft.receipt_given_on > danish_day(work.now):
        raise errors.InTheFuture(field="receipt_given_on")
    work.change(notification, receipt_given_on=draft.receipt_given_on)
    return notification


def _refuse_the_future(work: UnitOfWork, moment: datetime, field: str) -> None:
    if moment > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field=field)
