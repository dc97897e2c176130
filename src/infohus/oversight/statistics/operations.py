"""Release a year once, and give what was released. Nothing else ever leaves: no count before, no recount after.

A count of a running year, taken twice, would tell what came in between; so would a recount after a case was erased, or
after a plan got another form of extremism. Therefore: years that are over only, and the first answer is the last.
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
    """Count a year that is over, by the Danish calendar, hide what must be hidden, and keep exactly that.

    Raises:
        IdempotencyKeyReused: the key came before with another year, which stands in the address and not in the body.
        YearNotOver: it still runs, in Denmark, or has not begun.
        YearlyStatusAlreadyReleased: what was released stands.
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
        work.infohus.name, year, tabulations(await _forms(work)),
        {(row["tabulation"], row["place"]): row["records"] for row in counted},
    )
    document = msgspec.json.encode(status)
    digest = hashlib.sha256(document).digest()
    released = work.add(ReleasedYearlyStatus(
        infohus_id=work.infohus.id, year=year, document=document, digest=digest, released_at=work.now,
    ))
    # Whoever keeps the log can show which numbers were released, even should somebody replace the row.
    work.audit_draft.state_purpose(OF_YEAR, f"yearly-status-{year}")
    work.audit_draft.justification = f"sha256:{digest.hex()}"
    work.done(released.id)
    return released


async def released_yearly_status(work: UnitOfWork, year: int) -> ReleasedYearlyStatus:
    """Give what was released of a year.

    Raises:
        YearlyStatusNotReleased: nothing was, yet.
    """
    released = await _released(work, year)
    if released is None:
        raise YearlyStatusNotReleased(year=year)
    return released


def status_of(released: ReleasedYearlyStatus) -> YearlyStatus:
    """Read what was released.

    Raises:
        UnexpectedFailure: the stored bytes are not those that were released.
    """
    if hashlib.sha256(released.document).digest() != released.digest:
        raise errors.UnexpectedFailure
    return msgspec.json.decode(released.document, type=YearlyStatus)


async def _released(work: UnitOfWork, year: int) -> ReleasedYearlyStatus | None:
    return await work.row(ReleasedYearlyStatus, _RELEASED, infohus_id=work.infohus.id, year=year)


async def _forms(work: UnitOfWork) -> Mapping[str, str]:
    found = await work.values(_LATEST_PLAN, infohus_id=work.infohus.id)
    if not found:
        return {}
    document = msgspec.json.decode(found[0]["document"], type=PlanDocument)
    return {form.id: form.name for form in document.extremism_forms}
