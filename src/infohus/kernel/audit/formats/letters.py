"""The entry that seals a letter to a person: its digest, and nothing that tells who gave the letter out. Pure.

An entry is proved by its bytes, and those of an act name the caller. So a letter has an entry of its own, which is
given out with it; the act's entry has the same correlation id, and stands before it in the log.
"""

import secrets

import msgspec

from infohus.kernel.audit.formats.entry import Entry, Outcome, Track

LETTER = "letter"
"""The kind of subject of such an entry."""


def letter_entry(act: Entry, digest: str) -> Entry:
    """Make the entry of the letter with this digest (SHA-256, 64 hexadecimal digits), given out by `act`.

    It is no entry on a person: only who has the letter can tell whose it is.
    """
    return msgspec.structs.replace(
        act, caller=None, role=None, assurance=None, subject_kind=LETTER, subject=None, case=None, policies=[],
        justification=digest, recipients=[], track=Track.ORDINARY, persons=[], opened=[], wrote=[],
        asked=msgspec.UNSET, read=msgspec.UNSET, nonce=secrets.token_urlsafe(16),
    )


def seals(entry: Entry, digest: str, *, of_authority: str) -> bool:
    """Say whether an entry is the one that seals the letter with this digest."""
    return (
        (entry.subject_kind, entry.outcome, entry.justification) == (LETTER, Outcome.ALLOWED, digest)
        and (entry.authority, entry.caller, entry.persons) == (of_authority, None, [])
    )
