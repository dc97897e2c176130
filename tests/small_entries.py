"""Entries that say little, for tests of a log and not of what is in it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from infohus.kernel.audit.formats.entry import Entry, Outcome, encode

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def log_id_of(name: str) -> str:
    """Write a name as a person's log id: 22 characters."""
    return name.ljust(22, "_")


def small_entry(log_id: UUID, text: str, **more: Any) -> bytes:
    """Encode an entry of format 2 whose nonce is `text`."""
    return encode(Entry(**{
        "at": AT, "log": log_id, "caller": None, "authority": None, "role": None, "assurance": None,
        "action": "readCase", "subject_kind": "case", "subject": None, "case": None, "outcome": Outcome.ALLOWED,
        "reason": None, "policies": [], "policy_set": "", "justification": None, "purpose": None, "recipients": [],
        "persons": [], "opened": [], "wrote": [], "correlation": "", "nonce": text, **more,
    }))
