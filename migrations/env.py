"""Runs Alembic on the database: as infohus_owner, one transaction per migration, waiting 5 seconds for locks.

The address comes from the option sqlalchemy.url (`infohus migrate` sets it), from `alembic -x database_url=…`, or from
INFOHUS_DATABASE_URL. The schemas `infohus` and `keys` are compared with the models: the schema `audit` has none. Runs
an event loop of its own, so call it outside one.
"""

import asyncio
import importlib
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine  # noqa: TID251 - the one async engine: Alembic needs it

import infohus
from infohus.kernel.access.keys_model import KEYS_SCHEMA, KeyRow
from infohus.kernel.database.tables import NAMING, SCHEMA, Row

OWNER = "infohus_owner"
_MIGRATING = 0x696E666F687573
"""Number of the advisory lock that lets one migration run at a time ("infohus" in ASCII)."""


class NotTheOwner(Exception):  # noqa: N818 - names the situation
    """Migrations were started as another role, which would own what they make."""


def database_url() -> sa.URL:
    """Read the address, and set the driver asyncpg."""
    address = (
        context.config.get_main_option("sqlalchemy.url")
        or context.get_x_argument(as_dictionary=True).get("database_url")
        or os.environ.get("INFOHUS_DATABASE_URL")
    )
    if not address:
        message = "no database: pass -x database_url=postgresql://… or set INFOHUS_DATABASE_URL"
        raise SystemExit(message)
    return sa.make_url(address).set(drivername="postgresql+asyncpg")


def import_models() -> None:
    """Import every module of the package that declares a table."""
    package = Path(infohus.__path__[0])
    for file in sorted(package.rglob("*.py")):
        if "__tablename__ = " in file.read_text(encoding="utf-8"):
            importlib.import_module(".".join(("infohus", *file.relative_to(package).with_suffix("").parts)))


def all_models() -> sa.MetaData:
    """Give the tables of both schemas together: Alembic takes one set of them, and names by its convention."""
    together = sa.MetaData(naming_convention=NAMING)
    for metadata in (Row.metadata, KeyRow.metadata):
        for table in metadata.sorted_tables:
            table.to_metadata(together)
    return together


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Say whether Alembic compares this object: everything but other schemas."""
    return kind != "schema" or name in {SCHEMA, KEYS_SCHEMA}


def types_differ(
    _context: object, _column: object, _mapped: object, stored: sa.types.TypeEngine[Any],
    declared: sa.types.TypeEngine[Any],
) -> bool | None:
    """Say whether a choice lets in other words than the model says; what is none is left to Alembic."""
    if isinstance(stored, postgresql.DOMAIN) and isinstance(declared, sa.Enum):
        return f"'{{{','.join(declared.enums)}}}'" not in str(stored.check)
    return None


def migrate_over(connection: sa.Connection) -> None:
    """Run or compare migrations over an open connection."""
    role = connection.scalar(sa.text("SELECT current_user"))
    if role != OWNER:
        message = f"migrations run as {OWNER}, not as {role}"
        raise NotTheOwner(message)
    connection.execute(sa.text("SELECT pg_advisory_lock(:number)"), {"number": _MIGRATING})
    # The version table is in our schema, so the schema must exist before the first migration.
    connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=all_models(),
        include_schemas=True,
        include_name=is_ours,
        version_table_schema=SCHEMA,
        compare_type=types_differ,
        compare_server_default=True,
        # Dies here: the finished migrations stay, and nothing of the current one.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate() -> None:
    """Connect, migrate, and close the connection."""
    engine = create_async_engine(
        database_url(),
        poolclass=sa.NullPool,
        # Fail rather than wait behind a long transaction: all other statements would queue behind this one.
        connect_args={"server_settings": {"lock_timeout": "5s", "application_name": "infohus-migrate"}},
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate_over)
    finally:
        await engine.dispose()


import_models()
if context.is_offline_mode():
    context.configure(
        url=sa.URL.create("postgresql"), target_metadata=all_models(), version_table_schema=SCHEMA, literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(migrate())
