"""The route that lists a case's underretninger: also those that were handed over without the concern."""

from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.cases.disclosures.told import told_of
from infohus.cases.persons.model import AgeStatement, Subject
from infohus.casework.concerns.ages import STATEMENTS, Known
from infohus.casework.concerns.child_notifications import owed_among, steps_of
from infohus.casework.concerns.clocks import clocks_of
from infohus.casework.concerns.model import ChildNotification, Concern
from infohus.casework.concerns.views import ChildNotificationView, SubjectView
from infohus.kernel.access.model import Case
from infohus.kernel.answers.pages import NIL, After, Limit, Page
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork

_TASKS = (
    sa.select(ChildNotification)
    .where(
        ChildNotification.case_id == sa.bindparam("case_id"),
        ChildNotification.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(ChildNotification.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_CHILDREN = sa.select(Subject).where(Subject.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))))
_RECEIVED = (
    sa.select(Subject.id, Concern.received_at)
    .join(Concern, Concern.id == Subject.concern_id)
    .where(Subject.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))))
)


class ChildTaskView(msgspec.Struct, frozen=True):
    """An underretning, and the child where the caller's side knows it; the address is at the concern."""

    task: ChildNotificationView
    child: SubjectView | None


@get("/cases/{case_id:uuid}/child-notifications", operation_id="ListChildNotifications")
async def list_child_notifications(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], saturday_counts: NamedDependency[bool],
    after: After = NIL, limit: Limit = 50,
) -> Page[ChildTaskView]:
    """List the underretninger that the caller's side owes or was told of, with the child and the running clocks.

    On a page they stand in the order in which the side came to know the children.
    """
    async with request_scope.begin(Action.READ_CASE, Case, case_id) as work:
        tasks = await work.rows(ChildNotification, _TASKS, case_id=case_id, after=after, limit=limit + 1)
        places = {person: place for place, person in enumerate(work.side.persons)}
        shown = sorted(tasks[:limit], key=lambda task: (places.get(task.subject_id, len(places)), task.recorded_at))
        children = await _children(work, shown)
        clocks = await clocks_of(work, *shown, saturday_counts=saturday_counts)
        owed, steps = await owed_among(work, *shown), await steps_of(work, *shown)
        told = await told_of(work, *shown, *steps)
        lines = [
            ChildTaskView(
                ChildNotificationView.of(
                    one, steps, told, is_owed=one.id in owed, clocks=clocks.get(one.id), now=work.now
                ),
                children.get(one.subject_id),
            )
            for one in shown
        ]
        return Page(items=lines, next=tasks[limit - 1].id if len(tasks) > limit else None)


async def _children(work: UnitOfWork, tasks: list[ChildNotification]) -> dict[UUID, SubjectView]:
    ids = sorted({one.subject_id for one in tasks})
    children = await work.rows(Subject, _CHILDREN, ids=ids) if ids else []
    if not children:
        return {}
    texts = await work.open(*children, reading=Action.READ_SUBJECT)
    later = await work.rows(AgeStatement, STATEMENTS, subject_ids=ids)
    said = await work.open(*later, reading=Action.READ_SUBJECT)
    received = {row["id"]: row["received_at"] for row in await work.values(_RECEIVED, ids=ids)}
    told = await told_of(work, *children)
    return {
        one.id: SubjectView.of(
            Known(one, texts[one.id], [(each, said[each.id]) for each in later if each.subject_id == one.id]),
            told.get(one.id), protected_address_id=None, received_at=received.get(one.id, one.recorded_at),
            now=work.now,
        )
        for one in children
    }


handlers = [list_child_notifications]
