"""Whom a record concerns of the persons of a side (rule 79).

The owner's key rows name the persons; of what others disclosed, the marks say it (`kernel/database/marks.py`). So a
person who is named later is found in what was told before, and nothing tells of one who is never named (rule 44).
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from infohus.kernel.database.marks import EVERYBODY, NO_PERSON, mark_of
from infohus.kernel.unit_of_work.stored_keys import Marks, StoredKey


def persons_of(
    keys: Iterable[StoredKey], marks: Iterable[Marks], *, record_id: UUID, authority_id: str, known: Iterable[UUID]
) -> frozenset[UUID]:
    """Read whom a record concerns: by the own side's key rows, and by what exchanges say of those who are `known`.

    Of what concerns each person of the side that is `EVERYBODY`; of what concerns nobody known to it, nobody.
    """
    own = {key.person_id for key in keys if key.person_id is not None} - {NO_PERSON}
    looked_for = {*known, EVERYBODY}
    told = {
        one for exchange_id, written in marks for one in looked_for
        if mark_of(one, exchange_id=exchange_id, record_id=record_id, recipient_id=authority_id) in written
    }
    return frozenset(own | told)


def in_order(persons: Collection[UUID], known: Iterable[UUID]) -> list[UUID]:
    """List persons in the order of the side that knows them, behind them who is new to it: ids are random."""
    places = {person: place for place, person in enumerate(dict.fromkeys((*known, *persons)))}
    return sorted(set(persons), key=places.__getitem__)


def log_ids_among(known: Mapping[UUID, str], persons: Collection[UUID]) -> list[str]:
    """Give the log ids of those of a side's persons whom something concerns, in the order of the side."""
    return [log_id for person, log_id in known.items() if EVERYBODY in persons or person in persons]
