"""Is every row what the logs say was stored? Compares all rows of all tables with the highest revision any log names.

Reads as the role `infohus_reconciler` every row of the schemas `infohus` and `keys`, texts sealed, of a wrapped key
at most its digest, and how long each log is kept. It trusts the logs, which other verification is for, and not the
tables. A forged row with a forged entry is not noticed (docs/trust.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from infohus.kernel.audit.formats.emptying import CARRIED, EMPTY_LOG_ENTRIES
from infohus.kernel.audit.formats.entry import read
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, ROWS, ROWS_AT_ONCE, AnyConnection, log_of
from infohus.kernel.audit.verification.claims import ANOTHERS, CANNOT_SAY, OTHERS_ALONE, Claims
from infohus.kernel.audit.verification.key_rows import (
    EXCHANGE_KEY,
    KEYS,
    SEALED_AS,
    SEALED_STILL,
    STANDS_AGAIN,
    TAKEN_IN,
    TAKEN_IN_AS,
    UNNAMED,
    KeyRowRules,
    RowFault,
    digests_of,
    is_sealed_still,
    told_once,
)
from infohus.kernel.audit.verification.logged_rows import DELETED, LoggedRows, Written, key_in, key_text
from infohus.kernel.audit.verification.named_persons import NamedPersons
from infohus.kernel.database.row_digests import UNLOGGED, WRAPPED_KEYS, digest_of, key_of, revision_of

AT_ONCE = 500
"""Rows compared in one step."""
GONE = "er væk, uden at nogen log siger det"
RESTS_ON_NOTHING = "står, hvor ingen afgørelse eller kontrol har ført den hen"
NOBODYS = "er ikke den log, som installationen eller den myndighed, den nævner, har"
_EMPTYING = f'"action":"{EMPTY_LOG_ENTRIES}"'.encode()
_NOTHING_WRITTEN = b'"wrote":[]'

_LOGS = """
SELECT f.log_id, f.size, l.authority FROM audit.frontier f JOIN audit.log l ON l.id = f.log_id ORDER BY f.log_id
"""
TABLES = """
SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'r' AND NOT c.relhassubclass AND NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid) AS is_plain,
  pg_catalog.pg_relation_size(c.oid) > 0 AS has_pages, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
  array_agg(a.atttypid = 'bytea'::regtype ORDER BY a.attnum) AS is_bytes,
  (SELECT array_agg(k.attname::text ORDER BY array_position(i.indkey, k.attnum))
   FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
   WHERE i.indrelid = c.oid AND i.indisprimary) AS keys
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE (n.nspname IN ('infohus', 'keys') OR n.nspname = 'audit' AND c.relname = 'retention')
  AND c.relkind NOT IN ('i', 'I', 'S', 'c', 't') AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY c.oid, c.relname, n.nspname ORDER BY c.relname
"""
"""Describes the tables of the schemas that are compared, one row for each: `Table.of` reads it."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the database's catalogue describes it: the columns that a digest covers, and the primary key."""

    schema: str
    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    key_of_text: str
    has_pages: bool
    """A table without any has no row in any snapshot, and is not asked for its rows."""

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Table":
        """Read the catalogue's row."""
        of_bytes = {name for name, is_bytes in zip(row["columns"], row["is_bytes"], strict=True) if is_bytes}
        texts = (
            f"encode(\"{name}\", 'hex') = ${place}" if name in of_bytes else f'"{name}"::text = ${place}'
            for place, name in enumerate(sorted(row["keys"]), 1)
        )
        return cls(
            row["schema"], row["name"], tuple(name for name in row["columns"] if name not in WRAPPED_KEYS),
            tuple(row["keys"]), " AND ".join(texts), row["has_pages"],
        )

    @property
    def select(self) -> str:
        """The beginning of every query on it."""
        columns = ", ".join(f'"{name}"' for name in self.columns)
        return f'SELECT {columns} FROM {self.schema}."{self.name}"'  # noqa: S608 - the catalogue's names, quoted

    def can_have(self, key: Sequence[str]) -> bool:
        """Say whether a row can have this key: as many texts as key columns, and none that PostgreSQL cannot hold."""
        return len(key) == len(self.keys) and not any("\x00" in text for text in key)

    def page(self, after: Sequence[Any] | None) -> tuple[str, Sequence[Any]]:
        """Write the query for the next rows in the order of the primary key."""
        keys = ", ".join(f'"{name}"' for name in self.keys)
        places = ", ".join(f"${place}" for place in range(1, len(self.keys) + 1))
        where = "" if after is None else f" WHERE ({keys}) > ({places})"
        return f"{self.select}{where} ORDER BY {keys} LIMIT {AT_ONCE}", after or ()


