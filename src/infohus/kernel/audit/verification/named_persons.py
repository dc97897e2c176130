"""Does each entry of an act in a case name the persons it concerned whom its authority's side knew?

An act on records concerns whom those concern; one on the case as a whole everybody. An entry without them is hidden.

It would be missing in those persons' log reports and in their counts, which count what names them. Whom a side knew is
read from what the log says was written of `side_person`, and from those rows, where they are what was logged.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from infohus.kernel.audit.formats.emptying import CARRIED
from infohus.kernel.audit.formats.entry import Entry, Outcome, Wrote, read
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.concerned_records import ConcernedRecords, records_in
from infohus.kernel.database.row_digests import digest_of
from infohus.kernel.database.statements import compiled
from infohus.kernel.database.tables import SCHEMA

PERSONS = "side_person"
AT_ONCE_FOR = timedelta(minutes=5)
"""An act that began before a person was recorded may be logged after it: no request takes as long as this."""
UNNAMED = "nævner ikke alle de personer, som myndigheden kendte i sagen, og som posten handler om"
NO_ENTRY = "er ingen post i format 2"
AHEAD_FOR = timedelta(hours=1)
"""How far a clock may be set back between two entries: they stand in a log in the order in which they were appended."""
OUT_OF_ORDER = "er dateret over en time før post {}, der blev logget før den"
WITHOUT_CASE = "handler om noget i en sag, men nævner ingen sag"

_REMEMBERED = """
CREATE TABLE known (log TEXT, in_case TEXT, person TEXT, subject TEXT, at REAL, PRIMARY KEY (log, in_case, person));
"""
_OF_CASES = """
SELECT c.relname AS name FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'infohus'::regnamespace AND c.relkind = 'r' AND (c.relname = 'case' OR EXISTS (
  SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'case_id' AND NOT a.attisdropped))
