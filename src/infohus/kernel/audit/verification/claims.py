"""Whose word counts for a row: the log's of an authority that may write it, in an act that does that, on its case.

Whoever may append to one log could otherwise make a row of another authority lawful, or a lawful one look changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infohus.kernel.audit.formats.emptying import CARRIED
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.key_rows import SIDE_SECRET, KeyRowRules
from infohus.kernel.audit.verification.logged_rows import (
    DELETED,
    OUT_OF_ORDER_SECONDS,
    ComparedRow,
    LoggedRows,
    Written,
    key_in,
    key_text,
)

CANNOT_SAY = "siger noget om en række, som loggens myndighed ikke kan skrive med den handling og i den sag"
OTHERS_ALONE = "ingen log, hvis myndighed kan skrive den, nævner den i dens sag med en handling, der skriver"
OPERATOR = "installation"
SAME_MOMENT_SECONDS = 60
"""By how much moments that entries say may be out of order: an act is logged some time after it began."""
MOST_NAMED = 5
"""Of the entries on one row: the newest so many are named."""
ANOTHERS = "er efter loggen skrevet af en anden myndighed, end rækken selv siger"
_CASE, _CASE_ID, _OWN, _EXCHANGE = "case", "case_id", "authority_id", "exchange"
_COMES = frozenset({"insert", CARRIED})
"""What an entry says of a row with which it comes into a log."""


@dataclass(frozen=True, slots=True)
class SortedOut:
    """The entries on a row that count, and those that do not; whether another authority's log named the row first."""

    counting: list[Written]
    others: list[Written]
    was_anothers: bool = False


