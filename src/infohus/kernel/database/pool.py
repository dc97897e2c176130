"""Opens pools of connections, and refuses roles that would undo row security. Runs no other statement."""

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from infohus.settings import UnsafeSetting

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_IS_ANOTHER_OR_ABOVE = """
SELECT r.rolname <> $1 OR r.rolsuper OR r.rolbypassrls OR EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('infohus', 'audit', 'keys') AND pg_has_role(r.oid, c.relowner, 'MEMBER')
) FROM pg_roles r WHERE r.rolname = current_user
"""
_MAY_REACH = """
SELECT string_agg(n.nspname, ' and ' ORDER BY n.nspname) FROM pg_namespace n
WHERE n.nspname = ANY ($1) AND has_schema_privilege(n.oid, 'USAGE')
"""

_READERS_MAY_LOCK = r"""
SELECT EXISTS (
  SELECT FROM pg_proc p, pg_roles r
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_'
    AND r.rolname LIKE 'infohus\_%' AND r.rolname NOT IN ('infohus_owner', 'infohus_app')
    AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
)
"""


_NO_ROOM = asyncpg.TooManyConnectionsError
"""What PostgreSQL says when it, the role or the database has no room for one more connection."""


APPLICATION, KEYS, SIGNER = "infohus_app", "infohus_keys", "infohus_signer"
_ADDRESS_OF = {
    APPLICATION: "INFOHUS_DATABASE_URL", KEYS: "INFOHUS_KEYS_DATABASE_URL", SIGNER: "INFOHUS_SIGNER_DATABASE_URL",
}
_CLOSED_TO = {APPLICATION: ["keys"], KEYS: ["audit", "infohus"], SIGNER: ["infohus", "keys"]}
"""The schemas that each role must not reach: who reads what keys open must not read the keys over the same address."""


def connections_for_keys(pool_size: int) -> int:
    """Give how many connections to the keys go with so many to the rest: a unit holds one of these for less time."""
    return (pool_size + 1) // 2


async def open_pool(url: str, *, role: str = APPLICATION, size: int) -> "asyncpg.Pool[asyncpg.Record]":
    """Connect `size` times as `role`, which `url` must name.

    Connections keep no state between units (every setting but `_plan_once` is local to a transaction), so nothing but
    an open transaction is reset when one is returned.

    Raises:
        UnsafeSetting: there is no room for so many connections; or see `refuse_unsafe_roles`.
    """
    try:
        pool = await asyncpg.create_pool(
            url, min_size=size, max_size=size, init=_plan_once, reset=_leave_no_transaction,
            max_inactive_connection_lifetime=0, server_settings={"application_name": "infohus"},
        )
    except _NO_ROOM as failure:
        message = (
            f"INFOHUS_POOL_SIZE: PostgreSQL has no room for {size} more connections; set it lower, or PostgreSQL's "
            "max_connections or the role's CONNECTION LIMIT higher"
        )
        raise UnsafeSetting(message) from failure
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

    Also where it may reach a schema that is closed to it, where a role that only reads could take the advisory locks
    that every act waits for, and where COMMIT does not wait for the disk: then an answer would be given before what it
    tells of is durable.

    Raises:
        UnsafeSetting: the text names the variable, and what to connect as or to run.
    """
    if await connection.fetchval(_IS_ANOTHER_OR_ABOVE, role):
        message = (
            f"{_ADDRESS_OF[role]}: connect as {role}; this is another role, is above row security or owns the tables"
        )
        raise UnsafeSetting(message)
    if reaches := await connection.fetchval(_MAY_REACH, _CLOSED_TO[role]):
        message = f"{_ADDRESS_OF[role]}: {role} may reach the schema {reaches}; run REVOKE ALL ON SCHEMA … FROM {role}"
        raise UnsafeSetting(message)
    if await connection.fetchval(_READERS_MAY_LOCK):
        message = (
            "INFOHUS_DATABASE_URL: roles that only read the log may take the locks that every act waits for; "
            "run deploy/postgresql/roles.sql in this database again"
        )
        raise UnsafeSetting(message)
    if await connection.fetchval("SHOW synchronous_commit") == "off":
        message = (
            f"{_ADDRESS_OF[role]}: synchronous_commit is off for this role, so an answered act could be lost; "
            "run ALTER ROLE … RESET synchronous_commit, and look in the database's settings and postgresql.conf"
        )
        raise UnsafeSetting(message)


async def _plan_once(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let PostgreSQL plan each statement once, whatever its values, and not anew each time it is run.

    By itself it plans anew what asks for a list of ids, because it takes the list to be longer than it is; for most of
    our statements that takes longer than to run them. All of them look up few rows by an index.
    Source: PostgreSQL, "PREPARE", notes, and "Query Planning", `plan_cache_mode`. Set by a statement, because a pooler
    between refuses settings that a connection begins with.
    """
    await connection.execute("SET plan_cache_mode TO force_generic_plan")


async def _leave_no_transaction(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
