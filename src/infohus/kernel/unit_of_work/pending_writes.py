"""Rows that a unit of work will write when it ends, in order, and what the audit entry will say of each."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from infohus import errors
from infohus.kernel.access.model import Case, CaseKey, Participant
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.statements import (
    Compiled,
    column_names_of,
    insert_of,
    insert_unless_there_of,
    joined,
    table_of,
    update_of,
)
from infohus.kernel.database.tables import Row, new_id
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft, wrote_of

AnyRow = TypeVar("AnyRow", bound=Row)

_SENT_ALONE = (Case, Participant, CaseKey)
"""Tables that row security reads when it checks later inserts: their rows are sent in statements of their own."""


class _Write(NamedTuple):
    statement: Compiled
    arguments: list[Any]
    row: Row
    verb: str


class PendingWrites:
    """Collects inserts and updates of one unit, and sends them together."""

    def __init__(self, connection: Connection, audit_draft: AuditEventDraft) -> None:
        """Send over `connection`, and list in `audit_draft` what was written."""
        self._connection = connection
        self._audit_draft = audit_draft
        self._writes: list[_Write] = []

    def insert(self, row: Row, *, unless_there: bool) -> None:
        """Insert `row`, with a new id if it has none; `unless_there` leaves a stored row with the same key as it is."""
        columns = vars(row)
        values = {name: columns.get(name) for name in column_names_of(type(row))}
        if values.get("id", row) is None:
            values["id"] = columns["id"] = new_id()
        ready = (insert_unless_there_of if unless_there else insert_of)(type(row))
        self._writes.append(_Write(ready, ready.arguments(values), row, "insert"))

    def update(self, row: Row, values: Mapping[str, Any]) -> None:
        """Update columns of `row`, whose attributes hold the new values already."""
        ready = update_of(type(row), tuple(sorted(values)))
        keys = {f"primary_key_{column.name}": getattr(row, column.name) for column in table_of(type(row)).primary_key}
        self._writes.append(_Write(ready, ready.arguments({**values, **keys}), row, "update"))

    def __bool__(self) -> bool:
        """Say whether anything is waiting to be sent."""
        return bool(self._writes)

    def inserts_of(self, model: type[AnyRow]) -> list[AnyRow]:
        """List rows of a table that will be inserted."""
        return [write.row for write in self._writes if write.verb == "insert" and isinstance(write.row, model)]

    async def send(self) -> None:
        """Send everything, in order; inserts in a row are joined into one statement.

        Raises:
            ActedAtTheSameTime: a row to be updated is gone, or hidden from this caller by now.
        """
        together: list[_Write] = []
        for write in self._writes:
            self._audit_draft.add_wrote(wrote_of(write.row, write.verb, write.arguments))
            if write.verb == "insert" and not isinstance(write.row, _SENT_ALONE):
                together.append(write)
                continue
            await self._insert(together)
            if await self._connection.execute(write.statement.sql, *write.arguments) == "UPDATE 0":
                # The row was deleted, or hidden by row security, between reading and writing.
                raise errors.ActedAtTheSameTime
        await self._insert(together)
        self._writes.clear()

    async def _insert(self, together: list[_Write]) -> None:
        if together:
            sql, arguments = joined([(write.statement, write.arguments) for write in together])
            await self._connection.execute(sql, *arguments)
            together.clear()
