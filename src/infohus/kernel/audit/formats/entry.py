"""One audit entry: who did what to which subject, under which policies, with which outcome.

Identifiers, codes and digests only (rule 60). The bytes of an entry are its JSON with every field in this order; what
is hashed is exactly those bytes. An act too large for one entry is several: see `encode_parts`.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

FORMAT: Literal[2] = 2
LARGEST_ENTRY_BYTES = 65_535
"""Entry bundles have 16-bit lengths. Source: C2SP tlog-tiles, "Log entries"."""
TALLY_BYTES = 12
TALLIED_BYTES = 90
"""Bytes of the tally at most: the field, and for each person a number of 19 digits and 64 hexadecimal digits."""
MOST_PERSONS_OF_A_PART = 400
"""With their tally they take two thirds of the largest entry, and leave room for some hundred rows."""
PART_BYTES = 48
"""What a part has more than the entry without rows, at most: the field `part`, and the 22 bytes of its own nonce."""
MOST_RANGES = 200
"""How many ranges an entry names of a log that was read: more are told as the one that holds them all."""
YEARS = range(2000, 2100)
"""Of which years an entry can be: every reader can count on from such a moment."""
_BEGINS = b'{"v":2,'
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class EntryTooLarge(Exception):  # noqa: N818 - names the situation
    """What the entry says besides rows and persons fills it already."""


class Outcome(StrEnum):
    """What came of the attempt."""

    ALLOWED = "allowed"
    DENIED = "denied"
    REFUSED = "refused"
    FAILED = "failed"


class Track(StrEnum):
    """Which of a person's chains the entry is counted in: PET's requests have one that no letter shows (rule 64)."""

    ORDINARY = "ordinary"
    PET = "pet"


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sealed place that was opened."""

    table: str
    column: str
    row: UUID


