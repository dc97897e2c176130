"""The obligations of a plan as rows: each with an owner and, where the plan sets one, a due date.

Written when a plan is loaded; `oversight/obligations/` shows them and records that they were fulfilled. An obligation
that a later plan no longer names is kept with what was recorded of it, and is no longer owed.
"""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from msgspec import UNSET

from infohus.danish_calendar import later
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.statements import compiled
from infohus.kernel.database.tables import new_id
from infohus.plan.document import Obligation, PlanDocument
from infohus.plan.model import PlanObligation
from infohus.plan.owner_writes import OwnerWrites

REVISION = "plan-revision"

_INFOHUS_ID = sa.bindparam("infohus_id", type_=sa.Uuid)

_STORED = sa.select(PlanObligation).where(PlanObligation.infohus_id == _INFOHUS_ID).with_for_update()


def due_on(*, every: str | None, due_year: int | None, since: date) -> date | None:
    """Give the due date of an obligation last fulfilled, or adopted, on `since`; `None` where the plan sets no date."""
    if every is not None:
        return later(since, every)
    return None if due_year is None else date(due_year, 12, 31)


def due_after_fulfilment(*, every: str | None, fulfilled_on: date) -> date | None:
    """Give the next due date; `None` for one without `every`, which is then done until a plan sets it anew."""
    return due_on(every=every, due_year=None, since=fulfilled_on)


def owner_of(obligation: Obligation, document: PlanDocument) -> str:
    """Name the owner: the one the plan names, else who revises or coordinates the plan, else the municipality."""
    if obligation.owner is not UNSET:
        return obligation.owner
    named = document.plan.revision_owner if obligation.id == REVISION else document.plan.coordination
    return named or next(authority.name for authority in document.carrying if authority.kind == "municipality")


async def put_obligations(
    owner_connection: AnyConnection, writes: OwnerWrites, document: PlanDocument, infohus_id: UUID
) -> None:
    """Write the plan's obligations; one that is owed and keeps its `every` and `due_year` keeps its due date."""
    rows = await owner_connection.fetch(*compiled(_STORED).bound(infohus_id=infohus_id))
    stored = {row["code"]: row for row in rows}
    for one in document.obligations:
        before = stored.get(one.id)
        since = (before["fulfilled_on"] if before else None) or document.plan.adopted
        due = due_on(every=one.every, due_year=one.due_year, since=since)
        if before and before["is_owed"] and (before["every"], before["due_year"]) == (one.every, one.due_year):
            due = before["due_on"]
        described = {
            "text": one.text, "owner": owner_of(one, document), "every": one.every, "due_year": one.due_year,
            "due_on": due, "is_owed": True,
        }
        if before is None:
            await writes.insert(
                PlanObligation, id=new_id(), infohus_id=infohus_id, code=one.id, fulfilled_on=None, version=1,
                **described,
            )
        else:
            await writes.change(PlanObligation, before, version=before["version"] + 1, **described)
    codes = {one.id for one in document.obligations}
    for code, before in stored.items():
        if code not in codes and before["is_owed"]:
            await writes.change(PlanObligation, before, is_owed=False, version=before["version"] + 1)
