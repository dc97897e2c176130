"""SQLAlchemy statements in the form that asyncpg takes, and its rows as mapped classes. Holds no connection.

SQLAlchemy describes tables and builds statements; each statement is compiled once and then run by asyncpg itself.
Why no ORM session: docs/decisions/0001-unit-of-work.md.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.orm import configure_mappers
from sqlalchemy.sql.compiler import SQLCompiler

from infohus.kernel.database.row_digests import REVISION
from infohus.kernel.database.tables import SCHEMA, Row

Stored: TypeAlias = asyncpg.Record
"""A row as it came from the database: columns by name, sealed values still sealed."""
Convert = Callable[[Any], Any]
AnySelect: TypeAlias = "sa.Select[*tuple[Any, ...]]"
AnyRow = TypeVar("AnyRow", bound=Row)

_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]


STORED = "_stored"
"""Where a row keeps its columns in the driver's form: a tuple in the table's order as read, a dict as sent."""

_ACTING = "SELECT asked.* FROM ({sql}) AS asked WHERE (SELECT {schema}.act_as(${}, ${}, ${}, ${}))"


class Compiled:
    """A statement as SQL text with `$1 …`, and the order and conversion of its values."""

    __slots__ = ("_converts", "_fixed", "names", "sql", "statement")

    def __init__(self, statement: sa.Executable, *, column_keys: Sequence[str] | None = None) -> None:
        """Compile a statement; what differs from call to call must be a `bindparam` in it."""
        compiled = statement.compile(dialect=_DIALECT, column_keys=column_keys)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - narrows the type
        self.statement = statement
        self.sql = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        converts: Mapping[str, Any] = compiled._bind_processors or {}  # noqa: SLF001
        self._converts = {name: converts[name] for name in self.names if converts.get(name)}
        # What stands in the statement itself is converted once.
        self._fixed = {
            name: value if compiled.binds[name].required else self._converted(name, value)
            for name, value in compiled.params.items()
        }

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Order and convert `values` for the driver.

        Raises:
            PlainTextInSealedColumn: a sealed column was given anything but a sealed value.
        """
        converts, fixed = self._converts, self._fixed
        arguments = []
        for name in self.names:
            if name in values:
                value = values[name]
                if value is not None and name in converts:
                    value = converts[name](value)
            else:
                value = fixed[name]
            arguments.append(value)
        return arguments

    def _converted(self, name: str, value: object) -> object:
        convert = self._converts.get(name)
        return value if value is None or convert is None else convert(value)

    def bound(self, **values: Any) -> tuple[Any, ...]:
        """Give the SQL and then its arguments, as the methods of a connection take them."""
        return self.sql, *self.arguments(values)


@cache
def acting(sql: str, parameters: int, *, schema: str = SCHEMA) -> str:
    """Wrap a query so that it first tells row security who acts: one statement, one round trip, no transaction.

    Four parameters are added behind the query's own: authority, person, role, moment. The query is SQLAlchemy's; the
    wrapper is text, because row security is written in SQL. The query reads nothing before `act_as` has answered, for
    its WHERE depends on that answer; in any other order row security would see no caller and show nothing.
    """
    return _ACTING.format(*range(parameters + 1, parameters + 5), sql=sql, schema=schema)


@cache
def acting_insert(sql: str, parameters: int, *, schema: str = SCHEMA) -> str | None:
    """Rewrite the INSERT of one row so that it, too, first tells row security who acts, with the same parameters.

    The row is computed only when `act_as` has answered, and row security checks it after that. A fifth parameter is
    behind those four: when the server started whose flush this commit leaves to the caller (`left_to_flush`), or null.
    `None` for any other statement.
    """
    insert, found, rest = sql.partition(" VALUES (")
    if not found:
        return None
    values, _, unless_there = rest.partition(")")
    assert values.count("::") == parameters  # noqa: S101 - a SELECT takes a value without a type for text
    acts = ", ".join(f"${number}" for number in range(parameters + 1, parameters + 5))
    left = left_to_flush(f"${parameters + 5}::TIMESTAMP WITH TIME ZONE")
    return f"{insert} SELECT {values} WHERE (SELECT {schema}.act_as({acts})) AND {left} IS NOT NULL{unless_there}"


def left_to_flush(server: str) -> str:
    """Write the expression by which the transaction's COMMIT does not wait for the disk if it is on this server.

    `server` is the moment, to the microsecond, at which that server started. Its WAL is one sequence, so the next flush
    on it covers this commit too. On any other server the transaction waits, as it does where the moment is null.
    """
    is_left = f"{server} = pg_postmaster_start_time()"
    value = f"CASE WHEN {is_left} THEN 'off' ELSE current_setting('synchronous_commit') END"
    return f"set_config('synchronous_commit', {value}, true)"


