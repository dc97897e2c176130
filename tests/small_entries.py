"""Entries that say little, for tests of a log and not of what is in it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from house_keys import Addresses
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


async def opened_log(database: Addresses, log_id: UUID, role: str = "superuser") -> asyncpg.Connection:
    """Connect as a role; the superuser opens the log."""
    connection = await asyncpg.connect(database.dsn(role))
    if role == "superuser":
        await connection.execute("SELECT audit.open_log($1, 'infohus.test/log')", log_id)
    return connection
