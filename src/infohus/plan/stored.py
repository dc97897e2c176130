"""Read a plan version back from the database, as its owner: for the command line's comparison."""

from uuid import UUID

import msgspec

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.plan.document import PlanDocument, PlanNotUsable

_STORED = "SELECT document::text FROM infohus.plan WHERE infohus_id = $1 AND version = $2"


async def stored_plan(owner_connection: AnyConnection, *, infohus_id: UUID, version: int) -> PlanDocument:
    """Give a version that was loaded.

    Raises:
        PlanNotUsable: the infohus has none of this number.
    """
    row = await owner_connection.fetchrow(_STORED, infohus_id, version)
    if row is None:
        raise PlanNotUsable(place="infohus", what=f"{infohus_id} has no version {version}")
    return msgspec.json.decode(row["document"], type=PlanDocument)