class Claims:
    """Tells apart which entries on a row count."""

    def __init__(self, rules: KeyRowRules, logged: LoggedRows) -> None:
        """Ask `rules` who writes a row, and `logged` who wrote the exchange whose key it is."""
        self._rules = rules
        self._logged = logged
        self._exchange: tuple[str, str | None] = ("", None)
        self.logs: dict[str, str | None] = {}
        """Whose each log is; the installation's is nobody's."""

    async def on_stored(
        self, connection: AnyConnection, table: str, stored: Mapping[str, Any], key: str, said: Sequence[Written]
    ) -> SortedOut:
        """Sort out the entries on a row that is there; `key` is its key as the logs name it."""
        case_id = stored.get(_CASE_ID, stored["id"] if table == _CASE else None)
        owner = stored.get(_OWN) if str(stored.get(_OWN)) in key_in(key) else None
        in_form = self._in_form(table, said, owner=owner, has_case=case_id is not None)
        first = _first(in_form)
        row = ComparedRow(
            table, stored, is_stored=True, case_id=None if case_id is None else str(case_id),
            writer=self._whose(first), exchanges_writer=self._writer_of_exchange(stored),
        )
        sorted_out = await self._sorted_out(connection, row, said, in_form)
        own = _first(sorted_out.counting)
        was_anothers = (
            first is not None and own is not None and _is_long_before(first, own)
            and self._whose(own) is not None  # what the operator did, others' logs repeat
        )
        return SortedOut(sorted_out.counting, [] if was_anothers else sorted_out.others, was_anothers)

    async def on_missing(
        self, connection: AnyConnection, table: str, key: Mapping[str, str], said: Sequence[Written], *, has_case: bool
    ) -> SortedOut:
        """Sort out the entries on a row that is gone, by whoever wrote it first and on which case; `key` by columns."""
        in_form = self._in_form(table, said, owner=key.get(_OWN), has_case=has_case or table == _CASE)
        sorted_out = list[SortedOut]()
        for first in self._possibly_first(table, key, in_form):
            case_id = key["id"] if table == _CASE else key.get(_CASE_ID, first.case_id if first else None)
            row = ComparedRow(
                table, key, is_stored=False, case_id=case_id if has_case or table == _CASE else None,
                writer=self._whose(first), exchanges_writer=self._writer_of_exchange(key),
            )
            sorted_out.append(await self._sorted_out(connection, row, said, in_form))
        undeleted = (one for one in sorted_out if one.counting and one.counting[-1].verb != DELETED)
        of_none = [one for one in sorted_out[0].others if all(one in by_writer.others for by_writer in sorted_out)]
        return SortedOut(next(undeleted, sorted_out[0]).counting, of_none)

    def _possibly_first(
        self, table: str, key: Mapping[str, str], in_form: Sequence[Written]
    ) -> Sequence[Written | None]:
        """List by authority the entries with which a row may have come first, where moments do not tell which it was.

        It is gone lawfully only if it is whoever of them wrote it: none of them makes another's row gone.
        """
        came = [
            one for one in in_form
            if one.verb in _COMES and not self._rules.receives(table, key, self.logs[one.log])
        ]
        first = _first(came)
        if first is None:
            return [None]
        by_log = dict[str, Written]()
        for one in sorted(came, key=lambda one: (*_order(one), one.place)):
            if not _is_long_before(first, one):
                by_log.setdefault(one.log, one)
        return list(by_log.values())

    def is_in_form(self, table: str, one: Written) -> bool:
        """Say whether a log's authority does this with rows of a table, by the act that the entry names."""
        whose = self.logs[one.log]
        is_its_own = one.authority == whose
        if one.verb == CARRIED:
            is_its_own = one.authority is None and self._logged.is_of_emptying(one)
        meets = self._rules.meets(table, one.verb)
        return is_its_own and (meets or self._rules.writes(one.action, table, one.verb, authority=whose))

    def places(self, said: Sequence[Written]) -> str:
        """Name the newest entries in Danish, by log and index."""
        return "; ".join(f"log {self.logs[one.log] or OPERATOR}, post {one.place}" for one in said[-MOST_NAMED:])

    def _in_form(
        self, table: str, said: Sequence[Written], *, owner: str | None, has_case: bool
    ) -> list[Written]:
        """List the entries that may count: by an act that does that, for the row's `owner` where its key names one."""
        return [
            one for one in said
            if self.is_in_form(table, one)
            and (owner is None or self.logs[one.log] in {owner, None})
            and (not has_case or one.case_id is not None or one.verb == CARRIED or self._rules.meets(table, one.verb))
        ]

    async def _sorted_out(
        self, connection: AnyConnection, row: ComparedRow, said: Sequence[Written], in_form: Sequence[Written]
    ) -> SortedOut:
        counting, others = list[Written](), list[Written]()
        for one in said:
            meets = self._rules.meets(row.table, one.verb)
            is_here = row.case_id is None or meets or one.verb == CARRIED or one.case_id == row.case_id
            counts = one in in_form and is_here and await self._rules.may_write(
                connection, row, one, authority=self.logs[one.log]
            )
            (counting if counts else others).append(one)
        repeated = _repeated_inserts(counting)
        others += repeated
        counting = [one for one in counting if one not in repeated]
        return SortedOut(counting, [one for one in others if not self._repeats(row.table, one, counting)])

    def _whose(self, one: Written | None) -> str | None:
        return None if one is None else self.logs[one.log]

    def _writer_of_exchange(self, columns: Mapping[str, Any]) -> str | None:
        """Give whose log says first that it recorded the exchange that a row belongs to; the last one is remembered."""
        exchange_id = columns.get("exchange_id")
        if exchange_id is None:
            return None
        key = key_text([str(exchange_id)])
        if self._exchange[0] != key:
            said = self._logged.history_of(_EXCHANGE, key)
            self._exchange = key, self._whose(_first(self._in_form(_EXCHANGE, said, owner=None, has_case=True)))
        return self._exchange[1]

    def _repeats(self, table: str, one: Written, counting: Sequence[Written]) -> bool:
        """Say whether an entry tells whom it concerns what the operator did, be that emptied since.

        Or names a side's secret as an earlier act did: of two that need one first, each does.
        """
        if table == SIDE_SECRET:
            told = {(word.log, word.verb, word.revision, word.digest) for word in counting}
            return (one.log, one.verb, one.revision, one.digest) in told
        by_operator = [word for word in counting if self.logs[word.log] is None]
        if one.authority is not None or not by_operator:
            return False
        same = [word.digest for word in by_operator if word.revision == one.revision]
        return one.digest in same if same else one.revision < max(word.revision for word in by_operator)


def _order(one: Written) -> tuple[bool, float]:
    """Order entries by when a row came: what is carried was said before all that still stands."""
    return one.verb != CARRIED, one.at


def _is_long_before(one: Written, other: Written) -> bool:
    """Say whether an entry is certainly the older one, whatever order acts at one moment were logged in."""
    if (one.verb == CARRIED) != (other.verb == CARRIED):
        return one.verb == CARRIED
    return other.at - one.at > OUT_OF_ORDER_SECONDS


def _repeated_inserts(counting: Sequence[Written]) -> list[Written]:
    """List the entries that say that a row was inserted which was there: by whoever may write it, and untrue."""
    repeated, is_there, carried_in = list[Written](), False, set[str]()
    for one in sorted(counting, key=lambda one: (*_order(one), one.place)):
        if one.verb == DELETED:
            is_there, carried_in = False, set()
        elif one.verb == CARRIED:
            carried_in.add(one.log)
        elif one.verb == "insert" and (is_there or one.log in carried_in):
            repeated.append(one)
        elif one.verb == "insert":
            is_there = True
    return repeated


def _first(said: Iterable[Written]) -> Written | None:
    """Give the entry with which a row came first, if one says so."""
    return min((one for one in said if one.verb in _COMES), key=lambda one: (*_order(one), one.place), default=None)
