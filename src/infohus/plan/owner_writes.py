"""Rows that the owner's commands write, each with what the log's entry says of it; the unit of work is for requests."""

from typing import Any

import sqlalchemy as sa

from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.row_digests import REVISION
from infohus.kernel.database.statements import Compiled, Stored, insert_of, table_of, update_of
from infohus.kernel.database.tables import Row


class OwnerWrites:
    """Writes rows over an owner's connection, at once, and lists them; the caller's transaction holds them together.

    A stored row is given with all its columns, as the database returned it.
    """

    def __init__(self, owner_connection: AnyConnection) -> None:
        """Begin with nothing written."""
        self._connection = owner_connection
        self.wrote: list[Wrote] = []

    async def insert(self, model: type[Row], **values: Any) -> None:
        """Insert a row of all its columns; its first revision is the database's default."""
        table = table_of(model)
        if REVISION in table.columns:
            values[REVISION] = 1
        await self._run("insert", model, insert_of(model).bound(**values))

    async def change(self, model: type[Row], stored: Stored, **values: Any) -> None:
        """Set columns of a stored row under its next revision; nothing happens where it has these values already."""
        if all(stored[name] == value for name, value in values.items()):
            return
        keys = {f"primary_key_{column.name}": stored[column.name] for column in table_of(model).primary_key}
        values[REVISION] = stored[REVISION] + 1
        changing = update_of(model, tuple(sorted(values))).bound(**values, **keys, read_revision=stored[REVISION])
        await self._run("update", model, changing, stored)

    async def delete(self, model: type[Row], stored: Stored) -> None:
        """Delete a stored row."""
        table = table_of(model)
        deleting = sa.delete(table).where(
            *(column == sa.bindparam(f"key_{column.name}", type_=column.type) for column in table.primary_key)
        )
        keys = {f"key_{column.name}": stored[column.name] for column in table.primary_key}
        await self._connection.execute(*Compiled(deleting).bound(**keys))
        self.wrote.append(wrote_of(table, "delete", before=dict(stored), after={}))

    async def _run(
        self, verb: str, model: type[Row], bound: tuple[Any, ...], stored: Stored | None = None
    ) -> None:
        sql, *arguments = bound
        after = await self._connection.fetchrow(f"{sql} RETURNING *", *arguments)
        assert after is not None  # noqa: S101 - it was inserted, or locked by the caller and changed
        before = {} if stored is None else dict(stored)
        self.wrote.append(wrote_of(table_of(model), verb, before=before, after=dict(after)))
