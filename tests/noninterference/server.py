"""A PostgreSQL of its own for `make noninterference`, with a migrated database to clone."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from conftest import ROLES_SQL, TEMPLATE, Database, Role, empty_database, execute
from infohus.demo.local_postgres import LocalPostgres
from infohus.kernel.database.schema import migrate


@contextmanager
def migrated_template() -> Iterator[tuple[Database, Path]]:
    """Run a server until the context is left; give a migrated database and an empty folder."""
    with TemporaryDirectory() as folder, LocalPostgres.throwaway(Path(folder) / "postgres") as server:
        passwords = {role: secrets.token_urlsafe(16) for role in get_args(Role)}
        setting = (f"ALTER ROLE infohus_{role} PASSWORD '{password}'" for role, password in passwords.items())
        execute(server.superuser_dsn(), ROLES_SQL.read_text(), *setting)
        template = empty_database(server, TEMPLATE, passwords)
        migrate(template.dsn("owner"))
        yield template, Path(folder)