class Wrote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row that was written: `key` is its primary key, by the columns' names, as text; `revision` counts from 1.

    `digest` is the SHA-256 of the whole row as stored after the write, and `was` as it was read before it, hexadecimal
    (kernel/database/row_digests.py). A deleted row has no digest, an inserted one no `was`.
    """

    verb: str
    table: str
    key: Annotated[list[str], msgspec.Meta(min_length=1)]
    revision: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    digest: str | None
    was: str | None = None

    @property
    def row(self) -> UUID | None:
        """The id of a row that is found by one id, or by one and a number as a version is; `None` for other keys."""
        try:
            return UUID(self.key[0]) if len(self.key) == 1 or self.key[1:][0].isdigit() else None
        except ValueError:
            return None


class Emptied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries lost their bytes: start … stop−1, all older than `before`; those before `start` had lost them."""

    start: _Number
    stop: _Number
    before: datetime


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many requests of no authority were refused in the minute that begins at `minute`, by the reason's code."""

    minute: datetime
    refusals: dict[str, _Number]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Format version 2. `at` is aware UTC; `persons` are their log ids; `nonce` is 16 random bytes, base64url.

    The last fields are left out where they say nothing: `part` (number and how many, from 1) stands in the entries of
    an act that is several; `asked` holds ids that the request named beside the subject and the case, by the name of
    the parameter or field, and that an attempt was marked as `for_criminal_investigation`; `read` holds which entries
    of a log were given out, as ranges of indexes, both included; `emptied` stands in entries that say what was emptied,
    `counted` in the installation's log. The log itself adds `tally` to entries that name persons: see tally.py.
    """

    v: Literal[2] = FORMAT
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
    track: Track = Track.ORDINARY
    persons: list[str]
    opened: list[Opened]
    wrote: list[Wrote]
    correlation: str
    nonce: str
    part: tuple[_Number, _Number] | msgspec.UnsetType = msgspec.UNSET
    asked: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET
    read: list[tuple[_Number, _Number]] | msgspec.UnsetType = msgspec.UNSET
    emptied: Emptied | msgspec.UnsetType = msgspec.UNSET
    counted: Counted | msgspec.UnsetType = msgspec.UNSET
    tally: list[tuple[_Number, str]] | msgspec.UnsetType = msgspec.UNSET


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Entry)


def ranges_of(indexes: Iterable[int]) -> list[tuple[int, int]]:
    """Write indexes as ranges in their order, both ends included; as one range where there would be more than 200."""
    ranges: list[tuple[int, int]] = []
    for index in sorted(set(indexes)):
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1] = (ranges[-1][0], index)
        else:
            ranges.append((index, index))
    return ranges if len(ranges) <= MOST_RANGES else [(ranges[0][0], ranges[-1][1])]


def encode(entry: Entry) -> bytes:
    """Write the bytes of an entry that fits in one, to which the database will add the tally of its persons.

    Raises:
        EntryTooLarge: more than 65,535 bytes with that tally.
    """
    encoded = _ENCODER.encode(entry)
    if not _fits(encoded, entry.persons):
        raise EntryTooLarge
    return encoded


def encode_parts(entry: Entry) -> list[bytes]:
    """Write an act's entry, or several when it would be too large: each with a nonce of its own, all else alike.

    Every part says all that the entry says, but for `opened`, `wrote` and `persons`. Each row stands in one part. All
    parts name all persons, so that each is counted for them; of more than 400, each part names some, and each person
    is named at least once.

    Raises:
        EntryTooLarge: it does not fit without any row.
    """
    encoded = _ENCODER.encode(entry)
    if _fits(encoded, entry.persons):
        return [encoded]
    groups = _chunks(entry.persons, MOST_PERSONS_OF_A_PART) or [[]]
    bare = _ENCODER.encode(msgspec.structs.replace(entry, opened=[], wrote=[], persons=groups[0]))
    room = LARGEST_ENTRY_BYTES - len(bare) - PART_BYTES - _tally_bytes(groups[0])
    shares = _shares([*entry.opened, *entry.wrote], room)
    count = max(len(shares), len(groups))
    shares += [[]] * (count - len(shares))
    return [
        encode(msgspec.structs.replace(
            entry, part=(number, count), persons=groups[(number - 1) % len(groups)],
            opened=[one for one in share if isinstance(one, Opened)],
            wrote=[one for one in share if isinstance(one, Wrote)],
            nonce=entry.nonce if number == 1 else secrets.token_urlsafe(16),
        ))
        for number, share in enumerate(shares, 1)
    ]


def decode(encoded: bytes) -> Entry:
    """Read an entry's bytes.

    Raises:
        msgspec.DecodeError: they are no JSON.
        msgspec.ValidationError: they are no entry of format 2.
    """
    try:
        entry = _DECODER.decode(encoded)
    except (UnicodeDecodeError, RecursionError) as error:  # bytes of no text, or lists in lists in lists
        raise msgspec.DecodeError from error
    if not encoded.startswith(_BEGINS) or _ENCODER.encode(entry) != encoded:
        message = "an entry of format 2 has one spelling: no space, no name twice, nothing before or behind it"
        raise msgspec.ValidationError(message)
    moments = [entry.at]
    moments += [entry.emptied.before] if isinstance(entry.emptied, Emptied) else []
    moments += [entry.counted.minute] if isinstance(entry.counted, Counted) else []
    if any(moment.utcoffset() != timedelta() or moment.year not in YEARS for moment in moments):
        message = "an entry is of a moment of the years 2000 to 2099, in UTC, and names no other"
        raise msgspec.ValidationError(message)
    return entry


def read(encoded: bytes) -> Entry | None:
    """Read an entry's bytes; `None` for what is no entry. The log can hold any bytes that a superuser put there."""
    try:
        return decode(encoded)
    except msgspec.DecodeError:  # of which msgspec.ValidationError is one
        return None


def _fits(encoded: bytes, persons: Sequence[str]) -> bool:
    return len(encoded) + _tally_bytes(persons) <= LARGEST_ENTRY_BYTES


def _tally_bytes(persons: Sequence[str]) -> int:
    return TALLY_BYTES + TALLIED_BYTES * len(persons)


def _chunks(persons: list[str], most: int) -> list[list[str]]:
    return [persons[start : start + most] for start in range(0, len(persons), most)]


def _shares(rows: Sequence[Opened | Wrote], room: int) -> list[list[Opened | Wrote]]:
    """Deal rows out in their order, as many to each share as fit into `room` bytes."""
    shares: list[list[Opened | Wrote]] = [[]]
    left = room
    for row in rows:
        size = len(_ENCODER.encode(row)) + 1
        if size > left and shares[-1]:
            shares.append([])
            left = room
        shares[-1].append(row)
        left -= size
    return shares