@dataclass
class RowReconciliation:
    """Goes once through all rows, step by step; each step first reads what the logs have said meanwhile.

    Each step must be given a connection in a transaction of its own that sees one snapshot (`repeatable_read`): entries
    are committed with their rows, so in a snapshot rows and entries belong together.
    """

    logged: LoggedRows
    rules: KeyRowRules
    named: NamedPersons = field(init=False)
    claims: Claims = field(init=False)
    positions: dict[UUID, int] = field(default_factory=dict)
    turn: int = 0
    compared: int = 0
    is_done: bool = False
    _left: list[Table] | None = None
    _after: tuple[Any, ...] | None = None
    _unseen_after: str | None = None
    _bad_entries: list[RowFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Remember in the same temporary file whom each side knows."""
        self.named = NamedPersons(self.logged.store)
        self.claims = Claims(self.rules, self.logged)

    def begin_again(self) -> None:
        """Start the next turn."""
        self.turn, self.compared, self.is_done, self._left = self.turn + 1, 0, False, None

    async def step(self, connection: AnyConnection) -> list[RowFault]:
        """Read some entries and, when there are no more, compare some rows."""
        if await self.follow(connection):
            return await self.compare(connection)
        return self._bad_entries_until_now()

    def _bad_entries_until_now(self) -> list[RowFault]:
        found, self._bad_entries = self._bad_entries, []
        return found

    async def compare(self, connection: AnyConnection) -> list[RowFault]:
        """Compare some rows with the entries that were read."""
        found = self._bad_entries_until_now()
        if self._left is None:
            rows = await connection.fetch(TABLES)
            found += self._faults_of_tables(rows)
            found += self._faults_of_logs()
            found += await self.rules.faults(connection)
            self._left = _compared_of(rows)
        if not self._left:
            self.is_done = True
            return found
        if self._unseen_after is None:
            return found + await self._compare_some(connection, self._left[0])
        return found + await self._look_for_missing(connection, self._left[0])

    def _faults_of_tables(self, rows: Sequence[asyncpg.Record]) -> list[RowFault]:
        names = {row["name"] for row in rows}
        odd = [row["name"] for row in rows if not (row["is_plain"] and row["keys"]) and row["name"] not in UNLOGGED]
        return [
            *(RowFault(name, "", "er ingen almindelig tabel, så dens rækker kan ikke sammenlignes") for name in odd),
            *(RowFault(name, "", "tabellen er væk") for name in sorted(self.logged.tables() - names)),
        ]

    def _faults_of_logs(self) -> list[RowFault]:
        """Name logs that are nobody's: what they say would count for whomever their rows name."""
        return [
            RowFault("audit.log", log_id, NOBODYS) for log_id, whose in self.claims.logs.items()
            if log_id != str(INSTALLATION_LOG if whose is None else log_of(whose))
        ]

    async def follow(self, connection: AnyConnection) -> bool:
        """Read the next entries of the logs, at most some thousand of one; say whether all were read."""
        for log in await connection.fetch(_LOGS):
            log_id, start = log["log_id"], self.positions.get(log["log_id"], 0)
            self.claims.logs[str(log_id)] = log["authority"]
            if start >= log["size"]:
                continue
            stop = min(start + ROWS_AT_ONCE, log["size"])
            rows = await connection.fetch(ROWS, log_id, start, stop)
            for row in rows:
                self._see(log_id, row["index"], row["entry"])
            wrong = await self.named.see(connection, log_id, rows)
            self.positions[log_id] = stop
            if stop == log["size"]:
                wrong += self.named.at_the_end(log_id)
            self._bad_entries += [RowFault("audit.leaf", key_text([str(log_id), str(place)]), what)
                                  for place, what in wrong]
            if stop < log["size"]:
                return False
        return True

    def _see(self, log_id: UUID, place: int, encoded: bytes | None) -> None:
        if encoded is None:
            self.logged.see_emptied(log_id)
        elif (_NOTHING_WRITTEN not in encoded or _EMPTYING in encoded) and (entry := read(encoded)) is not None:
            self.logged.see(log_id, place, entry)

    async def _compare_some(self, connection: AnyConnection, table: Table) -> list[RowFault]:
        query, values = table.page(self._after)
        rows = await connection.fetch(query, *values) if table.has_pages else []
        found = [fault for row in rows for fault in await self._compare(connection, table, row)]
        self.compared += len(rows)
        if len(rows) < AT_ONCE:
            self._after, self._unseen_after = None, ""
        else:
            self._after = tuple(rows[-1][name] for name in table.keys)
        return found

    async def _look_for_missing(self, connection: AnyConnection, table: Table) -> list[RowFault]:
        assert self._unseen_after is not None  # noqa: S101 - all rows of the table were compared
        keys = self.logged.unseen(table.name, turn=self.turn, after=self._unseen_after, limit=AT_ONCE)
        found = []
        for key in keys:
            found += await self.compare_at(connection, table, key)
        if len(keys) < AT_ONCE:
            self._unseen_after = None
            assert self._left is not None  # noqa: S101 - `table` is its first
            self._left.pop(0)
        else:
            self._unseen_after = keys[-1]
        return found

    async def compare_at(self, connection: AnyConnection, table: Table, key: str) -> list[RowFault]:
        """Compare the row that a log names by this key, or say what is wrong where there is none."""
        said = self.logged.history_of(table.name, key)
        if not table.can_have(key_in(key)):
            what = f"nævner en række i {table.name} ved en nøgle, som tabellen ikke kan have: {key}"
            return [RowFault("audit.leaf", key_text([said[-1].log, str(said[-1].place)]), what)]
        row = await connection.fetchrow(f"{table.select} WHERE {table.key_of_text}", *key_in(key))
        if row is not None:  # it was inserted after its place was passed
            return await self._compare(connection, table, row)
        columns = dict(zip(sorted(table.keys), key_in(key), strict=True))
        has_case = "case_id" in table.columns
        sorted_out = await self.claims.on_missing(connection, table.name, columns, said, has_case=has_case)
        history, found = sorted_out.counting, list[str]()
        if is_deleted(table, history):
            found = self.logged.contradictions(told_once(history) if table.name == EXCHANGE_KEY else history)
        elif history and not await self._has_fallen(connection, table, columns, history):
            found = [GONE]
        places = self.claims.places(said)
        return [
            *(RowFault(table.name, key, what, said_in=places) for what in found),
            *_cannot_say(sorted_out.others, table.name, key),
        ]

    async def _has_fallen(
        self, connection: AnyConnection, table: Table, key: Mapping[str, str], history: Sequence[Written]
    ) -> bool:
        """Say whether a missing key went with another row: no log says so then, or none any longer."""
        if table.schema != KEYS:
            return False
        told_by = {self.claims.logs[one.log] for one in history} if self.logged.may_be_silent(history) else None
        return await self.rules.has_fallen(connection, table.name, key, told_by=told_by)

    async def _compare(self, connection: AnyConnection, table: Table, row: asyncpg.Record) -> list[RowFault]:
        stored = dict(row)
        key = key_text(key_of(stored, table.keys))
        self.logged.mark(table.name, key, self.turn)
        said = self.logged.history_of(table.name, key)
        sorted_out = await self.claims.on_stored(connection, table.name, stored, key, said)
        history, others = sorted_out.counting, sorted_out.others
        if others and not history:
            return [RowFault(table.name, key, OTHERS_ALONE, said_in=self.claims.places(others))]
        if not history:
            is_left = table.schema == KEYS and not await self.rules.something_hangs_on(connection, table.name, stored)
            return [RowFault(table.name, key, UNNAMED if is_left else "ingen log nævner den", is_remark=is_left)]
        is_exchange_key = (table.schema, table.name) == (KEYS, EXCHANGE_KEY)
        found = self.logged.contradictions(told_once(history) if is_exchange_key else history)
        if is_exchange_key and not found and not is_deleted(table, history) and is_sealed_still(stored, history):
            return [RowFault(table.name, key, SEALED_STILL, is_remark=True), *_cannot_say(others, table.name, key)]
        if sorted_out.was_anothers:
            found.append(ANOTHERS)
        found += [STANDS_AGAIN] if is_deleted(table, history) else _differences(table, stored, history)
        if not found and (what := self.rules.changed_otherwise(table.name, stored, history)) is not None:
            found.append(what)
        if not found and await self.rules.rests_on_nothing(connection, table.name, stored):
            found.append(RESTS_ON_NOTHING)
        if not found:
            return _cannot_say(others, table.name, key)
        places = self.claims.places(said)
        return [RowFault(table.name, key, what, said_in=places) for what in found]


def _differences(table: Table, stored: Mapping[str, Any], history: Sequence[Written]) -> list[str]:
    """Say in Danish how a row differs from what the logs say last of it."""
    last, revision = history[-1], revision_of(stored)
    is_exchange_key = (table.schema, table.name) == (KEYS, EXCHANGE_KEY)
    if revision < last.revision:
        return [f"er sat tilbage til udgave {revision}; loggen kender udgave {last.revision}"]
    if is_exchange_key and (revision, last.revision) == (TAKEN_IN_AS, SEALED_AS):
        # What was passed on is taken in without a word: see SideKeys.take_in.
        return [] if stored["rests_on"] is not None else [TAKEN_IN]
    if revision > last.revision:
        return [f"er af udgave {revision}, som ingen log nævner"]
    said = digests_of(history) if is_exchange_key else {last.digest}
    return [] if digest_of(table.name, stored) in said else ["er ikke, som den blev skrevet"]


def _compared_of(rows: Sequence[asyncpg.Record]) -> list[Table]:
    return [Table.of(row) for row in rows if row["is_plain"] and row["keys"] and row["name"] not in UNLOGGED]


def _cannot_say(others: Sequence[Written], table: str, key: str) -> list[RowFault]:
    return [
        RowFault("audit.leaf", key_text([one.log, str(one.place)]), f"{CANNOT_SAY}: {table} {key}") for one in others
    ]


def is_deleted(table: Table, history: Sequence[Written]) -> bool:
    """Say whether the logs say last that a row was deleted; an exchange key that was withdrawn never comes back.

    What is carried was said before, so no row comes back by that.
    """
    if table.schema == KEYS:
        return any(one.verb == DELETED for one in history)
    told = [one.verb for one in history if one.verb != CARRIED or one is history[0]]
    return bool(told) and told[-1] == DELETED


async def reconcile_rows(
    connection: AnyConnection, rules: KeyRowRules, *, progress: Callable[[int], None] | None = None
) -> tuple[int, list[RowFault]]:
    """Compare all rows in one snapshot; give how many were compared, and what is wrong."""
    with LoggedRows() as logged:
        reconciliation, found = RowReconciliation(logged, rules), list[RowFault]()
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            while not await reconciliation.follow(connection):
                pass  # in one snapshot no more entries come, so they are read once and not again before each step
            while not reconciliation.is_done:
                found += await reconciliation.compare(connection)
                if progress is not None:
                    progress(reconciliation.compared)
        return reconciliation.compared, found
