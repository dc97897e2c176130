"""Which entries of the log a standing restriction withholds, wherever they name a restricted record (rules 64 and 65).

One test for whoever tells a person of entries. An entry that names nothing but what is restricted would tell by its
moment alone that there is such a record. One that also reads or writes another record stands: its line tells of that.
"""

import re
from collections.abc import Iterable
from uuid import UUID

from infohus.kernel.audit.formats.entry import Entry, Outcome
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.rights.model import THIRD_PARTIES, AccessKind, Restriction
from infohus.whole_case.rights.withheld import restricted_among

RECORDS = frozenset({Restriction.__tablename__, *AccessKind}) - THIRD_PARTIES
"""The tables whose rows decide whether an entry tells of something else. Who it is about goes along with any record."""
_ITEM = "id"
"""What a record that a body names is called there."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def named_by(entry: Entry) -> set[UUID]:
    """Give every id that an entry names: its subject, what it read and wrote, what was asked, justified or found."""
    asked = entry.asked or {}
    texts = [
        *(text for row in entry.wrote for text in row.key), *(value for values in asked.values() for value in values),
        entry.justification or "", entry.reason or "",
    ]
    ids = {UUID(found) for text in texts for found in _ID.findall(text)} | {place.row for place in entry.opened}
    return ids if entry.subject is None else {entry.subject, *ids}


def is_withheld(entry: Entry, restricted: set[UUID]) -> bool:
    """Say whether an entry tells of nothing but `restricted` records, of which it names one."""
    if entry.subject in restricted:
        return True
    return not restricted.isdisjoint(named_by(entry)) and _records_of(entry) <= restricted


async def restricted_in(work: UnitOfWork, entries: Iterable[Entry]) -> set[UUID]:
    """Find which ids that some entries name are withheld."""
    return await restricted_among(work, sorted(set[UUID]().union(*map(named_by, entries))))


def _records_of(entry: Entry) -> set[UUID]:
    records = {place.row for place in entry.opened if place.table in RECORDS}
    records |= {row.row for row in entry.wrote if row.table in RECORDS and row.row is not None}
    if entry.outcome is not Outcome.ALLOWED:
        records |= {UUID(value) for value in (entry.asked or {}).get(_ITEM, ())}
    return records
