"""Read a plan version back from the database as the role `infohus_owner`, for the command line's comparison."""

from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.kernel.access.model import LoadedPlan
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.statements import compiled
from infohus.plan.document import PlanDocument
from infohus.plan.reading import PlanNotUsable

_STORED = sa.select(LoadedPlan.document).where(
    LoadedPlan.infohus_id == sa.bindparam("infohus_id"), LoadedPlan.version == sa.bindparam("version")
)


async def stored_plan(owner_connection: AnyConnection, *, infohus_id: UUID, version: int) -> PlanDocument:
    """Read a version that was loaded.

    Raises:
        PlanNotUsable: the infohus has none of this number.
    """
    row = await owner_connection.fetchrow(*compiled(_STORED).bound(infohus_id=infohus_id, version=version))
    if row is None:
        raise PlanNotUsable(place="infohus", what=f"{infohus_id} has no version {version}")
    return msgspec.json.decode(row["document"], type=PlanDocument)
