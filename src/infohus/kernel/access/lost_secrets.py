"""Does each side with stored texts have its secret still? Asked as the reconciler, who sees which there are and no key.

A secret that was deleted, or that a backup put back without, opens nothing: it would show when somebody wants to read.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import SideSecret
from infohus.kernel.access.model import RecordKey
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.statements import compiled

AT_ONCE = 500
_BEGINNING = (UUID(int=0), "")

_SIDES = (
    sa.select(RecordKey.case_id, RecordKey.authority_id)
    .distinct()
    .where(
        sa.tuple_(RecordKey.case_id, RecordKey.authority_id)
        > sa.tuple_(sa.bindparam("case_id", type_=sa.Uuid), sa.bindparam("authority_id", type_=sa.Text))
    )
    .order_by(RecordKey.case_id, RecordKey.authority_id)
    .limit(AT_ONCE)
)
_SECRETS = sa.select(SideSecret.case_id, SideSecret.authority_id).where(
    SideSecret.case_id == sa.any_(sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid)))
)


async def lost_secrets(connection: AnyConnection) -> AsyncIterator[tuple[UUID, str]]:
    """Name each case and authority that has sealed texts and no secret; some hundred sides are looked at in one step.

    A side's secret is durable before what it wraps is stored, so a side that is being written in is never named.
    """
    after = _BEGINNING
    while sides := await connection.fetch(*compiled(_SIDES).bound(case_id=after[0], authority_id=after[1])):
        found = await connection.fetch(*compiled(_SECRETS).bound(case_ids=[side["case_id"] for side in sides]))
        secrets = {(row["case_id"], row["authority_id"]) for row in found}
        for side in sides:
            if (side["case_id"], side["authority_id"]) not in secrets:
                yield side["case_id"], side["authority_id"]
        after = sides[-1]["case_id"], sides[-1]["authority_id"]