"""
_PERSONS = sa.table(
    PERSONS, sa.column("case_id"), sa.column("authority_id"), sa.column("subject_id"), sa.column("place"),
    sa.column("log_id"), schema=SCHEMA,
)
_STORED = sa.select(_PERSONS).where(
    _PERSONS.c.authority_id == sa.func.any(sa.bindparam("authorities", type_=sa.ARRAY(sa.Text))),
    _PERSONS.c.subject_id == sa.func.any(sa.bindparam("subjects", type_=sa.ARRAY(sa.Uuid))),
)


@dataclass
class _Act:
    """The parts of an act that were read so far, and whom they name."""

    place: int
    entry: Entry
    parts: int = 1
    named: set[str] = field(default_factory=set)
    records: set[UUID] = field(default_factory=set)


@dataclass
class _Log:
    latest: datetime | None = None
    """The latest moment that an entry so far states."""
    latest_place: int = 0
    is_ahead: bool = False
    """Whether an entry behind that one was found to be dated long before it."""
    act: _Act | None = None
    concerned: ConcernedRecords | None = None
    """Whom the records concern of the entries that are looked at, and of the act that they go on with."""


class NamedPersons:
    """Looks at the entries of all logs, each log's in order, and remembers whom each side came to know when."""

    def __init__(self, store: sqlite3.Connection) -> None:
        """Keep what is remembered in `store`, a temporary file."""
        self._store = store
        store.executescript(_REMEMBERED)
        self._logs: dict[UUID, _Log] = {}
        self._of_cases: frozenset[str] | None = None

    async def see(
        self, connection: AnyConnection, log_id: UUID, rows: Sequence[asyncpg.Record]
    ) -> list[tuple[int, str]]:
        """Look at some entries; give the places of those with a fault, and what it is, in Danish."""
        if self._of_cases is None:
            self._of_cases = frozenset(row["name"] for row in await connection.fetch(_OF_CASES))
        entries = [(row["index"], None if row["entry"] is None else read(row["entry"])) for row in rows]
        log_ids = await self._log_ids(connection, (entry for _, entry in entries if entry is not None))
        log = self._logs.setdefault(log_id, _Log())
        records = {one for _, entry in entries if entry is not None for one in records_in(entry, self._of_cases)}
        log.concerned = await ConcernedRecords.read(connection, records | (log.act.records if log.act else set()))
        found = [(row["index"], NO_ENTRY) for row, (_, entry) in zip(rows, entries, strict=True)
                 if entry is None and row["entry"] is not None]
        for place, entry in entries:
            found += self._take(log_id, log, place, entry)
            if entry is not None and entry.outcome is Outcome.ALLOWED:
                self._remember(log_id, entry, log_ids)
        return found

    def at_the_end(self, log_id: UUID) -> list[tuple[int, str]]:
        """Judge the last act of a log that was read to its end: its parts are committed together."""
        log = self._logs.get(log_id)
        return [] if log is None else self._judge(log_id, log)

    def _take(self, log_id: UUID, log: _Log, place: int, entry: Entry | None) -> list[tuple[int, str]]:
        """Go on with the act that is being read, or judge it and begin another."""
        if entry is not None and log.act is not None and _goes_on(log.act, entry):
            log.act.parts += 1
            log.act.named.update(entry.persons)
            log.act.records.update(records_in(entry, self._of_cases or ()))
            return []
        found = self._judge(log_id, log)
        if entry is not None and entry.outcome is Outcome.ALLOWED:
            records = records_in(entry, self._of_cases or ())
            log.act = _Act(place, entry, named=set(entry.persons), records=records)
        if entry is not None:
            if log.latest is None or entry.at >= log.latest:
                log.latest, log.latest_place, log.is_ahead = entry.at, place, False
            elif log.latest - entry.at > AHEAD_FOR and not log.is_ahead:
                log.is_ahead = True
                found.append((place, OUT_OF_ORDER.format(log.latest_place)))
        return found

    def _judge(self, log_id: UUID, log: _Log) -> list[tuple[int, str]]:
        act, log.act = log.act, None
        if act is None:
            return []
        if act.entry.case is None:
            is_of_case = act.entry.subject is not None and act.entry.subject_kind in (self._of_cases or ())
            return [(act.place, WITHOUT_CASE)] if is_of_case else []
        known = self._store.execute(
            "SELECT person, subject, at FROM known WHERE log = ? AND in_case = ?", (str(log_id), str(act.entry.case))
        )
        concerned, authority = log.concerned or ConcernedRecords({}, {}), act.entry.authority or ""
        at, latest = act.entry.at.timestamp(), (log.latest or act.entry.at).timestamp()
        near = AT_ONCE_FOR.total_seconds()
        unnamed = any(
            person not in act.named and not (abs(at - since) <= near and latest - at <= near)
            and concerned.concern(act.records, UUID(subject), authority_id=authority)
            for person, subject, since in known
        )
        return [(act.place, UNNAMED)] if unnamed else []

    def _remember(self, log_id: UUID, entry: Entry, log_ids: dict[tuple[str, ...], tuple[str, str]]) -> None:
        for row in _persons_in(entry):
            digest, log_id_of_person = log_ids.get(tuple(row.key), ("", ""))
            if digest == row.digest:
                self._store.execute(
                    "INSERT OR IGNORE INTO known VALUES (?, ?, ?, ?, ?)",
                    (str(log_id), row.key[1], log_id_of_person, row.key[2], entry.at.timestamp()),
                )

    async def _log_ids(
        self, connection: AnyConnection, entries: Iterable[Entry]
    ) -> dict[tuple[str, ...], tuple[str, str]]:
        """Read the rows of persons that entries name: by key, their digest and the person's log id."""
        keys = {tuple(row.key) for entry in entries for row in _persons_in(entry)}
        if not keys:
            return {}
        ready = compiled(_STORED)
        stored = await connection.fetch(ready.sql, *ready.arguments({
            "authorities": sorted({authority for authority, _, _ in keys}),
            "subjects": [UUID(subject) for _, _, subject in keys],
        }))
        return {
            (row["authority_id"], str(row["case_id"]), str(row["subject_id"])):
            (digest_of(PERSONS, dict(row)), row["log_id"])
            for row in stored
        }


def _persons_in(entry: Entry) -> list[Wrote]:
    """List what an entry says was stored of a side's persons; a key is authority, case and person."""
    return [row for row in entry.wrote if row.table == PERSONS and row.verb in {"insert", CARRIED}]


def _goes_on(act: _Act, entry: Entry) -> bool:
    first = act.entry.part
    return (
        isinstance(first, tuple) and entry.part == (act.parts + 1, first[1])
        and (entry.correlation, entry.caller, entry.case, entry.at)
        == (act.entry.correlation, act.entry.caller, act.entry.case, act.entry.at)
    )
