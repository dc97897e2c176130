"""The routes of the yearly status: release it, read it, download it as CSV."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from infohus.kernel.access.model import Infohus
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.oversight.statistics.model import ReleasedYearlyStatus, YearlyStatus
from infohus.oversight.statistics.operations import release_yearly_status, released_yearly_status, status_of
from infohus.oversight.statistics.sheet import sheet_of

Year = Annotated[int, PathParameter(ge=2000, le=2199, description="A Danish calendar year that is over.")]
YEARLY_STATUS = "/infohuse/{infohus_id:uuid}/yearly-status/{year:int}"


class YearlyStatusView(msgspec.Struct, frozen=True):
    """What was released, when, and the SHA-256 of `status` as it is written here, 64 hexadecimal digits."""

    status: YearlyStatus
    released_at: datetime
    digest: str

    @classmethod
    def of(cls, released: ReleasedYearlyStatus) -> "YearlyStatusView":
        """Show what was released."""
        return cls(status_of(released), released.released_at, released.digest.hex())


class YearlyStatusesView(msgspec.Struct, frozen=True):
    """The contributions to a year's status that were released, one of each authority at most."""

    contributions: list[YearlyStatusView]


@post(YEARLY_STATUS, operation_id="ReleaseYearlyStatus")
async def release(
    infohus_id: FromPath[UUID], year: Year, idempotent_scope: NamedDependency[RequestScope],
) -> YearlyStatusView:
    """Release the own authority's status: counted once, after the year, and given unchanged ever after (rule 75)."""
    async with idempotent_scope.begin(Action.RELEASE_YEARLY_STATUS, Infohus, infohus_id) as work:
        return YearlyStatusView.of(await release_yearly_status(work, year))


@get(YEARLY_STATUS, operation_id="ReadYearlyStatus")
async def read(
    infohus_id: FromPath[UUID], year: Year, request_scope: NamedDependency[RequestScope],
) -> YearlyStatusesView:
    """Read what was released; "hidden" stands for a count under 5, or one that would give such a count away."""
    async with request_scope.begin(Action.READ_YEARLY_STATUS, Infohus, infohus_id) as work:
        return YearlyStatusesView([YearlyStatusView.of(one) for one in await released_yearly_status(work, year)])


@get(YEARLY_STATUS + "/csv", operation_id="ReadYearlyStatusSheet", media_type="text/csv")
async def read_sheet(
    infohus_id: FromPath[UUID], year: Year, request_scope: NamedDependency[RequestScope],
) -> Response[bytes]:
    """Read what was released as CSV: semicolons, CRLF, UTF-8 with a byte order mark, Danish headings."""
    async with request_scope.begin(Action.READ_YEARLY_STATUS, Infohus, infohus_id) as work:
        sheet = sheet_of([status_of(one) for one in await released_yearly_status(work, year)])
        return Response(sheet, headers={"Content-Disposition": f'attachment; filename="aarlig-status-{year}.csv"'})


handlers = [release, read, read_sheet]
