"""SQL columns that take the advisory locks a unit of work holds until its transaction ends."""

from hashlib import sha256
from uuid import UUID

from infohus.kernel.unit_of_work.lookup import Lock

_ADVISORY_LOCK = {Lock.RECORDING: "pg_advisory_xact_lock_shared", Lock.DECIDING: "pg_advisory_xact_lock"}


def advisory_lock_column(lock: Lock, case_id: UUID | None) -> str:
    """Write the SQL column that takes the case's advisory lock until the transaction ends; "" where none is held.

    The lock's number is the last 8 bytes of the case's id. Two cases that share them would wait for each other.
    """
    if case_id is None or lock is Lock.NONE:
        return ""
    number = int.from_bytes(case_id.bytes[-8:], signed=True)
    return f", {_ADVISORY_LOCK[lock]}({number})"


def repetition_lock_column(key: str | None, person_id: UUID) -> str:
    """Write the SQL column that takes the advisory lock of a person's Idempotency-Key; "" where there is none.

    It has two numbers of 32 bits, of a hash of both: PostgreSQL keeps such locks apart from the cases'. Whoever
    waits for it holds no case's lock yet, so nobody waits for them.
    """
    if key is None:
        return ""
    digest = sha256(person_id.bytes + key.encode()).digest()
    first, second = (int.from_bytes(digest[at : at + 4], signed=True) for at in (0, 4))
    return f", pg_advisory_xact_lock({first}, {second})"
