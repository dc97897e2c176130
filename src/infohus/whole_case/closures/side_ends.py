"""Egen ende: an authority ends its own side where the other does not sign the closure within some days (rule 70).

The stage stays, and the other still sees only who has signed. The end holds while the own signature stands, nothing is
disclosed to the side, and its authority records nothing that a closed case would refuse: what comes later reopens the
side and stops its retention clock, by itself.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import Exchange
from infohus.cases.joint_decisions.closing_signatures import own_closing_signature
from infohus.danish_calendar import danish_time
from infohus.kernel.access.model import Disclosure
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.closures.blockers import refuse_unfinished
from infohus.whole_case.closures.model import Closure
from infohus.whole_case.closures.refusals import SideCannotEndYet

_TOLD_SINCE = (
    sa.select(Disclosure.exchange_id)
    .join(Exchange, Exchange.id == Disclosure.exchange_id)
    .where(
        Disclosure.case_id == sa.bindparam("case_id"), Disclosure.recipient_id == sa.bindparam("authority_id"),
        Exchange.recorded_at > sa.bindparam("since", type_=sa.DateTime(timezone=True)),
    )
    .limit(1)
)


async def end_own_side(work: UnitOfWork, closure: Closure, *, wait_days: int) -> None:
    """End the caller's own side; the case itself stays where it is.

    Raises:
        DecisionAlreadyMade: both have signed, so that the case is closed.
        AlreadyRecorded: the side has ended.
        SideCannotEndYet: the caller's authority has not signed this closure, or not so many days ago.
        CaseHasUnfinishedBusiness: something joint, or of the own side, must be finished first.
    """
    if closure.decided_at is not None:
        raise errors.DecisionAlreadyMade
    if await own_end(work) is not None:
        raise errors.AlreadyRecorded
    signature = await own_closing_signature(work)
    wait = timedelta(days=wait_days)
    if signature is None or signature.record_id != closure.id:
        raise SideCannotEndYet(days=wait_days, when="underskriv først afslutningen")
    if (first := signature.signed_at + wait) > work.now:
        raise SideCannotEndYet(days=wait_days, when=f"tidligst {danish_time(first):%d.%m.%Y kl. %H.%M}")
    await refuse_unfinished(work)
    work.side.end(work.now)
    work.done(closure.id)


async def own_end(work: UnitOfWork) -> datetime | None:
    """Say when the caller's own side ended, where it has and nothing has reopened it."""
    ended_at = work.side.ended_at
    if ended_at is None:
        return None
    signature = await own_closing_signature(work)
    if signature is None or signature.signed_at > ended_at:
        return None
    told = await work.values(
        _TOLD_SINCE, case_id=work.case.id, authority_id=work.caller.authority_id, since=ended_at
    )
    return None if told else ended_at
