"""What all logs together say of each row, in a temporary file: more than fits in memory, and gone with the process.

A row can be written by two authorities' units, so its history is spread over several logs; revisions put it in order.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self
from uuid import UUID

from msgspec import UNSET

from infohus.kernel.audit.formats.emptying import CARRIED, CARRY_ROWS, EMPTY_LOG_ENTRIES
from infohus.kernel.audit.formats.entry import Entry, Outcome, Wrote

DELETED = "delete"
OUT_OF_ORDER_SECONDS = 240
"""By how much moments may be out of order that a log was given: it takes two minutes more or less of each entry."""

_SCHEMA = """
CREATE TABLE wrote (
    name TEXT, key TEXT, revision INTEGER, verb TEXT, digest TEXT, was TEXT, at REAL, log TEXT, place INTEGER,
    case_id TEXT, authority TEXT, action TEXT, moment REAL, role TEXT,
    PRIMARY KEY (name, key, revision, verb, log, place)
) WITHOUT ROWID;
CREATE TABLE carried (log TEXT, start INTEGER, stop INTEGER);
CREATE TABLE seen (name TEXT, key TEXT, turn INTEGER, PRIMARY KEY (name, key)) WITHOUT ROWID;
"""
_HISTORY = """
SELECT revision, verb, digest, was, at, log, place, case_id, authority, action, moment, role FROM wrote
WHERE name = ? AND key = ? ORDER BY revision
"""
_UNSEEN = """
SELECT DISTINCT w.key FROM wrote w LEFT JOIN seen s ON s.name = w.name AND s.key = w.key AND s.turn = ?
WHERE w.name = ? AND w.key > ? AND s.key IS NULL ORDER BY w.key LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Written:
    """One entry's word on a row: what was stored, what it was read as before, and in which entry that stands."""

    revision: int
    verb: str
    digest: str | None
    was: str | None
    at: float
    log: str
    place: int
    case_id: str | None
    authority: str | None
    """For which authority the entry says that the act was done."""
    action: str
    moment: float
    """When the entry itself says that it was done; `at` is never before an older entry's of its log."""
    role: str | None = None
    """In which role the entry says that it was done."""


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A row that is compared with what the logs say of it: all its columns, or of one that is gone those of its key.

    `case_id` is the case that its entries must be on, where that is known; `writer` whose log says first how it came,
    and `exchanges_writer` the same of the exchange whose key it is. The operator's log is nobody's, as one unknown is.
    """

    table: str
    columns: Mapping[str, Any]
    is_stored: bool
    case_id: str | None
    writer: str | None
    exchanges_writer: str | None


class LoggedRows:
    """What the logs say of rows; entries are given log by log, each log's in order."""

    def __init__(self) -> None:
        """Begin with nothing, in a file that SQLite deletes when it is closed."""
        self.store = sqlite3.connect("")
        """The file; what else the logs say is remembered there, too."""
        self.store.executescript(_SCHEMA)
        self._newest_at: dict[UUID, float] = {}
        self._carrying: dict[UUID, tuple[int, int]] = {}
        self._emptied: set[str] = set()
        self._emptying: dict[str, tuple[int, float]] = {}

    def __enter__(self) -> Self:
        """Be closed when the context is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete the file."""
        self.store.close()

    def see_emptied(self, log_id: UUID) -> None:
        """Take that an entry of a log is emptied, whose words are lost."""
        self._emptied.add(str(log_id))

    def see(self, log_id: UUID, place: int, entry: Entry) -> None:
        """Take what an entry says of rows; what was not allowed wrote nothing.

        No entry counts as older than one before it in its log, whatever moment it says. What entries carry stands
        directly before the entry that says what was emptied.
        """
        if entry.action == CARRY_ROWS:
            start, stop = self._carrying.get(log_id, (place, place))
            self._carrying[log_id] = start if stop == place else place, place + 1
        elif entry.action == EMPTY_LOG_ENTRIES and entry.emptied is not UNSET and entry.outcome is Outcome.ALLOWED:
            self._emptying[str(log_id)] = place, entry.emptied.before.timestamp()
            start, stop = self._carrying.pop(log_id, (place, place))
            if stop == place:
                self.store.execute("INSERT INTO carried VALUES (?, ?, ?)", (str(log_id), start, stop))
        if entry.outcome is Outcome.ALLOWED:
            at = self._newest_at[log_id] = max(entry.at.timestamp(), self._newest_at.get(log_id, 0.0))
            self.store.executemany(
                "INSERT OR IGNORE INTO wrote VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        row.table, key_text(row.key), row.revision, row.verb, row.digest, row.was, at,
                        str(log_id), place, str(entry.case) if entry.case else None, entry.authority, entry.action,
                        entry.at.timestamp(), entry.role,
                    )
                    for row in entry.wrote
                ],
            )

    def is_of_emptying(self, one: Written) -> bool:
        """Say whether an entry stands directly before one that says what was emptied, as all that carry do."""
        asked = "SELECT 1 FROM carried WHERE log = ? AND start <= ? AND stop > ?"
        return self.store.execute(asked, (one.log, one.place, one.place)).fetchone() is not None

    def history_of(self, table: str, key: str) -> list[Written]:
        """Give every word on a row, in the order of its revisions; a row that came again, by time."""
        history = [Written(*row) for row in self.store.execute(_HISTORY, (table, key))]
        if any(one.verb == DELETED for one in history):
            history.sort(key=lambda one: (one.at, one.place, one.revision))
        return history

    def mark(self, table: str, key: str, turn: int) -> None:
        """Note that a row was looked at in this turn."""
        self.store.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (table, key, turn))

    def unseen(self, table: str, *, turn: int, after: str, limit: int) -> list[str]:
        """List keys of rows that a log names and nobody looked at in this turn."""
        return [key for (key,) in self.store.execute(_UNSEEN, (turn, table, after, limit))]

    def newest_in(
        self, log_id: UUID, start: int, stop: int, *, counts: Callable[[str, Written], bool]
    ) -> Iterator[tuple[Wrote, int | None]]:
        """Give what a log's entries start … stop−1 say last of each row, but not that it was deleted.

        With each, the index of an entry behind them in the same log that says more of the row and whose word `counts`;
        `None` where none does.
        """
        named = "SELECT DISTINCT name, key FROM wrote WHERE log = ? AND place >= ? AND place < ?"
        for table, key in self.store.execute(named, (str(log_id), start, stop)).fetchall():
            history = self.history_of(table, key)
            last = max(
                (one for one in history if one.log == str(log_id) and start <= one.place < stop),
                key=lambda one: (one.place, one.revision),
            )
            if last.verb != DELETED:
                behind = [
                    one.place for one in history
                    if one.log == str(log_id) and one.place >= stop and counts(table, one)
                    and (one.revision > last.revision or (one.verb == DELETED and one.at >= last.at))
                ]
                yield Wrote(CARRIED, table, key_in(key), last.revision, last.digest), behind[-1] if behind else None

    def tables(self) -> set[str]:
        """Name the tables that a log names a row of."""
        return {name for (name,) in self.store.execute("SELECT DISTINCT name FROM wrote")}

    def may_be_silent(self, history: Sequence[Written]) -> bool:
        """Say whether a log that now names a row nowhere may have told, in entries emptied since, that it was deleted.

        What was deleted is not carried, and whoever else named the row did so before.
        """
        named, oldest = {one.log for one in history}, min(one.at for one in history)
        return any(
            log in self._emptied and log not in named and oldest <= before + OUT_OF_ORDER_SECONDS
            for log, (_, before) in self._emptying.items()
        )

    def _may_have_lost(self, revisions: range, history: Sequence[Written], *, since: Written | None) -> bool:
        """Say whether each of these revisions may have been told by entries that were emptied, later than `since`.

        An emptying carries what the log said last of a row, or finds the log saying more of it behind: so the first
        word that is left in that log stands before the entry that tells of the emptying, and says more than was lost.
        """
        first = dict[str, Written]()
        for one in sorted(history, key=lambda one: one.place):
            first.setdefault(one.log, one)
        upto = max((
            one.revision + (one.verb == DELETED) for log, one in first.items()
            if log in self._emptied and log in self._emptying and one.place < self._emptying[log][0]
            and (since is None or since.verb == CARRIED or since.at <= self._emptying[log][1] + OUT_OF_ORDER_SECONDS)
        ), default=0)
        return revisions.stop <= upto

    def contradictions(self, history: Sequence[Written]) -> list[str]:
        """Say in Danish where entries on one row do not follow one another."""
        found = []
        if history and history[0].verb not in {"insert", CARRIED} and not self._may_have_lost(
            range(1, max(history[0].revision, 2)), history, since=None
        ):
            found.append("loggen nævner den ikke fra begyndelsen")
        for before, after in pairwise(history):
            if after.verb in {"insert", CARRIED} or before.verb == DELETED:
                continue
            if after.verb == DELETED and after.was is None:
                continue  # an exchange key: whoever withdraws it does not see whether it was taken in
            if after.revision == before.revision and after.digest != before.digest:
                found.append(f"to poster siger noget forskelligt om udgave {after.revision}")
            elif after.revision == before.revision + 1 and after.was != before.digest:
                found.append(f"var ændret uden om loggen, før udgave {after.revision} blev skrevet")
            elif after.revision > before.revision + 1 and not self._may_have_lost(
                range(before.revision + 1, after.revision), history, since=before
            ):
                found.append(f"loggen springer fra udgave {before.revision} til {after.revision}")
        return found


def key_text(key: Sequence[str]) -> str:
    """Write a primary key as one text."""
    return json.dumps(key, ensure_ascii=False)


def key_in(text: str) -> list[str]:
    """Read what `key_text` wrote."""
    key: list[str] = json.loads(text)
    return key
