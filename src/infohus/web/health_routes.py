"""Whether the process lives, and whether it can work."""

from http import HTTPStatus

import msgspec
from litestar import get
from litestar.di import NamedDependency

from infohus.kernel.answers.problems import documented_problems
from infohus.kernel.unit_of_work.begin import UnitsOfWork


class Health(msgspec.Struct, frozen=True):
    """One word."""

    status: str


@get("/health", operation_id="Health", responses=documented_problems(HTTPStatus.INTERNAL_SERVER_ERROR))
async def health() -> Health:
    """Answer that the process lives."""
    return Health("ok")


@get(
    "/ready", operation_id="Ready",
    responses=documented_problems(HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def ready(units: NamedDependency[UnitsOfWork]) -> Health:
    """Answer that the database answers; 503 when it does not."""
    await units.ready()
    return Health("ready")


handlers = [health, ready]
