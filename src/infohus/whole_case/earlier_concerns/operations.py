"""Show what was known of a case's persons before, and record that a signer of the closure has seen it.

Whoever's authority knows the person in this case is shown the timeline; of what they may not see they learn only that
there is something. Source: rule 78, the Southport review: a misspelt name hid three earlier referrals.
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
_HIDES = sa.select(
    sa.func.infohus.hides_earlier_concerns(sa.bindparam("case_id", type_=sa.Uuid)).label("is_partly_hidden")
)


async def timeline_of(work: UnitOfWork) -> Timeline:
    """Gather what the caller may know of the persons' earlier concerns, and whether there is more."""
    found = await earlier_appearances(work)
    hidden: bool = (await work.values(_HIDES, case_id=work.case.id))[0]["is_partly_hidden"]
    content = f"{work.case.id} {hidden} {sorted(str(one.subject_id) for one in found)}"
    shown = work.lookup_index("earlier-concerns", content)
    return Timeline(_moments(found), hidden, shown.hex(), await _was_seen(work, shown))


async def confirm_earlier_concerns(work: UnitOfWork, shown: bytes) -> Timeline:
    """Record that the caller was shown the timeline as it is now.

    Raises:
        ChangedMeanwhile: something came since, or was disclosed since.
    """
    timeline = await timeline_of(work)
    if shown.hex() != timeline.shown:
        raise errors.ChangedMeanwhile
    if not timeline.is_confirmed:
        work.add(EarlierConcernsSeen(
            case_id=work.case.id, authority_id=work.caller.authority_id, person_id=work.caller.person_id, shown=shown,
            seen_at=work.now,
        ))
    return msgspec.structs.replace(timeline, is_confirmed=True)


async def require_earlier_concerns_seen(work: UnitOfWork) -> None:
    """Let nobody sign a closure who was not shown what was known before.

    It binds whose authority knows the person in this case: no other can be shown it, and both sign.

    Raises:
        EarlierConcernsNotSeen: there is something, and the caller has not confirmed it as it is now.
    """
    timeline = await timeline_of(work)
    if (timeline.moments or timeline.is_partly_hidden) and not timeline.is_confirmed:
        raise errors.EarlierConcernsNotSeen


async def _was_seen(work: UnitOfWork, shown: bytes) -> bool:
    caller = work.caller
    return bool(await work.values(
        _SEEN, case_id=work.case.id, authority_id=caller.authority_id, person_id=caller.person_id, shown=shown
    ))


def _moments(found: list[Appearance]) -> list[Moment]:
    received = {
        (one.case_id, one.concern_id): Moment(
            one.received_at or one.opened_at, Happening.CONCERN_RECEIVED, one.case_id, one.number, one.concern_id, None
        )
        for one in found
    }
    closed = {
        one.case_id: Moment(one.closed_at, Happening.CASE_CLOSED, one.case_id, one.number, None, one.outcome)
        for one in found if one.closed_at is not None
    }
    return sorted([*received.values(), *closed.values()], key=lambda moment: (moment.at, moment.what))
