"""Does each side with stored texts have its secret still? Asked as the reconciler, who sees which there are and no key.

A secret that was deleted, or that a backup put back without, opens nothing: it would show when somebody wants to read.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import SideSecret, hangs_on
from infohus.kernel.access.model import RecordKey
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.statements import compiled

AT_ONCE = 500
_BEGINNING = (UUID(int=0), "", UUID(int=0))

_HANGS_ON = (RecordKey.case_id, RecordKey.authority_id, RecordKey.person_id)
_SIDES = (
    sa.select(*_HANGS_ON)
    .distinct()
    .where(
        sa.tuple_(*_HANGS_ON) > sa.tuple_(
            sa.bindparam("case_id", type_=sa.Uuid), sa.bindparam("authority_id", type_=sa.Text),
            sa.bindparam("person_id", type_=sa.Uuid),
        )
    )
    .order_by(*_HANGS_ON)
    .limit(AT_ONCE)
)
_SECRETS = sa.select(SideSecret.case_id, SideSecret.authority_id, SideSecret.person_id).where(
    SideSecret.case_id == sa.any_(sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid)))
)


async def lost_secrets(connection: AnyConnection) -> AsyncIterator[tuple[UUID, str, UUID]]:
    """Name each case, authority and person (or `NO_PERSON`) with sealed texts and no secret; some hundred in one step.

    A secret is durable before what it wraps is stored, so a side that is being written in is never named.
    """
    after = _BEGINNING
    named = set[tuple[UUID, str, UUID]]()
    while sides := await connection.fetch(*compiled(_SIDES).bound(
        case_id=after[0], authority_id=after[1], person_id=after[2]
    )):
        found = await connection.fetch(*compiled(_SECRETS).bound(case_ids=[side["case_id"] for side in sides]))
        secrets = {(row["case_id"], row["authority_id"], row["person_id"]) for row in found}
        for side in sides:
            of_whom = side["case_id"], side["authority_id"], hangs_on(side["person_id"])
            if of_whom not in secrets | named:
                named.add(of_whom)
                yield of_whom
        after = sides[-1]["case_id"], sides[-1]["authority_id"], sides[-1]["person_id"]
