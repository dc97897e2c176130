"""What we write with the driver and read from it is, for every mapped class, what SQLAlchemy would write and read.

We compile SQLAlchemy's statements, and bind and map rows ourselves (docs/decisions/0001-unit-of-work.md). Here each
table is written and read both ways, ours and by SQLAlchemy's own engine. The tables are copies of the migrated ones
without keys and checks, so that any value of a column's type can be tried.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine  # noqa: TID251 - the peer we compare with

import infohus.app  # noqa: F401 - every table is known once the application is
from conftest import Database
from infohus.kernel.database.statements import (
    compiled,
    insert_of,
    insert_unless_there_of,
    joined,
    row_from,
    table_of,
    update_of,
)
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.clear_columns import NO_COLUMNS
from infohus.kernel.sealing.column import WHOLE, SealedColumn
from infohus.kernel.sealing.envelope import DataKey, Place, Sealed, seal

Values = dict[str, Any]

ID = UUID("01890f3e-0000-7000-8000-0000000000a1")
OTHER_ID = UUID("f47ac10b-58cc-4372-a567-0e02b2c3d479")
MODELS: list[type[Row]] = sorted(
    (mapper.class_ for mapper in Row.registry.mappers), key=lambda model: model.__tablename__
)


def sealed(text: str) -> Sealed:
    place = Place("subject", WHOLE, "name", ID, ID, "ishoj-kommune", 1, NO_COLUMNS)
    return seal(DataKey(ID, bytes(range(32))), place, text)


SAMPLES: dict[type[Any], list[Any]] = {
    sa.Uuid: [ID, OTHER_ID],
    sa.Text: ["Prøve 'Prøvesen' \\ $1 %s :x", ""],
    sa.DateTime: [
        datetime(2026, 10, 25, 0, 30, 1, 999999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=2))),
    ],
    sa.Date: [date(2024, 2, 29), date(1899, 12, 31)],
    sa.Boolean: [True, False],
    sa.BigInteger: [2**63 - 1, -1],
    sa.Integer: [2**31 - 1, -1],
    sa.LargeBinary: [bytes(range(256)), b""],
    SealedColumn: [sealed("Prøve Prøvesen"), sealed("")],
    JSONB: [{"navn": "Prøve", "punkter": [1, 1.5, None, True, {"": '\\u0041 "'}]}, {}],
}


def samples(kind: Any) -> list[Any]:
    """Give values of a column's type: for a choice, each there is."""
    if isinstance(kind, sa.Enum):
        return list(kind.enum_class or ())
    if isinstance(kind, sa.ARRAY):
        return [samples(kind.item_type), []]
    return next(values for known, values in SAMPLES.items() if isinstance(kind, known))


def rows_of(model: type[Row]) -> Iterator[Values]:
    """Make as many rows as it takes for every sample to come once, and one with nothing where nothing may stand."""
    columns = table_of(model).columns
    by_column = {column.name: samples(column.type) for column in columns}
    for turn in range(max(map(len, by_column.values()))):
        yield {name: values[turn % len(values)] for name, values in by_column.items()}
    yield {column.name: None if column.nullable else by_column[column.name][0] for column in columns}


EVERY_ROW = [(model, row) for model in MODELS for row in rows_of(model)]


@dataclass(frozen=True, slots=True)
class Both:
    """Two connections to the same tables: the driver's, and SQLAlchemy's own."""

    ours: "asyncpg.Connection[asyncpg.Record]"
    theirs: AsyncConnection

    @asynccontextmanager
    async def emptied_afterwards(self, model: type[Row]) -> AsyncIterator[None]:
        yield
        await self.ours.execute(compiled(sa.delete(table_of(model))).sql)

    async def stored(self, model: type[Row]) -> str:
        """Give the one row there is as PostgreSQL writes it."""
        rows = await self.ours.fetch(f"SELECT t::text FROM {table_of(model).fullname!s} t")  # noqa: S608
        (row,) = rows
        return str(row["t"])

    async def written_by_us(self, model: type[Row], row: Values) -> str:
        async with self.emptied_afterwards(model):
            await self.ours.execute(*insert_of(model).bound(**row))
            return await self.stored(model)

    async def written_by_sqlalchemy(self, model: type[Row], row: Values) -> str:
        async with self.emptied_afterwards(model):
            await self.theirs.execute(sa.insert(table_of(model)), row)
            return await self.stored(model)


