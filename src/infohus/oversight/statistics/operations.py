"""Release a year's status once, and read it as it was released.

Only years that are over are counted, and only once: two counts of the same year would show what was recorded, erased
or renamed in between.
"""

import hashlib
from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.procedure.row import OF_YEAR
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import LoadedPlan
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.statistics.model import ReleasedYearlyStatus, YearlyStatus
from infohus.oversight.statistics.refusals import YearlyStatusAlreadyReleased, YearlyStatusNotReleased, YearNotOver
from infohus.oversight.statistics.tabulations import tabulations, yearly_status
from infohus.plan.document import PlanDocument

_RELEASED_BY_ID = sa.select(ReleasedYearlyStatus).where(ReleasedYearlyStatus.id == sa.bindparam("id"))
_RELEASED = sa.select(ReleasedYearlyStatus).where(
    ReleasedYearlyStatus.infohus_id == sa.bindparam("infohus_id"), ReleasedYearlyStatus.year == sa.bindparam("year")
)
_COUNTED = sa.func.infohus.yearly_counts(
    sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("year", type_=sa.Integer)
).table_valued("tabulation", "place", "records")
_COUNTS = sa.select(_COUNTED.c.tabulation, _COUNTED.c.place, _COUNTED.c.records)
_LATEST_PLAN = (
    sa.select(LoadedPlan.document)
    .where(LoadedPlan.infohus_id == sa.bindparam("infohus_id"))
    .order_by(LoadedPlan.version.desc())
    .limit(1)
)


async def release_yearly_status(work: UnitOfWork, year: int) -> ReleasedYearlyStatus:
    """Count a year that is over in Denmark, hide small counts, and store the result; the log holds its SHA-256.

    Raises:
        IdempotencyKeyReused: the key was sent before for another year.
        YearNotOver: the year is not over in Denmark.
        YearlyStatusAlreadyReleased: the year was released before.
    """
    earlier = await work.earlier(ReleasedYearlyStatus, _RELEASED_BY_ID)
    if earlier is not None:
        if earlier.year != year:
            raise errors.IdempotencyKeyReused
        return earlier
    if danish_day(work.now).year <= year:
        raise YearNotOver(year=year)
    if await _released(work, year) is not None:
        raise YearlyStatusAlreadyReleased(year=year)
    counted = await work.values(_COUNTS, infohus_id=work.infohus.id, year=year)
    status = yearly_status(
        work.infohus.name, year, tabulations(await _extremism_forms(work)),
        {(row["tabulation"], row["place"]): row["records"] for row in counted},
    )
    document = msgspec.json.encode(status)
    digest = hashlib.sha256(document).digest()
    released = work.add(ReleasedYearlyStatus(
        infohus_id=work.infohus.id, year=year, document=document, digest=digest, released_at=work.now,
    ))
    # With the digest in the log, a row that was replaced in the database is noticed.
    work.audit_draft.state_purpose(OF_YEAR, f"yearly-status-{year}")
    work.audit_draft.justification = f"sha256:{digest.hex()}"
    work.done(released.id)
    return released


async def released_yearly_status(work: UnitOfWork, year: int) -> ReleasedYearlyStatus:
    """Find the released status of a year.

    Raises:
        YearlyStatusNotReleased: the year has not been released.
    """
    released = await _released(work, year)
    if released is None:
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


async def _released(work: UnitOfWork, year: int) -> ReleasedYearlyStatus | None:
    return await work.row(ReleasedYearlyStatus, _RELEASED, infohus_id=work.infohus.id, year=year)


async def _extremism_forms(work: UnitOfWork) -> Mapping[str, str]:
    plans = await work.values(_LATEST_PLAN, infohus_id=work.infohus.id)
    if not plans:
        return {}
    document = msgspec.json.decode(plans[0]["document"], type=PlanDocument)
    return {form.id: form.name for form in document.extremism_forms}
