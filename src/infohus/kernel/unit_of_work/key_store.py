"""Reaches the schema `keys`, over connections of its own and as the caller of a unit; joins it to nothing.

What is written here is committed before the unit's own transaction is. If the process dies in between, there is a
secret that wraps nothing yet, or a key of an exchange that nobody recorded: neither opens anything.

Where both schemas are on one server, one flush makes both commits durable: the unit's own, which stands behind the
other in the write-ahead log. After a crash the first may be there alone, never the second (decision 21).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from infohus.kernel.access.keys_model import KEYS_SCHEMA
from infohus.kernel.audit.storage.log import plain_id
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.statements import Stored, acting, acting_insert, compiled, left_to_flush
from infohus.kernel.identity.caller import Caller
from infohus.kernel.unit_of_work.key_rows import KEYS
from infohus.kernel.unit_of_work.shared_key_reads import SharedKeyReads

Statement = tuple[str, Sequence[Any]]
"""SQL, and its arguments."""


class KeyStore:
    """Runs what units ask and write there. Each use takes a connection and returns it: no unit holds one meanwhile."""

    def __init__(self, connections: Callable[[], AbstractAsyncContextManager[Connection]]) -> None:
        """Take a connection, as the role `infohus_keys`, from `connections` for each use."""
        self._connections = connections
        self._shared = SharedKeyReads()

    async def read(self, caller: Caller, now: datetime, case_id: UUID) -> Stored:
        """Read the row of `KEYS` for a case, as the caller's authority.

        Raises:
            DatabaseUnavailable: no connection was free within ten seconds.
        """
        async def read(case_ids: Sequence[UUID]) -> dict[UUID, Stored]:
            ready = compiled(KEYS)
            values = {"case_ids": case_ids, "authority_id": caller.authority_id}
            return {row["case_id"]: row for row in await self.ask(caller, now, ready.sql, ready.arguments(values))}

        return await self._shared.read(caller.authority_id, case_id, read)

    async def ask(self, caller: Caller, now: datetime, sql: str, arguments: Sequence[Any]) -> list[Stored]:
        """Run a query as the caller, in one round trip.

        Raises:
            DatabaseUnavailable: no connection was free within ten seconds.
        """
        async with self._connections() as connection:
            return await connection.fetch(
                acting(sql, len(arguments), schema=KEYS_SCHEMA), *arguments, caller.authority_id, caller.person_id,
                caller.role.value, now,
            )

    async def commit(
        self, caller: Caller, now: datetime, statements: Sequence[Statement], before: datetime | None
    ) -> list[str]:
        """Run statements as the caller, in one transaction; give the answers.

        It is durable when this returns; where `before` says when this very server started, no later than what the
        caller commits on it afterwards.

        Raises:
            DatabaseUnavailable: no connection was free within ten seconds.
        """
        async with self._connections() as connection:
            sql, arguments = statements[0]
            insert = acting_insert(sql, len(arguments), schema=KEYS_SCHEMA)
            if insert is not None and len(statements) == 1:
                # As a rule: one row, in one round trip, and PostgreSQL commits it before it answers.
                return [await connection.execute(
                    insert, *arguments, caller.authority_id, caller.person_id, caller.role.value, now, before
                )]
            server = "NULL" if before is None else f"'{before.isoformat()}'::timestamptz"
            await connection.execute(
                f"BEGIN; SELECT keys.act_as('{plain_id(caller.authority_id)}', '{UUID(int=caller.person_id.int)}', "
                f"'{caller.role.value}', '{now.isoformat()}'), {left_to_flush(server)}"
            )
            done = [await connection.execute(sql, *arguments) for sql, arguments in statements]
            await connection.execute("COMMIT")
        return done
