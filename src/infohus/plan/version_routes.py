"""The routes of a plan's versions: which were loaded, and what each changed."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter, QueryParameter

from infohus import errors
from infohus.kernel.access.model import Infohus, LoadedPlan
from infohus.kernel.answers.pages import Limit
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.comparison import PlanChange, changes_between
from infohus.plan.document import PlanDocument

LARGEST_VERSION = 2**31 - 1
Version = Annotated[int, PathParameter(ge=1, le=LARGEST_VERSION, description="A version of the plan; 1 is the first.")]
AfterVersion = Annotated[
    int, QueryParameter(ge=0, le=LARGEST_VERSION, description="The `next` of the page before.")
]
Since = Annotated[
    int | None,
    QueryParameter(ge=1, le=LARGEST_VERSION, description="Compare with this version; the one before, if left out."),
]
PLAN_VERSIONS = "/infohuse/{infohus_id:uuid}/plan-versions"

_VERSIONS = (
    sa.select(LoadedPlan.version, LoadedPlan.digest, LoadedPlan.loaded_at, LoadedPlan.document)
    .where(
        LoadedPlan.infohus_id == sa.bindparam("infohus_id"),
        LoadedPlan.version > sa.bindparam("after", type_=sa.Integer),
    )
    .order_by(LoadedPlan.version)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_VERSION = sa.select(LoadedPlan.document).where(
    LoadedPlan.infohus_id == sa.bindparam("infohus_id"), LoadedPlan.version == sa.bindparam("version")
)


class PlanVersionLine(msgspec.Struct, frozen=True):
    """A version as it was loaded; `digest` is the SHA-256 of the plan, 64 hexadecimal digits."""

    version: int
    title: str
    adopted: date
    digest: str
    loaded_at: datetime


class PlanVersionPage(msgspec.Struct, frozen=True):
    """Some versions, the oldest first, and where the next ones begin."""

    items: list[PlanVersionLine]
    next: int | None


class PlanChanges(msgspec.Struct, frozen=True):
    """What a version changed; `since` is null for the first, which changed nothing."""

    version: int
    since: int | None
    changes: list[PlanChange]


@get(PLAN_VERSIONS, operation_id="ListPlanVersions")
async def list_plan_versions(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: AfterVersion = 0,
    limit: Limit = 50,
) -> PlanVersionPage:
    """List the versions of the plan that were loaded."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        rows = await work.values(_VERSIONS, infohus_id=work.infohus.id, after=after, limit=limit + 1)
        lines = []
        for row in rows[:limit]:
            head = msgspec.json.decode(row["document"], type=PlanDocument).plan
            lines.append(
                PlanVersionLine(row["version"], head.title, head.adopted, row["digest"].hex(), row["loaded_at"])
            )
        return PlanVersionPage(lines, lines[-1].version if len(rows) > limit else None)


@get(PLAN_VERSIONS + "/{version:int}/changes", operation_id="ListPlanChanges")
async def list_plan_changes(
    infohus_id: FromPath[UUID], version: Version, request_scope: NamedDependency[RequestScope], since: Since = None,
) -> PlanChanges:
    """List what a version changed since the one before, or since another."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        new = await _document(work, version)
        earlier = since if since is not None else version - 1
        if not earlier:
            return PlanChanges(version, None, [])
        return PlanChanges(version, earlier, changes_between(await _document(work, earlier), new))


async def _document(work: UnitOfWork, version: int) -> PlanDocument:
    rows = await work.values(_VERSION, infohus_id=work.infohus.id, version=version)
    if not rows:
        raise errors.NotAvailable
    return msgspec.json.decode(rows[0]["document"], type=PlanDocument)


handlers = [list_plan_versions, list_plan_changes]
