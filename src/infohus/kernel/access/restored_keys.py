"""What the logs say was withdrawn is deleted again where a restored schema `keys` has it, by the owner's command.

No log names the rows anew: the withdrawals stand there already, and the deletion only makes the rows what they say.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import NO_PERSON, ExchangeKey
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.key_rows import EXCHANGE_KEY, FALLEN, STANDS_AGAIN, RowFault
from infohus.kernel.audit.verification.logged_rows import key_in
from infohus.kernel.database.statements import compiled

_DELETE = sa.delete(ExchangeKey).where(
    ExchangeKey.exchange_id == sa.bindparam("exchange_id", type_=sa.Uuid),
    ExchangeKey.number == sa.bindparam("number", type_=sa.Integer),
    ExchangeKey.recipient_id == sa.bindparam("recipient_id", type_=sa.Text),
)
_OWNER = "owner"


async def delete_withdrawn(
    owner_connection: AnyConnection, found: Iterable[RowFault], *, at: datetime
) -> Counter[str]:
    """Delete the exchange keys that a comparison of rows found standing although they fell; count them by recipient.

    Call it in a transaction. Deleting one may leave others that rested on it: compare again until none is found.
    """
    deleted = Counter[str]()
    for fault in found:
        if fault.table != EXCHANGE_KEY or fault.what not in {STANDS_AGAIN, FALLEN}:
            continue
        exchange_id, number, recipient_id = key_in(fault.key)
        await owner_connection.fetch("SELECT keys.act_as($1, $2, $3, $4)", recipient_id, NO_PERSON, _OWNER, at)
        done = await owner_connection.execute(*compiled(_DELETE).bound(
            exchange_id=UUID(exchange_id), number=int(number), recipient_id=recipient_id
        ))
        deleted[recipient_id] += int(done.split()[-1])
    return +deleted
