"""What was withdrawn and stands again in a restored schema `keys` stops the start, and the owner's command deletes it.

No log names the rows anew: the withdrawals stand there already, and the deletion only makes the rows what they say.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import KEYS_SCHEMA, NO_PERSON, ExchangeKey
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.key_rows import EXCHANGE_KEY, FALLEN, STANDS_AGAIN, WITHDRAWN, RowFault
from infohus.kernel.audit.verification.logged_rows import key_in
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.statements import Stored, acting, compiled

_DELETE = sa.delete(ExchangeKey).where(
    ExchangeKey.exchange_id == sa.bindparam("exchange_id", type_=sa.Uuid),
    ExchangeKey.number == sa.bindparam("number", type_=sa.Integer),
    ExchangeKey.recipient_id == sa.bindparam("recipient_id", type_=sa.Text),
)
_OWNER = "owner"
_AT_ONCE = 500
_START = "start"
"""For whom the start acts: no authority."""
_withdrawn = sa.func.infohus.withdrawn_exchanges(
    sa.bindparam("exchange_id", type_=sa.Uuid), sa.bindparam("recipient_id", type_=sa.Text),
    sa.bindparam("at_most", type_=sa.Integer),
).table_valued("exchange_id", "recipient_id", "standing", name="withdrawn")
_WITHDRAWN = sa.select(_withdrawn).order_by(_withdrawn.c.exchange_id, _withdrawn.c.recipient_id)
_STANDING = sa.select(ExchangeKey.exchange_id, ExchangeKey.number).where(
    ExchangeKey.exchange_id == sa.any_(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))),
    ExchangeKey.recipient_id == sa.bindparam("recipient_id", type_=sa.Text),
)


class KeysAreOlder(Exception):  # noqa: N818 - names the situation
    """The schema `keys` has an exchange key that was withdrawn: it was restored from before that."""

    def __init__(self, exchange_id: UUID, recipient_id: str) -> None:
        """Take the first that was found."""
        super().__init__(exchange_id, recipient_id)
        self.exchange_id, self.recipient_id = exchange_id, recipient_id

    def __str__(self) -> str:
        """Say in Danish what is wrong and what to do: whoever starts the service reads it."""
        return (
            f"Skemaet keys har en nøgle til videregivelsen {self.exchange_id}, som blev trukket tilbage fra "
            f"{self.recipient_id}: det er lagt ind fra en ældre sikkerhedskopi, eller nogen har lagt den der. "
            "infohus åbner ikke. "
            "Kør infohus keys withdraw-again, og start igen."
        )


async def require_withdrawn_keys_gone(connection: Connection, keys_connection: Connection, *, at: datetime) -> None:
    """Check, as the roles `infohus_app` and `infohus_keys`, that no exchange key stands that was withdrawn.

    What had been passed on with such a key rests on it: the older schema has both, so looking for the first is enough.

    Raises:
        KeysAreOlder: one stands.
    """
    after: tuple[UUID, str] = NO_PERSON, ""
    while withdrawn := await _behind(connection, *after, at):
        for recipient_id in sorted({row["recipient_id"] for row in withdrawn}):
            standing = {row["exchange_id"]: row["standing"] for row in withdrawn if row["recipient_id"] == recipient_id}
            for row in await _standing(keys_connection, recipient_id, list(standing), at):
                if row["number"] not in standing[row["exchange_id"]]:
                    raise KeysAreOlder(row["exchange_id"], recipient_id)
        after = withdrawn[-1]["exchange_id"], withdrawn[-1]["recipient_id"]


async def _behind(connection: Connection, exchange_id: UUID, recipient_id: str, at: datetime) -> Sequence[Stored]:
    sql, *values = compiled(_WITHDRAWN).bound(exchange_id=exchange_id, recipient_id=recipient_id, at_most=_AT_ONCE)
    async with connection.transaction(readonly=True):
        await connection.fetch("SELECT infohus.act_as($1, $2, $3, $4)", _START, NO_PERSON, _START, at)
        return await connection.fetch(sql, *values)


async def _standing(
    keys_connection: Connection, recipient_id: str, exchange_ids: Sequence[UUID], at: datetime
) -> Sequence[Stored]:
    sql, *values = compiled(_STANDING).bound(exchange_ids=exchange_ids, recipient_id=recipient_id)
    statement = acting(sql, len(values), schema=KEYS_SCHEMA)
    return await keys_connection.fetch(statement, *values, recipient_id, NO_PERSON, _OWNER, at)


async def delete_withdrawn(
    owner_connection: AnyConnection, found: Iterable[RowFault], *, at: datetime
) -> Counter[str]:
    """Delete the exchange keys that a comparison of rows found standing although they fell; count them by recipient.

    Call it in a transaction. Deleting one may leave others that rested on it: compare again until none is found.
    """
    deleted = Counter[str]()
    for fault in found:
        if fault.table != EXCHANGE_KEY or fault.what not in {STANDS_AGAIN, FALLEN, WITHDRAWN}:
            continue
        exchange_id, number, recipient_id = key_in(fault.key)
        await owner_connection.fetch("SELECT keys.act_as($1, $2, $3, $4)", recipient_id, NO_PERSON, _OWNER, at)
        done = await owner_connection.execute(*compiled(_DELETE).bound(
            exchange_id=UUID(exchange_id), number=int(number), recipient_id=recipient_id
        ))
        deleted[recipient_id] += int(done.split()[-1])
    return +deleted
