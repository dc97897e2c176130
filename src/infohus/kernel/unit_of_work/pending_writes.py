"""Rows that a unit of work will write when it ends, in order, and what the audit entry will say of each."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from infohus import errors
from infohus.kernel.access.model import Case, Participant, RecordKey
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.row_digests import REVISION, UNLOGGED
from infohus.kernel.database.statements import (
    STORED,
    Compiled,
    column_names_of,
    insert_of,
    insert_unless_there_of,
    joined,
    stored_of,
    table_of,
    update_of,
)
from infohus.kernel.database.tables import Record, Row, new_id
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.lookup import Lock

AnyRow = TypeVar("AnyRow", bound=Row)

_SENT_ALONE = (Case, Participant)
"""Tables that row security reads when it checks later inserts: their rows are sent in statements of their own, as are
records that say so of themselves."""
_NOTHING_WRITTEN = {"UPDATE 0", "INSERT 0 0"}


class _Write(NamedTuple):
    """One statement. `before` and `after` are all columns of the row as read and as sent, `before` empty for a new one.

    `is_alone`: it is not joined to others, because what it does is seen by its own answer.
    """

    statement: Compiled
    arguments: list[Any]
    row: Row
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    is_alone: bool


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

    def insert(self, row: Row, *, unless_there: bool, before_changes: bool = False) -> None:
        """Insert `row`, with a new id if it has none; `unless_there` leaves a stored row with the same key as it is.

        `before_changes` sends it before any update, which may end what lets the caller insert it.

        Raises:
            NotUnderLock: the unit only reads, or the row stands in another case.
        """
        columns = vars(row)
        self._require_lock(row, columns)
        values = {name: columns.get(name) for name in column_names_of(type(row))}
        if values.get("id", row) is None:
            values["id"] = columns["id"] = new_id()
        if REVISION in values:
            values[REVISION] = columns[REVISION] = 1
        ready = (insert_unless_there_of if unless_there else insert_of)(type(row))
        arguments = ready.arguments(values)
        sent = columns[STORED] = dict(zip(ready.names, arguments, strict=True))
        is_alone = unless_there or isinstance(row, _SENT_ALONE) or (isinstance(row, Record) and row.is_sent_alone)
        end = len(self._writes)
        place = next((at for at, one in enumerate(self._writes) if one.before), end) if before_changes else end
        self._writes.insert(place, _Write(ready, arguments, row, {}, sent, is_alone))

    def update(self, row: Row, values: Mapping[str, Any]) -> None:
        """Update columns of `row`, whose attributes hold the new values already; its revision is counted up.

        Raises:
            KeyError: rows of this table never change, for they have no revision.
            NotUnderLock: the unit only reads, the row stands in another case, or it is the case and the unit records.
        """
        self._require_lock(row, vars(row), deciding=isinstance(row, Case))
        before = stored_of(row)
        revision: int = before[REVISION]
        values = {**values, REVISION: revision + 1}
        setattr(row, REVISION, revision + 1)
        ready = update_of(type(row), tuple(sorted(values)))
        keys = {f"primary_key_{column.name}": getattr(row, column.name) for column in table_of(type(row)).primary_key}
        arguments = ready.arguments({**values, **keys, "read_revision": revision})
        sent = dict(zip(ready.names, arguments, strict=True))
        after = vars(row)[STORED] = {**before, **{name: sent[name] for name in values}}
        self._writes.append(_Write(ready, arguments, row, before, after, is_alone=True))

    def set_wrap(self, row: RecordKey, wrapped: bytes) -> None:
        """Fill in the wrap of a key row that waits to be inserted: it is made when the unit ends."""
        for write in self._writes:
            if write.row is row:
                row.wrapped_key = wrapped
                write.arguments[write.statement.names.index("wrapped_key")] = wrapped

    def __bool__(self) -> bool:
        """Say whether anything is waiting to be sent."""
        return bool(self._writes)

    def inserts_of(self, model: type[AnyRow]) -> list[AnyRow]:
        """List rows of a table that will be inserted."""
        return [write.row for write in self._writes if not write.before and isinstance(write.row, model)]

    async def send(self) -> None:
        """Send everything, in order; inserts in a row are joined into one statement.

        Raises:
            ActedAtTheSameTime: a row to be updated is gone, was changed since it was read, or is hidden from this
                caller by now.
        """
        together: list[_Write] = []
        for write in self._writes:
            if not write.is_alone:
                together.append(write)
                continue
            await self._insert(together)
            if await self._connection.execute(write.statement.sql, *write.arguments) not in _NOTHING_WRITTEN:
                self._log(write)
            elif write.before:
                # The row was deleted, changed, or hidden by row security, between reading and writing.
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
            for write in together:
                self._log(write)
            together.clear()

    def _log(self, write: _Write) -> None:
        table = table_of(type(write.row))
        if table.name not in UNLOGGED:
            verb = "update" if write.before else "insert"
            self._audit_draft.add_wrote(wrote_of(table, verb, before=write.before, after=write.after))
