"""The two clocks of an underretning: the municipality's, from its own receipt, its tovholder's included (rule 32).

Where the municipality recorded the concern, they stand in its task. Where it was told, they follow from when an
exchange told it of the task or of the person, or from when it was handed over; what was withdrawn later was received
all the same.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange
from infohus.casework.concerns.deadlines import assess_by, began_at, receipt_by
from infohus.casework.concerns.model import ChildNotification, ChildNotificationStep, ChildStep
from infohus.kernel.access.model import Disclosure
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Clocks(NamedTuple):
    """When the municipality received the underretning, and until when it has to assess it and to confirm it."""

    began_at: datetime
    assess_by: datetime
    receipt_by: date

    @classmethod
    def since(cls, received_at: datetime, *, saturday_counts: bool) -> "Clocks":
        """Start both."""
        return cls(received_at, assess_by(received_at), receipt_by(received_at, saturday_counts=saturday_counts))


_TOLD_AT = (
    sa.select(Disclosure.record_id, sa.func.min(Exchange.exchanged_at).label("at"))
    .join(Exchange, Exchange.id == Disclosure.exchange_id)
    .where(
        Disclosure.record_id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))),
        Disclosure.recipient_id == sa.bindparam("authority_id"),
    )
    .group_by(Disclosure.record_id)
)


_HANDED_OVER_AT = sa.select(sa.func.min(ChildNotificationStep.taken_at).label("at")).where(
    ChildNotificationStep.notification_id == sa.bindparam("notification_id"),
    ChildNotificationStep.step == ChildStep.HANDED_OVER,
    ChildNotificationStep.authority_id != sa.bindparam("authority_id"),
)


async def told_at(work: UnitOfWork, *record_ids: UUID) -> datetime | None:
    """Give when an exchange first told the caller's authority of one of these records."""
    rows = await work.values(_TOLD_AT, ids=sorted(record_ids), authority_id=work.caller.authority_id)
    return min((row["at"] for row in rows), default=None)


async def clocks_of(
    work: UnitOfWork, *tasks: ChildNotification, saturday_counts: bool
) -> Mapping[UUID, Clocks]:
    """Give the clocks of tasks by their ids; of one that the municipality has not received, as far as known, none."""
    found = {}
    for task in tasks:
        if task.assess_by is not None and task.receipt_by is not None:
            found[task.id] = Clocks(began_at(task.assess_by), task.assess_by, task.receipt_by)
        elif work.caller.authority_kind is AuthorityKind.MUNICIPALITY:
            handed = await work.values(
                _HANDED_OVER_AT, notification_id=task.id, authority_id=work.caller.authority_id
            )
            received = [await told_at(work, task.id, task.subject_id), *(row["at"] for row in handed)]
            if known := [at for at in received if at is not None]:
                found[task.id] = Clocks.since(min(known), saturday_counts=saturday_counts)
    return found
