"""Whether a request acted before under its Idempotency-Key, and what it stores so that a repetition finds out."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from infohus import danish_calendar, errors
from infohus.kernel.access.model import AnsweredRequest
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import Stored, compiled, row_from
from infohus.kernel.unit_of_work.audit_draft import IdempotencyKey

_EARLIER = sa.select(AnsweredRequest).where(
    AnsweredRequest.person_id == sa.bindparam("person_id"), AnsweredRequest.key == sa.bindparam("key")
)


class Repetition:
    """What one unit of work knows of its request's Idempotency-Key."""

    def __init__(  # noqa: PLR0913 - all of it by name
        self, key: IdempotencyKey | None, *, person_id: UUID, action: Action, subject_id: UUID | None, now: datetime,
        fingerprint: Callable[[bytes], bytes],
    ) -> None:
        """Begin with the request's key, `None` where it came with none; `fingerprint` is keyed, 32 bytes."""
        self._key = key
        self._person_id = person_id
        self._request = f"{action.value}\n{subject_id or ''}\n".encode()
        self._now = now
        self._fingerprint_of = fingerprint
        self.answered: AnsweredRequest | None = None
        """What the request recorded the first time."""

    async def look_back(self, ask: Callable[[str, Sequence[Any]], Awaitable[list[Stored]]]) -> None:
        """Find what this request recorded before, when its Idempotency-Key came before.

        Raises:
            IdempotencyKeyReused: the key came with another act, address or body.
        """
        if self._key is None:
            return
        ready = compiled(_EARLIER)
        rows = await ask(ready.sql, ready.arguments({"person_id": self._person_id, "key": self._key.key}))
        answered = row_from(AnsweredRequest, rows[0]) if rows else None
        if answered is not None and answered.fingerprint != self._fingerprint(self._key):
            raise errors.IdempotencyKeyReused
        self.answered = answered

    def row_for(self, record_id: UUID) -> AnsweredRequest | None:
        """Make the row by which a repetition finds what this request made; `None` where it came with no key."""
        if self._key is None:
            return None
        return AnsweredRequest(
            person_id=self._person_id, key=self._key.key, record_id=record_id,
            fingerprint=self._fingerprint(self._key), acted_on=danish_calendar.danish_day(self._now),
        )

    def _fingerprint(self, key: IdempotencyKey) -> bytes:
        return self._fingerprint_of(self._request + key.request)
