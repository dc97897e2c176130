"""Writes what a migrated database has of functions, tables, rights and roles into the package (`make catalog`)."""

import asyncio
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from conftest import ROLES_SQL, empty_database, execute
from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.audit.verification.catalog import SHIPPED_FILE, catalog_of, written
from infohus.kernel.database.schema import migrate


async def _catalog_at(address: str) -> str:
    connection = await asyncpg.connect(address)
    try:
        return written(await catalog_of(connection))
    finally:
        await connection.close()


def main() -> None:
    """Migrate an empty database, and write down what it has."""
    with TemporaryDirectory() as folder, LocalPostgres.throwaway(Path(folder) / "postgres") as server:
        password = secrets.token_hex(16)
        execute(server.superuser_dsn(), ROLES_SQL.read_text(), f"ALTER ROLE infohus_owner PASSWORD '{password}'")
        database = empty_database(server, "catalog", {"owner": password})
        migrate(database.dsn("owner"))
        SHIPPED_FILE.write_text(asyncio.run(_catalog_at(database.dsn("superuser"))), encoding="utf-8")


if __name__ == "__main__":
    main()
