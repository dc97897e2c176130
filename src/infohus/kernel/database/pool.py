"""The pool of connections, and the roles it refuses to work as. Runs no statement of a case."""

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from infohus.settings import UnsafeSetting

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_IS_TOO_MIGHTY = """
SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('infohus', 'audit') AND pg_has_role(r.oid, c.relowner, 'MEMBER')
) FROM pg_roles r WHERE r.rolname = current_user
"""

_MAY_BE_HELD_UP = """
SELECT EXISTS (
  SELECT FROM pg_proc p, pg_roles r
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_'
    AND r.rolname IN ('infohus_verifier', 'infohus_retention') AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
)
"""


async def open_pool(url: str, *, size: int) -> "asyncpg.Pool[asyncpg.Record]":
    """Connect `size` times as the role the address names.

    Connections keep no state between units (every setting is local to a transaction), so nothing is reset on return
    but a transaction that was left open.
    """
    pool = await asyncpg.create_pool(
        url, min_size=size, max_size=size, reset=_leave_no_transaction, max_inactive_connection_lifetime=0,
        server_settings={"application_name": "infohus"},
    )
    try:
        async with pool.acquire() as connection:
            await refuse_unsafe_roles(connection)
    except BaseException:
        await pool.close()
        raise
    return pool


async def refuse_unsafe_roles(connection: "Connection | asyncpg.Connection[asyncpg.Record]") -> None:
    """Refuse to work as a role that row security does not bind, or that owns the tables or the log.

    Refuse also where a role that only reads could hold the locks that every act waits for (roles.sql).

    Raises:
        UnsafeSetting: naming the variable, and what to connect as or to run.
    """
    if await connection.fetchval(_IS_TOO_MIGHTY):
        message = "INFOHUS_DATABASE_URL: connect as infohus_app; this role is above row security or owns the tables"
        raise UnsafeSetting(message)
    if await connection.fetchval(_MAY_BE_HELD_UP):
        message = (
            "INFOHUS_DATABASE_URL: roles that only read the log may take the locks that every act waits for; "
            "run deploy/postgresql/roles.sql in this database again"
        )
        raise UnsafeSetting(message)


async def _leave_no_transaction(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