@pytest.fixture
async def both(database: Database) -> AsyncIterator[Both]:
    ours = await asyncpg.connect(database.dsn("superuser"))
    address = database.dsn("superuser").replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
    try:
        await ours.execute("ALTER SCHEMA infohus RENAME TO migrated; CREATE SCHEMA infohus")
        for model in MODELS:
            name = table_of(model).name
            await ours.execute(f'CREATE TABLE infohus."{name}" (LIKE migrated."{name}")')
        async with engine.connect() as theirs:
            yield Both(ours, theirs)
    finally:
        await engine.dispose()
        await ours.close()


class WhenARowIsWritten:
    async def test_the_database_holds_what_sqlalchemy_would_have_written(self, both: Both) -> None:
        for model, row in EVERY_ROW:
            by_us, by_sqlalchemy = await both.written_by_us(model, row), await both.written_by_sqlalchemy(model, row)
            assert by_us == by_sqlalchemy, model

    async def test_so_it_does_where_a_row_with_its_key_would_stay(self, both: Both) -> None:
        for model, row in EVERY_ROW:
            async with both.emptied_afterwards(model):
                await both.ours.execute(*insert_unless_there_of(model).bound(**row))
                by_us = await both.stored(model)
            assert by_us == await both.written_by_sqlalchemy(model, row), model

    async def test_joined_inserts_put_each_value_into_its_own_column(self, both: Both) -> None:
        rows = [(model, next(rows_of(model))) for model in MODELS]
        sql, arguments = joined([(insert_of(model), insert_of(model).arguments(row)) for model, row in rows])
        await both.ours.execute(sql, *arguments)
        by_us = [await both.stored(model) for model in MODELS]
        await both.ours.execute(f"TRUNCATE {', '.join(table_of(model).fullname for model in MODELS)}")
        assert by_us == [await both.written_by_sqlalchemy(model, row) for model, row in rows]


class WhenARowIsChanged:
    async def test_the_database_holds_what_sqlalchemy_would_have_written(self, both: Both) -> None:
        for model, row in EVERY_ROW:
            table = table_of(model)
            first, keys = next(rows_of(model)), [column.name for column in table.primary_key]
            changed = {name: value for name, value in row.items() if name not in keys}
            if not changed:
                continue
            async with both.emptied_afterwards(model):
                await both.ours.execute(*insert_of(model).bound(**first))
                read = {f"primary_key_{name}": first[name] for name in keys} | {"read_revision": first.get("revision")}
                bound = update_of(model, tuple(sorted(changed))).bound(**changed, **read)
                assert await both.ours.execute(*bound) == "UPDATE 1", model
                by_us = await both.stored(model)
            async with both.emptied_afterwards(model):
                await both.theirs.execute(sa.insert(table), first)
                await both.theirs.execute(
                    sa.update(table).where(*(table.c[name] == first[name] for name in keys)).values(changed)
                )
                assert by_us == await both.stored(model), model


class WhenARowIsRead:
    async def test_it_is_what_sqlalchemy_would_have_read_in_value_and_type(self, both: Both) -> None:
        for model, row in EVERY_ROW:
            async with both.emptied_afterwards(model):
                await both.theirs.execute(sa.insert(table_of(model)), row)
                query = sa.select(table_of(model))
                (record,) = await both.ours.fetch(compiled(query).sql)
                read = row_from(model, record)
                by_us = {name: getattr(read, name) for name in row}
                by_sqlalchemy = dict((await both.theirs.execute(query)).mappings().one())
            assert by_us == by_sqlalchemy == row, model
            assert {name: type(value) for name, value in by_us.items()} == {
                name: type(value) for name, value in by_sqlalchemy.items()
            }, model


class WhenTheComparisonIsMade:
    async def test_no_table_of_the_schema_is_left_out(self, database: Database) -> None:
        connection = await asyncpg.connect(database.dsn("superuser"))
        try:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'infohus'")
        finally:
            await connection.close()
        assert {row["tablename"] for row in tables} - {"alembic_version"} == {model.__tablename__ for model in MODELS}
