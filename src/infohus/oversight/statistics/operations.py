"""Release an authority's status of a year once, and read what was released.

Each authority counts its own side and what is joint, and releases that itself: a count of both would tell of records
that were never disclosed (rules 44 and 75). What was released is disclosed, to both and to their supervision.

Only years that are over are counted, and only once: two counts of the same year would show what was recorded, erased
or renamed in between.
"""

import hashlib
from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Authority
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.statistics.model import ReleasedYearlyStatus, YearlyStatus
from infohus.oversight.statistics.refusals import YearlyStatusAlreadyReleased, YearlyStatusNotReleased, YearNotOver
from infohus.oversight.statistics.tabulations import tabulations, yearly_status
from infohus.plan.in_force import concern_codes, plan_in_force

_RELEASED_BY_ID = sa.select(ReleasedYearlyStatus).where(ReleasedYearlyStatus.id == sa.bindparam("id"))
_RELEASED = (
    sa.select(ReleasedYearlyStatus)
    .where(
        ReleasedYearlyStatus.infohus_id == sa.bindparam("infohus_id"), ReleasedYearlyStatus.year == sa.bindparam("year")
    )
    .order_by(ReleasedYearlyStatus.authority_id)
)
_NAME = sa.select(Authority.name).where(Authority.id == sa.bindparam("authority_id"))
_COUNTED = sa.func.infohus.yearly_counts(
    sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("year", type_=sa.Integer)
).table_valued("tabulation", "place", "records")
_COUNTS = sa.select(_COUNTED.c.tabulation, _COUNTED.c.place, _COUNTED.c.records)


async def release_yearly_status(work: UnitOfWork, year: int) -> ReleasedYearlyStatus:
    """Count a year of the caller's side that is over in Denmark, hide small counts, and store the result.

    The log holds its SHA-256.

    Raises:
        IdempotencyKeyReused: the key was sent before for another year.
        YearNotOver: the year is not over in Denmark.
        YearlyStatusAlreadyReleased: the caller's authority released the year before.
    """
    earlier = await work.earlier(ReleasedYearlyStatus, _RELEASED_BY_ID)
    if earlier is not None:
        if earlier.year != year:
            raise errors.IdempotencyKeyReused
        return earlier
    if danish_day(work.now).year <= year:
        raise YearNotOver(year=year)
    own = work.caller.authority_id
    if any(one.authority_id == own for one in await _released(work, year)):
        raise YearlyStatusAlreadyReleased(year=year)
    counted = await work.values(_COUNTS, infohus_id=work.infohus.id, year=year)
    names = await work.values(_NAME, authority_id=own)
    status = yearly_status(
        work.infohus.name, names[0]["name"], year, tabulations(await _extremism_forms(work)),
        {(row["tabulation"], row["place"]): row["records"] for row in counted},
    )
    document = msgspec.json.encode(status)
    digest = hashlib.sha256(document).digest()
    released = work.add(ReleasedYearlyStatus(
        infohus_id=work.infohus.id, authority_id=own, year=year, document=document, digest=digest, released_at=work.now,
    ))
    # With the digest in the log, a row that was replaced in the database is noticed.
    work.audit_draft.justification = f"sha256:{digest.hex()}"
    work.done(released.id)
    return released


async def released_yearly_status(work: UnitOfWork, year: int) -> list[ReleasedYearlyStatus]:
    """Find the released contributions to the status of a year, by authority.

    Raises:
        YearlyStatusNotReleased: neither authority has released the year.
    """
    released = await _released(work, year)
    if not released:
        raise YearlyStatusNotReleased(year=year)
    return released


def status_of(released: ReleasedYearlyStatus) -> YearlyStatus:
    """Decode a released status, after comparing its bytes with the stored digest.

    Raises:
        UnexpectedFailure: bytes and digest do not agree.
    """
    if hashlib.sha256(released.document).digest() != released.digest:
        raise errors.UnexpectedFailure
    return msgspec.json.decode(released.document, type=YearlyStatus)


async def _released(work: UnitOfWork, year: int) -> list[ReleasedYearlyStatus]:
    return await work.rows(ReleasedYearlyStatus, _RELEASED, infohus_id=work.infohus.id, year=year)


async def _extremism_forms(work: UnitOfWork) -> Mapping[str, str]:
    plan = await plan_in_force(work)
    return concern_codes(None if plan is None else plan.document).extremism_forms
