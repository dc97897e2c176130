"""The pool of connections, and SQLAlchemy statements as the driver wants them. Decides nothing and logs nothing.

SQLAlchemy describes tables and builds statements; each statement is compiled once and then run by asyncpg itself.
Why no ORM session: docs/decisions/0001-unit-of-work.md.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import asyncpg
import sqlalchemy as sa
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.orm import configure_mappers
from sqlalchemy.sql.compiler import SQLCompiler

from infohus.kernel.database.tables import Row
from infohus.settings import UnsafeSetting

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
Stored: TypeAlias = asyncpg.Record
"""A row as it came from the database: columns by name, sealed values still sealed."""
Convert = Callable[[Any], Any]
AnySelect: TypeAlias = "sa.Select[*tuple[Any, ...]]"
AnyRow = TypeVar("AnyRow", bound=Row)

_PARAMETER = re.compile(r"\$(\d+)")
_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]


_ACTING = "SELECT asked.* FROM ({sql}) AS asked WHERE (SELECT infohus.act_as(${first}, ${second}, ${third}, ${fourth}))"


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


class Compiled:
    """A statement as SQL text with `$1 …` and the order and conversion of its values."""

    __slots__ = ("_fixed", "_places", "sql")

    def __init__(self, statement: sa.Executable, *, column_keys: Sequence[str] | None = None) -> None:
        """Compile once; the statement must hold no literal that differs from call to call."""
        compiled = statement.compile(dialect=_DIALECT, column_keys=column_keys)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - narrows the type
        self.sql = str(compiled)
        converts: Mapping[str, Any] = compiled._bind_processors or {}  # noqa: SLF001
        self._places: tuple[tuple[str, Convert | None], ...] = tuple(
            (name, converts.get(name)) for name in compiled.positiontup or ()
        )
        self._fixed = dict(compiled.params)

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Order and convert `values` for the driver.

        Raises:
            PlainTextInSealedColumn: a sealed column was given anything but a sealed value.
        """
        given = {**self._fixed, **values}
        return [
            given[name] if convert is None or given[name] is None else convert(given[name])
            for name, convert in self._places
        ]


@cache
def acting(sql: str, parameters: int) -> str:
    """Put before a query who acts, as its last four parameters: one statement, one round trip, no transaction.

    The query reads nothing before `act_as` has answered, for it hangs on its answer; were the order ever another, row
    security would see no caller and show nothing.
    """
    first, second, third, fourth = range(parameters + 1, parameters + 5)
    return _ACTING.format(sql=sql, first=first, second=second, third=third, fourth=fourth)


@cache
def joined(inserts: tuple[str, ...]) -> str:
    """Join INSERTs into one statement; their parameters follow one another."""
    parts, offset = [], 0
    for insert in inserts:
        shifted = _PARAMETER.sub(lambda found, by=offset: f"${int(found[1]) + by}", insert)  # type: ignore[misc]
        parts.append(shifted)
        offset += max(int(number) for number in _PARAMETER.findall(insert))
    named = ", ".join(f"w{position} AS ({part})" for position, part in enumerate(parts[:-1]))
    return f"WITH {named} {parts[-1]}" if named else parts[-1]


_COMPILED: dict[int, tuple[sa.Executable, Compiled]] = {}


def compiled(statement: sa.Executable) -> Compiled:
    """Compile a statement that lives as long as the process (a module's constant)."""
    known = _COMPILED.get(id(statement))
    if known is None or known[0] is not statement:
        known = _COMPILED[id(statement)] = (statement, Compiled(statement))
    return known[1]


@cache
def insert_of(model: type[Row]) -> Compiled:
    """Compile the INSERT of all columns of a table."""
    table = table_of(model)
    return Compiled(sa.insert(table), column_keys=[column.name for column in table.columns])


@cache
def insert_unless_there_of(model: type[Row]) -> Compiled:
    """Compile the INSERT that leaves a row with the same key as it is."""
    table = table_of(model)
    statement = postgresql.insert(table).on_conflict_do_nothing()
    return Compiled(statement, column_keys=[column.name for column in table.columns])


@cache
def update_of(model: type[Row], columns: tuple[str, ...]) -> Compiled:
    """Compile the UPDATE of `columns` of one row by its primary key, bound as `key_<name>`."""
    table = table_of(model)
    statement = sa.update(table).where(
        *(column == sa.bindparam(f"key_{column.name}", type_=column.type) for column in table.primary_key)
    )
    return Compiled(statement, column_keys=list(columns))


def table_of(model: type[Row]) -> sa.Table:
    """Give the table of a mapped class."""
    table = model.__table__
    assert isinstance(table, sa.Table)  # noqa: S101 - narrows the type
    return table


@cache
def column_names_of(model: type[Row]) -> tuple[str, ...]:
    """Name the columns of a table, in order."""
    return tuple(column.name for column in table_of(model).columns)


@cache
def _results(model: type[Row], prefix: str) -> tuple[Convert, tuple[tuple[str, Convert], ...]]:
    """Give what takes all columns out of a record, in the table's order, and which of them are converted how."""
    configure_mappers()
    converts = (
        (column.name, column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None))
        for column in table_of(model).columns
    )
    return (
        itemgetter(*(prefix + name for name in column_names_of(model))),
        tuple((name, convert) for name, convert in converts if convert is not None),
    )


def row_from(model: type[AnyRow], record: asyncpg.Record, *, prefix: str = "") -> AnyRow:
    """Make a row of a driver's record, which must hold all the table's columns as `<prefix><name>`."""
    columns_of, converts = _results(model, prefix)
    # Past SQLAlchemy's `__init__` and the state it keeps for a session: there is none.
    row = model.__new__(model)
    values = vars(row)
    values.update(zip(column_names_of(model), columns_of(record), strict=True))
    for name, convert in converts:
        if values[name] is not None:
            values[name] = convert(values[name])
    return row


def migrate(url: str) -> None:
    """Bring the schema to the newest version, as the role `infohus_owner`. Idempotent."""
    from alembic import command  # noqa: PLC0415 - only the command line needs Alembic
    from alembic.config import Config  # noqa: PLC0415

    config = Config(Path(__file__).resolve().parents[4] / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
