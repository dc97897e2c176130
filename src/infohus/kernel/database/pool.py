"""Opens pools of connections, and refuses roles that would undo row security. Runs no other statement."""

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from infohus.settings import UnsafeSetting

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_IS_ANOTHER_OR_ABOVE = """
SELECT r.rolname <> $1 OR r.rolsuper OR r.rolbypassrls OR EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('infohus', 'audit') AND pg_has_role(r.oid, c.relowner, 'MEMBER')
) FROM pg_roles r WHERE r.rolname = current_user
"""

_READERS_MAY_LOCK = """
SELECT EXISTS (
  SELECT FROM pg_proc p, pg_roles r
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_'
    AND r.rolname IN ('infohus_signer', 'infohus_verifier', 'infohus_retention')
    AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
)
"""


APPLICATION, SIGNER = "infohus_app", "infohus_signer"
_ADDRESS_OF = {APPLICATION: "INFOHUS_DATABASE_URL", SIGNER: "INFOHUS_SIGNER_DATABASE_URL"}


async def open_pool(url: str, *, role: str = APPLICATION, size: int) -> "asyncpg.Pool[asyncpg.Record]":
    """Connect `size` times as `role`, which `url` must name.

    Connections keep no state between units (every setting is local to a transaction), so nothing but an open
    transaction is reset when one is returned.

    Raises:
        UnsafeSetting: see `refuse_unsafe_roles`.
    """
    pool = await asyncpg.create_pool(
        url, min_size=size, max_size=size, reset=_leave_no_transaction, max_inactive_connection_lifetime=0,
        server_settings={"application_name": "infohus"},
    )
    try:
        async with pool.acquire() as connection:
            await refuse_unsafe_roles(connection, role=role)
    except BaseException:
        await pool.close()
        raise
    return pool


async def refuse_unsafe_roles(
    connection: "Connection | asyncpg.Connection[asyncpg.Record]", *, role: str = APPLICATION
) -> None:
    """Refuse to work as another role than `role`, or as one that row security does not bind or that owns the tables.

    Also where a role that only reads the logs could take the advisory locks that every act waits for.

    Raises:
        UnsafeSetting: the text names the variable, and what to connect as or to run.
    """
    if await connection.fetchval(_IS_ANOTHER_OR_ABOVE, role):
        message = (
            f"{_ADDRESS_OF[role]}: connect as {role}; this is another role, is above row security or owns the tables"
        )
        raise UnsafeSetting(message)
    if await connection.fetchval(_READERS_MAY_LOCK):
        message = (
            "INFOHUS_DATABASE_URL: roles that only read the log may take the locks that every act waits for; "
            "run deploy/postgresql/roles.sql in this database again"
        )
        raise UnsafeSetting(message)


async def _leave_no_transaction(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
