"""Entries of refused sign-ins, and counts of those that belong to no authority, by minute and reason.

Whoever is counted is unknown, and can send as many requests as the network carries: an entry for each would fill
the disk. The counts are kept in memory until they are appended; a crash loses at most those of a minute.
"""

import secrets
from collections import defaultdict
from datetime import datetime
from uuid import UUID

import msgspec

from infohus.kernel.audit.formats.entry import Counted, Entry, Outcome
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.refusals import VouchedFor
from infohus.logs import correlation_id

MOST_MINUTES = 1440
"""Of how many minutes counts are kept apart while they cannot be appended; later ones are added to the newest."""


class RefusalCounts:
    """What was refused since the counts were last taken."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._counts: defaultdict[datetime, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, reason: str, at: datetime, *, times: int = 1) -> None:
        """Count a refusal; `reason` is one of a few stable codes."""
        minute = at.replace(second=0, microsecond=0)
        if minute not in self._counts and len(self._counts) >= MOST_MINUTES:
            minute = max(self._counts)
        self._counts[minute][reason] += times

    def take(self) -> list[Counted]:
        """Give all counts, a minute each, oldest first, and begin anew."""
        taken, self._counts = self._counts, defaultdict(lambda: defaultdict(int))
        return [Counted(minute, dict(sorted(reasons.items()))) for minute, reasons in sorted(taken.items())]

    def put_back(self, counted: list[Counted]) -> None:
        """Add what was taken and could not be appended."""
        for one in counted:
            for reason, times in one.refusals.items():
                self.add(reason, one.minute, times=times)


def sign_in_entry(
    log_id: UUID, at: datetime, *, reason: str, of: VouchedFor | None = None,
    counted: Counted | msgspec.UnsetType = msgspec.UNSET,
) -> Entry:
    """Make the entry of a refused sign-in, or of the counts of a minute. No policy was asked."""
    return Entry(
        at=at, log=log_id, caller=of.person_id if of else None, authority=of.authority_id if of else None, role=None,
        assurance=None, action=Action.SIGN_IN.value, subject_kind="installation", subject=None, case=None,
        outcome=Outcome.DENIED, reason=reason, policies=[], policy_set="", justification=None, purpose="access_control",
        recipients=[], persons=[], opened=[], wrote=[], correlation=correlation_id.get(),
        nonce=secrets.token_urlsafe(16), counted=counted,
    )
