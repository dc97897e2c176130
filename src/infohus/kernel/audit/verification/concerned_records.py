"""Which persons of an authority's side the records of an act concern, as stored rows say it (rule 79).

Own records: their key rows name the persons. What was disclosed to the authority: the marks of the disclosure's row.
Both are compared with the logs like any other row. Of a record that neither tells of, nobody can say whom it concerns.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.audit.formats.entry import Entry
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.marks import EVERYBODY, mark_of
from infohus.kernel.database.statements import compiled
from infohus.kernel.database.tables import SCHEMA

_NAMING = {"disclosed_key": 4, "disclosure": 2, "record_key": 2}
"""Where the key of a row, its columns in the order of their names, has the id of the record it is about."""
_NO_RECORDS = frozenset({"answered_request", "case", "case_side", "side_person"})
_RECORD_IDS = sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))
_KEYS = sa.table(
    "record_key", sa.column("record_id", sa.Uuid), sa.column("authority_id", sa.Text), sa.column("person_id", sa.Uuid),
    schema=SCHEMA,
)
_OWN = sa.select(_KEYS).distinct().where(_KEYS.c.record_id == sa.any_(_RECORD_IDS))
_DISCLOSURES = sa.table(
    "disclosure", sa.column("exchange_id", sa.Uuid), sa.column("record_id", sa.Uuid),
    sa.column("recipient_id", sa.Text), sa.column("concerns", sa.ARRAY(sa.LargeBinary)), schema=SCHEMA,
)
_TOLD = sa.select(_DISCLOSURES).where(_DISCLOSURES.c.record_id == sa.any_(_RECORD_IDS))


def records_in(entry: Entry, of_cases: Collection[str]) -> set[UUID]:
    """Give the ids of the records that an act in a case was on, opened or wrote."""
    found = {place.row for place in entry.opened if place.table in of_cases}
    if entry.subject is not None and entry.subject_kind in of_cases and entry.subject_kind not in _NO_RECORDS:
        found.add(entry.subject)
    for row in entry.wrote:
        if row.table in _NAMING:
            # Whoever forges an entry may name anything: the comparison of rows says so.
            with suppress(IndexError, ValueError):
                found.add(UUID(row.key[_NAMING[row.table]]))
    return found


@dataclass(frozen=True, slots=True)
class ConcernedRecords:
    """Whom records concern: the owner's key rows by record and authority, and the marks by record and recipient."""

    own: Mapping[tuple[UUID, str], set[UUID]]
    told: Mapping[tuple[UUID, str], list[tuple[UUID, frozenset[bytes]]]]

    @classmethod
    async def read(cls, connection: AnyConnection, record_ids: Iterable[UUID]) -> "ConcernedRecords":
        """Read it of some records."""
        values = {"record_ids": sorted(set(record_ids))}
        own: dict[tuple[UUID, str], set[UUID]] = {}
        told: dict[tuple[UUID, str], list[tuple[UUID, frozenset[bytes]]]] = {}
        if values["record_ids"]:
            for row in await connection.fetch(*compiled(_OWN).bound(**values)):
                own.setdefault((row["record_id"], row["authority_id"]), set()).add(row["person_id"])
            for row in await connection.fetch(*compiled(_TOLD).bound(**values)):
                marks = row["exchange_id"], frozenset(row["concerns"])
                told.setdefault((row["record_id"], row["recipient_id"]), []).append(marks)
        return cls(own, told)

    def concern(self, record_ids: Iterable[UUID], person_id: UUID, *, authority_id: str) -> bool:
        """Say whether one of an act's records concerns a person whom its authority knows; an act on none does."""
        ids = list(record_ids)
        return not ids or any(self._concerns(one, person_id, authority_id) for one in ids)

    def _concerns(self, record_id: UUID, person_id: UUID, authority_id: str) -> bool:
        place = record_id, authority_id
        if place not in self.own and place not in self.told:
            return True
        if not self.own.get(place, set()).isdisjoint({person_id, EVERYBODY}):
            return True
        return any(
            mark_of(one, exchange_id=exchange_id, record_id=record_id, recipient_id=authority_id) in marks
            for exchange_id, marks in self.told.get(place, ()) for one in (person_id, EVERYBODY)
        )
