"""Marks: what a disclosure's row says of whom its record concerns, and what stands there in the place of a person.

Who knows a person's id, which is random, finds that person among the marks; who does not finds nothing, and not even
how many there are.
"""

import hashlib
import os
from collections.abc import Collection
from uuid import UUID

NO_PERSON = UUID(int=0)
"""In the place of a person: the row hangs on the side as a whole, and what it opens concerns nobody by name."""
EVERYBODY = UUID(int=2**128 - 1)
"""The same of what concerns each person whom the side knows, as joint documents do. It hangs on the side as a whole."""

MARKS_AT_LEAST = 32
"""So many marks a disclosure has, or a multiple where it concerns more: the rest is random."""
MARK_BYTES = 16
_LABEL = b"infohus/v1/concerns"


def mark_of(person_id: UUID, *, exchange_id: UUID, record_id: UUID, recipient_id: str) -> bytes:
    """Compute how a person stands among the marks of a record that an exchange told one recipient: 16 bytes.

    That is the beginning of SHA-256 over the label, the ids of exchange, record and person, and the recipient's.
    """
    ids = exchange_id.bytes + record_id.bytes + person_id.bytes
    return hashlib.sha256(_LABEL + ids + recipient_id.encode()).digest()[:MARK_BYTES]


def marks_of(
    persons: Collection[UUID], *, exchange_id: UUID, record_id: UUID, recipient_id: str
) -> list[bytes]:
    """Write whom a disclosed record concerns, in no order and filled up with random ones."""
    marks = [
        mark_of(one, exchange_id=exchange_id, record_id=record_id, recipient_id=recipient_id) for one in persons
    ]
    fill = MARKS_AT_LEAST if not marks else -len(marks) % MARKS_AT_LEAST
    return sorted([*marks, *(os.urandom(MARK_BYTES) for _ in range(fill))])


def marks_in(written: bytes) -> list[bytes]:
    """Take apart marks that stand one after the other."""
    return [written[start:start + MARK_BYTES] for start in range(0, len(written), MARK_BYTES)]