def joined(inserts: Sequence[tuple[Compiled, list[Any]]]) -> tuple[str, list[Any]]:
    """Join INSERTs into one statement and its arguments: the others are CTEs of the last one, in their order."""
    sql = _joined(tuple(insert for insert, _ in inserts))
    return sql, [value for _, arguments in (inserts[-1], *inserts[:-1]) for value in arguments]


@cache
def _joined(inserts: tuple[Compiled, ...]) -> str:
    # Cached, for SQLAlchemy takes half a millisecond for each INSERT.
    if len(inserts) == 1:
        return inserts[0].sql
    *others, last = [_with_parameters(insert, f"w{position}_") for position, insert in enumerate(inserts)]
    together = Compiled(last.add_cte(*(insert.cte(f"w{position}") for position, insert in enumerate(others))))
    last_first = (len(others), *range(len(others)))
    expected = [f"w{position}_{name}" for position in last_first for name in inserts[position].names]
    assert list(together.names) == expected  # noqa: S101 - values would go into other columns
    return together.sql


def _with_parameters(insert: Compiled, prefix: str) -> sa.Insert:
    statement = insert.statement
    assert isinstance(statement, sa.Insert)  # noqa: S101 - narrows the type
    columns = statement.table.columns
    return statement.values({name: sa.bindparam(prefix + name, type_=columns[name].type) for name in insert.names})


_COMPILED: dict[int, tuple[sa.Executable, Compiled]] = {}


def compiled(statement: sa.Executable) -> Compiled:
    """Compile a statement once. Only for a module's constant: what is compiled stays in memory."""
    entry = _COMPILED.get(id(statement))
    if entry is None or entry[0] is not statement:
        entry = _COMPILED[id(statement)] = (statement, Compiled(statement))
    return entry[1]


@cache
def insert_of(model: type[Row]) -> Compiled:
    """Compile the INSERT of all columns of a table."""
    table = table_of(model)
    return Compiled(sa.insert(table), column_keys=_inserted_columns_of(table))


@cache
def insert_unless_there_of(model: type[Row]) -> Compiled:
    """Compile the INSERT that leaves a row with the same key as it is."""
    table = table_of(model)
    statement = postgresql.insert(table).on_conflict_do_nothing()
    return Compiled(statement, column_keys=_inserted_columns_of(table))


def _inserted_columns_of(table: sa.Table) -> list[str]:
    """Name the columns that an INSERT gives; PostgreSQL computes the others itself."""
    return [column.name for column in table.columns if column.computed is None]


@cache
def update_of(model: type[Row], columns: tuple[str, ...]) -> Compiled:
    """Compile the UPDATE of `columns` of one row by its primary key, bound as `primary_key_<name>`.

    A row with revisions must be of the revision `read_revision`: nobody has changed it since it was read.
    """
    table = table_of(model)
    statement = sa.update(table).where(
        *(column == sa.bindparam(f"primary_key_{column.name}", type_=column.type) for column in table.primary_key)
    )
    if REVISION in table.columns:
        statement = statement.where(table.columns[REVISION] == sa.bindparam("read_revision", type_=sa.Integer()))
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
def _results(model: type[Row]) -> tuple[Convert, tuple[tuple[str, Convert], ...]]:
    """Give what takes all columns out of a record, in the table's order, and which of them are converted how."""
    configure_mappers()
    converts = ((column.name, _result_of(column.type)) for column in table_of(model).columns)
    return (
        itemgetter(*column_names_of(model)),
        tuple((name, convert) for name, convert in converts if convert is not None),
    )


def _result_of(column_type: sa.types.TypeEngine[Any]) -> Convert | None:
    if isinstance(column_type, sa.JSON):
        return json.loads  # SQLAlchemy sets this on its own connections, so the type offers no conversion
    return column_type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)


def stored_of(row: Row) -> dict[str, Any]:
    """Give all columns of a row as they were read, or were last sent: what its digest is computed from.

    Raises:
        TypeError: the row was neither.
    """
    stored = vars(row).get(STORED)
    if isinstance(stored, tuple):
        return dict(zip(column_names_of(type(row)), stored, strict=True))
    if not isinstance(stored, dict):
        message = f"this {type(row).__name__} was neither read nor written"
        raise TypeError(message)
    return stored


def row_from(model: type[AnyRow], record: asyncpg.Record) -> AnyRow:
    """Make a mapped row of a driver's record, which must hold all the table's columns."""
    columns_of, converts = _results(model)
    # Past SQLAlchemy's `__init__` and the state it keeps for a session: there is none.
    row = model.__new__(model)
    values = vars(row)
    values[STORED] = stored = columns_of(record)
    values.update(zip(column_names_of(model), stored, strict=True))
    for name, convert in converts:
        if values[name] is not None:
            values[name] = convert(values[name])
    return row
