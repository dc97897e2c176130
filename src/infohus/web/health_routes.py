"""Whether the process lives, and whether it can work."""

from http import HTTPStatus

import msgspec
import structlog
from litestar import get
from litestar.di import NamedDependency

from infohus import errors
from infohus.kernel.answers.problems import documented_problems
from infohus.web.readiness import Readiness

logger = structlog.get_logger()


class Health(msgspec.Struct, frozen=True):
    """One word."""

    status: str


class Ready(msgspec.Struct, frozen=True):
    """One word, and the parts that were asked."""

    status: str
    parts: list[str]


@get("/health", operation_id="Health", responses=documented_problems(HTTPStatus.INTERNAL_SERVER_ERROR))
async def health() -> Health:
    """Answer that the process lives."""
    return Health("ok")


@get(
    "/ready", operation_id="Ready",
    responses=documented_problems(HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def ready(readiness: NamedDependency[Readiness]) -> Ready:
    """Answer that each part that the service stands on is as it must be; 503 names those that are not."""
    faults = await readiness.faults()
    if faults:
        logger.critical("not_ready", parts=faults)
        raise errors.NotReady(parts=", ".join(f"{part} ({why})" for part, why in faults.items()))
    return Ready("ready", readiness.names)


handlers = [health, ready]
