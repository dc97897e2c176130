"""Compares the clients' answers with the log's entries and the database's rows, when all faults are over."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from clients import Journal

from infohus.kernel.audit.formats.entry import Entry, Outcome, decode
from infohus.kernel.audit.storage.log import head_of, rows_of
from infohus.kernel.audit.verification.log_rows import verify_database

UUID_TABLES = ("concern", "information", "exchange")


@dataclass
class Reconciliation:
    """What is wrong, in lists that must be empty, and how much was compared."""

    answers_with_data: int = 0
    without_leaf: list[str] = field(default_factory=list)
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    written_twice: list[str] = field(default_factory=list)
    leaves_without_rows: list[str] = field(default_factory=list)
    leaves: int = 0
    faults_in_log: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Say whether all lists of what is wrong are empty."""
        return not (
            self.without_leaf or self.lost or self.written_twice or self.leaves_without_rows or self.faults_in_log
        )


def reconcile(journal: Journal, entries: list[Entry], rows: set[str]) -> Reconciliation:
    """Compare the clients' answers with the log's entries and the ids of the rows."""
    result = Reconciliation(leaves=len(entries))
    allowed = {entry.correlation: entry for entry in entries if entry.outcome is Outcome.ALLOWED}
    acknowledged: dict[str, set[str]] = {}
    for answer in journal.answers:
        entry = allowed.get(answer.correlation)
        if answer.has_data:
            result.answers_with_data += 1
            if entry is None:
                result.without_leaf.append(f"{answer.method} {answer.path} {answer.status} {answer.correlation}")
        if answer.record is not None:
            result.acknowledged += 1
            acknowledged.setdefault(answer.key or "", set()).add(answer.record)
            if entry is None or answer.record not in rows:
                result.lost.append(f"{answer.path} {answer.record}")
    result.written_twice.extend(key for key, records in acknowledged.items() if len(records) > 1)
    for entry in entries:
        for wrote in entry.wrote:
            if wrote.table in UUID_TABLES and wrote.verb == "insert" and str(wrote.row) not in rows:
                result.leaves_without_rows.append(f"{wrote.table} {wrote.row}")
    return result


async def read_log(connection: asyncpg.Connection, log_id: Any) -> tuple[list[Entry], list[str]]:  # noqa: ANN401 - UUID
    """Read a log's entries, and the faults that its verification finds."""
    verification = await verify_database(connection, log_id)
    entries = []
    async for rows in rows_of(connection, log_id, start=0, stop=(await head_of(connection, log_id)).size):
        entries.extend(decode(row["entry"]) for row in rows)
    return entries, [str(fault) for fault in verification.faults]


async def read_rows(connection: asyncpg.Connection) -> set[str]:
    """Read the ids of all rows that a client may have written."""
    ids: set[str] = set()
    for table in UUID_TABLES:
        ids |= {str(row["id"]) for row in await connection.fetch(f"SELECT id FROM infohus.{table}")}  # noqa: S608
    return ids


def statuses(journal: Journal) -> str:
    """Write how often each status was answered."""
    counted = Counter(one.status for one in journal.answers)
    return ", ".join(f"{status or 'cut'}: {count}" for status, count in sorted(counted.items()))
