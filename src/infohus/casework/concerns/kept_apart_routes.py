"""The routes to what is kept apart from a concern: who raised it, a full CPR number, a protected address.

Reading each is an act of its own, and is logged as such.
"""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.persons.model import ProtectedAddress, Subject
from infohus.casework.concerns.model import Reporter, ReporterRelease
from infohus.casework.concerns.operations import ReleaseDraft, release_reporter_identity
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope

_RELEASE_BY_ID = sa.select(ReporterRelease).where(ReporterRelease.id == sa.bindparam("id"))
_RELEASE = sa.select(ReporterRelease.recorded_at).where(ReporterRelease.reporter_id == sa.bindparam("reporter_id"))


class ReporterView(msgspec.Struct, frozen=True):
    """Who raised a concern; `released_at` says since when the subject may learn it."""

    id: UUID
    name: str
    contact: str | None
    released_at: datetime | None


class ReleaseView(msgspec.Struct, frozen=True):
    """That a reporter's identity was released to the subject's access package."""

    id: UUID
    reporter_id: UUID
    released_at: datetime


class CprNumberView(msgspec.Struct, frozen=True):
    """A full CPR number, shown by an act of its own."""

    cpr_number: str | None


class AddressView(msgspec.Struct, frozen=True):
    """A protected address, shown by an act of its own."""

    address: str


@get("/cases/{case_id:uuid}/reporters/{reporter_id:uuid}", operation_id="ReadReporter")
async def read_reporter(
    case_id: FromPath[UUID], reporter_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> ReporterView:
    """Read who raised a concern: its own permission, and a fresh sign-in (rules 29 and 48)."""
    async with request_scope.begin(Action.READ_REPORTER, Reporter, reporter_id, within=case_id) as work:
        texts = (await work.open(work.subject(Reporter)))[reporter_id]
        released = await work.values(_RELEASE, reporter_id=reporter_id)
        return ReporterView(
            id=reporter_id, name=texts["identity"], contact=texts.get("contact"),
            released_at=released[0]["recorded_at"] if released else None,
        )


@post("/cases/{case_id:uuid}/reporters/{reporter_id:uuid}/releases", operation_id="ReleaseReporterIdentity")
async def release_reporter(
    case_id: FromPath[UUID], reporter_id: FromPath[UUID], data: JSONBody[ReleaseDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> ReleaseView:
    """Record, with the reason, that the subject may learn who raised the concern; a fresh sign-in (rule 67)."""
    async with idempotent_scope.begin(
        Action.RELEASE_REPORTER_IDENTITY, Reporter, reporter_id, within=case_id
    ) as work:
        earlier = await work.earlier(ReporterRelease, _RELEASE_BY_ID)
        release = earlier or await release_reporter_identity(work, work.subject(Reporter), data)
        return ReleaseView(release.id, release.reporter_id, release.recorded_at)


@post("/cases/{case_id:uuid}/subjects/{subject_id:uuid}/cpr-number", operation_id="RevealCprNumber", status_code=200)
async def reveal_cpr_number(
    case_id: FromPath[UUID], subject_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> CprNumberView:
    """Show a full CPR number: an act of its own, logged as such (rule 53)."""
    async with request_scope.begin(Action.REVEAL_CPR_NUMBER, Subject, subject_id, within=case_id) as work:
        texts = (await work.open(work.subject(Subject)))[subject_id]
        return CprNumberView(cpr_number=texts.get("cpr_number"))


@post(
    "/cases/{case_id:uuid}/protected-addresses/{address_id:uuid}/reveal", operation_id="RevealAddress", status_code=200
)
async def reveal_address(
    case_id: FromPath[UUID], address_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> AddressView:
    """Show a protected address: an act of its own with a fresh sign-in, for the authority that holds it (rule 54)."""
    async with request_scope.begin(Action.REVEAL_ADDRESS, ProtectedAddress, address_id, within=case_id) as work:
        return AddressView((await work.open(work.subject(ProtectedAddress)))[address_id]["address"])


handlers = [read_reporter, release_reporter, reveal_cpr_number, reveal_address]
