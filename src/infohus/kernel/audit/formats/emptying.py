"""Emptying: after their period a log's first entries lose their bytes and keep their hashes (rule 62).

One database function does it, a few thousand entries at a time, and each call appends an entry that says so. Such an
entry covers every entry before its `stop`, so the newest one is enough when older ones have been emptied themselves.

What the emptied entries said last of rows is said again in the same transaction, so that these rows can be compared
with the log for as long as they are kept.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from infohus.kernel.audit.formats.entry import Emptied, Entry, Outcome, Wrote, decode, encode, encode_parts
from infohus.kernel.audit.formats.tiles import LENGTH_BYTES

EMPTY_LOG_ENTRIES = "emptyLogEntries"
"""The action of an entry that says what was emptied. It has no route, so the policies do not know it."""
AT_ONCE = 4096
"""Entries emptied in one transaction. It holds the log's lock, some tenths of a second."""
SHORTEST_PERIOD = timedelta(days=364)
"""Verifiers accept no emptying of younger entries. The database counts a year and allows an hour's drift."""

KEPT_SINCE = "SELECT audit.kept_since($1)"
EMPTIABLE = "SELECT start, stop, earliest, latest FROM audit.emptiable($1, $2)"
EMPTY = "SELECT audit.empty($1, $2, $3, $4, $5, $6)"
"""Empty entries of a log ($1) from $2 up to before $3, after appending the entries $5, which carry what these said last
of rows, and then $4, which says what is emptied. Of the other rows, the entries $6 of the same log say more: a JSON
list of their indexes."""

CARRY_ROWS = "carryRowDigests"
"""The action of those entries; it has no route either."""
CARRIED = "carry"
"""The verb of a row in them: nothing was written; the revision and digest are those that an emptied entry named."""

_ENDS_WITH_EMPTIED = b"}}"
"""How an entry with `emptied` ends, its last field and the only nested object: all others need not be decoded."""


def entry_of(log_id: UUID, emptied: Emptied, *, at: datetime) -> bytes:
    """Write the entry that says what is being emptied."""
    return encode(Entry(
        at=at, log=log_id, caller=None, authority=None, role=None, assurance=None, action=EMPTY_LOG_ENTRIES,
        subject_kind="log", subject=log_id, case=None, outcome=Outcome.ALLOWED, reason=None, policies=[],
        policy_set="", justification=None, purpose="log_retention", recipients=[], persons=[], opened=[], wrote=[],
        correlation="", nonce=secrets.token_urlsafe(16), emptied=emptied,
    ))


def carrying_entries(log_id: UUID, rows: Sequence[Wrote], *, at: datetime) -> list[bytes]:
    """Write the entries that say again what emptied ones said of these rows; none for no rows."""
    if not rows:
        return []
    return encode_parts(msgspec.structs.replace(
        decode(entry_of(log_id, Emptied(0, 1, at), at=at)), action=CARRY_ROWS, emptied=msgspec.UNSET,
        wrote=[Wrote(CARRIED, row.table, row.key, row.revision, row.digest) for row in rows],
        correlation=secrets.token_hex(16),
    ))


@dataclass(slots=True)
class EmptiedEntries:
    """Checks that exactly the entries are empty that the log says are; entries are given in order.

    `first` is the index of the first entry given; those before it are checked elsewhere.
    """

    first: int = 0
    rows: int = 0
    """Number of empty entries without a gap from `first` on."""
    stop: int = 0
    """The entries say that all before this index are empty."""
    out_of_place: int | None = None
    """The first empty entry behind one that is not empty."""

    def see(self, index: int, entry: bytes | None) -> None:
        """Take the next entry, `None` for an empty one; in order."""
        if entry is None:
            if index == self.first + self.rows:
                self.rows += 1
            elif self.out_of_place is None:
                self.out_of_place = index
        elif entry.endswith(_ENDS_WITH_EMPTIED):
            self.stop = max(self.stop, _emptied_before(index, entry))

    def see_bundle(self, first: int, bundle: memoryview, ends: Sequence[int]) -> list[int]:
        """Take a bundle whose first entry has index `first`; `ends` are the offsets at which its entries end.

        Gives the positions in the bundle, 0-based, of the empty entries.
        """
        emptied = []
        begin = LENGTH_BYTES
        for position, end in enumerate(ends):
            if begin == end:
                emptied.append(position)
                self.see(first + position, None)
            elif bundle[end - 2 : end] == _ENDS_WITH_EMPTIED:
                self.see(first + position, bytes(bundle[begin:end]))
            begin = end + LENGTH_BYTES
        return emptied

    def join(self, later: "EmptiedEntries") -> None:
        """Add what another one saw of the entries that come next."""
        if later.rows and later.first == self.first + self.rows:
            self.rows += later.rows
        elif later.rows and self.out_of_place is None:
            self.out_of_place = later.first
        self.out_of_place = later.out_of_place if self.out_of_place is None else self.out_of_place
        self.stop = max(self.stop, later.stop)

    def faults(self) -> list[tuple[int, str]]:
        """Give the first entry that is not as the log says, and what is wrong with it, in Danish; else nothing."""
        empty, claimed = self.first + self.rows, max(self.first, self.stop)
        if empty > claimed:
            return [(claimed, "er tømt, uden at loggen siger det")]
        if empty < claimed:
            return [(empty, "er ikke tømt, selv om loggen siger det")]
        if self.out_of_place is not None:
            return [(self.out_of_place, "er tømt midt mellem poster, der ikke er det")]
        return []


def _emptied_before(index: int, encoded: bytes) -> int:
    """Read how far an entry says the log is emptied; 0 for any other entry, and for an impossible range or date."""
    try:
        entry = decode(encoded)
    except msgspec.DecodeError:
        return 0
    emptied = entry.emptied
    if not isinstance(emptied, Emptied) or (entry.action, entry.outcome) != (EMPTY_LOG_ENTRIES, Outcome.ALLOWED):
        return 0
    is_possible = 0 <= emptied.start < emptied.stop <= index and entry.at - emptied.before >= SHORTEST_PERIOD
    return emptied.stop if is_possible else 0
