"""What the caller's side owes a child of the case, each with the underretninger that it is owed for (rules 32 and 83).

The duties come first in the list: their clocks run.
"""

from uuid import UUID

import sqlalchemy as sa

from infohus.casework.concerns.child_notifications import RECEIPT
from infohus.casework.concerns.model import IS_OWED, ChildNotification, ChildStep, is_taken
from infohus.kernel.access.model import ParticipationKind
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork

MOST = 50
_CASE = ChildNotification.case_id == sa.bindparam("case_id")
_OF_SIDE = sa.or_(
    ChildNotification.authority_id == sa.bindparam("authority_id", type_=sa.Text),
    sa.bindparam("is_municipality", type_=sa.Boolean),
)
_OWED = {
    action: sa.select(ChildNotification.id).where(_CASE, _OF_SIDE, IS_OWED, ~is_taken(*steps))
    .order_by(ChildNotification.recorded_at, ChildNotification.id).limit(MOST)
    for action, steps in {
        Action.HAND_OVER_CHILD_NOTIFICATION: {ChildStep.HANDED_OVER},
        Action.RECORD_ASSESSMENT_OF_CHILD: {ChildStep.ASSESSED}, Action.RECORD_RECEIPT_TO_REPORTER: RECEIPT,
    }.items()
}
"""Of the municipality's side also those that it was told of."""


async def duties_to_children(work: UnitOfWork) -> dict[Action, list[UUID]]:
    """Give the ids of what each of these acts is owed for; the clocks are the municipality's alone."""
    if work.participation.kind != ParticipationKind.COORDINATOR:
        return {}
    is_municipality = work.caller.authority_kind is AuthorityKind.MUNICIPALITY
    own = {"case_id": work.case.id, "authority_id": work.caller.authority_id, "is_municipality": is_municipality}
    owed = [*_OWED] if is_municipality else [Action.HAND_OVER_CHILD_NOTIFICATION]
    found = {action: [row["id"] for row in await work.values(_OWED[action], **own)] for action in owed}
    return {action: ids for action, ids in found.items() if ids}
