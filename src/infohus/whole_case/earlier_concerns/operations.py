"""Show a case's earlier concerns, and record that a signer of the closure has seen them.

A caller whose authority can read the person's record in this case is shown what of the timeline the authority owns or
was told. Of the other side's earlier concerns nothing is told, not even whether there are any: the other side is shown
them itself before it signs. Source: rules 78 and 89; the Southport review, where a misspelt name hid three referrals.
"""

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.earlier_concerns.appearances import Appearance, earlier_appearances
from infohus.whole_case.earlier_concerns.model import EarlierConcernsSeen, Happening, Moment, Timeline

_SEEN = sa.select(EarlierConcernsSeen.seen_at).where(
    EarlierConcernsSeen.case_id == sa.bindparam("case_id"),
    EarlierConcernsSeen.authority_id == sa.bindparam("authority_id"),
    EarlierConcernsSeen.person_id == sa.bindparam("person_id"),
    EarlierConcernsSeen.shown == sa.bindparam("shown"),
)


async def timeline_of(work: UnitOfWork) -> Timeline:
    """Gather the earlier concerns that the caller may see."""
    appearances = await earlier_appearances(work)
    content = f"{work.case.id} {sorted(str(appearance.subject_id) for appearance in appearances)}"
    shown = work.lookup_index("earlier-concerns", content)
    return Timeline(_moments(appearances), shown.hex(), await _was_seen(work, shown))


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
    timeline = await timeline_of(work)
    if timeline.moments and not timeline.is_confirmed:
        raise errors.EarlierConcernsNotSeen


async def _was_seen(work: UnitOfWork, shown: bytes) -> bool:
    caller = work.caller
    return bool(await work.values(
        _SEEN, case_id=work.case.id, authority_id=caller.authority_id, person_id=caller.person_id, shown=shown
    ))


def _moments(appearances: list[Appearance]) -> list[Moment]:
    received = {
        (row.case_id, row.concern_id): Moment(
            row.received_at or row.opened_at, Happening.CONCERN_RECEIVED, row.case_id, row.number, row.concern_id, None
        )
        for row in appearances
    }
    closed = {
        row.case_id: Moment(row.closed_at, Happening.CASE_CLOSED, row.case_id, row.number, None, row.outcome)
        for row in appearances if row.closed_at is not None
    }
    return sorted([*received.values(), *closed.values()], key=lambda moment: (moment.at, moment.what))
