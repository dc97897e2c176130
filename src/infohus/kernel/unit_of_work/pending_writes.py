"""Rows that a unit of work will write when it ends, in order, and what the audit entry will say of each."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

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
from infohus.kernel.unit_of_work.lookup import Lock

AnyRow = TypeVar("AnyRow", bound=Row)

_SENT_ALONE = (Case, Participant, CaseKey)
"""Tables that row security reads when it checks later inserts: their rows are sent in statements of their own."""


class _Write(NamedTuple):
    statement: Compiled
    arguments: list[Any]
    row: Row
    verb: str


class NotUnderLock(Exception):  # noqa: N818 - names the situation
    """An operation was about to write what the unit's lock does not cover; it is not written as its row says."""


class PendingWrites:
    """Collects inserts and updates of one unit, and sends them together.

    What stands in a case is written under that case's advisory lock alone, and a case is changed by who decides alone.
    So the look-up of an act that records need not lock the case's row.
    """

    def __init__(
        self, connection: Connection, audit_draft: AuditEventDraft, *, lock: Lock, case_id: UUID | None
    ) -> None:
        """Send over `connection`, and list in `audit_draft` what was written; the unit holds `lock` on that case."""
        self._connection = connection
        self._audit_draft = audit_draft
        self._lock = lock
        self._case_id = case_id
        self._writes: list[_Write] = []

    def enter(self, case_id: UUID) -> None:
        """Let rows stand in a case that the unit creates: nobody else knows of it before the unit ends."""
        self._case_id = case_id

    def insert(self, row: Row, *, unless_there: bool) -> None:
        """Insert `row`, with a new id if it has none; `unless_there` leaves a stored row with the same key as it is.

        Raises:
            NotUnderLock: the unit only reads, or the row stands in another case.
        """
        columns = vars(row)
        self._require_lock(row, columns)
        values = {name: columns.get(name) for name in column_names_of(type(row))}
        if values.get("id", row) is None:
            values["id"] = columns["id"] = new_id()
        ready = (insert_unless_there_of if unless_there else insert_of)(type(row))
        self._writes.append(_Write(ready, ready.arguments(values), row, "insert"))

    def update(self, row: Row, values: Mapping[str, Any]) -> None:
        """Update columns of `row`, whose attributes hold the new values already.

        Raises:
            NotUnderLock: the unit only reads, the row stands in another case, or it is the case and the unit records.
        """
        self._require_lock(row, vars(row), deciding=isinstance(row, Case))
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

    def _require_lock(self, row: Row, columns: Mapping[str, Any], *, deciding: bool = False) -> None:
        case_id = columns["id"] if isinstance(row, Case) else columns.get("case_id")
        if (
            self._lock is Lock.NONE or (case_id is not None and case_id != self._case_id)
            or (deciding and self._lock is not Lock.DECIDING)
        ):
            raise NotUnderLock(row.__tablename__)

    async def _insert(self, together: list[_Write]) -> None:
        if together:
            sql, arguments = joined([(write.statement, write.arguments) for write in together])
            await self._connection.execute(sql, *arguments)
            together.clear()
