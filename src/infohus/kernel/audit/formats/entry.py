"""One audit entry: who did what to which subject, under which policies, with which outcome.

Identifiers, codes and digests only (rule 60). The bytes of an entry are its JSON with every field in this order; what
is hashed is exactly those bytes.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

LARGEST_ENTRY_BYTES = 65_535
"""Entry bundles have 16-bit lengths. Source: C2SP tlog-tiles, "Log entries"."""
TALLY_BYTES = 12
TALLIED_BYTES = 90
"""Bytes of the tally at most: the field, and for each person a number of 19 digits and 64 hexadecimal digits."""


class EntryTooLarge(Exception):  # noqa: N818 - names the situation
    """The entry does not fit into an entry bundle; the request must touch fewer rows."""


class Outcome(StrEnum):
    """What came of the attempt."""

    ALLOWED = "allowed"
    DENIED = "denied"
    REFUSED = "refused"
    FAILED = "failed"


class Opened(msgspec.Struct, frozen=True):
    """A sealed place that was opened."""

    table: str
    column: str
    row: UUID


class Wrote(msgspec.Struct, frozen=True):
    """A row that was written; `digest` is the SHA-256 of the stored values, hexadecimal."""

    verb: str
    table: str
    row: UUID | None
    digest: str


class Emptied(msgspec.Struct, frozen=True):
    """Which entries lost their bytes: start … stop−1, all older than `before`; those before `start` had lost them."""

    start: int
    stop: int
    before: datetime


class Counted(msgspec.Struct, frozen=True):
    """How many requests of no authority were refused in the minute that begins at `minute`, by the reason's code."""

    minute: datetime
    refusals: dict[str, int]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Format version 1. `at` is aware UTC; `persons` are log ids; `nonce` is 16 random bytes, base64url.

    `emptied` stands last, in the entries that say what was emptied, and is left out in all others. So is `counted`, in
    the installation's log, and `tally`, which the log itself adds to entries that name persons: see tally.py.
    """

    v: int = 1
    at: datetime
    log: UUID
    caller: UUID | None
    authority: str | None
    role: str | None
    assurance: str | None
    action: str
    subject_kind: str
    subject: UUID | None
    case: UUID | None
    outcome: Outcome
    reason: str | None
    policies: list[str]
    policy_set: str
    justification: str | None
    purpose: str | None
    recipients: list[str]
    persons: list[str]
    opened: list[Opened]
    wrote: list[Wrote]
    correlation: str
    nonce: str
    emptied: Emptied | msgspec.UnsetType = msgspec.UNSET
    counted: Counted | msgspec.UnsetType = msgspec.UNSET
    tally: list[tuple[int, str]] | msgspec.UnsetType = msgspec.UNSET


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """Write an entry's bytes, to which the database will add the tally of its persons.

    Raises:
        EntryTooLarge: more than 65,535 bytes with that tally.
    """
    encoded = _ENCODER.encode(entry)
    if len(encoded) + TALLY_BYTES + TALLIED_BYTES * len(entry.persons) > LARGEST_ENTRY_BYTES:
        raise EntryTooLarge
    return encoded


def decode(encoded: bytes) -> Entry:
    """Read an entry's bytes.

    Raises:
        msgspec.DecodeError: they are no JSON.
        msgspec.ValidationError: they are no entry.
    """
    return _DECODER.decode(encoded)
