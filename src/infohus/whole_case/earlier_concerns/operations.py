"""Show a case's earlier concerns, and record that a signer of the closure has seen them.

A caller whose authority can read the person's record in this case is shown what of the timeline the authority owns or
was told. Of the other side's earlier concerns nothing is told, not even whether there are any: the other side is shown
them itself before it signs. Source: rules 78 and 89; the Southport review, where a misspelt name hid three referrals.
"""

from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.kernel.answers.pages import NIL, page_of
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.earlier_concerns.appearances import all_earlier, earlier_moments
from infohus.whole_case.earlier_concerns.model import EarlierConcernsSeen, Timeline

FIRST_PAGE = 50

_SEEN = sa.select(EarlierConcernsSeen.seen_at).where(
    EarlierConcernsSeen.case_id == sa.bindparam("case_id"),
    EarlierConcernsSeen.authority_id == sa.bindparam("authority_id"),
    EarlierConcernsSeen.person_id == sa.bindparam("person_id"),
    EarlierConcernsSeen.shown == sa.bindparam("shown"),
)


async def timeline_of(work: UnitOfWork, *, after: UUID = NIL, limit: int = FIRST_PAGE) -> Timeline:
    """Gather the earlier concerns that the caller may see: a page of them, and the digest of all."""
    moments = await earlier_moments(work, after=after, limit=limit + 1)
    _, digest = await all_earlier(work)
    shown = _shown(work, digest)
    page = page_of([moment for _, moment in moments], [moment_id for moment_id, _ in moments], limit=limit)
    return Timeline(page, shown.hex(), await _was_seen(work, shown))


async def confirm_earlier_concerns(work: UnitOfWork, shown: bytes) -> Timeline:
    """Record that the caller has seen the timeline whose digest is `shown`, which must be the present one's.

    Twice changes nothing.

    Raises:
        ChangedMeanwhile: the timeline is another now, by a new concern or a disclosure.
    """
    timeline = await timeline_of(work)
    if shown.hex() != timeline.shown:
        raise errors.ChangedMeanwhile
    if not timeline.is_confirmed:
        work.add(EarlierConcernsSeen(
            case_id=work.case.id, authority_id=work.caller.authority_id, person_id=work.caller.person_id, shown=shown,
            seen_at=work.now,
        ), unless_there=True)
    return msgspec.structs.replace(timeline, is_confirmed=True)


async def require_earlier_concerns_seen(work: UnitOfWork) -> None:
    """Refuse unless the caller has confirmed the timeline as it is now, or there is nothing in it.

    For a caller who cannot read the person's record in this case there is nothing in it.

    Raises:
        EarlierConcernsNotSeen: there is something, and the caller has not confirmed it.
    """
    appearances, digest = await all_earlier(work)
    if appearances and not await _was_seen(work, _shown(work, digest)):
        raise errors.EarlierConcernsNotSeen


def _shown(work: UnitOfWork, digest: bytes) -> bytes:
    return work.lookup_index("earlier-concerns", f"{work.case.id} {digest.hex()}")


async def _was_seen(work: UnitOfWork, shown: bytes) -> bool:
    caller = work.caller
    return bool(await work.values(
        _SEEN, case_id=work.case.id, authority_id=caller.authority_id, person_id=caller.person_id, shown=shown
    ))
